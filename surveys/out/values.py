"""A record's values on their way into a file: what each kind of format can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from datetime import date, datetime
from typing import Any

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from surveys.out.tables import Sheet, Value, text

# A cell of a CSV file that begins so is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LARGEST = 2**63
Tell = Callable[[int], None]


def name_of(sheet: Sheet) -> str:
    return sheet.name or "submissions"


def plain(value: Value) -> Any:
    """What a CSV cell takes: numbers and dates stay, text can't be a formula."""
    if isinstance(value, int | float | date) and not isinstance(value, datetime):
        return value
    written = text(value)
    return f"'{written}" if written.startswith(FORMULA) else written


def number_of(value: Value) -> int | float | None:
    """None for what is no number, as a form's older version may have asked for words,
    and for one of more than 64 bits.
    """
    fits = isinstance(value, int | float) and abs(value) < LARGEST
    return value if fits else None


def day_of(value: Value) -> date | None:
    """Of a date or of its text; None for what is neither."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def geometry_of(sheet: Sheet, values: dict[str, Value]) -> dict[str, Any] | None:
    """The first place among a row's answers, as GeoJSON."""
    for column in sheet.columns:
        found = values.get(column.name)
        if column.kind == "geometry" and isinstance(found, dict):
            return {key: found[key] for key in ("type", "coordinates")}
    return None


def shape_of(sheet: Sheet, values: dict[str, Value]) -> BaseGeometry | None:
    found = geometry_of(sheet, values)
    return None if found is None else shape(found)


def cut(words: str, longest: int) -> str:
    """At most so many bytes of UTF-8, never half a letter."""
    raw = words.encode()
    return words if len(raw) <= longest else raw[:longest].decode("utf-8", "ignore")


def distinct(name: str, used: Container[str], longest: int) -> str:
    """The name, or with a number after it, unlike any of `used`, which are casefolded."""
    made, number = name[:longest], 2
    while made.casefold() in used:
        ending = f"_{number}"
        made = name[: longest - len(ending)] + ending
        number += 1
    return made


def variable_name(name: str, used: Container[str], longest: int) -> str:
    """As statistics programs take it: letters, digits and underscores, a letter first."""
    made = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return distinct(made if made[:1].isalpha() else f"v{made}", used, longest)
