"""What the expressions of a form may speak of: its questions, repeats and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from surveys.questionnaires.functions import Lookups
from surveys.questionnaires.structure import Structure


class Scope:
    """`lists` has the rows of the lists that are not in the form itself."""

    def __init__(
        self,
        structure: Structure,
        *,
        today: datetime,
        language: str = "",
        lists: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        self.questions = {
            each.path: (table.name, each.key)
            for table in structure.tables
            for each in table.questions
        }
        self.tables = {table.path: table.name for table in structure.tables}
        self.parents = {table.name: table.parent for table in structure.tables}
        self.lists: dict[str, list[Mapping[str, str]]] = {
            name: [
                {
                    "name": choice.value,
                    "value": choice.value,
                    "label": structure.in_language(choice.labels, language),
                    **choice.more,
                }
                for choice in choices
            ]
            for name, choices in structure.choices.items()
        }
        for name, rows in (lists or {}).items():
            self.lists[name] = list(rows)
        labels = {
            each.path: {row["name"]: row["label"] for row in self.lists[each.choices]}
            for table in structure.tables
            for each in table.questions
            if each.choices in self.lists
        }
        self.lookups = Lookups(today=today, lists=self.lists, labels=labels)

    def table_at(self, path: str) -> str:
        while path not in self.tables:
            path = path.rpartition("/")[0]
        return self.tables[path]
