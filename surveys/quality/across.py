"""The checks that compare the records of a round with one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import FloatField, QuerySet
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast
from scipy.spatial import cKDTree

from surveys.models import FormVersion, RepeatRow, Round, Submission
from surveys.quality.definitions import CHECKS
from surveys.quality.seeing import Hit, Thresholds
from surveys.quality.statistics import (
    adjusted,
    digit_preference,
    fences,
    last_digits,
)
from surveys.questionnaires.parts import find_parts
from surveys.questionnaires.structure import (
    FILES,
    GEOMETRIES,
    NUMBERS,
    UNASKED,
    Structure,
)

METRES_PER_DEGREE = 111_320
# Beside a position this exact another one can be told apart.
EXACT_METRES = 20
# Compared as JSON, it tells numbers from texts.
LEAST = -1e300
# What names the household, or differs from visit to visit.
OF_THE_VISIT = {
    "household",
    "household_code",
    "parcel",
    "surveyor",
    "consent",
    "outcome",
    "corrects",
}
Found = Iterator[tuple[int, Hit]]


@dataclass(frozen=True)
class Line:
    """One record of the round, with what is compared."""

    pk: int
    household: str
    by: int | str
    interviewed_on: date
    started_at: datetime | None
    ended_at: datetime | None
    phone: str
    parcel: int | None
    place: tuple[float, float] | None
    accuracy: float | None


class Panel:
    """A round's records, read once for all checks."""

    def __init__(self, round: Round) -> None:
        self.round = round

    @property
    def records(self) -> QuerySet[Submission]:
        return self.round.submissions.valid().filter(back_check_of=None)

    @cached_property
    def lines(self) -> list[Line]:
        records = self.records.select_related("household").defer("answers")
        return [_line(each) for each in records.iterator(chunk_size=5000)]

    @cached_property
    def by_key(self) -> dict[int, Line]:
        return {line.pk: line for line in self.lines}

    @cached_property
    def numeric_keys(self) -> list[tuple[str, str]]:
        """Table and key of every question that is answered with a number."""
        form = self.round.form
        version = form and form.published()
        if not version:
            return []
        return [
            (table.name, question.key)
            for table in version.structure.tables
            for question in table.questions
            if question.type in NUMBERS
        ]

    def numbers(self, table: str, key: str) -> list[tuple[int, str, float]]:
        """Submission, address and value of each answer that is a number."""
        if not table:
            found = self.records.annotate(given=KeyTransform(key, "answers"))
            values = found.filter(given__gte=LEAST).values_list("pk", _number(key))
            return [(pk, key, value) for pk, value in values.iterator(chunk_size=5000)]
        rows = (
            RepeatRow.objects.filter(
                round=self.round, table=table, submission__in=self.records
            )
            .annotate(given=KeyTransform(key, "answers"))
            .filter(given__gte=LEAST)
            .values_list("submission", "ordinal", _number(key))
        )
        return [
            (pk, f"{table}[{ordinal}]/{key}", value)
            for pk, ordinal, value in rows.iterator(chunk_size=5000)
        ]


def _number(key: str) -> Cast:
    return Cast(KeyTransform(key, "answers"), FloatField())


def _line(submission: Submission) -> Line:
    place = submission.geometry
    return Line(
        pk=submission.pk,
        household=submission.household.code,
        by=submission.by_id or submission.surveyor,
        interviewed_on=submission.interviewed_on,
        started_at=submission.started_at,
        ended_at=submission.ended_at,
        phone="".join(sign for sign in submission.phone if sign.isdigit()),
        parcel=submission.parcel_id,
        place=(place.x, place.y) if place else None,
        accuracy=submission.accuracy,
    )


Compare = Callable[[Panel, Thresholds], Found]
COMPARISONS: dict[str, Compare] = {}


def compares(code: str) -> Callable[[Compare], Compare]:
    def register(compare: Compare) -> Compare:
        COMPARISONS[CHECKS[code].code] = compare
        return compare

    return register


def hits_across(
    round: Round, switched_on: Mapping[str, Thresholds]
) -> list[tuple[int, Hit]]:
    panel = Panel(round)
    return [
        found
        for code, thresholds in switched_on.items()
        if code in COMPARISONS
        for found in COMPARISONS[code](panel, thresholds)
    ]


def _alike(
    code: str, groups: Iterable[list[Line]], question: str = ""
) -> Iterator[tuple[int, Hit]]:
    """Each of a group, naming another of it."""
    for group in groups:
        for line in group:
            other = next((each for each in group if each.pk != line.pk), None)
            if other is not None:
                yield line.pk, Hit(code, question, {"other": other.household})


def _grouped(lines: Iterable[Line], key: Callable[[Line], Any]) -> list[list[Line]]:
    groups: dict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return list(groups.values())


@compares("same_household")
def _same_household(panel: Panel, _thresholds: Thresholds) -> Found:
    yield from _alike(
        "same_household", _grouped(panel.lines, lambda line: line.household)
    )


@compares("same_phone")
def _same_phone(panel: Panel, _thresholds: Thresholds) -> Found:
    told = [line for line in panel.lines if len(line.phone) >= 6]
    # With or without the country's code: the last seven digits tell.
    groups = _grouped(told, lambda line: line.phone[-7:])
    yield from _alike("same_phone", [_one_each(group) for group in groups])


def _one_each(group: list[Line]) -> list[Line]:
    """The records of a group that has several households, else none."""
    return group if len({line.household for line in group}) > 1 else []


@compares("same_children")
def _same_children(panel: Panel, thresholds: Thresholds) -> Found:
    rosters: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = RepeatRow.objects.filter(submission__in=panel.records).children()
    for pk, sex, born in rows.values_list("submission", "sex", "birth_date"):
        rosters[pk].append((sex, str(born)))
    told = [
        panel.by_key[pk]
        for pk, children in rosters.items()
        if len(children) >= thresholds["children"] and pk in panel.by_key
    ]
    groups = _grouped(told, lambda line: tuple(sorted(rosters[line.pk])))
    yield from _alike("same_children", [_one_each(group) for group in groups])


@compares("same_position")
def _same_position(panel: Panel, thresholds: Thresholds) -> Found:
    """Two households at one door are one building; on two parcels they are not."""
    exact = [
        line
        for line in panel.lines
        if line.place and (line.accuracy or 0) <= EXACT_METRES
    ]
    if len(exact) < 2:
        return
    degrees = np.array([line.place for line in exact])
    shrink = np.cos(np.radians(degrees[:, 1].mean()))
    metres = degrees * METRES_PER_DEGREE * np.array([shrink, 1])
    for a, b in sorted(cKDTree(metres).query_pairs(thresholds["metres"])):
        if exact[a].parcel != exact[b].parcel:
            yield from _alike("same_position", [[exact[a], exact[b]]])


@compares("overlap")
def _overlap(panel: Panel, _thresholds: Thresholds) -> Found:
    timed = [
        (line.started_at, line.ended_at, line)
        for line in panel.lines
        if line.started_at and line.ended_at
    ]
    timed.sort(key=lambda each: (each[0], each[2].pk))
    busy: dict[int | str, tuple[datetime, Line]] = {}
    for started, ended, line in timed:
        until, former = busy.get(line.by, (started, line))
        if started < until:
            yield from _alike("overlap", [[former, line]])
        busy[line.by] = max((until, former), (ended, line), key=lambda each: each[0])


@compares("many_a_day")
def _many_a_day(panel: Panel, thresholds: Thresholds) -> Found:
    named = [line for line in panel.lines if line.by]
    for group in _grouped(named, lambda line: (line.by, line.interviewed_on)):
        if len(group) > thresholds["interviews"]:
            day = group[0].interviewed_on.isoformat()
            for line in group:
                yield line.pk, Hit("many_a_day", "", {"value": len(group), "day": day})


@compares("outlier")
def _outlier(panel: Panel, thresholds: Thresholds) -> Found:
    for table, key in panel.numeric_keys:
        told = panel.numbers(table, key)
        if len(told) < thresholds["answers"]:
            continue
        values = np.array([value for _pk, _address, value in told])
        low, high = fences(values, thresholds["spread"])
        usual = {"low": f"{max(low, values.min()):g}", "high": f"{high:g}"}
        for index in np.flatnonzero((values < low) | (values > high)):
            pk, address, value = told[index]
            yield pk, Hit("outlier", address, {"value": f"{value:g}", **usual})


@compares("digits")
def _digits(panel: Panel, thresholds: Thresholds) -> Found:
    """On the surveyor's last record, to be seen once."""
    told: dict[int | str, list[float]] = defaultdict(list)
    for table, key in panel.numeric_keys:
        for pk, _address, value in panel.numbers(table, key):
            if pk in panel.by_key and panel.by_key[pk].by:
                told[panel.by_key[pk].by].append(value)
    counts = {by: last_digits(np.array(values)) for by, values in told.items()}
    tested = [by for by, n in counts.items() if n.sum() >= thresholds["numbers"]]
    p_values = adjusted([digit_preference(counts[by]) for by in tested])
    for by, p in zip(tested, p_values, strict=True):
        if p < thresholds["p"]:
            usual = np.flatnonzero(counts[by] > 1.5 * counts[by].mean())
            last = max((each for each in panel.lines if each.by == by), key=_newest)
            digits = ", ".join(str(digit) for digit in usual)
            particulars = {"value": digits, "p": f"{p:.2g}", "count": len(told[by])}
            yield last.pk, Hit("digits", "", particulars)


def _newest(line: Line) -> tuple[date, int]:
    return line.interviewed_on, line.pk


@dataclass(frozen=True)
class Comparison:
    """An interview and its back-check: the questions both answered."""

    first: Submission
    structure: Structure
    keys: frozenset[str]
    differing: frozenset[str]


def comparisons(panel: Panel) -> Iterator[Comparison]:
    firsts = {each.pk: each for each in panel.records.filter(back_checks__isnull=False)}
    checks = panel.round.submissions.filter(withdrawn_at=None, back_check_of__in=firsts)
    for again in checks.exclude(version=None).select_related("version"):
        first, version = firsts[again.back_check_of_id or 0], again.version
        keys = comparable(version) & first.answers.keys() & again.answers.keys()
        differing = {key for key in keys if first.answers[key] != again.answers[key]}
        if version and keys:
            yield Comparison(
                first, version.structure, frozenset(keys), frozenset(differing)
            )


@compares("back_check")
def _back_check(panel: Panel, thresholds: Thresholds) -> Found:
    for each in comparisons(panel):
        if len(each.differing) / len(each.keys) > thresholds["share"]:
            particulars = {
                "value": len(each.differing),
                "count": len(each.keys),
                "questions": sorted(each.differing),
            }
            yield each.first.pk, Hit("back_check", "", particulars)


def comparable(version: FormVersion | None) -> set[str]:
    """Questions of which two interviews should give the same answer."""
    if version is None:
        return set()
    silent = UNASKED | FILES | GEOMETRIES | {"date", "time", "datetime"}
    parts = find_parts(version.structure, version.parts).main
    own = {key for part, key in parts.items() if part in OF_THE_VISIT}
    return {
        question.key
        for question in version.structure.main.questions
        if question.type not in silent and question.key not in own
    }
