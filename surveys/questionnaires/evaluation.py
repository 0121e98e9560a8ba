"""What an expression is evaluated at: the answers of one form, and their repetitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from surveys.questionnaires.functions import as_boolean
from surveys.record import written

REMEMBERED = 5000
# When the form was filled in, among the values of its node; else it is today.
NOW = "@now"


@dataclass
class Node:
    """The form, or one repetition, while it is checked. `values` has numbers as
    floats, dates as dates and the rest as texts; what is not relevant is left out.
    """

    table: str
    ordinal: int = 1
    parent: Node | None = None
    values: dict[str, Any] = field(default_factory=dict)
    below: dict[str, list[Node]] = field(default_factory=dict)

    def up_to(self, table: str) -> Node | None:
        node: Node | None = self
        while node is not None and node.table != table:
            node = node.parent
        return node

    def add(self, table: str) -> Node:
        siblings = self.below.setdefault(table, [])
        siblings.append(Node(table, len(siblings) + 1, self))
        return siblings[-1]


@dataclass(frozen=True)
class At:
    """Where an expression is evaluated. `item` is the row of a list while a filter
    runs over it, `position` its place.
    """

    node: Node
    item: Mapping[str, str] | None = None
    position: int = 0


Value = Any
Run = Callable[[At], Value]


def value_of(kind: str, answer: Any) -> Value:
    """An answer as expressions see it: a choice is its code, a place `lat lon 0 0`."""
    if answer is None:
        return ""
    if isinstance(answer, bool | int | float):
        return float(answer)
    text = written(answer)
    if kind == "date":
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            return text
    if kind == "datetime":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text
    return text


@dataclass
class Expression:
    """`needs` are the (table, key) of the questions it reads; `plain` says that it
    reads only single answers, so that equal answers give an equal result.
    """

    run: Run
    needs: frozenset[tuple[str, str]]
    plain: bool
    dated: bool = False
    _memory: dict[tuple[Any, ...], Value] = field(default_factory=dict)
    _order: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self._order = tuple(sorted(self.needs))
        if self.dated:
            self._order = (*self._order, ("", NOW))

    def at(self, node: Node, item: Mapping[str, str] | None = None) -> Value:
        if not self.plain or item is not None:
            return self.run(At(node, item))
        key = []
        for table, name in self._order:
            holder = node.up_to(table)
            key.append("" if holder is None else holder.values.get(name, ""))
        known = tuple(key)
        if known not in self._memory:
            if len(self._memory) >= REMEMBERED:
                self._memory.clear()
            self._memory[known] = self.run(At(node))
        return self._memory[known]

    def holds(self, node: Node) -> bool:
        return as_boolean(self.at(node))
