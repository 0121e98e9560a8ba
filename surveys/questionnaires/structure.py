"""What a form asks: the one description that storing, checking, exporting and showing
answers share. Pure: it knows neither Django nor the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Self

NUMBERS = frozenset({"integer", "decimal"})
SELECTS = frozenset({"select_one", "select_multiple", "rank"})
LISTS = frozenset({"select_multiple", "rank"})
GEOMETRIES = frozenset({"geopoint", "geotrace", "geoshape"})
FILES = frozenset({"image", "audio", "video", "file"})
UNASKED = frozenset({"note", "calculate", "metadata"})

Labels = dict[str, str]
"""By language code, such as `ar`; the key `""` where a form names no language."""


@dataclass(frozen=True)
class Choice:
    value: str
    labels: Labels = field(default_factory=dict)
    # Further columns of the list, by which a choice filter selects.
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One leaf of the form's instance.

    `key` names it in its table, in answers as in exports: its own name, or the path
    below the table where two questions there have the same name. `type` is the
    XLSForm's word; `metadata` is what the phone fills in itself. Expressions are XPath
    as in the XForm, empty where there is none.
    """

    key: str
    path: str
    type: str
    labels: Labels = field(default_factory=dict)
    hints: Labels = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    choices: str = ""
    # Name of the file the choices come from, where they are not in the form.
    choices_file: str = ""
    # Column of that list whose values are the answers, where it is not `name`.
    choices_value: str = ""
    choice_filter: str = ""
    appearance: str = ""
    required: str = ""
    required_message: Labels = field(default_factory=dict)
    relevant: str = ""
    constraint: str = ""
    constraint_message: Labels = field(default_factory=dict)
    calculation: str = ""
    readonly: bool = False
    default: str = ""
    save_to: str = ""
    # Of metadata: start, end, today, deviceid, username, phonenumber, …
    preload: str = ""

    @property
    def asked(self) -> bool:
        return self.type not in UNASKED


@dataclass(frozen=True)
class Group:
    path: str
    labels: Labels = field(default_factory=dict)
    relevant: str = ""


@dataclass(frozen=True)
class Table:
    """The form's own questions (`name` is empty) or those of one repeat."""

    name: str
    path: str
    parent: str | None
    labels: Labels = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    count: str = ""
    relevant: str = ""

    @cached_property
    def ways(self) -> tuple[tuple[Question, tuple[str, ...]], ...]:
        """Each question with the names that lead to it from the table's element."""
        start = len(self.path) + 1
        return tuple(
            (each, tuple(each.path[start:].split("/"))) for each in self.questions
        )

    def question(self, key: str) -> Question | None:
        return next((each for each in self.questions if each.key == key), None)


@dataclass(frozen=True)
class EntityUse:
    """Where a form makes or changes entities: `table` is the repeat, or empty."""

    list_name: str
    path: str
    table: str


@dataclass(frozen=True)
class Structure:
    """`tables` begins with the main one; a repeat stands after its parent."""

    form_id: str
    version: str
    title: str
    root: str
    languages: tuple[str, ...]
    default_language: str
    tables: tuple[Table, ...]
    groups: tuple[Group, ...] = ()
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    entities: tuple[EntityUse, ...] = ()
    # Files the form refers to, by `jr://`.
    files: tuple[str, ...] = ()

    @property
    def main(self) -> Table:
        return self.tables[0]

    def table(self, name: str) -> Table | None:
        return next((each for each in self.tables if each.name == name), None)

    def below(self, name: str) -> Iterator[Table]:
        return (each for each in self.tables if each.parent == name)

    def question_at(self, address: str) -> Question | None:
        """By its address in a record, such as `persons` or `children[2]/sex`."""
        *above, key = re.split(r"\[[0-9]+\]/", address)
        table = self.table(above[-1] if above else "")
        return table.question(key) if table else None

    def label_at(self, address: str, language: str) -> str:
        """With the repetition where there is one: `Sex (Children 2)`. The address itself
        where the form has no such question.
        """
        question = self.question_at(address)
        label = question and self.in_language(question.labels, language)
        repeated = re.findall(r"([^\[\]/]+)\[([0-9]+)\]/", address)
        if not label or not repeated:
            return label or address
        name, ordinal = repeated[-1]
        table = self.table(name)
        title = (table and self.in_language(table.labels, language)) or name
        return f"{label} ({title} {ordinal})"

    def label_of(self, question: Question, value: str, language: str) -> str:
        """What a choice is called; the value itself where the form doesn't say."""
        for choice in self.choices.get(question.choices, ()):
            if choice.value == value:
                return self.in_language(choice.labels, language) or value
        return value

    def in_language(self, labels: Labels, language: str) -> str:
        wanted = (language, self.default_language, "", *self.languages)
        return next((labels[each] for each in wanted if labels.get(each)), "")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        tables = tuple(
            Table(
                **{
                    **table,
                    "questions": tuple(
                        Question(**{**each, "groups": tuple(each["groups"])})
                        for each in table["questions"]
                    ),
                }
            )
            for table in data["tables"]
        )
        return cls(
            **{
                **data,
                "languages": tuple(data["languages"]),
                "files": tuple(data["files"]),
                "tables": tables,
                "groups": tuple(Group(**each) for each in data["groups"]),
                "entities": tuple(EntityUse(**each) for each in data["entities"]),
                "choices": {
                    name: tuple(Choice(**each) for each in choices)
                    for name, choices in data["choices"].items()
                },
            }
        )
