"""The deprivation index of an age band, built from the indicators of the catalogue.

A child of one year and one of fifteen lack different things, so each band has an index of its
own. Unless weights are given, dimensions weigh alike, and so do the indicators within one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from layers.indicators.deprivation.measures import Structure

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Columns = Mapping[str, Floats]
Dimensions = Mapping[str, tuple[str, ...]]


class Population(Protocol):
    def holds(self, columns: Columns) -> Booleans: ...


class Definition(Protocol):
    """What an indicator of the catalogue offers."""

    @property
    def population(self) -> Population: ...

    def decide(self, columns: Columns) -> tuple[Booleans, Booleans]: ...


@dataclass(frozen=True)
class Band:
    first: int
    """Completed months at the interview."""
    after: int
    """First month after the band."""
    dimensions: Dimensions
    """Codes of the catalogue's indicators by dimension."""


HOME: Dimensions = {
    "water": ("was_water",),
    "sanitation": ("was_sanit",),
    "housing": ("hou_crowd",),
}
"""What every child of a household shares."""

YOUNG: Dimensions = {
    **HOME,
    "protection": ("pro_birthreg",),
    "nutrition": ("nut_stunt",),
}
SCHOOL: Dimensions = {
    **HOME,
    "education": ("edu_oos",),
    "information": ("hou_internet",),
}

BANDS: Mapping[str, Band] = {
    "0-23m": Band(0, 24, {**YOUNG, "health": ("imm_full",)}),
    "24-59m": Band(
        24, 60, {**YOUNG, "health": ("imm_mcv2",), "early_childhood": ("ecd_stim",)}
    ),
    "5-11": Band(60, 144, SCHOOL),
    "12-17": Band(144, 216, SCHOOL),
}
"""The usual dimensions are those of UNICEF's cross-country MODA, with early childhood
besides: water, sanitation and housing for all, protection, nutrition and health for the
young, education and information from 5 years. Questions put to one child of a household
(labour) are left out: the others would all be dropped."""


@dataclass(frozen=True)
class Index:
    structure: Structure
    deprived: Booleans
    """(children, indicators) as the structure has them; false where not known."""
    inside: Booleans
    """(children,) in the band, with an answer to every indicator that applies to them."""
    dropped: int
    """Children of the band with an answer missing."""
    unasked: tuple[str, ...]
    """Indicators left out, because they were asked of no child of the band."""


def index_of(
    columns: Columns,
    band: str,
    definitions: Mapping[str, Definition],
    dimensions: Dimensions | None = None,
    weights: Mapping[str, int] | None = None,
) -> Index:
    """The index of a band of children, whose variables (children,) are NaN where unknown.

    `definitions` are the catalogue's by code; `dimensions` replace the usual ones, and
    `weights` (by code, whole numbers above 0) their equal weights. A child
    outside an indicator's own ages (out of school at five) is not deprived in it. Raises
    ValueError for an unknown band or indicator, and where nothing was asked.
    """
    chosen = BANDS.get(band)
    if chosen is None:
        raise ValueError(f'there is no band "{band}"; there are {", ".join(BANDS)}')
    age = columns["age_months"]
    present = (age >= chosen.first) & (age < chosen.after)
    wanted = dimensions or chosen.dimensions
    found = {
        code: _answered(columns, code, definitions)
        for codes in wanted.values()
        for code in codes
    }
    asked = {
        code
        for code, (known, applies, _) in found.items()
        if _any(known & applies, present)
    }
    structure = _structure(wanted, asked, weights)
    if structure is None:
        raise ValueError(f'no indicator was asked of the children of the band "{band}"')
    parts = [found[code] for code in structure.indicators]
    answered = np.all([known for known, _, _ in parts], axis=0)
    return Index(
        structure=structure,
        deprived=np.stack([deprived for _, _, deprived in parts], axis=1),
        inside=present & answered,
        dropped=int((present & ~answered).sum()),
        unasked=tuple(sorted(set(found) - asked)),
    )


def _answered(
    columns: Columns, code: str, definitions: Mapping[str, Definition]
) -> tuple[Booleans, Booleans, Booleans]:
    """(children,) each: known or needless, of the indicator's ages, deprived."""
    if code not in definitions:
        raise ValueError(f'there is no indicator "{code}"')
    definition = definitions[code]
    applies = definition.population.holds(columns)
    eligible, in_need = definition.decide(columns)
    return eligible | ~applies, applies, in_need


def _structure(
    wanted: Dimensions, asked: set[str], weights: Mapping[str, int] | None
) -> Structure | None:
    kept = {
        name: [code for code in codes if code in asked]
        for name, codes in wanted.items()
    }
    kept = {name: codes for name, codes in kept.items() if codes}
    if not kept:
        return None
    found = Structure.of(
        {
            name: {code: Fraction(1, len(kept) * len(codes)) for code in codes}
            for name, codes in kept.items()
        }
    )
    if weights is None:
        return found
    points = np.array([weights[code] for code in found.indicators])
    return replace(found, points=points, total=int(points.sum()))


def _any(values: Booleans, among: Booleans) -> bool:
    return bool((values & among).any())
