"""What changed from one version of a form to the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveys.questionnaires.structure import Question, Structure

COMPARED = (
    "type",
    "labels",
    "hints",
    "required",
    "relevant",
    "constraint",
    "calculation",
    "choice_filter",
)


@dataclass(frozen=True)
class Change:
    """`kind` is added, removed or changed; `aspect` names what of it changed."""

    kind: str
    path: str
    aspect: str = ""
    before: str = ""
    after: str = ""

    @property
    def breaks(self) -> bool:
        """Whether answers to the former version no longer fit."""
        return self.kind == "removed" or self.aspect == "type"


def changes_between(old: Structure, new: Structure) -> list[Change]:
    """In the order of the new form, what was removed at the end."""
    former = {each.path: each for table in old.tables for each in table.questions}
    present = {each.path: each for table in new.tables for each in table.questions}
    found = [
        change
        for path, question in present.items()
        for change in _of_question(former.get(path), question, old, new)
    ]
    found += [Change("removed", path) for path in former if path not in present]
    return found


def _of_question(
    old: Question | None, question: Question, before: Structure, after: Structure
) -> Iterator[Change]:
    if old is None:
        yield Change("added", question.path)
        return
    for aspect in COMPARED:
        was, now = _shown(getattr(old, aspect)), _shown(getattr(question, aspect))
        if was != now:
            yield Change("changed", question.path, aspect, was, now)
    was, now = _choices(old, before), _choices(question, after)
    if was != now:
        yield Change("changed", question.path, "choices", was, now)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {text}" for key, text in sorted(value.items()))
    return " ".join(str(value).split())


def _choices(question: Question, structure: Structure) -> str:
    return ", ".join(c.value for c in structure.choices.get(question.choices, ()))
