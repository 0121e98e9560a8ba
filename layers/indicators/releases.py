"""What the pages read: releases and one view of a map at a time, as plain data."""

from typing import Any

from django.utils.translation import get_language

from layers.geography.models import Municipality
from layers.indicators.definitions import indicators_in
from layers.indicators.models import Estimate, ObservationSet, Release


def latest_release(
    municipality: Municipality, code: str | None = None
) -> Release | None:
    """The newest release, or that of the round `code`."""
    found = Release.objects.of(municipality).select_related("observation_set")
    if code is not None:
        found = found.filter(observation_set__code=code)
    else:
        found = found.order_by("-observation_set__reference_date", "-number")
    return found.first()


def view(release: Release, *, indicator: str, breakdown: str = "all") -> dict[str, Any]:
    """One view of the map: figures by zone code, the town's, and what the legend says.

    Shares lie between 0 and 1; n and households are rounded to 5; withheld figures have
    None for values and the reason. Raises KeyError for an indicator without figures.
    """
    rows = (
        Estimate.objects.of_release(release)
        .of_indicator(indicator)
        .of_breakdown(breakdown)
        .select_related("zone")
        .defer("zone__geometry", "zone__geometry_3857")
    )
    figures = {row.zone.code if row.zone else None: row for row in rows}
    town = figures.pop(None)
    return {
        "indicator": indicator,
        "title": indicators_in(release)[indicator].title,
        "breakdown": breakdown,
        "zones": {code: figure(row) for code, row in figures.items()},
        "town": figure(town),
        "legend": {
            "children": town.n,
            "households": town.households,
            "release": release.number,
            "round": round_title(release.observation_set),
            "reference_date": release.observation_set.reference_date.isoformat(),
            "definition_version": town.definition_version,
        },
    }


def figure(row: Estimate) -> dict[str, Any]:
    return {
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "flag": row.flag,
        "reason": row.reason,
    }


def round_title(observation_set: ObservationSet) -> str:
    language = (get_language() or "ar")[:2]
    titles = observation_set.titles
    return titles.get(language) or titles["ar"]
