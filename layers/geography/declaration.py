"""The words in which an app declares a map layer.

They stand at the bottom, so that every app may use them; `layers.maps` gathers
the declarations from each installed app's `layers.py` and serves them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from django.utils.functional import Promise

if TYPE_CHECKING:
    from layers.geography.models import Municipality


def read_sql(package: str, name: str) -> str:
    return files(package).joinpath("sql", name).read_text("utf-8")


@dataclass(frozen=True)
class Field:
    """A column that leaves the house; `in_tiles` False keeps it to downloads.

    `filterable` False: no one may ask for rows by it. Figures are so, because a
    well-chosen question could tell more than they say. `choices` gives all its values in
    a town with their labels, where they are known.
    """

    name: str
    type: Literal["text", "number", "date"]
    label: str | Promise
    in_tiles: bool = True
    filterable: bool = True
    choices: Callable[[Municipality], Iterable[tuple[str, str | Promise]]] | None = None


# Pixels by which a point's radius grows, and where it ends.
GROWTH, LARGEST = 2.0, 18.0


@dataclass(frozen=True)
class Shade:
    """A colour by theme and what it stands for.

    `value` is the text of a class; of numbers it is the upper end, which belongs to the
    class, and None in the last.
    """

    label: str | Promise
    light: str
    dark: str
    value: str | float | None = None

    @property
    def by_theme(self) -> tuple[tuple[str, str], ...]:
        return (("light", self.light), ("dark", self.dark))

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "label": str(self.label)}


@dataclass(frozen=True)
class Style:
    """How a layer is drawn: in one colour, or by the classes of `field`.

    `shades` are the classes, or the one colour where neither `field` nor `numbers` is
    said; a raster has classes of numbers and no field. What is in no class has the
    colour of `others`, without which it is not drawn; nor is a number below `least`.

    `width` and `size` are pixels of lines and of a point's radius, `opacity` is a share
    of 1. Points grow with the square root of the field `grows_with`. `parted` areas have
    a line of the ground's colour between them. `title` says what the colours mean.
    """

    shades: tuple[Shade, ...]
    field: str = ""
    numbers: bool = False
    others: Shade | None = None
    least: float | None = None
    title: str | Promise = ""
    width: float = 1.5
    size: float = 5
    opacity: float = 0.8
    grows_with: str = ""
    parted: bool = False

    @property
    def classed(self) -> bool:
        return bool(self.field) or self.numbers

    @property
    def legend(self) -> tuple[Shade, ...]:
        """Every colour that the layer can have."""
        return self.shades if self.others is None else (*self.shades, self.others)

    def shade(self, value: Any) -> Shade | None:
        """The colour of a feature or cell with this value; None where it has none."""
        if not self.classed:
            return self.shades[0]
        if not self.numbers:
            return next((x for x in self.shades if x.value == value), self.others)
        if value is None or (self.least is not None and value < self.least):
            return self.others
        ends = (x for x in self.shades if x.value is None or value <= float(x.value))
        return next(ends, self.others)

    def radius(self, value: Any) -> float:
        """Pixels of a point whose field `grows_with` says `value`."""
        if not self.grows_with:
            return self.size
        root = float(value or 1) ** 0.5
        return min(self.size + GROWTH * (root - 1), LARGEST)

    def as_json(self) -> dict[str, Any]:
        """For the browser, in the active language."""
        return {
            **{f.name: getattr(self, f.name) for f in fields(self)},
            "shades": [each.as_json() for each in self.shades],
            "others": self.others.as_json() if self.others else None,
            "title": str(self.title),
            "growth": [GROWTH, LARGEST],
        }


# Of what says no colours of its own.
PLAIN = Style((Shade("", "#1f6f5c", "#7fc9b4"),))


@dataclass(frozen=True)
class Layer:
    """One layer, declared once and served as tiles, features and downloads.

    `sql` selects `id`, `geometry` (EPSG:4326), `geometry_3857` and every field, bound
    to `%(municipality)s` (a key) and `parameters`. `tables` are those it reads: a
    write to any of them makes a new version. `permission` None means that everyone
    may see it. `attribution` names the source, else it is the municipality;
    `licence` is an SPDX identifier, else nothing is granted. `description` says in a
    sentence what it is. `time` names the field of type date that says of when a
    feature is. `tiled` False: it makes no map.

    `roles` may see it beside those who hold `permission`. `revocable`: who may see it
    can change any day, so its tiles are kept apart and asked for anew each time, and
    whoever may not see it is told that there is none.

    `one_of` names a field of which a map shows one value at a time, the first of its
    choices at the beginning. `renewed` is for what no trigger counts: seconds after
    which a new version is read from the tables, besides those of `tables`. `history` is `sql`
    with former rows and their `valid_from` and `valid_until`, the first day out of force.
    """

    name: str
    title: str | Promise
    geometry: Literal["point", "line", "polygon"]
    sql: str
    tables: tuple[str, ...]
    fields: tuple[Field, ...] = ()
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    permission: str | None = None
    min_zoom: int = 0
    max_zoom: int = 16
    attribution: str | Promise = ""
    licence: str = ""
    description: str | Promise = ""
    time: str = ""
    tiled: bool = True
    roles: frozenset[str] = frozenset()
    revocable: bool = False
    style: Style | None = None
    one_of: str = ""
    renewed: int = 0
    history: str = ""

    @cached_property
    def digest(self) -> str:
        """Changes with the declaration, so that new code never meets old tiles."""
        said = (
            self.sql,
            [f.name for f in self.tile_fields],
            sorted(self.parameters.items()),
            self.permission,
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()[:8]

    @cached_property
    def tile_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.in_tiles)

    @property
    def code_in_tiles(self) -> bool:
        return any(each.name == "code" for each in self.tile_fields)
