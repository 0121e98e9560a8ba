"""Names that addresses, tiles and SQL can carry, from the words of a file. No Django."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from layers.geography.files.columns import plain

SAFE = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Names that mean something else in a tile, a file or an address.
TAKEN = frozenset(
    {
        *("id", "fid", "ogc_fid", "geometry", "geometry_3857", "geom", "layer"),
        *("f", "limit", "crs", "sortby", "after", "bbox", "datetime", "filter"),
        *("zone", "format", "and", "or", "not", "like", "in", "between", "is"),
        *("null", "true", "false", "div", "date", "timestamp", "interval", "casei"),
        *("accenti", "code"),
    }
)


def field_names(words: Iterable[str]) -> list[str]:
    """One safe name a word, each once; `column_3` where its letters aren't Latin."""
    names: list[str] = []
    for place, word in enumerate(words, start=1):
        name = plain(word)[:36].strip("_")
        if not name.isascii() or not name:
            name = f"column_{place}"
        elif name in TAKEN:
            name = f"{name}_"
        elif not name[0].isalpha():
            name = f"n_{name}"
        names.append(unused(name, names))
    return names


def slug_of(titles: Iterable[str], others: Collection[str]) -> str:
    """From the first title in Latin letters, else from the word “layer”."""
    for title in titles:
        found = plain(title).replace("_", "-")[:40].strip("-")
        if found and found.isascii():
            return unused(found, others, "-")
    return unused("layer", others, "-")


def unused(name: str, others: Collection[str], mark: str = "_") -> str:
    number, tried = 1, name
    while tried in others:
        number += 1
        tried = f"{name}{mark}{number}"
    return tried
