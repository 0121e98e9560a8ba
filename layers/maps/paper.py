"""A map on paper at a true scale: title, legend, north, scale bar, sources.

Lengths on paper are millimetres, on the ground metres in the town's projected system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, floor, log10
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from pyproj import Transformer

from gisportal.printing import print_pdf
from layers.geography.models import Municipality
from layers.maps.asked_layers import FIGURES, NAMES, Row, filters_asked, rows_asked
from layers.maps.desk import View
from layers.maps.drawing import Drawing, Ground
from layers.maps.errors import UnfitView
from layers.maps.modes import Shown
from layers.maps.overlays import overlays
from layers.maps.paper_layers import Cut, Layers
from layers.maps.paper_marks import Laid

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
# The legend of the layers: height of a line, width of a letter, columns on the sheet.
LINE, LETTER = 4.0, 1.5
COLUMNS = {"landscape": 3, "portrait": 2}


@dataclass(frozen=True)
class Sheet:
    paper: str = "A4"
    turn: str = "landscape"
    scale: int | None = None
    """None: the largest usual one at which the whole town fits."""
    strip: int = 0
    """How high the legend of the layers is."""

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
        return width - 2 * MARGIN, height - 2 * MARGIN - HEAD - FOOT[
            self.turn
        ] - self.strip

    def fitting(self, ground: Ground) -> int:
        """The scale's number: the ground is that many times as long as the paper."""
        if self.scale:
            return self.scale
        width, height = self.frame
        least = max(ground.width / width, ground.height / height) * 1000 * 1.03
        return next((scale for scale in SCALES if scale >= least), _round_up(least))


def _strip(laid: Iterable[Laid], sheet: Sheet) -> int:
    """Millimetres that their legend takes; 0 where it has a page of its own."""
    columns = COLUMNS[sheet.turn]
    letters = (sheet.frame[0] / columns - 6) / LETTER
    lines = [ceil(each.letters / letters) for each in laid]
    if not lines:
        return 0
    # A column is as high as its share, or as its longest part.
    height = ceil(max(ceil(sum(lines) / columns) + 1, *lines) * LINE) + 2
    return height if height < sheet.frame[1] / 3 else 0


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
    rows: Sequence[Row] = (Row(NAMES), Row(FIGURES))
    """What is switched on, the uppermost first."""
    layers: Mapping[str, Laid] = field(default_factory=dict)

    @classmethod
    def asked(
        cls, view: View, picture: Shown, query: Mapping[str, str], user: Any
    ) -> Paper:
        """With the layers that the address switches on and `user` may see.

        Raises UnfitView for a sheet or a filter that there is none of.
        """
        offered = overlays(user, view.municipality, view.layer)
        rows, filters = rows_asked(query, offered), filters_asked(query, offered)
        bare = cls(
            view, picture, Sheet.asked(query),
            bool(query.get("alpha")), query.get("at", ""), rows,
        )  # fmt: skip
        # How high their legend is says how large the map is, and that what it shows.
        first = bare._laid(user, offered, filters)
        strip = _strip(first.values(), bare.sheet)
        paper = replace(bare, sheet=replace(bare.sheet, strip=strip))
        if strip and paper.extent != bare.extent:
            first = paper._laid(user, offered, filters)
        return replace(paper, layers=first)

    def _laid(self, user: Any, offered: Any, filters: Any) -> dict[str, Laid]:
        cut = Cut(self.view.municipality, self.extent, self.scale)
        layers = Layers(user, cut, offered, filters)
        drawn = (row for row in self.rows if row.name not in (NAMES, FIGURES))
        return {row.name: layers.laid(row) for row in drawn}

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the frame."""
        left, top, width, height = map(float, self.drawing.view_box.split())
        return left, -top - height, left + width, -top

    @property
    def legend_apart(self) -> bool:
        """Whether the legend of the layers has a page of its own."""
        return bool(self.layers) and not self.sheet.strip

    @cached_property
    def stack(self) -> list[Laid | None]:
        """From the lowest to the uppermost; None for the zones with their figures."""
        return [
            None if row.name == FIGURES else self.layers[row.name]
            for row in reversed(self.rows)
            if row.name == FIGURES or row.name in self.layers
        ]

    @property
    def figures_clear(self) -> str:
        opacity = next(x.opacity for x in self.rows if x.name == FIGURES)
        return f"{opacity:.2f}"

    @property
    def words(self) -> list[dict[str, str]]:
        """Texts of the layers, in millimetres from the frame's upper left corner."""
        left, top, width, height = map(float, self.drawing.view_box.split())
        metre = self.scale / 1000
        return [
            {
                "text": text,
                "left": f"{(x - left) / metre - BOX / 2:.1f}mm",
                "top": f"{(y - top) / metre - 1.5:.1f}mm",
            }
            for each in self.layers.values()
            for text, x, y in each.words
            if left < x < left + width and top < y < top + height
        ]

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
        if not any(row.name == NAMES for row in self.rows):
            return []
        left, top, width, height = map(float, self.drawing.view_box.split())
        metre = self.scale / 1000
        return [
            {
                "name": name.text,
                "left": f"{(name.x - left) / metre - BOX / 2:.1f}mm",
                "top": f"{(name.y - top) / metre - NAME:.1f}mm",
                "fill": each["fill"],
                "ink": each["ink"],
            }
            for each in self.drawing.shapes
            for name in each["shape"].names
            if left < name.x < left + width
            and top < name.y < top + height
            and name.width / metre > NAME * 3
        ]

    @property
    def steps(self) -> list[dict[str, str]]:
        return [{**step, "label": kept(step["label"])} for step in self.drawing.steps]

    @property
    def heading(self) -> str:
        legend = self.drawing.legend
        if legend["kind"] == "bivariate":
            return " · ".join(legend[axis]["title"] for axis in ("x", "y"))
        return str(self.picture.values()["title"])

    @property
    def group(self) -> str:
        return str(self.picture.values()["group"])

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
                "columns": COLUMNS[self.sheet.turn],
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
