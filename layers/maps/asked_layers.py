"""Which layers a reader has switched on, read from the address as the desk writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from psycopg2 import sql

from layers.maps.errors import UnfitView
from layers.maps.overlays import FIRST_FILTER

NAMES, FIGURES = "names", "figures"
FILTER = re.compile(r"([\w-]+)\.(\w+)([=~<>])(.*)", re.DOTALL)
# PostgreSQL takes no text with a zero byte.
NOTHING = "\x00"


@dataclass(frozen=True)
class Row:
    """A layer that is on; `opacity` is a share of 1. Of NAMES and FIGURES too."""

    name: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Filter:
    """Features whose `field` is one of `text`'s parts (=), holds it (~), or is at least
    (>) or at most (<) that number.
    """

    field: str
    sign: str
    text: str

    def condition(self) -> tuple[sql.Composable, dict[str, Any]]:
        """Over a table named `source`, with what it binds."""
        value = sql.Identifier("source", self.field)
        if self.sign == "=":
            text = sql.SQL("coalesce({}::text, '') = ANY(%(paper_filter)s)")
            return text.format(value), {"paper_filter": self.text.split("|")}
        if self.sign == "~":
            text = sql.SQL("position(%(paper_filter)s in lower({}::text)) > 0")
            return text.format(value), {"paper_filter": self.text.lower()}
        text = sql.SQL("coalesce({}, 0) {} %(paper_filter)s")
        compared = sql.SQL("<=" if self.sign == "<" else ">=")
        return text.format(value, compared), {"paper_filter": float(self.text)}


def rows_asked(
    query: Mapping[str, str], offered: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The uppermost first; unknown names are left out, and figures are always there."""
    asked = query.get("layers")
    if asked is None:
        first = [x for x in offered if x["shown"]]
        points = [Row(x["name"]) for x in first if x["geometry"] == "point"]
        others = [Row(x["name"]) for x in first if x["geometry"] != "point"]
        return [*points, Row(NAMES), *others, Row(FIGURES)]
    known = {NAMES, FIGURES, *(x["name"] for x in offered)}
    rows: dict[str, Row] = {}
    for part in asked.split(","):
        name, _colon, opacity = part.partition(":")
        percent = int(opacity) if opacity.isdecimal() and len(opacity) < 4 else 100
        if name in known:
            rows.setdefault(name, Row(name, min(max(percent, 10), 100) / 100))
    rows.setdefault(FIGURES, Row(FIGURES))
    return list(rows.values())


def filters_asked(
    query: Mapping[str, str], offered: Sequence[Mapping[str, Any]]
) -> dict[str, Filter]:
    """By layer. Raises UnfitView for a field that the layer's tiles do not have."""
    fields = {x["name"]: {f["name"]: f for f in x["fields"]} for x in offered}
    found = {}
    for part in query.get("filter", FIRST_FILTER).split(";"):
        match = FILTER.fullmatch(part)
        if match is None or match[1] not in fields:
            continue
        name, each = match[1], Filter(match[2], match[3], match[4])
        if not _fits(each, fields[name].get(each.field)):
            raise UnfitView(
                _("The layer “%(layer)s” cannot be filtered by “%(filter)s”.")
                % {"layer": name, "filter": part[:60].replace(NOTHING, "")}
            )
        found[name] = each
    for layer in offered:
        name, field = layer["name"], layer["one_of"]
        choices = fields[name][field]["choices"] if field else []
        if choices and (name not in found or found[name].field != field):
            found[name] = Filter(field, "=", str(choices[0]["value"]))
    return found


def _fits(each: Filter, field: Mapping[str, Any] | None) -> bool:
    if field is None or NOTHING in each.text:
        return False
    if each.sign in "=~":
        return True
    number = re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", each.text)
    return bool(number) and field["type"] == "number"
