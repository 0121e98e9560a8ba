"""Which features are asked for, as conditions in SQL: one reading for pages and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import shapely
from django.utils.translation import gettext as _
from psycopg2 import sql
from shapely.geometry.base import BaseGeometry

from layers.features import crs
from layers.features.errors import BadParameter
from layers.features.filters import Filter
from layers.geography.declaration import Field, Layer
from layers.geography.models import Municipality

# The parameters that select; each filterable field is one more, of its own name.
SELECTING = ("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs")
LANGUAGES = ("cql2-text", "cql2-json")
IN_FORCE = sql.SQL(
    "source.valid_from <= %(end)s"
    " AND (source.valid_until IS NULL OR source.valid_until > %(start)s)"
)
# What lies within a box touches it, which is known without a look at its corners. Boxes in
# the database are rounded to four bytes a number, at most so many degrees.
ROUNDING = 0.00002
# By OR the planner would look into the index twice.
TOUCHING_A_BOX = """(
    source.geometry && ST_SetSRID(%(area)s::geometry, 4326)
    AND CASE WHEN source.geometry @ ST_SetSRID(%(core)s::geometry, 4326) THEN true
             ELSE ST_Intersects(source.geometry, ST_SetSRID(%(area)s::geometry, 4326))
        END
)"""
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)


def filterable(layer: Layer) -> list[Field]:
    return [each for each in layer.fields if each.filterable]


@dataclass(frozen=True)
class Selection:
    """`conditions` are joined by AND and bind `bound`."""

    layer: Layer
    municipality: Municipality
    conditions: tuple[sql.Composable, ...] = (sql.SQL("TRUE"),)
    bound: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> sql.Composable:
        return sql.SQL(" AND ").join(self.conditions)

    @property
    def source(self) -> sql.Composable:
        return sql.SQL(self.layer.sql)

    @property
    def parameters(self) -> dict[str, Any]:
        town = {"municipality": self.municipality.pk}
        return {**self.layer.parameters, **town, **self.bound}

    def narrowed(self, condition: sql.Composable, **bound: Any) -> Selection:
        return replace(
            self,
            conditions=(*self.conditions, condition),
            bound={**self.bound, **bound},
        )


def select(
    layer: Layer, municipality: Municipality, asked: Mapping[str, str]
) -> Selection:
    """Raises BadParameter, which names the parameter that can't be answered."""
    chosen = Selection(layer, municipality)
    if asked.get("bbox"):
        system = crs.asked("bbox-crs", asked.get("bbox-crs"), municipality)
        chosen = inside(chosen, crs.box(numbers("bbox", asked["bbox"]), system))
    elif asked.get("bbox-crs"):
        crs.asked("bbox-crs", asked["bbox-crs"], municipality)
    if asked.get("datetime"):
        chosen = _at(chosen, *interval(asked["datetime"]))
    for each in filterable(layer):
        if each.name in asked:
            chosen = _equal(chosen, each, asked[each.name])
    return _filtered(chosen, asked)


def inside(chosen: Selection, area: BaseGeometry) -> Selection:
    """Those that touch an area in stored degrees."""
    touching = "ST_Intersects(source.geometry, ST_SetSRID(%(area)s::geometry, 4326))"
    bound = {"area": shapely.to_wkb(area, hex=True)}
    near = chosen.layer.source("ST_SetSRID(%(area)s::geometry, 4326)")
    chosen = replace(chosen, layer=replace(chosen.layer, sql=near))
    west, south, east, north = area.bounds
    inner = west + ROUNDING, south + ROUNDING, east - ROUNDING, north - ROUNDING
    if area.equals(area.envelope) and inner[0] < inner[2] and inner[1] < inner[3]:
        core = shapely.box(*inner)
        touching = TOUCHING_A_BOX
        bound["core"] = shapely.to_wkb(core, hex=True)
    return chosen.narrowed(sql.SQL(touching), **bound)


def _at(chosen: Selection, start: date, end: date) -> Selection:
    """Those of which the date lies between the two days, or that were in force on one of
    them; a layer that keeps neither has every feature at any time.
    """
    if chosen.layer.history:
        former = replace(chosen, layer=replace(chosen.layer, sql=chosen.layer.history))
        return former.narrowed(IN_FORCE, start=start, end=end)
    if not chosen.layer.time:
        return chosen
    day = sql.Identifier("source", chosen.layer.time)
    condition = sql.SQL("({day} IS NULL OR {day} BETWEEN %(start)s AND %(end)s)")
    return chosen.narrowed(condition.format(day=day), start=start, end=end)


def _equal(chosen: Selection, wanted: Field, said: str) -> Selection:
    value: Any = said
    if wanted.type == "number":
        (value,) = numbers(wanted.name, said)
    elif wanted.type == "date":
        value = day(wanted.name, said)
    name = f"is_{wanted.name}"
    condition = sql.SQL("{} = {}").format(
        sql.Identifier("source", wanted.name), sql.Placeholder(name)
    )
    return chosen.narrowed(condition, **{name: value})


def _filtered(chosen: Selection, asked: Mapping[str, str]) -> Selection:
    language = asked.get("filter-lang") or LANGUAGES[0]
    if language not in LANGUAGES:
        raise BadParameter(
            _("“filter-lang” is one of: %s.") % ", ".join(LANGUAGES), "filter-lang"
        )
    system = crs.asked("filter-crs", asked.get("filter-crs"), chosen.municipality)
    if not asked.get("filter"):
        return chosen
    made = Filter(chosen.layer, system)
    condition = made.read(asked["filter"], language)
    return chosen.narrowed(sql.SQL("({})").format(condition), **made.bound)


def numbers(name: str, said: str) -> list[float]:
    parts = said.split(",")
    if not all(NUMBER.fullmatch(part.strip()) for part in parts) or len(parts) > 6:
        raise BadParameter(
            _("“%s” has numbers, separated by commas, with a point for decimals.")
            % name,
            name,
        )
    return [float(part) for part in parts]


def day(name: str, said: str) -> date:
    try:
        return datetime.fromisoformat(said).date()
    except ValueError as error:
        raise BadParameter(
            _("“%(name)s” is a date such as 2026-03-01, or two with a slash between.")
            % {"name": name},
            name,
        ) from error


def interval(said: str) -> tuple[date, date]:
    """First and last day of a date, a moment, or two of them; `..` is an open end."""
    ends = said.split("/")
    if len(ends) > 2 or set(ends) <= {"", ".."}:
        raise BadParameter(
            _(
                "“datetime” is a date, or two with a slash between; “..” is an open end."
            ),
            "datetime",
        )
    start = date.min if ends[0] in {"", ".."} else day("datetime", ends[0])
    end = date.max if ends[-1] in {"", ".."} else day("datetime", ends[-1])
    if start > end:
        raise BadParameter(_("In “datetime” the earlier date comes first."), "datetime")
    return start, end


def no_others(asked: Iterable[str], known: Iterable[str]) -> None:
    """Raises BadParameter for a parameter that nothing here reads."""
    allowed = list(known)
    for name in asked:
        if name not in allowed:
            raise BadParameter(
                _("There is no parameter “%(name)s” here. There are: %(all)s.")
                % {"name": name[:40], "all": ", ".join(allowed)},
                name[:40],
            )
