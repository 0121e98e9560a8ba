"""What an edit makes of places, before anything is written. No checks of topology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import shapely
from django.utils import translation
from shapely import LineString, MultiPolygon

from layers.editing import borders, cutting, numbering, parents
from layers.editing.errors import EditRefused
from layers.editing.models import TOLERANCE, Edit, Layer
from layers.geography.models import Municipality, Parcel, Zone
from layers.indicators.models import Estimate

Kind = Edit.Kind
Row = Parcel | Zone


@dataclass(frozen=True)
class Asked:
    """What somebody wants. Coordinates in degrees (EPSG:4326), longitude first.

    `codes` are of the places that change; `new_codes` of those that come of it, the
    largest piece first, or none where they are to be found. `names` by language, one for
    each new code or none. `pieces` are given shapes with their codes, in place of `lines`.
    `parent_id` is of the zone that an added one lies in; None where that is to be found.
    Within `tolerance` metres of a border a point is on it.
    """

    kind: str
    layer: Layer
    codes: tuple[str, ...] = ()
    new_codes: tuple[str, ...] = ()
    lines: tuple[tuple[tuple[float, float], ...], ...] = ()
    pieces: tuple[tuple[str, MultiPolygon], ...] = ()
    geometry: MultiPolygon | None = None
    neighbours_follow: bool = True
    names: tuple[Mapping[str, str], ...] = ()
    parent_id: int | None = None
    tolerance: float = TOLERANCE


@dataclass
class Wanted:
    """A place that is to be in force; `pk` of the row that it goes on in, if any."""

    code: str
    geometry: MultiPolygon
    pk: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    official_area: Any = None
    parent_id: int | None = None


@dataclass
class Draft:
    """`successors`: key of a former row → positions in `after`."""

    former: list[Row]
    after: list[Wanted]
    successors: dict[int, list[int]]


def living(municipality: Municipality, layer: Layer) -> Any:
    if layer.is_parcels:
        return Parcel.objects.of(municipality).current()
    return Zone.objects.of(municipality).current().filter(kind=layer.value)


def shape_of(row: Row) -> MultiPolygon:
    return shapely.from_wkb(bytes(row.geometry.wkb))


def drafted(municipality: Municipality, asked: Asked) -> Draft:
    """Raises EditRefused for what can't be drawn."""
    rows = _rows(municipality, asked)
    draft = _MAKERS[Kind(asked.kind)](municipality, asked, rows)
    _check_codes(municipality, asked.layer, draft)
    return draft


def _rows(municipality: Municipality, asked: Asked) -> list[Row]:
    found = {row.code: row for row in living(municipality, asked.layer).filter(code__in=asked.codes)}  # fmt: skip
    for code in asked.codes:
        if code not in found:
            raise EditRefused("no_place", code=code)
    return [found[code] for code in dict.fromkeys(asked.codes)]


def _only(rows: Sequence[Row]) -> Row:
    if len(rows) != 1:
        raise EditRefused("one_place")
    return rows[0]


def _split(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> Draft:
    row = _only(rows)
    if asked.pieces:
        asked = replace(asked, new_codes=tuple(code for code, _shape in asked.pieces))
        pieces = _given_pieces(asked, row)
    else:
        pieces = _cut(asked, row)
    if not asked.new_codes:
        keep = not published([row])
        found = numbering.of_pieces(municipality, asked.layer, row.code, len(pieces), keep=keep)  # fmt: skip
        asked = replace(asked, new_codes=found)
    if len(asked.new_codes) != len(pieces):
        raise EditRefused("pieces", pieces=len(pieces), codes=len(asked.new_codes))
    after = [
        _wanted(asked, number, piece, [row]) for number, piece in enumerate(pieces)
    ]
    return Draft([row], after, {row.pk: list(range(len(after)))})


def _cut(asked: Asked, row: Row) -> list[MultiPolygon]:
    corners = [cutting.distinct(line) for line in asked.lines]
    lines = [LineString(line) for line in corners if len(line) > 1]
    pieces = cutting.split(shape_of(row), lines) if lines else []
    if len(pieces) < 2:
        raise EditRefused("not_cut", code=row.code)
    if len(lines) > 1:
        for number in cutting.idle(shape_of(row), lines)[:1]:
            raise EditRefused("idle_line", number=number + 1, code=row.code)
    return pieces


def _given_pieces(asked: Asked, row: Row) -> list[MultiPolygon]:
    """Raises EditRefused where they don't cover the whole exactly, with the place."""
    if len(asked.pieces) < 2:
        raise EditRefused("one_piece")
    pieces, misfit = cutting.fitted(
        shape_of(row), [shape for _code, shape in asked.pieces]
    )
    for name in ("beyond", "gap", "overlap"):
        area = getattr(misfit, name)
        if not area.is_empty:
            spot = max(area.geoms, key=lambda part: part.area).point_on_surface()
            place = f"{spot.x:.6f} {spot.y:.6f}"
            raise EditRefused(f"pieces_{name}", code=row.code, place=place)
    return pieces


def _merge(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> Draft:
    if len(rows) < 2:
        raise EditRefused("several_places")
    whole = cutting.merge([shape_of(row) for row in rows])
    if whole is None:
        raise EditRefused("apart")
    if not asked.new_codes:
        asked = replace(asked, new_codes=(_merged_code(municipality, asked, rows),))
    if len(asked.new_codes) != 1:
        raise EditRefused("pieces", pieces=1, codes=len(asked.new_codes))
    wanted = _wanted(asked, 0, whole, rows)
    told = [row.official_area for row in rows if isinstance(row, Parcel)]
    known = [area for area in told if area]
    if asked.layer.is_parcels and len(known) == len(rows):
        wanted.official_area = sum(known)
    return Draft(list(rows), [wanted], {row.pk: [0] for row in rows})


def _merged_code(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> str:
    """The first chosen place's, unless figures are published by one of them."""
    if published(rows):
        return numbering.of_new(municipality, asked.layer)
    return asked.codes[0]


def _wanted(
    asked: Asked, number: int, shape: MultiPolygon, rows: Sequence[Row]
) -> Wanted:
    """The place that keeps a code goes on in the row of that code."""
    code = asked.new_codes[number]
    own = next((row for row in rows if row.code == code), None)
    wanted = Wanted(code, shape, own.pk if own else None)
    if not asked.layer.is_parcels:
        wanted.parent_id = _common_parent(rows)
        wanted.names = _names(asked, number, own or rows[0], kept=own is not None)
    return wanted


def _common_parent(rows: Sequence[Row]) -> int | None:
    """Of zones that become one, the parent under which most of their ground lies."""
    areas: Counter[int | None] = Counter()
    for row in rows:
        if isinstance(row, Zone):
            areas[row.parent_id] += shape_of(row).area
    return areas.most_common(1)[0][0]


def _names(asked: Asked, number: int, row: Row, *, kept: bool) -> Mapping[str, str]:
    """As given; else the row's own where it keeps its code, else with the new code."""
    if number < len(asked.names) and any(asked.names[number].values()):
        return asked.names[number]
    own = {language: getattr(row, f"name_{language}") for language in ("ar", "en", "fr")}  # fmt: skip
    if kept:
        return own
    code = asked.new_codes[number]
    return {language: f"{name} {code}" if name else "" for language, name in own.items()}  # fmt: skip


def _reshape(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> Draft:
    row = _only(rows)
    new = _given(asked)
    old = shape_of(row)
    if new.equals_exact(old, 0.0):
        raise EditRefused("same_shape")
    after = [_as_it_is(row, new)]
    former: list[Row] = [row]
    if asked.neighbours_follow:
        moved = borders.changes(old, new)
        around = living(municipality, asked.layer).exclude(pk=row.pk)
        for other in around.filter(geometry__bboverlaps=row.geometry.buffer(1e-6)):
            shape = shape_of(other)
            followed = borders.take_along(shape, moved)
            if followed is not shape:
                former.append(other)
                after.append(_as_it_is(other, cutting.on_grid(followed)))
    return Draft(former, after, {each.pk: [n] for n, each in enumerate(former)})


def _as_it_is(row: Row, shape: MultiPolygon) -> Wanted:
    wanted = Wanted(row.code, shape, row.pk)
    if isinstance(row, Parcel):
        wanted.official_area = row.official_area
    else:
        wanted.parent_id = row.parent_id
        wanted.names = {x: getattr(row, f"name_{x}") for x in ("ar", "en", "fr")}
    return wanted


def _given(asked: Asked) -> MultiPolygon:
    shape = cutting.on_grid(asked.geometry or MultiPolygon())
    if shape.is_empty:
        raise EditRefused("no_corners")
    return shape


def _add(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> Draft:
    if not asked.new_codes:
        found = numbering.of_new(municipality, asked.layer)
        asked = replace(asked, new_codes=(found,))
    if len(asked.new_codes) != 1:
        raise EditRefused("pieces", pieces=1, codes=len(asked.new_codes))
    wanted = Wanted(asked.new_codes[0], _given(asked))
    if not asked.layer.is_parcels:
        wanted.names = asked.names[0] if asked.names else labels(asked.layer, wanted.code)  # fmt: skip
        wanted.parent_id = _parent(municipality, asked, wanted.geometry)
    return Draft([], [wanted], {})


def _parent(
    municipality: Municipality, asked: Asked, shape: MultiPolygon
) -> int | None:
    """As chosen, else the lowest zone that holds the whole."""
    if asked.parent_id is None:
        found = parents.holding(municipality, asked.layer, shape)
        return found.pk if found else None
    chosen = parents.above(municipality, asked.layer).filter(pk=asked.parent_id)
    if not chosen.exists():
        raise EditRefused("no_parent")
    return asked.parent_id


def labels(layer: Layer, code: str) -> dict[str, str]:
    """A nameless zone is called by its kind and its code."""
    told = {}
    for language in ("ar", "en", "fr"):
        with translation.override(language):
            word = str(Zone.Kind(layer.value).label).capitalize()
        told[language] = f"{word} {code}"
    return told


def _retire(municipality: Municipality, asked: Asked, rows: Sequence[Row]) -> Draft:
    if not rows:
        raise EditRefused("one_place")
    return Draft(list(rows), [], {row.pk: [] for row in rows})


_MAKERS = {
    Kind.SPLIT: _split,
    Kind.MERGE: _merge,
    Kind.RESHAPE: _reshape,
    Kind.ADD: _add,
    Kind.RETIRE: _retire,
}


def _check_codes(municipality: Municipality, layer: Layer, draft: Draft) -> None:
    codes = [wanted.code for wanted in draft.after]
    for code in codes:
        if codes.count(code) > 1:
            raise EditRefused("code_twice", code=code)
    own = {row.pk for row in draft.former}
    taken = living(municipality, layer).filter(code__in=codes).exclude(pk__in=own)
    for row in taken[:1]:
        raise EditRefused("code_taken", code=row.code)
    if not layer.is_parcels and len(draft.after) != len(draft.former):
        for row in published(draft.former):
            if row.code in codes:
                raise EditRefused("code_published", code=row.code)


def published(rows: Sequence[Row]) -> list[Zone]:
    """Those zones by which figures were released."""
    zones = [row for row in rows if isinstance(row, Zone)]
    told = set(
        Estimate.objects.filter(zone__in=zones).order_by().values_list("zone", flat=True).distinct()
    )  # fmt: skip
    return [row for row in zones if row.pk in told]


def check_date(municipality: Municipality, former: Sequence[Row], on: date) -> None:
    """Raises EditRefused for a day to come, or one before a place's last change."""
    if on > municipality.today():
        raise EditRefused("future")
    for row in former:
        if on < row.valid_from:
            raise EditRefused("too_early", code=row.code, date=row.valid_from)
