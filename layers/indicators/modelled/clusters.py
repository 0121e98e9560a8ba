"""Where zones resemble their neighbours, by a release's published figures alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from shapely import STRtree

from layers.geography.models import Zone
from layers.indicators import errors
from layers.indicators.modelled import spatial
from layers.indicators.models import Estimate, Release

# Degrees, about 5 m: what zones that share a border may lie apart.
APART = 5e-5


@dataclass(frozen=True)
class Clusters:
    """`zones` and the pattern's local answers are in one order."""

    zones: list[Zone]
    pattern: spatial.Pattern


def clusters_of(
    release: Release, *, indicator: str, breakdown: str = "all"
) -> Clusters:
    """Moran's I of an indicator over the zones of a release, and local clusters.

    Withheld figures stay out: a zone without one is "missing". The same release gives
    the same answer. Raises NoPattern.
    """
    rows = (
        Estimate.objects.of_release(release)
        .of_indicator(indicator)
        .of_breakdown(breakdown)
        .exclude(zone=None)
        .select_related("zone")
        .order_by("zone__code")
    )
    zones = [row.zone for row in rows if row.zone is not None]
    values = np.array(
        [np.nan if row.estimate is None else row.estimate for row in rows], dtype=float
    )
    try:
        pattern = spatial.pattern(values, _neighbours(zones))
    except spatial.UnfitPattern as unfit:
        raise errors.NoPattern from unfit
    return Clusters(zones, pattern)


def _neighbours(zones: list[Zone]) -> csr_array:
    return spatial.contiguity(len(zones), zip(*bordering(zones), strict=True))


def bordering(zones: Sequence[Zone]) -> tuple[list[int], list[int]]:
    """The places of zones that share a point of their border (queen), each with itself."""
    shapes = [shapely.from_wkb(bytes(zone.geometry.wkb)) for zone in zones]
    left, right = STRtree(shapes).query(shapes, predicate="dwithin", distance=APART)
    return left.tolist(), right.tolist()
