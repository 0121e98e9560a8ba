"""A release as SDMX-CSV 2.0, the flat exchange format of SDMX 3.0.

Columns: STRUCTURE, STRUCTURE_ID, ACTION, then the dimensions, the measure and the
attributes, by their concepts' codes. Codes are those of the SDMX cross-domain code lists
CL_SEX, CL_OBS_STATUS and CL_CONF_STATUS; ages are written as Y6T11 and M24T59, fifths of
wealth as Q1 (the poorest) to Q5, disability as PD and PWD (persons with and without).

Source: SDMX Technical Working Group, SDMX-CSV field guide, version 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from layers.indicators.definitions.indicator import Indicator
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import AreaEstimate, Estimate, MeanEstimate, Release
from layers.indicators.samples.observations import WOMEN

COLUMNS = [
    "STRUCTURE", "STRUCTURE_ID", "ACTION",
    "REF_AREA", "INDICATOR", "SEX", "AGE", "WEALTH_QUINTILE", "DISABILITY_STATUS",
    "NATIONALITY", "DISPLACEMENT_STATUS", "TIME_PERIOD",
    "OBS_VALUE",
    "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "LOWER_BOUND", "UPPER_BOUND",
    "STD_ERROR", "SAMPLE_SIZE", "POPULATION", "POPULATION_IN_NEED",
    "DEFINITION_VERSION", "RELEASE", "DATA_SOURCE", "OBS_COMMENT",
]  # fmt: skip

STRUCTURE = ("dataflow", "GISPORTAL:CHILD_NEEDS(1.0)", "I")

TOTAL = "_T"
DIMENSIONS = {
    "sex": {"female": "F", "male": "M"},
    "age": {"0-4": "Y0T4", "5-9": "Y5T9", "10-14": "Y10T14", "15-17": "Y15T17"},
    "wealth": {str(fifth): f"Q{fifth}" for fifth in range(1, 6)},
    "disability": {"yes": "PD", "no": "PWD"},
    "nationality": {
        "national": "NAT", "syrian": "SY", "palestinian": "PS", "other": "_O",
    },
    "displacement": {"yes": "DISP", "no": "NDISP"},
}  # fmt: skip
"""Codes by dimension and category, in the order of the columns."""
STATUS = {
    Estimate.Flag.RELIABLE: "A",  # normal
    Estimate.Flag.UNCERTAIN: "U",  # low reliability
    Estimate.Flag.WITHHELD: "Q",  # missing, suppressed
    Estimate.Flag.NO_DATA: "O",  # missing
}
FREE, CONFIDENTIAL, SECONDARY = "F", "C", "D"


def lines(
    release: Release, rows: Iterable[Estimate | AreaEstimate]
) -> Iterator[list[Any]]:
    """Percent with one decimal; no value where the figure is not published."""
    observed = release.observation_set
    town = release.municipality.slug
    known = indicators_in(release)
    for row in rows:
        yield [
            *STRUCTURE,
            area_code(town, row),
            row.indicator,
            *_codes(row, known.get(row.indicator)),
            observed.reference_date.isoformat(),
            _percent(row.estimate),
            "PT",
            STATUS[Estimate.Flag(row.flag)],
            confidentiality(row),
            *(_percent(part) for part in (row.low, row.high, row.se)),
            *(row.n, row.population, row.total),
            row.definition_version,
            release.number,
            observed.source,
            row.reason,
        ]


def area_code(town: str, row: Estimate | AreaEstimate) -> str:
    """The town, or a zone in it; of merged zones all their codes."""
    if isinstance(row, AreaEstimate) and row.zone is None:
        # A plus sign separates values in SDMX queries.
        return f"{town}.{row.area.level}.{row.area.codes.replace('+', '_')}"
    return f"{town}.{row.zone.code}" if row.zone else town


def group_codes(breakdown: str, ages: str) -> list[str]:
    """A code a dimension; `ages` are the indicator's, unless the group is an age."""
    found = dict.fromkeys(DIMENSIONS, TOTAL) | {"age": ages}
    for part in breakdown.split("+") if breakdown != ALL else ():
        name, _colon, category = part.partition(":")
        if name in found:
            found[name] = DIMENSIONS[name].get(category, category)
    return list(found.values())


def _codes(row: Estimate | AreaEstimate, indicator: Indicator | None) -> list[str]:
    """Women are all of one sex; what is said of all of them is said of women."""
    found = group_codes(row.breakdown, age_of(indicator))
    if indicator and indicator.population.who == WOMEN:
        found[list(DIMENSIONS).index("sex")] = DIMENSIONS["sex"]["female"]
    return found


def age_of(indicator: Indicator | MeanIndicator | None) -> str:
    """The age window as a code; _U where the indicator is no longer known."""
    if indicator is None:
        return "_U"
    window = indicator.population
    return f"{'M' if window.unit == 'months' else 'Y'}{window.first}T{window.last}"


def confidentiality(row: Estimate | AreaEstimate | MeanEstimate) -> str:
    """Withheld for itself, or to protect another figure."""
    if row.flag != Estimate.Flag.WITHHELD:
        return FREE
    protects = row.reason == Estimate.Reason.PROTECTS_OTHERS
    return SECONDARY if protects else CONFIDENTIAL


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
