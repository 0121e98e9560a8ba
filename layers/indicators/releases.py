"""What the pages read: releases and one view of a map at a time, as plain data."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.geography.models import Municipality, Zone
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.groups.breakdowns import ALL, dimensions_of, ordered
from layers.indicators.models import (
    AreaEstimate,
    Estimate,
    EstimateQuerySet,
    ObservationSet,
    Release,
)
from layers.indicators.samples.people import people_of


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
    rows = rows_of(release, indicator=indicator, breakdown=breakdown)
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


def keys_in(release: Release, *, by_zone: bool = False) -> list[str]:
    """The groups with a figure in the release, in the order they are declared; those of
    two dimensions are left out. `by_zone`: those that are told of a zone.
    """
    found = Estimate.objects.of_release(release).order_by()
    if by_zone:
        found = found.exclude(zone=None)
    keys = set(found.values_list("breakdown", flat=True).distinct())
    return [key for key in ordered(keys) if len(dimensions_of(key)) < 2]


def told_most(release: Release, offered: Iterable[str]) -> str:
    """The indicator with a figure for most zones, the first of them: one that is withheld
    nearly everywhere teaches nobody how to read the page.
    """
    shown = dict(
        Estimate.objects.of_release(release)
        .of_breakdown(ALL)
        .filter(estimate__isnull=False)
        .order_by()
        .values_list("indicator")
        .annotate(n=Count("pk"))
    )
    return max(offered, key=lambda code: shown.get(code, 0))


def rows_of(release: Release, *, indicator: str, breakdown: str) -> list[Estimate]:
    """The figures of a group, one for each zone and the town that all children have.

    A release keeps no row where nothing of a group can be said: it is withheld.
    """
    found = Estimate.objects.of_release(release).of_indicator(indicator)
    return _filled(found, breakdown)


def rows_of_zone(
    release: Release, zone: Zone | None, *, breakdown: str
) -> list[Estimate]:
    """The same for all indicators in one zone, or in the town (None)."""
    return _filled(Estimate.objects.of_release(release).filter(zone=zone), breakdown)


def _filled(found: EstimateQuerySet, breakdown: str) -> list[Estimate]:
    rows = found.select_related("zone").defer("zone__geometry", "zone__geometry_3857")
    stored = {(row.indicator, row.zone_id): row for row in rows.of_breakdown(breakdown)}
    if breakdown == ALL:
        return list(stored.values())
    return [
        stored.get((row.indicator, row.zone_id)) or _unsaid(row, breakdown)
        for row in rows.of_breakdown(ALL)
    ]


def _unsaid(row: Estimate, breakdown: str) -> Estimate:
    # There are no girls and boys among women.
    of_women = people_of(row.indicator).apart
    nothing = of_women or row.flag == Estimate.Flag.NO_DATA
    return Estimate(
        municipality_id=row.municipality_id,
        release_id=row.release_id,
        indicator=row.indicator,
        definition_version=row.definition_version,
        zone=row.zone,
        breakdown=breakdown,
        flag=Estimate.Flag.NO_DATA if nothing else Estimate.Flag.WITHHELD,
        reason=Estimate.Reason.NO_DATA if nothing else Estimate.Reason.PROTECTS_OTHERS,
    )


SAID = ("estimate", "low", "high", "n", "flag", "reason")


def history(municipality: Municipality, code: str) -> list[dict[str, Any]]:
    """The releases of a round, the newest first, each with its change log.

    `changes` has the figures that the release says otherwise than the one before it, in
    published numbers, the largest change first; None for the first release.
    """
    releases = list(
        Release.objects.of(municipality)
        .filter(observation_set__code=code)
        .latest_first()
    )
    said = [_said(release) for release in releases]
    return [
        {
            "number": release.number,
            "computed_at": release.computed_at,
            "changes": _changes(
                said[place],
                said[place + 1],
                {code: each.title for code, each in indicators_in(release).items()},
            )
            if place + 1 < len(said)
            else None,
        }
        for place, release in enumerate(releases)
    ]


def _said(release: Release) -> dict[tuple[str, str, int | None], Estimate]:
    rows = Estimate.objects.of_release(release).select_related("zone")
    return {
        (row.indicator, row.breakdown, row.zone_id): row
        for row in rows.defer("zone__geometry", "zone__geometry_3857")
    }


def _changes(
    now: dict[tuple[str, str, int | None], Estimate],
    before: dict[tuple[str, str, int | None], Estimate],
    titles: dict[str, str],
) -> list[dict[str, Any]]:
    found = [
        {
            "title": titles.get(row.indicator, row.indicator),
            "zone": row.zone.name if row.zone else _("Whole town"),
            "group": people_of(row.indicator).group(row.breakdown),
            "before": _told(old) if old else "",
            "after": _told(row),
            "moved": _moved(old, row),
        }
        for key, row in now.items()
        if (old := before.get(key)) is None
        or any(getattr(row, name) != getattr(old, name) for name in SAID)
    ]
    return sorted(found, key=lambda change: change["moved"], reverse=True)


def _told(row: Estimate) -> str:
    if row.estimate is None:
        return row.get_flag_display()
    return people_of(row.indicator).share(round(100 * row.estimate))


def _moved(before: Estimate | None, after: Estimate) -> float:
    """In shares; a figure that came or went counts as a whole."""
    if before is None or before.estimate is None or after.estimate is None:
        return 1.0
    return abs(after.estimate - before.estimate)


def figure(row: Estimate | AreaEstimate) -> dict[str, Any]:
    return {
        "estimate": row.estimate,
        "se": row.se,
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
