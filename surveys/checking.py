"""Compares a file with what the round already holds; writes nothing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from surveys.errors import FileRefused
from surveys.models import Round
from surveys.placing import Place, Spot, place_households, place_warnings
from surveys.problems import Problem
from surveys.rows import HouseholdLine, read_rows
from surveys.workbook import read

KEPT_PROBLEMS = 300
KEPT_SAMPLE = 8
KEPT_POINTS = 3000


class News(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Candidate:
    """A household of the file with its place and what loading it would do."""

    line: HouseholdLine
    place: Place
    digest: str
    news: News
    submission_id: int | None


@dataclass
class Check:
    candidates: list[Candidate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)

    def only(self, news: News) -> list[Candidate]:
        return [each for each in self.candidates if each.news == news]


def check_file(*, round: Round, content: bytes) -> Check:
    """Everything that loading the file would meet, in the present state of the round."""
    try:
        sheets = read(content)
    except FileRefused as error:
        params = dict(error.params or {})
        sheet = params.get("sheet", "")
        return Check(problems=[Problem(error.code or "", sheet=sheet, params=params)])
    reading = read_rows(sheets, first=round.starts_on, last=round.ends_on)
    if reading.blocked:
        return Check(problems=reading.problems)
    places = place_households(
        round.municipality,
        [_spot(line) for line in reading.households],
        tolerance=round.tolerance,
    )
    known = {
        code: (pk, digest, withdrawn_at)
        for code, pk, digest, withdrawn_at in round.submissions.values_list(
            "household__code", "pk", "digest", "withdrawn_at"
        )
    }
    check = Check(problems=list(reading.problems))
    for line, place in zip(reading.households, places, strict=True):
        candidate = _candidate(line, place, known.get(line.code))
        check.candidates.append(candidate)
        if candidate.news == News.WITHDRAWN:
            params = {"value": line.code}
            check.problems.append(
                Problem("withdrawn", "households", line.row, "household_id", params)
            )
        check.problems.extend(place_warnings(line, place, round.tolerance))
    return check


def _spot(line: HouseholdLine) -> Spot:
    cells = line.cells
    return Spot(
        cells.get("parcel_code") or "", cells.get("longitude"), cells.get("latitude")
    )


def _candidate(
    line: HouseholdLine, place: Place, known: tuple[int, str, Any] | None
) -> Candidate:
    digest = content_digest(line, place)
    if known is None:
        return Candidate(line, place, digest, News.ADDED, None)
    pk, old, withdrawn_at = known
    if withdrawn_at is not None:
        news = News.WITHDRAWN
    else:
        news = News.UNCHANGED if digest == old else News.CHANGED
    return Candidate(line, place, digest, news, pk)


def content_digest(line: HouseholdLine, place: Place) -> str:
    """Equal for equal answers at an equal place, in whatever order they were written."""
    content = [
        {key: value for key, value in line.cells.items() if value is not None},
        sorted(
            (
                {key: value for key, value in child.cells.items() if value is not None}
                for child in line.children
            ),
            key=lambda cells: cells["child_id"],
        ),
        [place.placed_by, place.parcel_code, place.zone_code],
    ]
    text = json.dumps(content, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def as_report(check: Check) -> dict[str, Any]:
    """What the preview page shows, as JSON."""
    errors = [problem for problem in check.problems if problem.blocks]
    warnings = [problem for problem in check.problems if not problem.blocks]
    return {
        "errors": len(errors),
        "warnings": len(warnings),
        "problems": [each.as_json() for each in [*errors, *warnings][:KEPT_PROBLEMS]],
        "households": len(check.candidates),
        "children": sum(len(each.line.children) for each in check.candidates),
        "news": Counter(each.news.value for each in check.candidates),
        "placed": Counter(each.place.placed_by.value for each in check.candidates),
        "zones": _by_zone(check.candidates),
        "sample": [_sample(each) for each in check.candidates[:KEPT_SAMPLE]],
        "points": _points(check.candidates),
    }


def _by_zone(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """Households and children per zone key, None for those without a place."""
    households: Counter[int | None] = Counter()
    children: Counter[int | None] = Counter()
    for each in candidates:
        households[each.place.zone_id] += 1
        children[each.place.zone_id] += len(each.line.children)
    return [
        {"zone": zone, "households": count, "children": children[zone]}
        for zone, count in households.items()
    ]


def _sample(candidate: Candidate) -> dict[str, Any]:
    cells = candidate.line.cells
    return {
        "household": candidate.line.code,
        "parcel": candidate.place.parcel_code or "",
        "zone": candidate.place.zone_id,
        "interview": cells["interview_date"].isoformat(),
        "persons": cells.get("persons"),
        "children": len(candidate.line.children),
        "news": candidate.news.value,
    }


def _points(candidates: Sequence[Candidate]) -> list[list[Any]]:
    located = [
        each for each in candidates if each.line.cells.get("longitude") is not None
    ]
    # What is new is drawn last, on top, and thinned out less.
    old = [each for each in located if each.news == News.UNCHANGED]
    new = [each for each in located if each.news != News.UNCHANGED]
    step = max(1, -(-len(old) // KEPT_POINTS))
    return [
        [
            each.line.cells["longitude"],
            each.line.cells["latitude"],
            each.news.value if each.place.zone_id else "nowhere",
        ]
        for each in [*old[::step], *new[:KEPT_POINTS]]
    ]
