"""Colours of figures, by day and by night. Knows no Django.

Each palette is told apart by readers with any of the three colour blindnesses and in
greyscale; `tests/layers/maps/test_palettes.py` simulates them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from layers.maps.classes import MOST

# Colours by the name of the theme.
Theme = Mapping[str, Sequence[str]]

# From little need to much. By night much need stands out by being light.
SEQUENTIAL: dict[str, Theme] = {
    "need": {
        "light": ("#fbeedd", "#f2cfa6", "#e0a06a", "#c06a3c", "#87391d"),
        "dark": ("#38291f", "#6b432b", "#9a5a34", "#d08a57", "#f6c79c"),
    },
    "water": {
        "light": ("#eaf2f4", "#bcd7e2", "#7fb2cc", "#43809f", "#1b4b6b"),
        "dark": ("#1b2b34", "#27506a", "#3c7698", "#73a8c6", "#c4e0ee"),
    },
    "violet": {
        "light": ("#f3eef5", "#d8c8e2", "#b295c8", "#835ea3", "#502d73"),
        "dark": ("#2a2233", "#4c3863", "#71538f", "#a387c0", "#dccbea"),
    },
    "grey": {
        "light": ("#f2f2f0", "#cfcfcb", "#a3a39f", "#6d6d6a", "#333332"),
        "dark": ("#2b2b2a", "#50504e", "#7a7a77", "#adada9", "#e8e8e4"),
    },
}
# From much fewer to many more in need; the middle says that there is no evidence.
CHANGE: Theme = {
    "light": ("#2b7a9b", "#9fcbd9", "#efeadd", "#e8ac86", "#b4532a"),
    "dark": ("#7cc7e2", "#3b7186", "#4a5250", "#a9623d", "#f4a67c"),
}
# Low among low, low among high, no evidence, high among low, high among high.
CLUSTERS: Theme = {
    "light": ("#2b7a9b", "#a9d3df", "#efeadd", "#f0c3a3", "#b4532a"),
    "dark": ("#7cc7e2", "#36687b", "#454d4b", "#96583a", "#f4a67c"),
}
# Rows upwards: the second need; within a row the first need.
BIVARIATE: Theme = {
    "light": (
        *("#f1ede4", "#e9b78f", "#cf6f38"),
        *("#a9c5d3", "#a58d8b", "#96502f"),
        *("#3f87ad", "#42617d", "#2f2431"),
    ),
    "dark": (
        *("#2b2f2e", "#7d4a2c", "#d97b40"),
        *("#2d5a70", "#8a7873", "#e5ad88"),
        *("#5fb2d8", "#b3bfc9", "#f8f1ec"),
    ),
}
THEMES = ("light", "dark")


def colours(palette: str, count: int, theme: str = "light") -> list[str]:
    """`count` colours of the palette; those of fixed size ignore `count`."""
    fixed: dict[str, Theme] = {
        "change": CHANGE,
        "clusters": CLUSTERS,
        "bivariate": BIVARIATE,
    }
    if palette in fixed:
        return list(fixed[palette][theme])
    stops = SEQUENTIAL[palette][theme]
    if count == 1:
        return [stops[len(stops) // 2]]
    return [between(stops, place / (count - 1)) for place in range(count)]


def all_colours() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Everything for the browser: palette, theme, number of classes."""
    sizes: Iterable[int] = range(1, MOST + 2)
    return {
        palette: {
            theme: {str(size): colours(palette, size, theme) for size in sizes}
            for theme in THEMES
        }
        for palette in SEQUENTIAL
    } | {
        palette: {theme: {"": colours(palette, 0, theme)} for theme in THEMES}
        for palette in ("change", "clusters", "bivariate")
    }


def ink_on(colour: str) -> str:
    """The ink that is read best on a ground, by WCAG's contrast."""
    return max(("#1d2b2a", "#ffffff"), key=lambda ink: contrast(ink, colour))


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """WCAG's relative luminance of an sRGB colour, 0 to 1."""
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * c for w, c in zip(weights, _linear(colour), strict=True))


def _linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]


def between(stops: Sequence[str], share: float) -> str:
    place = share * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    part = place - at
    mixed = [
        round(
            (1 - part) * int(stops[at][x : x + 2], 16)
            + part * int(stops[at + 1][x : x + 2], 16)
        )
        for x in (1, 3, 5)
    ]
    return "#" + "".join(f"{each:02x}" for each in mixed)
