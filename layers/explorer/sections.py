"""The views of the explorer: what each draws and what its table says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from layers.explorer.asking import Question, figures, offered_by, zone_asked
from layers.explorer.larger import rows_of_areas
from layers.explorer.modelled import modelled_view
from layers.explorer.ranking import (
    LESS,
    MORE,
    TIED,
    Axis,
    beside,
    both_ways,
    rank_ranges,
    ticks,
)
from layers.explorer.rows import Moved, Row, moved_whisker, whisker
from layers.indicators import releases
from layers.indicators.groups.breakdowns import (
    DIMENSIONS,
    PAIRS,
    crossed,
    label_of,
    offered,
)
from layers.indicators.models import Area, Change, Estimate

SORTS: dict[str, Callable[[Row], Any]] = {
    "need": lambda row: -(row.value or 0),
    "name": lambda row: row.name,
    "n": lambda row: -(row.figure.n or 0),
    "total": lambda row: -(row.figure.total or 0),
}


def section(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    """What the chosen view adds to the page."""
    return BUILDERS[question.view](question, query)


def _zones(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    rows = zone_rows(question)
    town = town_row(question)
    against = zone_asked(question.release, query.get("against") or "")
    reference = next(
        (row for row in rows if against and row.code == against.code), town
    )
    wanted = (query.get("q") or "").strip()
    sort = query.get("sort") if query.get("sort") in SORTS else "need"
    found = [row for row in rows if _holds(row, wanted)]
    ranks = _ranks(rows)
    axis = axis_for([*rows, town])
    return {
        "chart": _ranking(rows, reference, axis),
        "axis": axis_marks(axis),
        "band": whisker(reference, axis) if reference.bounded else None,
        "reference": reference,
        "town": town,
        "town_change": change_of(town),
        "table": [
            {"row": row, "rank": ranks.get(row.code, ""), "change": change_of(row)}
            for row in sorted(found, key=_order(SORTS[sort or "need"]))
        ],
        "search": wanted,
        "sort": sort,
    }


def _holds(row: Row, wanted: str) -> bool:
    return wanted.casefold() in f"{row.name} {row.code}".casefold()


def _order(key: Callable[[Row], Any]) -> Callable[[Row], tuple]:
    """Rows without a figure come last, whatever the order."""
    return lambda row: (not row.shown, key(row), row.name)


def zone_rows(question: Question) -> list[Row]:
    changes = {each.zone_id: each for each in question.changes}
    return [
        Row(each.zone.name, each, changes.get(each.zone_id))
        for each in question.said
        if each.zone
    ]


def town_row(question: Question) -> Row:
    town = next((each for each in question.said if each.zone is None), None)
    if town is None:
        raise Http404(_("There are no figures for this group of children."))
    return Row(_("Whole town"), town, question.changes.filter(zone=None).first())


def change_of(row: Row) -> Moved | None:
    return Moved(row.change) if row.change else None


def _ranks(rows: list[Row]) -> dict[str, str]:
    ranked = [row for row in rows if row.shown and row.bounded]
    found = rank_ranges([row.interval for row in ranked])
    return {
        row.code: str(first) if first == last else f"{first}–{last}"
        for row, (first, last) in zip(ranked, found, strict=True)
    }


def _ranking(rows: list[Row], reference: Row, axis: Axis) -> list[dict[str, Any]]:
    """Groups of zones: certainly more than the reference, alike, less; no figure."""
    ordered = sorted(rows, key=_order(SORTS["need"]))
    sides: dict[str, list[Row]] = {MORE: [], TIED: [], LESS: [], "": []}
    for row in ordered:
        known = row.shown and row.bounded and reference.bounded
        sides[beside(row.interval, reference.interval) if known else ""].append(row)
    name = reference.name
    titles = {
        MORE: _("More need than: %s") % name,
        TIED: _("Can't be told apart from: %s") % name,
        LESS: _("Less need than: %s") % name,
        "": _("No figure to compare"),
    }
    return [
        {
            "side": side,
            "title": titles[side],
            "rows": [drawn(row, axis) for row in members],
        }
        for side, members in sides.items()
        if members
    ]


def drawn(row: Row, axis: Axis) -> dict[str, Any]:
    return {"row": row, "mark": whisker(row, axis) if row.shown else None}


def axis_for(rows: Iterable[Row]) -> Axis:
    top = max((row.interval[1] for row in rows if row.shown), default=10)
    return Axis(ticks(top), rtl=get_language_bidi())


def axis_marks(axis: Axis) -> list[dict[str, str]]:
    last = len(axis.numbers) - 1
    anchors = ("end", "start") if axis.rtl else ("start", "end")
    return [
        {
            "at": f"{axis.at(number):.2f}",
            "label": f"{'+' if number > 0 and axis.first < 0 else ''}{number}".replace(
                "-", "−"
            ),
            "anchor": (
                anchors[0] if place == 0 else anchors[1] if place == last else "middle"
            ),
        }
        for place, number in enumerate(axis.numbers)
    ]


def _rounds(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    """The same figure in the newest release of each round, the oldest round first."""
    rows = []
    for release in reversed(question.rounds):
        found = figures(release).of_indicator(question.indicator.code)
        figure = _of_area(found.of_breakdown(question.breakdown), question).first()
        if figure is not None:
            changes = Change.objects.of_release(release)
            same = _of_area(changes, question).filter(
                indicator=question.indicator.code, breakdown=question.breakdown
            )
            title = releases.round_title(release.observation_set)
            rows.append(Row(title, figure, same.first()))
    versions = {row.figure.definition_version for row in rows}
    return {**_plain(rows), "broken": len(versions) > 1}


def _of_area(rows: QuerySet, question: Question) -> QuerySet:
    """By code, which outlives a redrawn boundary."""
    if question.zone is None:
        return rows.filter(zone=None)
    return rows.filter(zone__code=question.zone.code)


def _groups(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    """The groups of the zone in focus, by dimension; for the town two crossed as well."""
    here = {row.breakdown: row for row in question.rows.filter(zone=question.zone)}
    sets = [
        (
            dimension["name"],
            [
                (question.people.group(key), here[key])
                for key, _label in dimension["groups"]
            ],
        )
        for dimension in offered(here)
    ]
    rows = {
        name: [Row(capfirst(label), figure) for label, figure in groups]
        for name, groups in sets
    }
    every = [row for part in rows.values() for row in part]
    axis = axis_for(every)
    return {
        "chart": [
            {"title": name, "rows": [drawn(row, axis) for row in part]}
            for name, part in rows.items()
        ],
        "axis": axis_marks(axis),
        "table": [
            {"row": row, "change": None, "title": name if row is part[0] else ""}
            for name, part in rows.items()
            for row in part
        ],
        "crossed": crossed_tables(here),
    }


def crossed_tables(here: Mapping[str, Estimate]) -> list[dict[str, Any]]:
    """A table for each two dimensions that are told crossed."""
    found = []
    for first, second in PAIRS:
        one, other = DIMENSIONS[first], DIMENSIONS[second]
        cells = [
            [here.get(crossed(row, column)) for column in other.keys]
            for row in one.keys
        ]
        if any(cell for line in cells for cell in line):
            found.append(
                {
                    "title": _("%(first)s by %(second)s")
                    % {"first": one.label, "second": other.label},
                    "columns": [capfirst(label_of(key)) for key in other.keys],
                    "lines": [
                        {
                            "name": capfirst(label_of(key)),
                            "cells": [cell and Row("", cell) for cell in line],
                        }
                        for key, line in zip(one.keys, cells, strict=True)
                    ],
                }
            )
    return found


def _plain(rows: list[Row]) -> dict[str, Any]:
    axis = axis_for(rows)
    return {
        "chart": [
            {"side": "", "title": "", "rows": [drawn(row, axis) for row in rows]}
        ],
        "axis": axis_marks(axis),
        "table": [{"row": row, "change": change_of(row)} for row in rows],
    }


def _changes(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    """What became of each zone since the round before, the worst first."""
    found = list(
        question.changes.select_related("zone", "former__observation_set").defer(
            "zone__geometry", "zone__geometry_3857", "former__likeness"
        )
    )
    known = [each for each in found if each.difference is not None]
    reach = max(
        (100 * max(abs(x.low or 0), abs(x.high or 0)) for x in known), default=10
    )
    axis = Axis(both_ways(reach), rtl=get_language_bidi())
    found.sort(key=lambda x: (x.difference is None, -(x.difference or 0)))
    former = found[0].former if found else None
    return {
        "axis": axis_marks(axis),
        "zero": f"{axis.at(0):.2f}",
        "former": former,
        "former_round": former and releases.round_title(former.observation_set),
        "table": [
            {
                "name": each.zone.name if each.zone else _("Whole town"),
                "code": each.zone.code if each.zone else "",
                "moved": Moved(each),
                "mark": moved_whisker(each, axis) if each in known else None,
            }
            for each in found
        ],
    }


def _modelled(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    found = modelled_view(question, zone_rows(question), town_row(question))
    return {**found, "axis": axis_marks(found.pop("axis_object"))}


def _areas(question: Question, query: Mapping[str, str]) -> dict[str, Any]:
    """`level` chooses one; an unknown one, or none, means all."""
    every = rows_of_areas(question.release, question.indicator.code, question.breakdown)
    wanted = query.get("level")
    levels = {wanted: every[wanted]} if wanted in every else every
    town = town_row(question)
    axis = axis_for([town, *(row for rows in levels.values() for row in rows)])
    sort = query.get("sort") if query.get("sort") in SORTS else "need"
    key = _order(SORTS[sort or "need"])
    return {
        "levels": [(name, capfirst(Area.Level(name).label)) for name in every],
        "level": wanted if wanted in every else "",
        "sort": sort,
        "town": town,
        "group": question.group,
        "axis": axis_marks(axis),
        "chart": [
            {
                "title": capfirst(Area.Level(level).label),
                "merged": level == Area.Level.MERGED,
                "rows": [drawn(row, axis) for row in rows],
                "table": [(row, change_of(row)) for row in sorted(rows, key=key)],
            }
            for level, rows in levels.items()
        ],
    }


BUILDERS = {
    "areas": _areas,
    "zones": _zones,
    "rounds": _rounds,
    "groups": _groups,
    "changes": _changes,
    "modelled": _modelled,
}


def precision_rows(question: Question) -> list[Row]:
    """All indicators of the zone in focus, in the order of the catalogue."""
    found = releases.rows_of_zone(
        question.release, question.zone, breakdown=question.breakdown
    )
    by_code = {row.indicator: row for row in found}
    return [
        Row(each.title, by_code[code])
        for code, each in offered_by(question.release).items()
        if code in by_code
    ]
