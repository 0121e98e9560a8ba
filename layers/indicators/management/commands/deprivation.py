"""The engine's measures of multidimensional deprivation on any CSV."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.indicators import maths
from layers.indicators.deprivation import measures as deprivation
from layers.indicators.deprivation.domains import Domains, as_share
from layers.indicators.deprivation.measures import Figure, Measures, Structure
from layers.indicators.management.data import (
    DataCommand,
    DataError,
    DataTable,
    Floats,
)
from layers.indicators.management.deprivation import Children, Spec, read_children

Integers = NDArray[np.int64]

COLUMNS = ("estimate", "se", "low", "high")
ROW = ("scope", "cutoff", "measure", "of", *COLUMNS, "df", "n", "dropped", "flag")
"""Of a row as CSV, besides the columns of the domain."""

FEW = 25
"""MICS prints an asterisk below it."""


class Command(DataCommand):
    help = (
        "Computes multidimensional deprivation (Alkire-Foster: H, A, M0; MODA: dimensions "
        "and overlaps) with design-based errors from 0/1 columns of a CSV."
    )

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]] | Mapping[str, Any]:
        wanted = Spec.read(spec)
        if taken := sorted(set(wanted.domain) & set(ROW)):
            raise DataError(
                f'The domain column "{taken[0]}" has a name of the answer\'s own. '
                "Rename it."
            )
        children = read_children(table, wanted)
        if not children.inside.any():
            raise DataError("No child has an answer to every indicator and a weight.")
        scopes = scopes_of(children)
        results = [row for each in scopes for row in each.results(wanted)]
        moda = [row for each in scopes for row in each.moda(wanted)]
        if options["format"] == "csv":
            rows = (flattened(row, wanted.domain) for row in (*results, *moda))
            return [flat for row in rows for flat in row]
        return {
            "children": counted(children),
            "weights": dict(
                zip(
                    wanted.structure.indicators,
                    map(str, wanted.structure.weights),
                    strict=True,
                )
            ),
            "level": wanted.level,
            "results": results,
            "moda": moda,
            "sensitivity": sensitivity(wanted, scopes) if wanted.sensitivity else None,
        }


def counted(children: Children) -> dict[str, Any]:
    weight = children.design.weight
    return {
        "read": len(weight),
        "used": int(children.inside.sum()),
        "dropped": int((~children.inside).sum()),
        "dropped_weight_share": float(weight[~children.inside].sum() / weight.sum()),
        "missing": children.unknown,
    }


class Scope:
    """All children, or the domains; what is said of each."""

    def __init__(
        self, children: Children, domain: Integers, names: list[dict[str, str]]
    ) -> None:
        self.children, self.names = children, names
        inside = np.where(children.inside, domain, -1)
        self.domains = Domains(children.design, inside, len(names))
        everyone = np.ones(len(domain))
        self.population = self.domains.totals(everyone)
        read = np.bincount(domain, minlength=len(names))
        self.dropped = read - self.domains.count

    @property
    def shares(self) -> Floats:
        """(D,) of the weighted children used; they add up to 1."""
        return np.asarray(self.population / self.population.sum())

    def results(self, spec: Spec) -> Iterator[dict[str, Any]]:
        """A row per domain and cutoff."""
        deprived = self.children.deprived
        raw = self.columns(spec.structure.indicators, deprived, spec.level)
        for cutoff in spec.cutoffs:
            found = self.measures(spec.structure, deprived, cutoff, spec.level)
            parts = self.shares * np.nan_to_num(found.adjusted.estimate)
            for place, start in enumerate(self.rows(str(cutoff), found)):
                yield start | {
                    "population_share": self.shares[place],
                    "share_of_M0": parts[place] / parts.sum() if parts.sum() else None,
                    **three(found, place),
                    "raw_headcount": each(raw, place),
                    **composition(spec.structure, found, place),
                }

    def moda(self, spec: Spec) -> Iterator[dict[str, Any]]:
        """Dimensions counted: a row per domain and number of dimensions, 0 for none."""
        names = spec.structure.dimensions
        columns = spec.structure.by_dimension(self.children.deprived)
        single = self.columns(names, columns, spec.level)
        together = {
            " + ".join(names[place] for place in kind) or "none": figure
            for kind, figure in deprivation.overlaps(
                columns, self.domains, spec.level
            ).items()
        }
        structure, size = deprivation.moda(spec.structure), len(names)
        for number in range(1, size + 1):
            found = self.measures(
                structure, columns, Fraction(number, size), spec.level
            )
            for place, start in enumerate(self.rows(f"{number} of {size}", found)):
                first = number == 1
                yield start | {
                    **three(found, place),
                    "dimension_headcount": each(single, place) if first else {},
                    "overlap": each(together, place) if first else {},
                }

    def measures(
        self, structure: Structure, columns: Any, cutoff: Fraction, level: float
    ) -> Measures:
        needed = structure.needed(cutoff)
        return deprivation.measures(structure, columns, needed, self.domains, level)

    def columns(
        self, names: Sequence[str], columns: Any, level: float
    ) -> dict[str, Figure]:
        return {
            name: deprivation.share(self.domains, column, level)
            for name, column in zip(names, columns.T, strict=True)
        }

    def rows(self, cutoff: str, found: Measures) -> Iterator[dict[str, Any]]:
        """How the row of each domain begins."""
        flags = self.flags(found.headcount)
        for place, name in enumerate(self.names):
            yield {
                "domain": name,
                "cutoff": cutoff,
                "n": int(self.domains.count[place]),
                "dropped": int(self.dropped[place]),
                "df": int(self.domains.df[place]),
                "flag": flags[place],
            }

    def flags(self, headcount: Figure) -> list[str]:
        """How far H may be trusted in each domain."""
        nobody = np.zeros(len(self.children.inside), dtype=bool)
        found = as_share(self.domains, nobody, headcount.estimate, headcount.variance)
        exact = maths.reliable(found, headcount.low[None], headcount.high[None])[0]
        names = np.where(exact, "reliable", "uncertain")
        names = np.where(self.domains.count < FEW, "few", names)
        empty = self.domains.count == 0
        return [str(name) for name in np.where(empty, "no_data", names)]


def scopes_of(children: Children) -> list[Scope]:
    whole = np.zeros(len(children.inside), dtype=np.int64)
    scopes = [Scope(children, whole, [{}])]
    if children.domains:
        scopes.append(Scope(children, children.domain, children.domains))
    return scopes


def three(found: Measures, place: int) -> dict[str, Any]:
    return {
        "H": one(found.headcount, place),
        "A": one(found.intensity, place),
        "M0": one(found.adjusted, place),
    }


def composition(structure: Structure, found: Measures, place: int) -> dict[str, Any]:
    censored = dict(zip(structure.indicators, found.censored, strict=True))
    parts = dict(zip(structure.indicators, found.contributions, strict=True))
    dimensions = dict(zip(structure.dimensions, found.by_dimension, strict=True))
    return {
        "censored_headcount": each(censored, place),
        "contribution": each(parts, place, COLUMNS[:2]),
        "dimension_contribution": each(dimensions, place, COLUMNS[:2]),
    }


def each(
    figures: Mapping[str, Figure], place: int, columns: Sequence[str] = COLUMNS
) -> dict[str, Any]:
    return {name: one(figure, place, columns) for name, figure in figures.items()}


def one(
    figure: Figure, place: int, columns: Sequence[str] = COLUMNS
) -> dict[str, float]:
    return {name: float(getattr(figure, name)[place]) for name in columns}


def sensitivity(spec: Spec, scopes: list[Scope]) -> dict[str, Any]:
    """H, A and M0 of all children under other weights and at every cutoff.

    `rank_agreement` compares the domains' order by M0 with that of the specification.
    """
    whole, parts = scopes[0], scopes[-1]
    columns = whole.children.deprived
    weights = []
    for cutoff in spec.cutoffs:
        usual = parts.measures(spec.structure, columns, cutoff, spec.level)
        versions = {"as given": spec.structure}
        versions |= deprivation.alternatives(spec.structure)
        for name, structure in versions.items():
            found = whole.measures(structure, columns, cutoff, spec.level)
            other = parts.measures(structure, columns, cutoff, spec.level)
            weights.append(
                {
                    "weights": name,
                    "cutoff": str(cutoff),
                    **three(found, 0),
                    "rank_agreement": deprivation.agreement(
                        usual.adjusted.estimate, other.adjusted.estimate
                    ),
                }
            )
    curve = deprivation.by_cutoff(spec.structure, columns, whole.domains)
    return {
        "weights": weights,
        "cutoffs": [
            {"cutoff": str(cutoff), "H": share[0], "M0": mean[0]}
            for cutoff, (share, mean) in curve.items()
        ],
    }


def flattened(
    row: Mapping[str, Any], domain: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """A row per figure, for CSV; `domain` are the columns that say where."""
    common = {"scope": "domain" if row["domain"] else "all"}
    common |= dict.fromkeys(domain, "") | row["domain"] | {"cutoff": row["cutoff"]}
    about = {name: row[name] for name in ("df", "n", "dropped", "flag")}
    for measure, value in row.items():
        if measure in ROW or measure == "domain":
            continue
        value = value if isinstance(value, Mapping) else {"estimate": value}
        named = {"": value} if "estimate" in value else value
        for name, figure in named.items():
            numbers = {column: figure.get(column) for column in COLUMNS}
            yield common | {"measure": measure, "of": name} | numbers | about
