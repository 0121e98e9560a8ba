"""How rasters are coloured: five classes, by what the cells mean."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Raster

# Light to dark; the first is people's and hazards', the second the ground's.
NEED = ("#fbeedd", "#f2cfa6", "#e0a06a", "#c06a3c", "#87391d")
GROUND = ("#e9efe6", "#cfdcc8", "#b3b99b", "#93876b", "#6d5a48")
STAFF = "maps.view_staff_layers"


@dataclass(frozen=True)
class Style:
    """`starts` are the lower ends of the classes, None where the file's own range is
    divided; below the first nothing is drawn. `permission` None means everyone.
    """

    colours: tuple[str, ...]
    unit: str | Promise
    starts: tuple[float, ...] | None = None
    smooth: bool = False
    permission: str | None = None


PEOPLE = Style(
    NEED, _("people per hectare"), starts=(1, 10, 25, 50, 100), permission=STAFF
)
STYLES: dict[str, Style] = {
    Raster.Kind.POPULATION: PEOPLE,
    Raster.Kind.CHILDREN: Style(
        NEED, _("children per hectare"), starts=(1, 5, 10, 20, 40), permission=STAFF
    ),
    Raster.Kind.HAZARD: Style(NEED, _("in the raster’s own unit")),
    Raster.Kind.TERRAIN: Style(GROUND, _("metres"), smooth=True),
    # Nobody has said what it shows, so nobody has said that all may see it.
    Raster.Kind.OTHER: Style(NEED, _("in the raster’s own unit"), permission=STAFF),
}
COUNTS_PEOPLE = (Raster.Kind.POPULATION, Raster.Kind.CHILDREN)


def starts_between(least: float, most: float, classes: int = 5) -> tuple[float, ...]:
    """Lower ends of equal classes from `least` to `most`, to two figures of their width.

    A raster of one value has one class.
    """
    if not most > least:
        return (least,)
    width = (most - least) / classes
    digits = 1 - floor(log10(width))
    starts = sorted({round(least + width * n, digits) for n in range(1, classes)})
    return (least, *starts)


def legend(style: Style, starts: tuple[float, ...]) -> list[dict[str, object]]:
    """A row for each class: its colour and its ends; the last has no upper one."""
    ends = [*pairwise(starts), (starts[-1], None)]
    return [
        {"colour": colour, "from": low, "to": high}
        for colour, (low, high) in zip(style.colours, ends, strict=False)
    ]
