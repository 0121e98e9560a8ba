"""An upload's way from its arrival to its end: state → states that may follow.

A check or an import may follow itself: its process may have died, and both can be
done twice without harm.
"""

from __future__ import annotations

NEXT: dict[str, frozenset[str]] = {
    "waiting": frozenset({"checking"}),
    "checking": frozenset({"checking", "ready", "refused", "waiting"}),
    "refused": frozenset({"waiting"}),
    "ready": frozenset({"waiting", "importing"}),
    "importing": frozenset({"importing", "done", "refused", "ready"}),
    "done": frozenset(),
}


def may_follow(state: str, following: str) -> bool:
    return following in NEXT[state]
