"""Filters in CQL2, as SQL whose values are all bound.

A filter names declared fields and nothing else: what is not declared, or not
`filterable`, does not exist for it. Text and JSON become one tree by `cql2`, whose
parser must be guarded: deep nesting ends its process, unclosed brackets its patience.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import cql2
import shapely
from django.utils.translation import gettext as _
from psycopg2 import sql
from shapely.geometry import shape as read_shape
from shapely.geometry.base import BaseGeometry

from layers.features.crs import CRS84, System
from layers.features.errors import BadParameter
from layers.geography.declaration import Layer

LONGEST, DEEPEST, DEEPEST_TREE = 4000, 10, 40
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
SIGNS = re.compile(r"(?:[-+]\s*){4}")

COMPARISONS = {each: sql.SQL(each) for each in ("=", "<>", "<", ">", "<=", ">=")}
SPATIAL = {
    f"s_{name}": sql.SQL(f"ST_{name.capitalize()}")
    for name in (
        *("intersects", "within", "contains", "disjoint"),
        *("equals", "touches", "crosses", "overlaps"),
    )
}
# What a filter on dates says: the field's day against the first and the last day.
TEMPORAL = {
    "t_after": "{day} > {end}",
    "t_before": "{day} < {start}",
    "t_equals": "{day} = {start} AND {day} = {end}",
    "t_during": "{day} > {start} AND {day} < {end}",
    "t_intersects": "{day} >= {start} AND {day} <= {end}",
    "t_disjoint": "NOT ({day} >= {start} AND {day} <= {end})",
}


def refused(message: str) -> BadParameter:
    return BadParameter(message, "filter")


@dataclass(frozen=True)
class Term:
    sql: sql.Composable
    type: str  # text, number, date or geometry


@dataclass
class Filter:
    """One filter on its way into SQL; `bound` collects its values."""

    layer: Layer
    crs: System = CRS84
    bound: dict[str, Any] = field(default_factory=dict)

    def read(self, given: str, language: str) -> sql.Composable:
        """Raises BadParameter for what is no filter on this layer."""
        if len(given) > LONGEST:
            raise refused(_("The filter is too long: %d signs at most.") % LONGEST)
        return self._truth(parse(given, language), 0)

    def _truth(self, node: Any, depth: int) -> sql.Composable:
        if depth > DEEPEST_TREE:
            raise refused(_("The filter is nested too deep."))
        if isinstance(node, bool):
            return sql.SQL("TRUE" if node else "FALSE")
        name, given = _operation(node)
        if name in {"and", "or"}:
            if not given:
                raise refused(_("“%s” needs something to join.") % name)
            joined = sql.SQL(f" {name.upper()} ").join(
                [self._truth(each, depth + 1) for each in given]
            )
            return sql.SQL("({})").format(joined)
        if name == "not":
            _count(name, given, 1)
            return sql.SQL("(NOT {})").format(self._truth(given[0], depth + 1))
        make = PREDICATES.get(name)
        if make is None:
            raise refused(_("“%s” is not known in a filter here.") % name[:40])
        return make(self, name, given)

    def _compare(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 2)
        one, other = self._pair(given)
        return sql.SQL("{} {} {}").format(one.sql, COMPARISONS[name], other.sql)

    def _pair(self, given: list) -> list[Term]:
        terms = [self._term(each) for each in given]
        if terms[0].type == "date" and terms[1].type == "text":
            terms[1] = self._bind(_day(given[1]), "date")
        if any(each.type != terms[0].type for each in terms[1:]):
            raise refused(
                _(
                    "A filter compares text with text, numbers with numbers, dates with dates."
                )
            )
        return terms

    def _between(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 3)
        value, low, high = (
            self._pair([given[0], each])[place]
            for place, each in ((0, given[1]), (1, given[1]), (1, given[2]))
        )
        return sql.SQL("{} BETWEEN {} AND {}").format(value.sql, low.sql, high.sql)

    def _like(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 2)
        value, pattern = (self._term(each) for each in given)
        said = given[1].get("args", [""])[0] if isinstance(given[1], dict) else given[1]
        if {value.type, pattern.type} != {"text"} or not isinstance(said, str):
            raise refused(_("“like” compares a text field with a text."))
        if (len(said) - len(said.rstrip("\\"))) % 2:
            raise refused(_("A pattern can't end with a single backslash."))
        return sql.SQL("{} LIKE {}").format(value.sql, pattern.sql)

    def _in(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 2)
        if not isinstance(given[1], list) or not given[1]:
            raise refused(_("“in” needs a list that is not empty."))
        pairs = [self._pair([given[0], each]) for each in given[1]]
        listed = sql.SQL(", ").join([other.sql for _one, other in pairs])
        return sql.SQL("{} IN ({})").format(pairs[0][0].sql, listed)

    def _is_null(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 1)
        return sql.SQL("{} IS NULL").format(self._term(given[0]).sql)

    def _spatial(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 2)
        one, other = (self._term(each) for each in given)
        if {one.type, other.type} != {"geometry"}:
            raise refused(_("“%s” compares two geometries.") % name)
        return sql.SQL("{}({}, {})").format(SPATIAL[name], one.sql, other.sql)

    def _temporal(self, name: str, given: list) -> sql.Composable:
        _count(name, given, 2)
        day = self._term(given[0])
        if day.type != "date" or not isinstance(given[0], dict):
            raise refused(_("“%s” asks for a field that holds dates.") % name)
        start, end = _interval(given[1])
        return sql.SQL("({})").format(
            sql.SQL(TEMPORAL[name]).format(
                day=day.sql,
                start=self._bind(start, "date").sql,
                end=self._bind(end, "date").sql,
            )
        )

    def _term(self, node: Any) -> Term:
        if isinstance(node, str):
            return self._bind(_text(node), "text")
        if isinstance(node, int | float) and not isinstance(node, bool):
            if not math.isfinite(node):
                raise refused(_("This number is too large."))
            return self._bind(float(node), "number")
        if isinstance(node, dict):
            return self._named_term(node)
        raise refused(
            _("A filter compares fields with texts, numbers, dates or shapes.")
        )

    def _named_term(self, node: dict) -> Term:
        if "property" in node:
            return self._field(node["property"])
        if "date" in node or "timestamp" in node:
            return self._bind(_day(node), "date")
        if node.get("op") == "casei":
            _count("casei", node.get("args"), 1)
            inner = self._term(node["args"][0])
            if inner.type != "text":
                raise refused(_("“casei” asks for a text."))
            return Term(sql.SQL("lower({})").format(inner.sql), "text")
        return self._shape(node)

    def _field(self, name: Any) -> Term:
        if name == "geometry":
            return Term(sql.SQL("source.geometry"), "geometry")
        known = {each.name: each for each in self.layer.fields if each.filterable}
        if not isinstance(name, str) or name not in known:
            raise refused(
                _("There is no field “%(name)s” to filter by. There are: %(all)s.")
                % {"name": str(name)[:40], "all": ", ".join([*known, "geometry"])}
            )
        return Term(sql.Identifier("source", name), known[name].type)

    def _shape(self, node: dict) -> Term:
        shape = self.crs.stored(_geometry(node))
        reason = shapely.is_valid_reason(shape)
        if reason != "Valid Geometry":
            raise refused(_("The shape in the filter is not valid: %s.") % reason)
        held = self._bind(shapely.to_wkb(shape, hex=True), "geometry")
        return Term(
            sql.SQL("ST_SetSRID({}::geometry, 4326)").format(held.sql), "geometry"
        )

    def _bind(self, value: Any, type: str) -> Term:
        name = f"filter_{len(self.bound)}"
        self.bound[name] = value
        return Term(sql.Placeholder(name), type)


PREDICATES: dict[str, Callable[[Filter, str, list], sql.Composable]] = {
    **dict.fromkeys(COMPARISONS, Filter._compare),
    **dict.fromkeys(SPATIAL, Filter._spatial),
    **dict.fromkeys(TEMPORAL, Filter._temporal),
    "between": Filter._between,
    "like": Filter._like,
    "in": Filter._in,
    "isNull": Filter._is_null,
}


def parse(given: str, language: str) -> Any:
    """The tree that `cql2` makes of a text or of JSON."""
    if language == "cql2-text":
        _guard(given)
    read: Callable[[str], Any] = (
        cql2.parse_text if language == "cql2-text" else cql2.parse_json
    )
    try:
        return read(given).to_json()
    except RecursionError as error:
        raise refused(_("The filter is nested too deep.")) from error
    # Of what it can read and not write, such as an empty point, `cql2` says no more.
    except Exception as error:
        raise refused(
            _("The filter can't be read as %(language)s: %(error)s")
            % {"language": language, "error": str(error)[:300]}
        ) from error


def _guard(text: str) -> None:
    plain = QUOTED.sub("", text)
    depth = deepest = 0
    for sign in plain:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if depth or "'" in plain or '"' in plain or "\\'" in text or '\\"' in text:
        raise refused(_("In the filter, brackets or quotation marks don't close."))
    if deepest > DEEPEST or SIGNS.search(plain):
        raise refused(_("The filter is nested too deep."))


def _operation(node: Any) -> tuple[str, list]:
    if isinstance(node, dict):
        name, given = node.get("op"), node.get("args")
        if isinstance(name, str) and isinstance(given, list):
            return name, given
    raise refused(
        _("A filter says something that is true or not, such as %s.") % "code = 'A1'"
    )


def _count(name: str, given: Any, wanted: int) -> None:
    if not isinstance(given, list) or len(given) != wanted:
        raise refused(
            _("“%(name)s” takes %(count)d values.") % {"name": name, "count": wanted}
        )


def _text(value: str) -> str:
    if "\x00" in value:
        raise refused(_("A text can't hold a zero byte."))
    return value


def _day(node: Any) -> date:
    said = node
    if isinstance(node, dict):
        said = node.get("date") or node.get("timestamp")
    try:
        return datetime.fromisoformat(said).date()
    except (TypeError, ValueError) as error:
        raise refused(
            _("“%s” is not a date. Write it as 2026-03-01.") % str(said)[:40]
        ) from error


def _interval(node: Any) -> tuple[date, date]:
    """First and last day; an open end reaches as far as dates do."""
    if isinstance(node, dict) and "interval" in node:
        ends = node["interval"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise refused(_("An interval has two ends."))
        start = date.min if ends[0] == ".." else _day(ends[0])
        end = date.max if ends[1] == ".." else _day(ends[1])
        return start, end
    return _day(node), _day(node)


def _geometry(node: dict) -> BaseGeometry:
    corners = node.get("bbox")
    if node.get("op") in {"ENVELOPE", "BBOX", "bbox"}:
        corners = node.get("args")
    try:
        if corners is not None:
            if len(corners) != 4:
                raise ValueError(len(corners))
            found = shapely.box(*map(float, corners))
        else:
            found = shapely.force_2d(read_shape(json.loads(json.dumps(node))))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError,
            shapely.errors.ShapelyError) as error:  # fmt: skip
        raise refused(_("The shape in the filter can't be read.")) from error
    if found.is_empty or not all(map(math.isfinite, found.bounds)):
        raise refused(_("The shape in the filter is empty."))
    return found
