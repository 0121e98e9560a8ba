"""What a manager chooses of a layer's look, and the style that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as field_of
from typing import Any, Self

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.declaration import Shade, Style
from layers.geography.folding import folded
from layers.maps import classes
from layers.maps.palettes import between, colours, contrast

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
# The map's ground, and the contrast that marks on it need.
DAY, NIGHT, SEEN = "#fffefb", "#1c2423", 3.0
# Of so many numbers the classes are made; of more, of a sample spread over all.
SAMPLE = 1500
# The steps into which the range of numbers is cut before the desk's classes are made.
FINE = 100_000
ONE, VALUES, NUMBERS = "one", "values", "numbers"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """`values`, their other spellings `also`, and `ends` were found in the layer's rows
    and are found anew with them. `by_hand` are
    colours (#rrggbb) that were chosen one by one, by the folded value.
    """

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
    also: dict[str, list[str]] = field_of(default_factory=dict)
    by_hand: dict[str, str] = field_of(default_factory=dict)

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
            for value, inks in self.suggested().items():
                chosen = self.by_hand.get(folded(value))
                light, dark = by_theme(chosen) if chosen else inks
                also = tuple(self.also.get(value, ()))
                yield Shade(value, light, dark, value, also)
        elif self.how == NUMBERS and self.ends:
            yield from self._steps()
        else:
            yield Shade("", *INKS[self.ink])

    def suggested(self) -> dict[str, tuple[str, str]]:
        """A colour by day and by night for each value, from `ink` on."""
        inks, first = [*INKS.values()], [*INKS].index(self.ink)
        return {
            value: inks[(first + place) % len(inks)]
            for place, value in enumerate(self.values)
        }

    @property
    def offered(self) -> list[dict[str, str]]:
        """Of each value its colour and the one that is suggested, both by day."""
        if self.how != VALUES:
            return []
        return [
            {
                "word": value,
                "suggested": light,
                "colour": self.by_hand.get(folded(value), light),
            }
            for value, (light, _dark) in self.suggested().items()
        ]

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


def frequent(texts: Iterable[str | None]) -> dict[str, list[str]]:
    """The most frequent texts with their other spellings, which count as one; of equals
    the first in the alphabet.
    """
    classes: dict[str, Counter[str]] = {}
    for text in texts:
        if text and (key := folded(text)):
            classes.setdefault(key, Counter())[text] += 1
    ranked = [sorted(x.items(), key=lambda y: (-y[1], y[0])) for x in classes.values()]
    ranked.sort(key=lambda x: (-sum(times for _text, times in x), x[0][0]))
    return {
        first: [text for text, _times in others]
        for (first, _times), *others in ranked[:MOST_VALUES]
    }


def by_theme(chosen: str) -> tuple[str, str]:
    """A colour as it is drawn by day and by night: darker or lighter where it could not be
    told from the ground, by WCAG's 3:1.
    """
    return _apart(chosen, DAY, "#000000"), _apart(chosen, NIGHT, "#ffffff")


def _apart(colour: str, ground: str, towards: str) -> str:
    for step in range(21):
        mixed = between((colour, towards), step / 20)
        if contrast(mixed, ground) >= SEEN:
            return mixed
    return towards


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
