"""The rows of a survey file after every check: typed, consistent, not yet stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from surveys.ages import years_between
from surveys.cells import CellError, Value, convert
from surveys.columns import SHEETS, Column
from surveys.problems import Problem
from surveys.workbook import Sheet


@dataclass
class ChildLine:
    """A cell that is empty or faulty is None; `faulty` tells which."""

    row: int
    cells: dict[str, Any]
    faulty: set[str] = field(default_factory=set)

    @property
    def answers(self) -> dict[str, Any]:
        return _answers("children", self.cells)


@dataclass
class HouseholdLine:
    row: int
    cells: dict[str, Any]
    faulty: set[str] = field(default_factory=set)
    children: list[ChildLine] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.cells["household_id"]

    @property
    def answers(self) -> dict[str, Any]:
        return _answers("households", self.cells)


@dataclass
class Reading:
    households: list[HouseholdLine]
    problems: list[Problem]

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)


def _answers(sheet: str, cells: dict[str, Any]) -> dict[str, Any]:
    return {
        column.name: cells[column.name]
        for column in SHEETS[sheet]
        if column.answer and cells.get(column.name) is not None
    }


def read_rows(sheets: dict[str, Sheet], *, first: date, last: date) -> Reading:
    """Checks every cell and how rows fit together; interviews lie in first..last."""
    problems: list[Problem] = []
    for name, sheet in sheets.items():
        problems += _header_problems(name, sheet)
    if any(problem.blocks for problem in problems):
        return Reading([], problems)
    lines = {name: list(_typed(sheet, problems)) for name, sheet in sheets.items()}
    households = [HouseholdLine(*line) for line in lines["households"]]
    children = [ChildLine(*line) for line in lines["children"]]
    problems += _household_problems(households, first, last)
    problems += _frame_problems(households)
    problems += _attach(households, children)
    for household in households:
        problems += _family_problems(household)
    order = {name: place for place, name in enumerate(SHEETS)}
    problems.sort(key=lambda problem: (order[problem.sheet], problem.row or 0))
    return Reading(households, problems)


def _header_problems(name: str, sheet: Sheet) -> Iterator[Problem]:
    known = {column.name: column for column in SHEETS[name]}
    seen: set[str] = set()
    for header in sheet.columns:
        if header in seen and header in known:
            yield Problem(
                "repeated_column", name, sheet.header_row, header, {"name": header}
            )
        elif header and header not in known:
            yield Problem("unknown_column", name, sheet.header_row, header)
        seen.add(header)
    for column in known.values():
        if column.required and column.name not in seen:
            yield Problem(
                "missing_column",
                name,
                sheet.header_row,
                column.name,
                {"name": column.name},
            )
    if name == "households" and not sheet.rows:
        yield Problem("no_rows", name, sheet.header_row)


def _typed(
    sheet: Sheet, problems: list[Problem]
) -> Iterator[tuple[int, dict[str, Value | None], set[str]]]:
    """Each row's number, values by column name, and the names of its faulty cells."""
    place = {header: index for index, header in enumerate(sheet.columns)}
    columns: list[tuple[Column, int]] = [
        (column, place[column.name])
        for column in SHEETS[sheet.name]
        if column.name in place
    ]
    for row, values in sheet.rows:
        cells: dict[str, Value | None] = {}
        faulty: set[str] = set()
        for column, index in columns:
            try:
                cells[column.name] = convert(column, values[index])
            except CellError as error:
                cells[column.name] = None
                faulty.add(column.name)
                problems.append(
                    Problem(error.code, sheet.name, row, column.name, error.params)
                )
        yield row, cells, faulty


def _household_problems(
    households: list[HouseholdLine], first: date, last: date
) -> Iterator[Problem]:
    rows: dict[str, int] = {}
    for line in households:
        cells = line.cells
        if (code := cells["household_id"]) is not None:
            if code in rows:
                yield _problem(
                    line,
                    "repeated_household",
                    "household_id",
                    value=code,
                    other=rows[code],
                )
            rows.setdefault(code, line.row)
        empty = {"latitude", "longitude"} - {
            name for name, value in cells.items() if value is not None
        }
        if len(empty) == 1 and not empty & line.faulty:
            yield _problem(line, "half_coordinates", empty.pop())
        day = cells["interview_date"]
        if day is not None and not first <= day <= last:
            yield _problem(
                line,
                "outside_round",
                "interview_date",
                value=day.isoformat(),
                low=first.isoformat(),
                high=last.isoformat(),
            )


def _frame_problems(households: list[HouseholdLine]) -> Iterator[Problem]:
    """A stratum has one size, at least the number of its households in the file."""
    strata: dict[str, list[HouseholdLine]] = {}
    for line in households:
        if not line.faulty & {"stratum", "frame_households"}:
            strata.setdefault(line.cells.get("stratum") or "", []).append(line)
    for stratum, lines in strata.items():
        first = lines[0]
        size = first.cells.get("frame_households")
        for line in lines:
            other = line.cells.get("frame_households")
            if other != size:
                yield _problem(
                    line,
                    "frame_differs",
                    "frame_households",
                    stratum=stratum,
                    value="–" if other is None else other,
                    other="–" if size is None else size,
                    row_other=first.row,
                )
        if size is not None and size < len(lines):
            yield _problem(
                first,
                "frame_too_small",
                "frame_households",
                stratum=stratum,
                value=size,
                count=len(lines),
            )


def _attach(
    households: list[HouseholdLine], children: list[ChildLine]
) -> Iterator[Problem]:
    by_code = {line.cells["household_id"]: line for line in households}
    for child in children:
        code = child.cells["household_id"]
        if code is None:
            continue
        if code not in by_code:
            yield _child_problem(child, "no_such_household", "household_id", value=code)
        else:
            by_code[code].children.append(child)


def _family_problems(household: HouseholdLine) -> Iterator[Problem]:
    rows: dict[str, int] = {}
    drawn: ChildLine | None = None
    for child in household.children:
        code = child.cells["child_id"]
        if code is not None and code in rows:
            yield _child_problem(
                child, "repeated_child", "child_id", value=code, other=rows[code]
            )
        rows.setdefault(code, child.row)
        yield from _age_problems(child, household.cells["interview_date"])
        if child.cells.get("selected_5_17") == "yes":
            if drawn is not None:
                yield _child_problem(
                    child, "two_selected", "selected_5_17", other=drawn.row
                )
            drawn = child
    persons = household.cells.get("persons")
    if persons is not None and persons < len(household.children):
        yield _problem(
            household,
            "fewer_persons",
            "persons",
            value=persons,
            children=len(household.children),
        )


def _age_problems(child: ChildLine, interviewed_on: date | None) -> Iterator[Problem]:
    born = child.cells["birth_date"]
    if born is None or interviewed_on is None:
        return
    if born > interviewed_on:
        yield _child_problem(
            child, "born_later", "birth_date", other=interviewed_on.isoformat()
        )
        return
    age = years_between(born, interviewed_on)
    if age >= 18:
        yield _child_problem(child, "not_a_child", "birth_date", value=age)
    elif child.cells.get("selected_5_17") == "yes" and age < 5:
        yield _child_problem(child, "selected_age", "selected_5_17", value=age)


def _problem(line: HouseholdLine, code: str, column: str, **params: Any) -> Problem:
    return Problem(code, "households", line.row, column, params)


def _child_problem(line: ChildLine, code: str, column: str, **params: Any) -> Problem:
    return Problem(code, "children", line.row, column, params)
