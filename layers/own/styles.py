"""What a manager chooses of a layer's look, and the style that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.declaration import Shade, Style
from layers.maps import classes
from layers.maps.palettes import colours

# By day and by night: told apart by readers with any colour blindness, as far as seven
# can be; the legend's words stand beside them.
INKS: dict[str, tuple[str, str]] = {
    "cedar": ("#1f6f5c", "#7fc9b4"),
    "terracotta": ("#b4532a", "#f0a17a"),
    "water": ("#2b7a9b", "#7cc7e2"),
    "violet": ("#72509a", "#bfa3dc"),
    "ochre": ("#94690b", "#dcb765"),
    "rose": ("#a8466f", "#eaa3c0"),
    "slate": ("#4a5a6a", "#9fb2c4"),
}
NAMES = {
    "cedar": gettext_lazy("green"),
    "terracotta": gettext_lazy("red brown"),
    "water": gettext_lazy("blue"),
    "violet": gettext_lazy("violet"),
    "ochre": gettext_lazy("yellow brown"),
    "rose": gettext_lazy("pink"),
    "slate": gettext_lazy("slate"),
}
OTHERS = ("#8b908c", "#868c88")
MOST_VALUES = 6
# Of so many numbers the classes are made; of more, of a sample spread over all.
SAMPLE = 1500
# The steps into which the range of numbers is cut before the desk's classes are made.
FINE = 100_000
ONE, VALUES, NUMBERS = "one", "values", "numbers"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """`values` and `ends` were found in the layer's rows and are found anew with them."""

    how: str = ONE
    field: str = ""
    ink: str = "cedar"
    palette: str = "water"
    method: str = "jenks"
    classes: int = 5
    width: float = 1.5
    size: float = 5
    opacity: float = 0.8
    values: tuple[str, ...] = ()
    ends: tuple[float, ...] = ()

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        parts = {name: tuple(kept.get(name, ())) for name in ("values", "ends")}
        return cls(**{**kept, **parts})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def style(self) -> Style:
        classed = self.how == VALUES or bool(self.how == NUMBERS and self.ends)
        return Style(
            shades=tuple(self._shades()),
            field=self.field if classed else "",
            numbers=classed and self.how == NUMBERS,
            others=self._others() if classed else None,
            width=self.width,
            size=self.size,
            opacity=self.opacity,
        )

    def _shades(self) -> Iterable[Shade]:
        if self.how == VALUES:
            inks = [*INKS.values()]
            first = [*INKS].index(self.ink)
            for place, value in enumerate(self.values):
                light, dark = inks[(first + place) % len(inks)]
                yield Shade(value, light, dark, value)
        elif self.how == NUMBERS and self.ends:
            yield from self._steps()
        else:
            yield Shade("", *INKS[self.ink])

    def _others(self) -> Shade:
        said = _("others") if self.how == VALUES else _("without a number")
        return Shade(said, *OTHERS)

    def _steps(self) -> Iterable[Shade]:
        count = len(self.ends)
        light, dark = (
            colours(self.palette, count, theme) for theme in ("light", "dark")
        )
        start: float | None = None
        for place, end in enumerate(self.ends):
            last = place == count - 1
            yield Shade(
                _told(start, end), light[place], dark[place], None if last else end
            )
            start = end


def _told(start: float | None, end: float) -> str:
    high = number_format(_short(end), force_grouping=True)
    if start is None:
        return f"≤ {high}"
    return f"{number_format(_short(start), force_grouping=True)} – {high}"


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def frequent(texts: Iterable[str | None]) -> tuple[str, ...]:
    """The most frequent texts; of equals the first in the alphabet."""
    found = Counter(text for text in texts if text)
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return tuple(text for text, _times in ranked[:MOST_VALUES])


def ends_of(numbers: Sequence[float], count: int, method: str) -> tuple[float, ...]:
    """Upper ends of at most `count` classes, by the desk's methods, in few digits."""
    known = sorted(numbers)
    if not known:
        return ()
    step = max(len(known) // SAMPLE, 1)
    low, high = known[0], known[-1]
    distinct = sorted(set(known))
    if len(distinct) <= count:
        return tuple(distinct)
    spread = high - low
    whole = [round((each - low) / spread * FINE) for each in [*known[::step], high]]
    ends = classes.breaks(whole, count, method)
    rounded = [_rounded(low + end / FINE * spread, spread) for end in ends[:-1]]
    inner = sorted({end for end in rounded if low <= end < high})
    return (*inner, high)


def _rounded(value: float, spread: float) -> float:
    """To a thousandth of the range, in the decimal system."""
    digits = 0
    while spread * 10**digits < 1000 and digits < 12:
        digits += 1
    return round(value, digits)
