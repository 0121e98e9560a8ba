"""A map on paper at a true scale: title, legend, north, scale bar, sources.

Lengths on paper are millimetres, on the ground metres in the town's projected system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import floor, log10

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from pyproj import Transformer

from gisportal.printing import print_pdf
from layers.geography.models import Municipality
from layers.maps.desk import View
from layers.maps.drawing import Drawing, Ground
from layers.maps.errors import UnfitView
from layers.maps.modes import Shown

PAPERS = {"A4": (210, 297), "A3": (297, 420)}
TURNS = ("landscape", "portrait")
SCALES = (
    1000,
    2000,
    2500,
    5000,
    7500,
    10_000,
    12_500,
    15_000,
    20_000,
    25_000,
    50_000,
    100_000,
    250_000,
)
MARGIN, HEAD = 10, 21
FOOT = {"landscape": 38, "portrait": 56}
# The longest that the bar may be.
BAR = 60
# On paper a zone's name is this high.
NAME = 2.7
# How wide the room for a name is.
BOX = 40


@dataclass(frozen=True)
class Sheet:
    paper: str = "A4"
    turn: str = "landscape"
    scale: int | None = None
    """None: the largest usual one at which the whole town fits."""

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Sheet:
        """Raises UnfitView with what to write instead."""
        paper, turn = query.get("paper") or "A4", query.get("turn") or "landscape"
        if paper not in PAPERS or turn not in TURNS:
            raise UnfitView(_("There is paper A4 and A3, landscape and portrait."))
        text = query.get("scale_of") or ""
        if not text:
            return cls(paper, turn)
        if not (text.isdecimal() and len(text) < 8 and 500 <= int(text) <= 1_000_000):
            raise UnfitView(
                _("“%s” is no scale. Give the number after 1:, from 500 to 1000000.")
                % text[:20]
            )
        return cls(paper, turn, int(text))

    @property
    def size(self) -> tuple[int, int]:
        short, long = PAPERS[self.paper]
        return (long, short) if self.turn == "landscape" else (short, long)

    @property
    def frame(self) -> tuple[int, int]:
        """Width and height of the map on this paper."""
        width, height = self.size
        return width - 2 * MARGIN, height - 2 * MARGIN - HEAD - FOOT[self.turn]

    def fitting(self, ground: Ground) -> int:
        """The scale's number: the ground is that many times as long as the paper."""
        if self.scale:
            return self.scale
        width, height = self.frame
        least = max(ground.width / width, ground.height / height) * 1000 * 1.03
        return next((scale for scale in SCALES if scale >= least), _round_up(least))


def kept(text: str) -> str:
    """From left to right in any line: WeasyPrint knows no <bdi>."""
    return f"\u2066{text}\u2069" if text[:1].isdigit() else text


def _round_up(number: float) -> int:
    size = 10 ** floor(log10(number))
    return int(-(-number // size) * size)


@dataclass(frozen=True)
class Paper:
    view: View
    picture: Shown
    sheet: Sheet
    alpha: bool = False
    at: str = ""
    """Where the desk looked: zoom/latitude/longitude; used where a scale is given."""

    @cached_property
    def ground(self) -> Ground:
        return Ground.of(self.view)

    @cached_property
    def scale(self) -> int:
        return self.sheet.fitting(self.ground)

    @property
    def said_scale(self) -> str:
        return kept(f"1:{number_format(self.scale, force_grouping=True)}")

    @property
    def centre(self) -> tuple[float, float]:
        west, south, east, north = self.ground.extent
        middle = (west + east) / 2, (south + north) / 2
        if not self.sheet.scale:
            return middle
        return _place(self.at, self.view.municipality) or middle

    @cached_property
    def drawing(self) -> Drawing:
        metre = self.scale / 1000
        width, height = (side * metre for side in self.sheet.frame)
        x, y = self.centre
        return Drawing(
            self.picture,
            self.ground,
            self.view.scheme.palette,
            self.alpha,
            unit=NAME * metre / 22,
            names=False,
            box=f"{x - width / 2:.1f} {-y - height / 2:.1f} {width:.1f} {height:.1f}",
        )

    @cached_property
    def bar(self) -> dict[str, str]:
        """A length of 1, 2 or 5 times a power of ten metres, and how long it is here."""
        longest = BAR * self.scale / 1000
        size = 10 ** floor(log10(longest))
        length = next(x * size for x in (5, 2, 1) if x * size <= longest)
        told = _("%s km") % (length // 1000) if length >= 1000 else _("%s m") % length
        return {
            "length": told,
            "width": f"{length * 1000 / self.scale:.2f}",
            "half": f"{length * 500 / self.scale:.2f}",
        }

    @cached_property
    def names(self) -> list[dict[str, str]]:
        """Names beside their places, in millimetres from the frame's upper left corner.

        They are text of the page: the printer shapes no Arabic inside a drawing.
        """
        left, top, width, height = map(float, self.drawing.view_box.split())
        metre = self.scale / 1000
        return [
            {
                "name": each["shape"].name,
                "left": f"{(each['shape'].x - left) / metre - BOX / 2:.1f}mm",
                "top": f"{(each['shape'].y - top) / metre - NAME:.1f}mm",
                "fill": each["fill"],
                "ink": each["ink"],
            }
            for each in self.drawing.shapes
            if left < each["shape"].x < left + width
            and top < each["shape"].y < top + height
            and each["shape"].width / metre > NAME * 3
        ]

    @property
    def steps(self) -> list[dict[str, str]]:
        return [{**step, "label": kept(step["label"])} for step in self.drawing.steps]

    @property
    def heading(self) -> str:
        legend = self.drawing.legend
        if legend["kind"] == "bivariate":
            return " · ".join(legend[axis]["title"] for axis in ("x", "y"))
        return self.view.indicator.title

    def pdf(self) -> bytes:
        """In the active language; no network is used."""
        width, height = self.sheet.size
        frame = self.sheet.frame
        page = render_to_string(
            "maps/paper.html",
            {
                "paper": self,
                "legend": self.drawing.legend,
                "municipality": self.view.municipality,
                "language": get_language() or "ar",
                "direction": "rtl" if get_language_bidi() else "ltr",
                "page": {"width": width, "height": height, "margin": MARGIN},
                "frame": {"width": f"{frame[0]}mm", "height": f"{frame[1]}mm"},
                "head": HEAD,
                "foot": FOOT[self.sheet.turn],
                "turn": self.sheet.turn,
            },
        )
        return print_pdf(page, style="paper")


def _place(at: str, municipality: Municipality) -> tuple[float, float] | None:
    parts = at.split("/")
    try:
        _zoom, latitude, longitude = map(float, parts)
    except ValueError:
        return None
    if not (abs(latitude) <= 85 and abs(longitude) <= 180):
        return None
    to_metres = Transformer.from_crs(4326, municipality.srid, always_xy=True)
    x, y = to_metres.transform(longitude, latitude)
    return (x, y) if abs(x) < 1e8 and abs(y) < 1e8 else None
