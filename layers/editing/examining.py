"""Gathers what `topology` measures, and says what it found in degrees and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from layers.editing import statements, topology
from layers.editing.drafts import Row, published
from layers.editing.errors import ERRORS, FINDINGS
from layers.editing.models import Edit, Layer
from layers.editing.topology import Finding, Ground
from layers.geography.models import Municipality, Zone

# Degrees, about 100 m: beyond it nothing touches.
AROUND = 0.001
NAMED = 10
LEAVE_GAPS = {Edit.Kind.RETIRE, Edit.Kind.UNDO, Edit.Kind.REDO}


@dataclass(frozen=True)
class Remark:
    """A finding as the page shows it; `place` is longitude and latitude."""

    code: str
    codes: tuple[str, ...]
    square_metres: float | None
    place: tuple[float, float] | None
    count: int = 0

    @property
    def is_error(self) -> bool:
        return self.code in ERRORS

    @property
    def message(self) -> str:
        return str(FINDINGS[self.code]) % {"count": self.count}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Remark:
        place = tuple(said["place"]) if said["place"] else None
        return cls(**{**said, "codes": tuple(said["codes"]), "place": place})


Shapes = Sequence[tuple[str, MultiPolygon]]


def validity(municipality: Municipality, shapes: Shapes) -> list[Remark]:
    """Of shapes that are not written yet; with a remark here nothing else is measured."""
    projected, _boundary = _projected(municipality, shapes)
    found = topology.invalid(dict(projected))
    return _remarks(municipality, found)


def remarks(
    municipality: Municipality,
    layer: Layer,
    *,
    kind: str,
    before: Shapes,
    former: Sequence[Row],
    after: Sequence[Row],
) -> list[Remark]:
    """All findings about rows that are in force within this transaction."""
    own = {row.pk for row in after}
    outlines = [*before, *((row.code, _shape(row)) for row in after)]
    box = shapely.total_bounds([shape for _code, shape in outlines])
    areas = areas_near(municipality, layer, box)
    projected, boundary = _projected(municipality, before)
    zones = _zones(municipality, box) if layer.is_parcels else {}
    ground = Ground(
        before=dict(projected),
        after={code: shape for pk, code, shape in areas if pk in own},
        neighbours={code: shape for pk, code, shape in areas if pk not in own},
        boundary=boundary,
        zones=zones,
        leaves_gap=kind in LEAVE_GAPS,
    )
    found = _remarks(municipality, topology.examine(ground))
    if layer.is_parcels:
        return found
    return [
        *(_of_zones(each) for each in found),
        *_beyond_parents(ground, after, municipality),
        *_cut(municipality, before, after),
        *_published(former, after),
    ]


def _beyond_parents(
    ground: Ground, after: Sequence[Row], municipality: Municipality
) -> list[Remark]:
    above = {
        row.code: row.parent for row in after if isinstance(row, Zone) and row.parent
    }
    shapes = [(code, _shape(zone)) for code, zone in above.items()]
    projected, _boundary = _projected(municipality, shapes)
    found = topology.beyond_parents(ground, dict(projected))
    return _remarks(municipality, list(found))


def _of_zones(remark: Remark) -> Remark:
    """Ground without a zone is worse than ground without a parcel: it may be a street."""
    if remark.code != "gap":
        return remark
    return Remark("gap_zone", remark.codes, remark.square_metres, remark.place)


def _published(former: Sequence[Row], after: Sequence[Row]) -> list[Remark]:
    told = published([*former, *after])
    codes = tuple(dict.fromkeys(row.code for row in told))
    return [Remark("published", codes, None, None)] if codes else []


def _cut(
    municipality: Municipality, before: Shapes, after: Sequence[Row]
) -> list[Remark]:
    reporting = set(Zone.objects.of(municipality).reporting().values_list("pk", flat=True))  # fmt: skip
    zones = [row.pk for row in after if row.pk in reporting]
    if not zones:
        return []
    cut = statements.rows(
        "cut_parcels",
        municipality=municipality.pk,
        srid=municipality.srid,
        zones=zones,
        former=[shape.wkb for _code, shape in before],
    )
    if not cut:
        return []
    first = shapely.from_wkb(bytes(cut[0][1]))
    place = statements.spots([(first.x, first.y)], municipality.srid)[0]
    codes = tuple(code for code, _point in cut[:NAMED])
    return [Remark("cuts_parcels", codes, None, place, count=len(cut))]


def _shape(row: Row) -> MultiPolygon:
    return shapely.from_wkb(bytes(row.geometry.wkb))


def areas_near(
    municipality: Municipality, layer: Layer, box: Sequence[float]
) -> list[tuple[int, str, BaseGeometry]]:
    """Key, code and area in metres of what is in force near a box in degrees."""
    west, south, east, north = map(float, box)
    found = statements.rows(
        "areas",
        layer,
        municipality=municipality.pk,
        srid=municipality.srid,
        kind=layer.value,
        west=west - AROUND,
        south=south - AROUND,
        east=east + AROUND,
        north=north + AROUND,
    )
    return [(pk, code, shapely.from_wkb(bytes(wkb))) for pk, code, wkb in found]


def _zones(
    municipality: Municipality, box: Sequence[float]
) -> Mapping[str, BaseGeometry]:
    first = Zone.objects.of(municipality).reporting().only("kind").first()
    if first is None:
        return {}
    found = areas_near(municipality, Layer(first.kind), box)
    return {code: shape for _pk, code, shape in found}


def _projected(
    municipality: Municipality, shapes: Shapes
) -> tuple[list[tuple[str, BaseGeometry]], BaseGeometry | None]:
    found = dict(
        statements.rows(
            "projected",
            municipality=municipality.pk,
            srid=municipality.srid,
            n=list(range(len(shapes))),
            shapes=[shape.wkb for _code, shape in shapes],
        )
    )
    boundary = found.pop(-1, None)
    projected = [
        (code, shapely.from_wkb(bytes(found[n])))
        for n, (code, _shape) in enumerate(shapes)
    ]
    return projected, shapely.from_wkb(bytes(boundary)) if boundary else None


def _remarks(municipality: Municipality, found: Sequence[Finding]) -> list[Remark]:
    places = statements.spots([each.place for each in found], municipality.srid)
    return [
        Remark(each.code, each.codes, each.square_metres, places[n])
        for n, each in enumerate(found)
    ]
