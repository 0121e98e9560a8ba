"""A specification of deprivation and the columns it names, checked before anything counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.indicators.deprivation.measures import Structure
from layers.indicators.estimation.design import Design, Factor, SinglePSU
from layers.indicators.management.data import MISSING, DataError, DataTable, Floats

KEYS = frozenset(
    {
        *(
            "dimensions",
            "weights",
            "cutoff",
            "cutoffs",
            "weight",
            "strata",
            "cluster",
            "fpc",
        ),
        *("domain", "level", "single_psu", "sensitivity"),
    }
)


@dataclass(frozen=True)
class Spec:
    structure: Structure
    cutoffs: list[Fraction]
    weight: str | None
    strata: str | None
    cluster: str | None
    fpc: str | None
    domain: list[str]
    level: float
    single: str
    sensitivity: bool

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Spec":
        """Raises DataError for what is unknown, missing or makes no sense."""
        if unknown := sorted(set(given) - KEYS):
            raise DataError(
                f'The specification knows no "{unknown[0]}". It may have: '
                f"{', '.join(sorted(KEYS))}."
            )
        return cls(
            structure=_structure(given),
            cutoffs=_cutoffs(given),
            weight=_column(given, "weight"),
            strata=_column(given, "strata"),
            cluster=_first_stage(given, "cluster"),
            fpc=_only_stage(given),
            domain=_names(given, "domain"),
            level=_level(given),
            single=_single(given),
            sensitivity=_truth(given, "sensitivity"),
        )


@dataclass(frozen=True)
class Children:
    """Of a table (N,); those outside have a missing answer or no weight."""

    deprived: NDArray[np.bool_]
    """(N, J)"""
    inside: NDArray[np.bool_]
    """(N,)"""
    unknown: dict[str, int]
    """Missing answers per indicator."""
    design: Design
    domain: NDArray[np.int64]
    """(N,) place in `domains`, whether inside or not."""
    domains: list[dict[str, str]]


def read_children(table: DataTable, spec: Spec) -> Children:
    """Raises DataError with the line, the column or the stratum at fault."""
    answers = [zeros_and_ones(table, name) for name in spec.structure.indicators]
    weight = np.ones(len(table))
    if spec.weight:
        weight = table.numbers(spec.weight)
        _refuse(table, spec.weight, weight < 0, "is negative; a weight is 0 or more")
    if not weight.any():
        raise DataError("All weights are 0: nobody is counted.")
    domain, domains = _domains(table, spec.domain)
    missing = np.isnan(answers)
    names = zip(spec.structure.indicators, missing, strict=True)
    return Children(
        deprived=np.nan_to_num(answers).T > 0,
        inside=~missing.any(axis=0) & (weight > 0),
        unknown={name: int(lost.sum()) for name, lost in names},
        design=_design(table, spec, weight),
        domain=domain,
        domains=domains,
    )


def zeros_and_ones(table: DataTable, name: str) -> Floats:
    """(rows,), NaN where not known. Raises DataError for any other number."""
    found = table.numbers(name, missing=True)
    wrong = ~np.isnan(found) & (found != 0) & (found != 1)
    _refuse(table, name, wrong, "is neither 0 nor 1 nor empty")
    return found


def _refuse(table: DataTable, name: str, wrong: NDArray[np.bool_], words: str) -> None:
    if (bad := np.flatnonzero(wrong)).size:
        row = int(bad[0])
        raise table.error(row, name, f'"{table.text(name)[row]}" {words}')


def _design(table: DataTable, spec: Spec, weight: Floats) -> Design:
    def labels(name: str | None) -> Factor | None:
        if name is None:
            return None
        found = table.text(name)
        empty = np.array([str(cell).lower() in MISSING for cell in found])
        _refuse(table, name, empty, "is no name of a stratum or cluster")
        return Factor.of(found)

    try:
        cluster = labels(spec.cluster)
        return Design.of(
            weight=weight,
            strata=labels(spec.strata),
            clusters=[cluster] if cluster else (),
            frames=[table.numbers(spec.fpc)] if spec.fpc else (),
            single=SinglePSU(spec.single),
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(_sentence(error)) from error


def _domains(
    table: DataTable, names: list[str]
) -> tuple[NDArray[np.int64], list[dict[str, str]]]:
    """An empty cell is a value like others, so that domains add up to the total."""
    if not names:
        return np.zeros(len(table), dtype=np.int64), []
    cells = np.stack([table.text(name) for name in names], axis=1)
    kinds, code = np.unique(cells, axis=0, return_inverse=True)
    return code, [
        dict(zip(names, [str(cell) for cell in kind], strict=True)) for kind in kinds
    ]


def _structure(given: Mapping[str, Any]) -> Structure:
    dimensions = _dimensions(given.get("dimensions"))
    apart = given.get("weights", {})
    if not isinstance(apart, Mapping):
        raise DataError('"weights" is an object: indicator or dimension, and fraction.')
    weights = {
        name: _weights(name, own, apart, len(dimensions))
        for name, own in dimensions.items()
    }
    used = {name for own in weights.values() for name in own} | set(dimensions)
    if extra := sorted(set(apart) - used):
        raise DataError(f'"weights" names "{extra[0]}", which no dimension has.')
    try:
        return Structure.of(weights)
    except ValueError as error:
        raise DataError(_sentence(error)) from error


def _dimensions(given: Any) -> dict[str, Any]:
    """By name; a list of objects, each with its "name", says the same."""
    if isinstance(given, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in given
    ):
        names = [one["name"] for one in given]
        if twice := [name for name in names if names.count(name) > 1]:
            raise DataError(f'Two dimensions are called "{twice[0]}".')
        given = {
            one["name"]: {key: part for key, part in one.items() if key != "name"}
            for one in given
        }
    if not isinstance(given, Mapping) or not given:
        raise DataError(
            '"dimensions" is an object that gives each dimension its indicators: '
            '{"water": {"no_water": "1/2"}, …}.'
        )
    return dict(given)


def _weights(
    dimension: str, own: Any, apart: Mapping[str, Any], size: int
) -> dict[str, Fraction]:
    """A list of indicators shares the dimension's part, unless `apart` says more."""
    part = fraction(apart.get(dimension, Fraction(1, size)), dimension)
    if isinstance(own, Mapping) and isinstance(own.get("indicators"), list | Mapping):
        if unknown := sorted(set(own) - {"indicators", "weight"}):
            raise DataError(f'The dimension "{dimension}" knows no "{unknown[0]}".')
        part = fraction(own.get("weight", part), dimension)
        own = own["indicators"]
    if isinstance(own, Mapping):
        return {name: fraction(value, name) for name, value in own.items()}
    return _shared([own] if isinstance(own, str) else own, dimension, part, apart)


def _shared(
    own: Any, dimension: str, part: Fraction, apart: Mapping[str, Any]
) -> dict[str, Fraction]:
    if not isinstance(own, list) or not all(isinstance(name, str) for name in own):
        raise DataError(f'The dimension "{dimension}" is an object or a list.')
    if twice := [name for name in own if own.count(name) > 1]:
        raise DataError(f'The dimension "{dimension}" has "{twice[0]}" twice.')
    if named := [name for name in own if name in apart]:
        if lost := [name for name in own if name not in apart]:
            raise DataError(f'"weights" has "{named[0]}" and no "{lost[0]}".')
        return {name: fraction(apart[name], name) for name in own}
    return {name: part / len(own) for name in own}


def fraction(value: Any, what: str) -> Fraction:
    """Of "1/6", "0.25", 0.25 or 1. Raises DataError."""
    if isinstance(value, Fraction):
        return value
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise DataError(f'"{what}": {value!r} is no fraction such as "1/6".')
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise DataError(f'"{what}": "{value}" is no fraction such as "1/6".') from None


def _cutoffs(given: Mapping[str, Any]) -> list[Fraction]:
    cutoffs = given.get("cutoffs", given.get("cutoff"))
    if not isinstance(cutoffs, list):
        cutoffs = [] if cutoffs is None else [cutoffs]
    if not cutoffs:
        raise DataError('"cutoffs" is a list of fractions, such as ["1/3", "1/2"].')
    found = [fraction(cutoff, "cutoffs") for cutoff in cutoffs]
    if bad := [str(cutoff) for cutoff in found if not 0 < cutoff <= 1]:
        raise DataError(f"The cutoff {bad[0]} is not above 0 and at most 1.")
    return sorted(set(found))


def _names(given: Mapping[str, Any], key: str) -> list[str]:
    value = given.get(key)
    if value is None:
        return []
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DataError(f'"{key}" is the name of a column, or a list of names.')
    if twice := [name for name in found if found.count(name) > 1]:
        raise DataError(f'"{key}" names "{twice[0]}" twice.')
    return found


def _column(given: Mapping[str, Any], key: str) -> str | None:
    found = _names(given, key)
    if len(found) > 1:
        raise DataError(f'"{key}" names {len(found)} columns; it takes one.')
    return found[0] if found else None


def _first_stage(given: Mapping[str, Any], key: str) -> str | None:
    return next(iter(_names(given, key)), None)


def _only_stage(given: Mapping[str, Any]) -> str | None:
    """Frame counts of later stages would ask for variances that are not computed here."""
    found = _names(given, "fpc")
    if len(found) > 1:
        raise DataError(
            '"fpc" names frame counts of several stages; errors of deprivation are '
            "of the first stage. Give its column alone."
        )
    return found[0] if found else None


def _truth(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise DataError(f'"{key}" is {value!r}; it is true or false.')
    return value


def _level(given: Mapping[str, Any]) -> float:
    level = given.get("level", 0.95)
    if isinstance(level, bool) or not isinstance(level, int | float):
        raise DataError(f'"level" is {level!r}; it is a number such as 0.95.')
    if not 0 < level < 1:
        raise DataError(f'"level" is {level:g}; it lies between 0 and 1.')
    return float(level)


def _single(given: Mapping[str, Any]) -> str:
    single = given.get("single_psu", "adjust")
    if single not in list(SinglePSU):
        choices = ", ".join(SinglePSU)
        raise DataError(f'"single_psu" is {single!r}; it is one of {choices}.')
    return str(single)


def _sentence(error: ValueError) -> str:
    words = str(error)
    return f"{words[0].upper()}{words[1:]}."
