"""What lies on a sheet of paper: paths of SVG, words, and lines of the legend.

Lengths are metres on the ground in the town's projected system, y downwards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import shapely

from layers.geography.declaration import Style

PICTOGRAMS = json.loads(
    files("layers.maps").joinpath("pictograms.json").read_text("utf-8")
)


@dataclass(frozen=True)
class Mark:
    """One SVG path; widths in metres."""

    path: str
    fill: str = "none"
    stroke: str = "none"
    width: float = 0
    opacity: float = 1
    move: str = ""

    @property
    def thick(self) -> str:
        return f"{self.width:.3f}"

    @property
    def clear(self) -> str:
        return f"{self.opacity:.2f}"


@dataclass(frozen=True)
class Key:
    """A line of the legend. `shape` is point, line or polygon."""

    shape: str
    colour: str
    label: str


@dataclass
class Laid:
    """A layer as it lies on the sheet; `note` says why it is not drawn."""

    title: str
    source: str
    opacity: float = 1
    marks: list[Mark] = field(default_factory=list)
    words: list[tuple[str, float, float]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    picture: dict[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def clear(self) -> str:
        return f"{self.opacity:.2f}"

    @property
    def letters(self) -> int:
        """About how many letters its part of the legend has."""
        said = [self.title, self.source, self.note, *(x.label for x in self.keys)]
        return sum(len(each) + 6 for each in said if each)


@dataclass(frozen=True)
class Feature:
    values: dict[str, Any]
    shape: Any


def keys_of(style: Style, shape: str) -> list[Key]:
    title = [Key("none", "", str(style.title))] if style.title else []
    return [*title, *(Key(shape, x.light, str(x.label)) for x in style.legend)]


def word(feature: Feature, text: str) -> tuple[str, float, float]:
    place = shapely.point_on_surface(feature.shape)
    return text, place.x, -place.y


def circle(x: float, y: float, radius: float) -> str:
    r = f"{radius:.2f}"
    return f"M{x - radius:.2f} {y:.2f}a{r} {r} 0 1 0 {2 * radius:.2f} 0a{r} {r} 0 1 0 {-2 * radius:.2f} 0z"


def paths(features: list[Feature]) -> str:
    found = []
    for part in shapely.get_parts([each.shape for each in features]):
        polygon = part.geom_type == "Polygon"
        lines = (part.exterior, *part.interiors) if polygon else (part,)
        for line in lines:
            corners = shapely.get_coordinates(line)
            text = " ".join(f"{x:.1f} {-y:.1f}" for x, y in corners)
            found.append(f"M{text}{'z' if polygon else ''}")
    return "".join(found)
