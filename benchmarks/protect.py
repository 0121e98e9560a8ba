"""Cell suppression: time, and what is withheld beside the proven least.

    python benchmarks/protect.py

Tables are simulated; a seed makes them the same each time. Needs no database.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array, eye_array, kron, vstack

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layers.indicators.disclosure.audit import LinkedTable, intervals
from layers.indicators.disclosure.protection import Need, protect, too_narrow

SIZES = ((50, 10, 120.0), (200, 10, 120.0), (500, 12, 60.0))
THRESHOLD = 5


def main() -> None:
    for places, groups, seconds in SIZES:
        report(f"{places} places x {groups}", table(places, groups), seconds)


def table(places: int, groups: int) -> LinkedTable:
    """Counts by place and group with the totals of both, of regions of ten places by
    group, of regions, and of all.
    """
    random = np.random.default_rng(0)
    counts = random.poisson(random.gamma(0.8, 40.0, (places, groups))).ravel()
    regions = np.kron(np.eye(places // 10), np.ones((1, 10)))
    each = np.ones((1, groups))
    rows = [
        eye_array(places * groups),
        kron(eye_array(places), each),
        kron(np.ones((1, places)), eye_array(groups)),
        kron(regions, eye_array(groups)),
        kron(regions, each),
        np.ones((1, places * groups)),
    ]
    return LinkedTable.of(csr_array(vstack([csr_array(x) for x in rows])), counts)


def report(name: str, linked: LinkedTable, seconds: float) -> None:
    count = linked.count
    primary = (count >= 1) & (count < THRESHOLD)
    need = Need(
        primary,
        np.full(len(count), THRESHOLD - 1.0),
        np.ones(len(count)),
        np.ones(len(count), dtype=bool),
    )
    low, high = intervals(linked, primary)
    print(f"\n{name}: {len(count):,} cells, {primary.sum()} small ones, of which")
    print(f"  withheld alone {int((low == high).sum())} come back by subtraction")
    start = time.perf_counter()
    found = protect(linked, need, seconds)
    taken = time.perf_counter() - start
    hidden = found.hidden
    print(
        f"  pattern in {taken:.1f} s: {hidden.sum()} cells, {count[hidden].sum():,.0f}"
    )
    print(f"  counted in them; no pattern can do with fewer than {found.at_least:.0f}")
    start = time.perf_counter()
    low, high = intervals(linked, hidden)
    print(
        f"  audit of all {hidden.sum()} in {time.perf_counter() - start:.1f} s:",
        end=" ",
    )
    narrow = len(too_narrow(linked, need, hidden))
    print(f"{int((low == high).sum())} known exactly, {narrow} too narrow")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
