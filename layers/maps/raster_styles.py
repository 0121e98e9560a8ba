"""How rasters are coloured: five classes, by what the cells mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from layers.geography.declaration import Shade, Style
from layers.geography.models import Raster
from layers.maps.palettes import SEQUENTIAL, THEMES, Theme

STAFF = "maps.view_staff_layers"
# By theme, from little to much; the ground is shown in colours of its own.
NEED = SEQUENTIAL["need"]
GROUND: Theme = {
    "light": ("#e9efe6", "#cfdcc8", "#b3b99b", "#93876b", "#6d5a48"),
    "dark": ("#27302b", "#3d4a3f", "#63674f", "#998b6c", "#d6c4a4"),
}


@dataclass(frozen=True)
class Kind:
    """`starts` are the lower ends of the classes, None where the file's own range is
    divided. `permission` None means everyone.
    """

    theme: Theme
    unit: str | Promise
    starts: tuple[float, ...] | None = None
    smooth: bool = False
    permission: str | None = None

    def style(self, starts: Sequence[float]) -> Style:
        """Below the first of `starts` nothing is drawn."""
        ends = [*starts[1:], None]
        colours = zip(*(self.theme[theme] for theme in THEMES), strict=True)
        return Style(
            shades=tuple(
                Shade(_told(low, high), light, dark, high)
                for low, high, (light, dark) in zip(starts, ends, colours, strict=False)
            ),
            numbers=True,
            least=starts[0],
            title=self.unit,
        )


KINDS: dict[str, Kind] = {
    Raster.Kind.POPULATION: Kind(
        NEED, _("people per hectare"), starts=(1, 10, 25, 50, 100), permission=STAFF
    ),
    Raster.Kind.CHILDREN: Kind(
        NEED, _("children per hectare"), starts=(1, 5, 10, 20, 40), permission=STAFF
    ),
    Raster.Kind.HAZARD: Kind(NEED, _("in the raster’s own unit")),
    Raster.Kind.TERRAIN: Kind(GROUND, _("metres"), smooth=True),
    # Nobody has said what it shows, so nobody has said that all may see it.
    Raster.Kind.OTHER: Kind(NEED, _("in the raster’s own unit"), permission=STAFF),
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


def _told(low: float, high: float | None) -> str:
    start = floatformat(low)
    return f"{start} +" if high is None else f"{start}–{floatformat(high)}"
