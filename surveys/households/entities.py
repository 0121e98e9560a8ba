"""Entity lists: what phones know of households, children and whatever a form makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from surveys.models import Submission


@dataclass(frozen=True)
class EntityChange:
    """What one submission says about one entity; `row` is the index of the repetition
    in the record's rows that says so, None for the form itself.
    """

    list_name: str
    uuid: str
    create: bool = False
    update: bool = False
    label: str = ""
    data: dict[str, str] = field(default_factory=dict)
    base_version: int | None = None
    row: int | None = None


def apply_entities(*, submission: Submission, changes: Sequence[EntityChange]) -> None:
    """Creates, updates or upserts, in the transaction that stores the submission."""
