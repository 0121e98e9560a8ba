"""What the dashboard of a round counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count, Q

from surveys.models import Finding, Round, Submission, Target
from surveys.quality.across import Panel, comparisons
from surveys.quality.definitions import CHECKS, Check
from surveys.quality.seeing import DONT_KNOW, OTHER, is_open_to_all
from surveys.questionnaires.structure import SELECTS, Structure

SQL = resources.files("surveys.sql").joinpath("surveyor_figures.sql").read_text()
DAYS_SHOWN = 14
Person = tuple[int | None, str]
"""The key of an account, or of somebody without one the name."""


@dataclass(frozen=True)
class CheckCount:
    check: Check
    open: int
    dismissed: int


@dataclass(frozen=True)
class Surveyor:
    """Shares in per cent, None where nothing was asked. `differing` of `repeated`
    answers were not the same at the back-check.
    """

    name: str
    records: int
    interviews: int
    days: int
    minutes: int | None
    unknown: int | None
    other: int | None
    missing: int | None
    findings: int
    serious: int
    uneven_digits: bool
    differing: int
    repeated: int

    @property
    def a_day(self) -> float:
        return round(self.interviews / self.days, 1) if self.days else 0

    @property
    def differing_share(self) -> int | None:
        return _per_cent(self.differing / self.repeated if self.repeated else None)


@dataclass(frozen=True)
class Days:
    """Interviews by surveyor (rows) and day (columns)."""

    days: list[date]
    rows: list[tuple[str, list[int], int]]


@dataclass(frozen=True)
class Mismatch:
    label: str
    differing: int
    repeated: int

    @property
    def share(self) -> int:
        return round(100 * self.differing / self.repeated)


def _findings(round: Round) -> Any:
    counted = Submission.objects.filter(round=round).valid()
    return Finding.objects.filter(submission__in=counted)


def findings_by_check(round: Round) -> list[CheckCount]:
    """Every check that found anything, most first."""
    rows = (
        _findings(round)
        .order_by()
        .values_list("check_code")
        .annotate(
            open=Count("pk", filter=Q(dismissed_at=None)),
            dismissed=Count("pk", filter=~Q(dismissed_at=None)),
        )
    )
    found = [CheckCount(CHECKS[code], *n) for code, *n in rows if code in CHECKS]
    return sorted(found, key=lambda each: (-each.open, str(each.check.title)))


def surveyors(round: Round, serious: int) -> list[Surveyor]:
    people = _names(round)
    found, grave, digits = _by_person(round, serious)
    back_checked = _back_checked(round)
    figures = []
    for by, name, records, interviews, days, *shares in _query(round):
        person = (by, name)
        minutes, unknown, other, missing = shares
        differing, repeated = back_checked.get(person, (0, 0))
        figures.append(
            Surveyor(
                name=people.get(by, name),
                records=records,
                interviews=interviews,
                days=days,
                minutes=None if minutes is None else _rounded(minutes),
                unknown=_per_cent(unknown),
                other=_per_cent(other),
                missing=_per_cent(missing),
                findings=found[person],
                serious=grave[person],
                uneven_digits=person in digits,
                differing=differing,
                repeated=repeated,
            )
        )
    return figures


def _rounded(number: float) -> int:
    return int(number + 0.5)


def _per_cent(share: Any) -> int | None:
    return None if share is None else _rounded(100 * float(share))


def _query(round: Round) -> list[Any]:
    structure = _structure(round)
    tables = structure.tables if structure else ()
    listed = [
        (table.name, each.key)
        for table in tables
        for each in table.questions
        if each.type in SELECTS
    ]
    given: dict[str, Any] = {
        "municipality": round.municipality_id,
        "round": round.pk,
        "listed": [key for table, key in listed if not table],
        "listed_in_rows": [f"{table}/{key}" for table, key in listed if table],
        "asked": [
            each.key
            for each in (structure.main.questions if structure else ())
            if structure and is_open_to_all(each, structure) and not each.readonly
        ],
        "unknown": sorted(DONT_KNOW),
        "other": sorted(OTHER),
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, given)
        return cursor.fetchall()


def _structure(round: Round) -> Structure | None:
    version = round.form and round.form.published()
    return version.structure if version else None


def _names(round: Round) -> Mapping[int | None, str]:
    known = round.submissions.exclude(by=None).order_by().values("by").distinct()
    people = get_user_model().objects.filter(pk__in=known)
    return {person.pk: person.full_name for person in people}


def _person(by: int | None, surveyor: str) -> Person:
    return (by, "") if by else (None, surveyor)


def _by_person(
    round: Round, serious: int
) -> tuple[Counter[Person], Counter[Person], set[Person]]:
    rows = (
        _findings(round)
        .filter(dismissed_at=None)
        .order_by()
        .values_list("submission__by", "submission__surveyor", "check_code", "weight")
        .annotate(count=Count("pk"))
    )
    every: Counter[Person] = Counter()
    grave: Counter[Person] = Counter()
    digits = set()
    for by, surveyor, code, weight, count in rows:
        person = _person(by, surveyor)
        every[person] += count
        grave[person] += count if weight >= serious else 0
        if code == "digits":
            digits.add(person)
    return every, grave, digits


def _back_checked(round: Round) -> dict[Person, tuple[int, int]]:
    found: dict[Person, tuple[int, int]] = {}
    for each in comparisons(Panel(round)):
        person = _person(each.first.by_id, each.first.surveyor)
        differing, repeated = found.get(person, (0, 0))
        counts = differing + len(each.differing), repeated + len(each.keys)
        found[person] = counts
    return found


def back_checks(round: Round) -> tuple[int, int]:
    """How many interviews that were drawn to be held again were, and how many in all."""
    drawn = round.back_checks.all()
    done = drawn.filter(submission__back_checks__isnull=False).distinct()
    return done.count(), drawn.count()


def mismatches(round: Round, language: str) -> list[Mismatch]:
    """Questions to which the back-check got another answer, the shakiest first."""
    repeated: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for each in comparisons(Panel(round)):
        repeated.update(each.keys)
        differing.update(each.differing)
        for question in each.structure.main.questions:
            label = each.structure.in_language(question.labels, language)
            labels.setdefault(question.key, label or question.key)
    found = [Mismatch(labels[key], n, repeated[key]) for key, n in differing.items()]
    return sorted(found, key=lambda each: (-each.share, each.label))


def productivity(round: Round) -> Days:
    """Interviews of each surveyor on the last days of which there are any."""
    counted = round.submissions.valid().filter(
        back_check_of=None, outcome=Target.Outcome.COMPLETE
    )
    days = sorted(
        counted.order_by("-interviewed_on")
        .values_list("interviewed_on", flat=True)
        .distinct()[:DAYS_SHOWN]
    )
    rows = (
        counted.filter(interviewed_on__in=days)
        .order_by()
        .values_list("by", "surveyor", "interviewed_on")
        .annotate(count=Count("pk"))
    )
    people = _names(round)
    table: dict[Person, Counter[date]] = defaultdict(Counter)
    for by, surveyor, day, count in rows:
        table[_person(by, surveyor)][day] += count
    return Days(days, _lines(table, days, people))


def _lines(
    table: Mapping[Person, Counter[date]],
    days: Sequence[date],
    people: Mapping[int | None, str],
) -> list[tuple[str, list[int], int]]:
    lines = [
        (people.get(by, name), [counts[day] for day in days], counts.total())
        for (by, name), counts in table.items()
    ]
    return sorted(lines, key=lambda line: (-line[2], line[0]))


def waiting(round: Round) -> int:
    """Records no check has seen since they last changed."""
    unchecked = round.submissions.filter(checked_at=None, withdrawn_at=None)
    return unchecked.exclude(version=None).count()
