"""Which question is what, as it is said, guessed, or posted from the page of a version.

Pure but for the words of the roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from surveys.questionnaires.meaning import BY_NAME, Answer
from surveys.questionnaires.parts import (
    SEXES,
    TABLES,
    USUAL,
    USUAL_IN_ROSTER,
    USUAL_OF_WOMEN,
    VALUES,
    find_parts,
)
from surveys.questionnaires.roles import ANSWER_ROLES, PARTS, Role
from surveys.questionnaires.structure import Choice, Question, Structure

# What people call the choices, beside the library's codes.
AFFIRMS = frozenset({"yes", "y", "1", "true", "نعم", "oui"})
DENIES = frozenset({"no", "n", "0", "false", "لا", "كلا", "non"})
GIRLS = frozenset({"girl", "female", "woman", "أنثى", "بنت", "fille", "féminin"})
BOYS = frozenset({"boy", "male", "man", "ذكر", "صبي", "ولد", "garçon", "masculin"})


@dataclass(frozen=True)
class Line:
    """One role with the question that has it and what that question's choices mean, by
    the choice's value. `guessed` where nobody said so yet.
    """

    role: Role
    options: tuple[tuple[str, str], ...]
    chosen: str = ""
    guessed: bool = False
    choices: tuple[Choice, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> bool:
        return not self.chosen and bool(self.role.without)

    @property
    def unclear(self) -> bool:
        """Whether no choice of a question with choices means anything."""
        return bool(self.choices) and not any(self.meanings.values())


@dataclass(frozen=True)
class Matching:
    parts: tuple[Line, ...]
    answers: tuple[Line, ...]

    @property
    def tables(self) -> dict[str, str]:
        """The repeats that were chosen, by their part."""
        lines = (line for line in self.parts if line.role.name in TABLES)
        return {line.role.name: line.chosen for line in lines if line.chosen}

    def lines(self, lines: tuple[Line, ...]) -> list[Line]:
        """Without a table of children nothing can be said of a child."""
        told = {"", *self.tables}
        return [each for each in lines if each.role.table in told]

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines(self.parts) if line.missing]

    def parts_json(self) -> dict[str, Any]:
        lines = self.lines(self.parts)
        said: dict[str, Any] = {line.role.name: line.chosen for line in lines}
        said[VALUES] = {
            line.role.name: {
                value: code for value, code in line.meanings.items() if code
            }
            for line in lines
            if line.choices
        }
        return said

    def answers_json(self) -> dict[str, Any]:
        return {line.role.name: _as_said(line) for line in self.lines(self.answers)}


def _as_said(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"question": line.chosen}
    for code in line.role.meanings:
        said[code] = [value for value, each in line.meanings.items() if each == code]
    return said


def match(
    structure: Structure,
    parts: Mapping[str, Any],
    answers: Mapping[str, Any],
    language: str = "",
) -> Matching:
    """As the version says, with guesses for what it doesn't."""
    found = find_parts(structure, parts)
    keys = {**found.main, **found.roster_keys, **found.woman_keys, **found.tables}
    lines = _Lines(structure, found.tables, language)
    return Matching(
        parts=tuple(
            lines.line(
                role,
                keys.get(name, ""),
                found.values.get(name),
                guessed=name not in parts,
            )
            for name, role in PARTS.items()
        ),
        answers=tuple(
            lines.line(role, *lines.answer(BY_NAME[name], answers.get(name)))
            for name, role in ANSWER_ROLES.items()
        ),
    )


def posted_matching(
    structure: Structure, given: Mapping[str, str], language: str = ""
) -> Matching:
    """As the page says. A question that doesn't fit counts as none; what the page did not
    ask, and choices of a question that was chosen anew, are guessed.
    """
    asked = {part: given.get(f"part-{part}") for part in TABLES}
    tables = {part: name for part, name in asked.items() if name is not None}
    usual = match(structure, tables, {}, language)
    lines = _Lines(structure, find_parts(structure, tables).tables, language)

    def read(kind: str, guesses: tuple[Line, ...]) -> tuple[Line, ...]:
        names = [f"{kind}-{line.role.name}" for line in guesses]
        return tuple(
            lines.posted(line.role, name, given) if name in given else line
            for name, line in zip(names, guesses, strict=True)
        )

    return Matching(read("part", usual.parts), read("answer", usual.answers))


def carried_over(
    said: Mapping[str, Any], old: Structure, new: Structure
) -> dict[str, Any]:
    """Of what was said about the parts of a version, what holds for the next one: where
    the question is still there, and where a usual name was turned down.
    """
    there, before = _keys(new), _keys(old)
    usual = {**USUAL, **USUAL_IN_ROSTER, **USUAL_OF_WOMEN}
    kept = {
        part: key
        for part, key in said.items()
        if part != VALUES
        and (key in there if key else set(usual.get(part, ())) & before)
    }
    values = said.get(VALUES, {})
    return (
        {**kept, VALUES: {k: v for k, v in values.items() if k in kept}} if kept else {}
    )


def answers_carried_over(said: Mapping[str, Any], new: Structure) -> dict[str, Any]:
    there = _keys(new)
    return {
        name: each
        for name, each in said.items()
        if not each.get("question") or each["question"] in there
    }


def _keys(structure: Structure) -> set[str]:
    repeats = {table.name for table in structure.tables if table.name}
    return repeats | {q.key for table in structure.tables for q in table.questions}


class _Lines:
    def __init__(
        self, structure: Structure, tables: Mapping[str, str], language: str
    ) -> None:
        """`tables` are the repeats by their part."""
        self.structure, self.language = structure, language
        self.questions = {"": structure.main.questions}
        for part, name in tables.items():
            table = structure.table(name) if name else None
            self.questions[part] = table.questions if table else ()

    def _questions(self, role: Role) -> tuple[Question, ...]:
        return self.questions[role.table]

    def _options(self, role: Role) -> Iterator[tuple[str, str]]:
        if role.name in TABLES:
            for table in self.structure.tables[1:]:
                label = self.structure.in_language(table.labels, self.language)
                yield table.name, label or table.name
            return
        for question in self._questions(role):
            if question.type in role.types:
                label = self.structure.in_language(question.labels, self.language)
                yield question.key, label or question.key

    def _choices(self, role: Role, key: str) -> tuple[Choice, ...]:
        """Those whose meaning has to be known."""
        if not role.meanings or not key:
            return ()
        question = next((q for q in self._questions(role) if q.key == key), None)
        return self.structure.choices.get(question.choices, ()) if question else ()

    def line(
        self,
        role: Role,
        key: str,
        meanings: Mapping[str, str] | None = None,
        guessed: bool = True,
    ) -> Line:
        options = tuple(self._options(role))
        chosen = key if key in dict(options) else ""
        choices = self._choices(role, chosen)
        if meanings is None:
            meanings = {each.value: guess(role, each) for each in choices}
        return Line(role, options, chosen, guessed and bool(chosen), choices, meanings)

    def answer(
        self, answer: Answer, said: Mapping[str, Any] | None
    ) -> tuple[str, dict[str, str] | None, bool]:
        """Question, meanings and whether they are a guess."""
        if said is None:
            return answer.name, None, True
        codes = {value: code for code in ("no", "yes") for value in said.get(code, ())}
        return said.get("question", ""), codes, False

    def posted(self, role: Role, name: str, given: Mapping[str, str]) -> Line:
        line = self.line(role, given.get(name, ""), guessed=False)
        if given.get(f"{name}-of") != line.chosen:
            return line
        meanings = {}
        for number, choice in enumerate(line.choices):
            code = given.get(f"{name}-{number}", "")
            meanings[choice.value] = code if code in role.meanings else ""
        return Line(role, line.options, line.chosen, False, line.choices, meanings)


def guess(role: Role, choice: Choice) -> str:
    """What a choice means, by its value as in the library, or by what it is called."""
    value = choice.value.lower()
    words = {value, *(label.strip().lower() for label in choice.labels.values())}
    if role.name == "sex":
        named = "female" if words & GIRLS else "male" if words & BOYS else ""
        return named or SEXES.get(value, "")
    answer = BY_NAME.get(role.name)
    affirms = (answer.affirms if answer else frozenset()) | AFFIRMS
    denies = (answer.denies if answer else frozenset()) | DENIES
    if "yes" not in role.meanings:
        return value if value in role.meanings else ""
    if value in affirms or words & affirms:
        return "yes"
    return "no" if words & denies else ""
