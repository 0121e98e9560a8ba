from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layers.indicators.estimation.contrasts import (
    Differences,
    Judgement,
    differences,
    judge,
)
from layers.indicators.management.data import DataCommand, DataError, DataTable
from layers.indicators.management.estimates import Answer, EstimateSpec, answer
from layers.indicators.management.sample import refused


class Command(DataCommand):
    help = (
        "Compare two domains of a sample in a CSV: second less first, with the covariance "
        "of what they share, such as households of two rounds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        for name in ("first", "second"):
            parser.add_argument(
                f"--{name}",
                required=True,
                nargs="+",
                metavar="VALUE",
                help="the domain's value of each domain column but that of --each",
            )
        parser.add_argument(
            "--each",
            metavar="COLUMN",
            help="compare within every value of this domain column, such as the zone",
        )
        parser.add_argument(
            "--higher",
            choices=("worse", "better"),
            default="worse",
            help="what a higher figure means (worse)",
        )

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        read = EstimateSpec.read(spec)
        found = answer(table, read)
        for note in found.sample.notes:
            self.stderr.write(note)
        pairs = _pairs(found, options)
        first, second = (np.array(side) for side in zip(*pairs, strict=True))
        with refused():
            compared = differences(
                found.sample.design, found.found, first, second, level=read.level
            )
        judged = judge(
            compared,
            [found.flags[place] for place in first],
            [found.flags[place] for place in second],
            same_definition=_same_definition(found, first, second),
            higher_is_worse=options["higher"] == "worse",
        )
        return [
            _row(found, compared, judged, (place, *pair), options["each"])
            for place, pair in enumerate(pairs)
        ]


def _pairs(found: Answer, options: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Places of the two domains of each comparison. Raises DataError."""
    names, each = found.spec.sample.domain, options["each"]
    if not names:
        raise DataError('A comparison needs "domain" in the specification.')
    if each is not None and each not in names:
        raise DataError(f'--each "{each}" is none of the domains {", ".join(names)}.')
    fixed = [name for name in names if name != each]
    if not fixed:
        raise DataError("--each leaves no domain to compare; add another to the list.")
    sides = [_side(found, fixed, name, options[name]) for name in ("first", "second")]
    domains = found.sample.domains
    others = [domain[each] for domain in domains] if each else [""] * len(domains)
    places = [
        {
            other: place
            for place, (domain, other) in enumerate(zip(domains, others, strict=True))
            if all(domain[name] == value for name, value in side.items())
        }
        for side in sides
    ]
    return [(places[0][other], places[1][other]) for other in dict.fromkeys(others)]


def _side(
    found: Answer, fixed: list[str], option: str, values: Sequence[str]
) -> dict[str, str]:
    if len(values) != len(fixed):
        raise DataError(
            f"--{option} takes {len(fixed)} values: of {', '.join(fixed)}, in this order."
        )
    for name, value in zip(fixed, values, strict=True):
        known = dict.fromkeys(domain[name] for domain in found.sample.domains)
        if value not in known:
            raise DataError(
                f'--{option}: column "{name}" has no "{value}". '
                f"There are: {', '.join(known)}."
            )
    return dict(zip(fixed, values, strict=True))


def _same_definition(
    found: Answer, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Whether all rows used of a pair have one version of the definition."""
    column = found.spec.definition
    if column is None:
        return np.ones(len(first), dtype=bool)
    rows = found.found.rows
    versions, domain = rows.pick(found.sample.texts(column)), rows.code
    of_domain = [
        set(versions[domain == place].tolist())
        for place in range(len(found.sample.domains))
    ]
    return np.array(
        [
            len(of_domain[a] | of_domain[b]) < 2
            for a, b in zip(first, second, strict=True)
        ]
    )


def _row(
    found: Answer,
    compared: Differences,
    judged: Judgement,
    places: tuple[int, int, int],
    each: str | None,
) -> dict[str, Any]:
    place, first, second = places
    domains = found.sample.domains
    head: dict[str, Any] = {each: domains[first][each]} if each else {}
    for side, at in (("first", first), ("second", second)):
        label = [value for name, value in domains[at].items() if name != each]
        head |= {side: " / ".join(label)}
        head |= {
            f"estimate_{side}": found.found.estimate[at],
            f"n_{side}": found.found.n[at],
            f"flag_{side}": str(found.flags[at]),
        }
    return head | {
        "difference": compared.difference[place],
        "se": compared.se[place],
        "covariance": compared.covariance[place],
        "df": compared.df[place],
        "t": compared.t[place],
        "p": compared.p[place],
        "low": compared.low[place],
        "high": compared.high[place],
        "p_adjusted": judged.p_adjusted[place],
        "verdict": str(judged.verdict[place]),
        "refusal": str(judged.refusal[place]),
    }
