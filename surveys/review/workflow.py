"""The states of a record under review, as a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RECEIVED = "received"
HAS_ISSUES = "has_issues"
SENT_BACK = "sent_back"
CORRECTED = "corrected"
APPROVED = "approved"
REJECTED = "rejected"


@dataclass(frozen=True)
class Step:
    """`needs_note`: the surveyor or a later reader has to be told why."""

    to: str
    needs_note: bool = False


OPEN = (RECEIVED, HAS_ISSUES, CORRECTED)
"""States in which a record waits for the reviewer."""

STEPS: Mapping[str, Mapping[str, Step]] = {
    "approve": dict.fromkeys((*OPEN, SENT_BACK), Step(APPROVED)),
    "mark": dict.fromkeys((RECEIVED, CORRECTED), Step(HAS_ISSUES)),
    "send_back": dict.fromkeys((*OPEN, APPROVED), Step(SENT_BACK, needs_note=True)),
    "reject": dict.fromkeys((*OPEN, SENT_BACK), Step(REJECTED, needs_note=True)),
    "reopen": dict.fromkeys((APPROVED, REJECTED, SENT_BACK), Step(RECEIVED)),
}
"""Action, state it may start from, where it leads. Edits lead from `sent_back` to
`corrected` and from any other state to `received`; checks from `received` to
`has_issues`.
"""


def step(action: str, state: str) -> Step | None:
    return STEPS.get(action, {}).get(state)


def possible(state: str) -> list[str]:
    return [action for action, steps in STEPS.items() if state in steps]
