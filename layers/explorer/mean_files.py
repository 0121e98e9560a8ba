"""A release's means in its files: each with its unit, none of them in percent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from layers.explorer import sdmx
from layers.indicators import releases
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.definitions.municipal import means_in
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import Estimate, MeanEstimate, Release


def headings() -> list[str]:
    return [
        _("indicator"), _("title"), _("zone code"), _("zone"), _("round"),
        _("reference date"), _("release"), _("definition version"), _("unit"),
        _("mean"), _("standard error"), _("from"), _("to"), _("degrees of freedom"),
        _("design effect"), _("children asked, rounded"), _("households, rounded"),
        _("children, estimated"), _("reliability"), _("reason"),
    ]  # fmt: skip


def _stored(release: Release) -> Iterator[tuple[MeanIndicator, MeanEstimate]]:
    """Those that are still known, zones before the town."""
    known = means_in(release)
    rows = MeanEstimate.objects.of_release(release) if known else ()
    for row in sorted(rows, key=_order):
        if row.indicator in known:
            yield known[row.indicator], row


def _order(row: MeanEstimate) -> tuple[str, bool, str]:
    return row.indicator, row.zone is None, row.zone.code if row.zone else ""


def lines(release: Release) -> Iterator[list[Any]]:
    """A line a figure, empty where nothing is published."""
    observed = release.observation_set
    for mean, row in _stored(release):
        yield [
            row.indicator,
            mean.title,
            row.zone.code if row.zone else "",
            row.zone.name if row.zone else _("Whole town"),
            releases.round_title(observed),
            observed.reference_date.isoformat(),
            release.number,
            row.definition_version,
            mean.unit,
            *(row.estimate, row.se, row.low, row.high, row.df, row.deff),
            *(row.n, row.households, row.population),
            str(Estimate.Flag(row.flag).label),
            str(Estimate.Reason(row.reason).label),
        ]


def sdmx_lines(release: Release) -> Iterator[list[Any]]:
    """As `sdmx.COLUMNS`; the unit's code is made of its English name."""
    observed = release.observation_set
    town = release.municipality.slug
    for mean, row in _stored(release):
        yield [
            *sdmx.STRUCTURE,
            f"{town}.{row.zone.code}" if row.zone else town,
            row.indicator,
            *sdmx.group_codes(ALL, sdmx.age_of(mean)),
            observed.reference_date.isoformat(),
            row.estimate,
            unit_code(mean),
            sdmx.STATUS[Estimate.Flag(row.flag)],
            sdmx.confidentiality(row),
            *(row.low, row.high, row.se),
            *(row.n, row.population, None),
            row.definition_version,
            release.number,
            observed.source,
            row.reason,
        ]


def unit_code(mean: MeanIndicator) -> str:
    """For example MINUTES; _Z, not applicable, where no letter is left of it."""
    said = re.sub(r"[^A-Z0-9]+", "_", mean.units["en"].upper()).strip("_")
    return said or "_Z"


def geosight_lines(release: Release) -> Iterator[list[Any]]:
    day = release.observation_set.reference_date.isoformat()
    town = release.municipality.slug
    for mean, row in _stored(release):
        said = {
            "group": ALL,
            "statistic": "mean",
            "unit": mean.units["en"],
            "low": row.low,
            "high": row.high,
            "se": row.se,
            "n": row.n,
            "flag": row.flag,
            "reason": row.reason,
            "release": release.number,
            "definition_version": row.definition_version,
        }
        known = {name: value for name, value in said.items() if value not in (None, "")}
        yield [
            row.zone.code if row.zone else town,
            day,
            row.indicator,
            row.estimate,
            json.dumps(known, ensure_ascii=False),
        ]
