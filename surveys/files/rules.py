"""The form's rules over one filled form: what is asked, calculated, required, allowed.

Pure: no Django, no database. A rule that depends on a question for which the file has
no column can't be judged: what it would hide is kept, what it would forbid is let be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from surveys.questionnaires.evaluation import NOW, Expression, Node, value_of
from surveys.questionnaires.expressions import Compiler
from surveys.questionnaires.functions import ExpressionError, as_number, as_text
from surveys.questionnaires.parts import Parts
from surveys.questionnaires.scope import Scope
from surveys.questionnaires.structure import LISTS, Question, Structure, Table
from surveys.record import Record, typed

ROUNDS = 4


@dataclass(frozen=True)
class Fault:
    """`place` is the index among the record's rows, None for the form itself."""

    code: str
    place: int | None
    key: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Ruled:
    question: Question
    relevant: list[Expression] = field(default_factory=list)
    required: Expression | None = None
    constraint: Expression | None = None
    calculation: Expression | None = None
    choice_filter: Expression | None = None


@dataclass
class _Part:
    table: Table
    ruled: list[_Ruled]
    relevant: list[Expression]
    count: Expression | None


class Rules:
    """Of one form for one file: `there` has the (table, key) that the file answers."""

    def __init__(
        self,
        structure: Structure,
        *,
        there: set[tuple[str, str]],
        now: datetime,
        parts: Parts,
        lists: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        self.structure, self.there, self.now = structure, there, now
        self.day_key = parts.main.get("interview_date", "")
        self.parcel_key = parts.main.get("parcel", "")
        self.location_key = parts.main.get("location", "")
        self.compiler = Compiler(Scope(structure, today=now, lists=lists))
        self.unusable: dict[tuple[str, str], str] = {}
        self.known = self._known()
        groups = {group.path: group.relevant for group in structure.groups}
        self.parts = [self._part(table, groups) for table in structure.tables]
        self.by_table = {part.table.name: part for part in self.parts}

    def _known(self) -> set[tuple[str, str]]:
        """What the file answers, what has a default, and what follows from those."""
        known = set(self.there)
        waiting: list[tuple[tuple[str, str], Expression]] = []
        for table in self.structure.tables:
            for each in table.questions:
                place = (table.name, each.key)
                if each.default:
                    known.add(place)
                made = self._compiled(each.calculation, each.path, place)
                if made:
                    waiting.append((place, made))
        for _round in range(len(waiting)):
            sure = {place for place, made in waiting if made.needs <= known}
            if sure <= known:
                break
            known |= sure
        return known

    def _compiled(
        self, text: str, path: str, place: tuple[str, str], *, item: bool = False
    ) -> Expression | None:
        if not text:
            return None
        try:
            return self.compiler.compile(text, path, item=item)
        except ExpressionError as error:
            self.unusable[place] = str(error)
            return None

    def _usable(
        self, text: str, path: str, place: tuple[str, str], *, item: bool = False
    ) -> Expression | None:
        made = self._compiled(text, path, place, item=item)
        return made if made and made.needs <= self.known else None

    def _part(self, table: Table, groups: dict[str, str]) -> _Part:
        place = (table.name, "")
        around = [path for path in groups if table.path.startswith(f"{path}/")]
        relevant = [self._usable(groups[path], path, place) for path in around]
        if table.parent is not None:
            relevant.append(self._usable(table.relevant, table.path, place))
        return _Part(
            table,
            [self._ruled(table.name, each, groups) for each in table.questions],
            [each for each in relevant if each],
            self._usable(table.count, table.path, place),
        )

    def _ruled(self, table: str, each: Question, groups: dict[str, str]) -> _Ruled:
        place = (table, each.key)
        relevant = [self._usable(groups.get(g, ""), g, place) for g in each.groups]
        relevant.append(self._usable(each.relevant, each.path, place))
        filtered = each.choices in self.compiler.scope.lists
        return _Ruled(
            each,
            [one for one in relevant if one],
            self._usable(each.required, each.path, place),
            self._usable(each.constraint, each.path, place),
            self._usable(each.calculation, each.path, place),
            self._usable(each.choice_filter, each.path, place, item=True)
            if filtered
            else None,
        )

    def missing(self) -> Iterator[tuple[str, str]]:
        """Questions that must be answered and for which there is no column."""
        for table in self.structure.tables:
            for each in table.questions:
                place = (table.name, each.key)
                if each.required and each.asked and place not in self.known:
                    yield place

    def apply(self, record: Record) -> list[Fault]:
        """Calculates and leaves out what isn't asked, in place; tells what is wrong."""
        nodes = self._nodes(record)
        faults: dict[tuple[str, int | None, str], Fault] = {}
        for _round in range(ROUNDS):
            changed = False
            for place, node, answers in nodes:
                changed |= self._settle(node, answers, place, faults)
            if not changed:
                break
        for place, node, answers in nodes:
            for fault in self._judge(place, node, answers):
                faults[fault.code, fault.place, fault.key] = fault
        return list(faults.values())

    def _nodes(self, record: Record) -> list[tuple[int | None, Node, dict[str, Any]]]:
        root = Node("", values={NOW: self._filled_in(record)})
        nodes: list[tuple[int | None, Node, dict[str, Any]]] = [
            (None, root, record.answers)
        ]
        made: dict[int | None, Node] = {None: root}
        for index, row in enumerate(record.rows):
            made[index] = made[row.parent].add(row.table)
            nodes.append((index, made[index], row.answers))
        for _place, node, answers in nodes:
            for one in self.by_table[node.table].ruled:
                each = one.question
                if each.default and (node.table, each.key) not in self.there:
                    answers.setdefault(each.key, typed(each, each.default))
                if each.key in answers:
                    node.values[each.key] = value_of(each.type, answers[each.key])
        return nodes

    def _filled_in(self, record: Record) -> datetime:
        """Rules that speak of today mean the day of the interview."""
        try:
            day = date.fromisoformat(str(record.answers.get(self.day_key))[:10])
        except ValueError:
            return self.now
        return min(datetime.combine(day, time.max, self.now.tzinfo), self.now)

    def _may_lack(self, node: Node, key: str) -> bool:
        """A place is known by the parcel or by coordinates."""
        return (
            not node.table
            and key == self.parcel_key
            and self.location_key in node.values
        )

    def _settle(
        self,
        node: Node,
        answers: dict[str, Any],
        place: int | None,
        faults: dict[tuple[str, int | None, str], Fault],
    ) -> bool:
        changed = False
        for one in self.by_table[node.table].ruled:
            key = one.question.key
            if not all(each.holds(node) for each in one.relevant):
                if key in node.values:
                    value = node.values.pop(key)
                    shown = as_text(value)[:40]
                    given = answers.pop(key, None)
                    if given is not None and (node.table, key) in self.there:
                        faults["not_relevant", place, key] = Fault(
                            "not_relevant", place, key, {"value": shown}
                        )
                    changed = True
            elif one.calculation:
                changed |= _calculate(one, node, answers)
        return changed

    def _judge(
        self, place: int | None, node: Node, answers: dict[str, Any]
    ) -> Iterator[Fault]:
        for one in self.by_table[node.table].ruled:
            each = one.question
            if not all(test.holds(node) for test in one.relevant):
                continue
            if each.key not in node.values:
                asked = each.asked and (node.table, each.key) in self.there
                wanted = asked and one.required and one.required.holds(node)
                if wanted and not self._may_lack(node, each.key):
                    yield Fault("required", place, each.key)
                continue
            yield from self._allowed(one, place, node)
        yield from self._counted(place, node)

    def _counted(self, place: int | None, node: Node) -> Iterator[Fault]:
        for below in self.structure.below(node.table):
            part = self.by_table[below.name]
            number = len(node.below.get(below.name, []))
            wanted = as_number(part.count.at(node)) if part.count else number
            if wanted != number and not math.isnan(wanted):
                yield Fault(
                    "repeat_count",
                    place,
                    "",
                    {"wanted": int(wanted), "value": number, "table": below.name},
                )

    def _allowed(self, one: _Ruled, place: int | None, node: Node) -> Iterator[Fault]:
        each, value = one.question, node.values[one.question.key]
        shown = as_text(value)[:40]
        if one.constraint and not one.constraint.holds(node):
            params = {"value": shown, "why": each.constraint_message or ""}
            yield Fault("constraint", place, each.key, params)
        if one.choice_filter:
            column = each.choices_value or "name"
            text = as_text(value)
            chosen = set(text.split() if each.type in LISTS else [text])
            for row in self.compiler.scope.lists.get(each.choices, ()):
                if row[column] in chosen and not one.choice_filter.at(node, row):
                    yield Fault("not_offered", place, each.key, {"value": row[column]})


def _calculate(one: _Ruled, node: Node, answers: dict[str, Any]) -> bool:
    each = one.question
    if one.calculation is None:
        return False
    text = as_text(one.calculation.at(node))
    answer = typed(each, text) if text not in {"", "NaN"} else None
    if answers.get(each.key) == answer:
        return False
    if answer is None:
        answers.pop(each.key, None)
        node.values.pop(each.key, None)
    else:
        answers[each.key] = answer
        node.values[each.key] = value_of(each.type, answer)
    return True
