"""Which process of a run takes which tests, and in which order.

A file stays in one process, because its fixtures are of its module; what takes long
comes first, because the last file decides when the run ends.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

# Their first parameter divides them into parts that take minutes each.
DIVIDED = ("tests/test_pages.py",)


class ByFile(LoadFileScheduling):
    """The files in the order of the collection, a divided one in its parts."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if file not in DIVIDED:
            return file
        return nodeid.partition("-")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Sorts whole files, in place.

    One of those that need the demo begins and loads it. Meanwhile the other processes
    have the slow ones that do not, and then nobody waits for it any more.
    """
    slow, needy = set[Path](), list[Path]()
    sizes = Counter(item.path for item in items)
    for item in items:
        if item.get_closest_marker("slow"):
            slow.add(item.path)
        if "live_town" in getattr(item, "fixturenames", ()):
            needy.append(item.path)

    def rank(item: pytest.Item) -> tuple[int, int, str]:
        path = item.path
        if path in needy[:1]:
            place = 0
        elif path in needy:
            place = 2
        else:
            place = 1 if path in slow else 3
        return place, -sizes[path], str(path)

    items.sort(key=rank)


class Ends:
    """Tells at the end when each process had its last test: they should agree."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if node := getattr(report, "node", None):
            self.last[node.gateway.id] = time.monotonic()

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        end = max(self.last.values(), default=0)
        for name, last in sorted(self.last.items()):
            terminalreporter.write_line(f"{name} ended {end - last:.0f} s early")
