"""Which step may follow which, who takes it, and whether it needs words.

One table of data; it knows no Django. Labels stand with the models.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    REPORTER = "reporter"
    OFFICER = "officer"


@dataclass(frozen=True)
class Step:
    actors: frozenset[Actor]
    needs_text: bool = False


OFFICER = Step(frozenset({Actor.OFFICER}))
OFFICER_WITH_TEXT = Step(frozenset({Actor.OFFICER}), needs_text=True)
REPORTER = Step(frozenset({Actor.REPORTER}))
REPORTER_WITH_TEXT = Step(frozenset({Actor.REPORTER}), needs_text=True)
EITHER_WITH_TEXT = Step(frozenset(Actor), needs_text=True)

# Whoever waits for an answer is told why it is done, refused, asked or opened again.
STEPS: dict[Status, dict[Status, Step]] = {
    Status.RECEIVED: {
        Status.IN_PROGRESS: OFFICER,
        Status.WAITING: OFFICER_WITH_TEXT,
        Status.DONE: OFFICER_WITH_TEXT,
        Status.REJECTED: OFFICER_WITH_TEXT,
        Status.WITHDRAWN: REPORTER,
    },
    Status.IN_PROGRESS: {
        Status.WAITING: OFFICER_WITH_TEXT,
        Status.DONE: OFFICER_WITH_TEXT,
        Status.REJECTED: OFFICER_WITH_TEXT,
        Status.WITHDRAWN: REPORTER,
    },
    Status.WAITING: {
        Status.IN_PROGRESS: EITHER_WITH_TEXT,
        Status.DONE: OFFICER_WITH_TEXT,
        Status.REJECTED: OFFICER_WITH_TEXT,
        Status.WITHDRAWN: REPORTER,
    },
    Status.DONE: {Status.IN_PROGRESS: OFFICER_WITH_TEXT},
    Status.REJECTED: {Status.IN_PROGRESS: OFFICER_WITH_TEXT},
    Status.WITHDRAWN: {},
}

OPEN = frozenset({Status.RECEIVED, Status.IN_PROGRESS, Status.WAITING})


def step(before: str, after: str) -> Step | None:
    """The step between two statuses, None where the table has none."""
    return STEPS[Status(before)].get(Status(after))


def next_statuses(before: str, actors: frozenset[Actor]) -> list[Status]:
    """Where `actors` may take a case from `before`, in the table's order."""
    return [
        after for after, found in STEPS[Status(before)].items() if found.actors & actors
    ]
