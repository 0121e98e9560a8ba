"""A release as SDMX-CSV 2.0, the flat exchange format of SDMX 3.0.

Columns: STRUCTURE, STRUCTURE_ID, ACTION, then the dimensions, the measure and the
attributes, by their concepts' codes. Codes are those of the SDMX cross-domain code lists
CL_SEX, CL_OBS_STATUS and CL_CONF_STATUS; ages are written as Y6T11 and M24T59.

Source: SDMX Technical Working Group, SDMX-CSV field guide, version 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from layers.indicators.definitions import indicators_in
from layers.indicators.indicator import Indicator
from layers.indicators.models import Estimate, Release

COLUMNS = [
    "STRUCTURE", "STRUCTURE_ID", "ACTION",
    "REF_AREA", "INDICATOR", "SEX", "AGE", "TIME_PERIOD",
    "OBS_VALUE",
    "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "LOWER_BOUND", "UPPER_BOUND",
    "STD_ERROR", "SAMPLE_SIZE", "POPULATION", "POPULATION_IN_NEED",
    "DEFINITION_VERSION", "RELEASE", "DATA_SOURCE", "OBS_COMMENT",
]  # fmt: skip

STRUCTURE = ("dataflow", "GISPORTAL:CHILD_NEEDS(1.0)", "I")

SEX = {
    Estimate.Breakdown.ALL: "_T",
    Estimate.Breakdown.GIRLS: "F",
    Estimate.Breakdown.BOYS: "M",
}
STATUS = {
    Estimate.Flag.RELIABLE: "A",  # normal
    Estimate.Flag.UNCERTAIN: "U",  # low reliability
    Estimate.Flag.WITHHELD: "Q",  # missing, suppressed
    Estimate.Flag.NO_DATA: "O",  # missing
}
FREE, CONFIDENTIAL, SECONDARY = "F", "C", "D"


def lines(release: Release, rows: Iterable[Estimate]) -> Iterator[list[Any]]:
    """Percent with one decimal; no value where the figure is not published."""
    observed = release.observation_set
    town = release.municipality.slug
    known = indicators_in(release)
    for row in rows:
        yield [
            *STRUCTURE,
            f"{town}.{row.zone.code}" if row.zone else town,
            row.indicator,
            SEX.get(Estimate.Breakdown(row.breakdown), row.breakdown),
            age_of(known.get(row.indicator)),
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


def age_of(indicator: Indicator | None) -> str:
    """The age window as a code; _U where the indicator is no longer known."""
    if indicator is None:
        return "_U"
    window = indicator.population
    return f"{'M' if window.unit == 'months' else 'Y'}{window.first}T{window.last}"


def confidentiality(row: Estimate) -> str:
    """Withheld for itself, or to protect another figure."""
    if row.flag != Estimate.Flag.WITHHELD:
        return FREE
    protects = row.reason == Estimate.Reason.PROTECTS_OTHERS
    return SECONDARY if protects else CONFIDENTIAL


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
