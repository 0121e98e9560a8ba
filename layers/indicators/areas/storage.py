"""What a release says of larger areas, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layers.indicators.areas import levels
from layers.indicators.figures import Figure
from layers.indicators.models import Area, AreaEstimate, Release
from layers.indicators.succession import VALUES, Succeeding

BATCH = 2000


def store_areas(release: Release, families: Sequence[Succeeding]) -> None:
    """In the transaction that makes the release, after its figures."""
    rows: dict[tuple[str, str], Area] = {}
    estimates = []
    for each in families:
        zones = [zone.pk for zone in each.family.sample.zones]
        for area, figure in each.of_areas():
            row = rows.setdefault(area.key, _row(release, area, zones))
            estimates.append(
                AreaEstimate(
                    municipality=release.municipality,
                    release=release,
                    area=row,
                    breakdown=figure.breakdown,
                    **said_by(figure),
                )
            )
    Area.objects.bulk_create(rows.values(), batch_size=BATCH)
    AreaEstimate.objects.bulk_create(estimates, batch_size=BATCH)


def said_by(figure: Figure) -> dict[str, Any]:
    """Whatever a row says beside its place and its group."""
    return {
        "indicator": figure.indicator,
        "definition_version": figure.version,
        "flag": figure.flag,
        "reason": figure.reason,
        **{name: getattr(figure, name) for name in VALUES},
    }


def _row(release: Release, area: levels.Area, zones: Sequence[int]) -> Area:
    level, codes = area.key
    return Area(
        municipality=release.municipality,
        release=release,
        level=level,
        zone=area.parent,
        codes=codes,
        members=[zones[place] for place in area.places],
    )
