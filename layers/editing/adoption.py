"""Under which zone the smaller ones inside lie once its border has changed.

Geometries are in the municipality's projected system, in metres; pure geometry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from layers.editing.topology import ACROSS, SLIVER

Areas = Mapping[int, BaseGeometry]


@dataclass(frozen=True)
class Inner:
    """A zone of a finer kind; `parent` is the key of the one above it."""

    pk: int
    code: str
    parent: int | None
    shape: BaseGeometry


@dataclass(frozen=True)
class Settled:
    """`parent` as it is to be; `elsewhere` is the part that comes to lie beyond it."""

    inner: Inner
    parent: int | None
    elsewhere: BaseGeometry

    @property
    def is_cut(self) -> bool:
        return self.parent is not None and not self.elsewhere.is_empty


@dataclass(frozen=True)
class Ground:
    """By key: the changed zones as they were, all near ones of their kind as they are now,
    the keys of those that the edit brought, and what lies above zones that are gone.
    """

    before: Areas
    now: Areas
    brought: frozenset[int]
    above: Mapping[int, int | None]


def settle(inners: Sequence[Inner], ground: Ground) -> Iterator[Settled]:
    """Only those that go elsewhere or are cut; where nothing changed under a zone its
    parent is not the editor's, whatever it is.
    """
    for inner in inners:
        if inner.parent is not None and inner.parent in ground.before:
            found = _of_changed(inner, inner.parent, ground)
        else:
            found = _of_others(inner, ground)
        if found and (found.parent != inner.parent or not found.elsewhere.is_empty):
            yield found


def _of_changed(inner: Inner, parent: int, ground: Ground) -> Settled | None:
    own = inner.shape.intersection(ground.before[parent])
    kept = ground.now.get(parent)
    if kept is not None and wide(own.difference(kept)).is_empty:
        return None
    best = largest(inner.shape, ground.now, first=parent)
    if best is None:
        above = ground.above.get(parent)
        return Settled(inner, above, own if above is None else shapely.Polygon())
    return Settled(inner, best, wide(own.difference(ground.now[best])))


def _of_others(inner: Inner, ground: Ground) -> Settled | None:
    """A zone with no parent, or one of a higher kind, goes under what now holds it whole."""
    if any(_holds(shape, inner.shape) for shape in ground.before.values()):
        return None
    holding = (pk for pk in ground.brought if _holds(ground.now[pk], inner.shape))
    parent = min(holding, default=None)
    return None if parent is None else Settled(inner, parent, shapely.Polygon())


def largest(
    shape: BaseGeometry, areas: Areas, *, first: int | None = None
) -> int | None:
    """The area that holds most of a shape; `first` where another holds no more."""
    shares = {
        pk: area.intersection(shape).area
        for pk, area in areas.items()
        if area.intersects(shape)
    }
    shares = {pk: share for pk, share in shares.items() if share > ACROSS}
    return min(shares, key=lambda pk: (-shares[pk], pk != first, pk), default=None)


def _holds(area: BaseGeometry, shape: BaseGeometry) -> bool:
    return wide(shape.difference(area)).is_empty


def wide(area: BaseGeometry) -> BaseGeometry:
    """The parts that are more than inexact drawing."""
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(area))
        if part.area > ACROSS and not part.buffer(-SLIVER / 2).is_empty
    ]
    return shapely.union_all(parts) if parts else shapely.Polygon()
