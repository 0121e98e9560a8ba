"""What exchanges leave open is compared with all tables of a small world, one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.disclosure.exchange import Cell, Tables, exchanges, is_open

ALL_HIDDEN = np.ones((3, 3), dtype=bool)


def tables(hidden, **more):
    return Tables({("zone", "group"): hidden}, frozenset(), {}, **more)


def children(*rows):
    zone, group = np.array(rows).T
    return {"zone": zone, "group": group}


def test_two_children_exchange_their_zones_where_all_four_cells_are_withheld():
    two = children((0, 0), (1, 1))
    cell = Cell("zone", 0, "group", 0)
    assert exchanges(two, cell, tables(ALL_HIDDEN), up=False, wanted=3) == 1
    for at in product((0, 1), repeat=2):
        shown = ALL_HIDDEN.copy()
        shown[at] = False
        assert exchanges(two, cell, tables(shown), up=False, wanted=3) == 0


def test_a_count_that_nothing_can_move_is_closed():
    hidden = np.zeros((3, 3), dtype=bool)
    hidden[0, 0] = True
    found = children(*[(0, 0)] * 3, *[(1, 1)] * 9)
    assert not is_open(found, Cell("zone", 0, "group", 0), tables(hidden))
    assert is_open(found, Cell("zone", 0, "group", 1), tables(hidden))


def test_a_small_count_must_reach_none_or_five():
    cell = Cell("zone", 0, "group", 0)
    three = [(0, 0)] * 3
    assert not is_open(children(*three, *[(1, 1)] * 1), cell, tables(ALL_HIDDEN)), (
        "one exchange leaves 2, which is a small count as well"
    )
    assert is_open(children(*three, *[(1, 1)] * 3), cell, tables(ALL_HIDDEN))
    more = [(0, 1)] * 2 + [(1, 0)] * 2
    assert is_open(children(*three, *more), cell, tables(ALL_HIDDEN))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_open_is_so_in_the_list_of_all_worlds(seed):
    """Three axes and two tables of a few children: every world is written down."""
    random = np.random.default_rng(seed)
    size = 7
    here = {name: random.integers(0, 2, size) for name in ("zone", "group", "wealth")}
    hidden = {
        ("zone", "group"): random.random((2, 2)) < 0.7,
        ("group", "wealth"): random.random((2, 2)) < 0.7,
        ("zone", "wealth"): random.random((2, 2)) < 0.7,
    }
    found = Tables(hidden, frozenset(), {})
    told = [
        (pair, at)
        for pair, cells in hidden.items()
        for at in product((0, 1), repeat=2)
        if not cells[at]
    ]

    def says(world):
        totals = tuple(int(world[name].sum()) for name in world)
        cells = tuple(
            int(((world[a] == x) & (world[b] == y)).sum()) for (a, b), (x, y) in told
        )
        return totals, cells

    said = says(here)
    worlds = []
    for profile in compositions(size, 8):
        kinds = np.repeat(np.arange(8), profile)
        world = {
            "zone": kinds // 4,
            "group": kinds // 2 % 2,
            "wealth": kinds % 2,
        }
        if says(world) == said:
            worlds.append(world)
    for pair, cells in hidden.items():
        for x, y in product((0, 1), repeat=2):
            value = int(((here[pair[0]] == x) & (here[pair[1]] == y)).sum())
            if not cells[x, y] or not value:
                continue
            if is_open(here, Cell(pair[0], x, pair[1], y), found):
                seen = {
                    int(((w[pair[0]] == x) & (w[pair[1]] == y)).sum()) for w in worlds
                }
                assert len(seen) > 1
                assert 0 in seen or max(seen) >= 5


def compositions(total, parts):
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


@pytest.mark.parametrize("up", [False, True])
def test_no_child_takes_part_in_two_exchanges(up):
    found = children(*[(0, 0)] * 4, *[(0, 1)] * 4, (1, 0), (1, 1))
    cell = Cell("zone", 0, "group", 0)
    assert exchanges(found, cell, tables(ALL_HIDDEN), up=up, wanted=4) == 1


def test_zones_are_exchanged_only_where_no_published_larger_area_changes():
    """A girl of zone 0 and boys of zones 1 and 2; zones 0 and 1 are one area."""
    children = {
        "zone": np.array([0, 1, 2]),
        "area": np.array([0, 0, 1]),
        "sex": np.array([0, 1, 1]),
    }
    hidden = {("zone", "sex"): np.ones((3, 2), dtype=bool)}
    alone = Tables(hidden, frozenset({"sex"}), {})
    beside = Tables(
        hidden | {("area", "sex"): np.zeros((2, 2), dtype=bool)},
        frozenset({"sex"}),
        {},
        together=frozenset({"zone", "area"}),
    )

    def moves(cell, tables, *kept):
        some = {name: at[list(kept)] for name, at in children.items()}
        return exchanges(some, cell, tables, up=False, wanted=1)

    girl = Cell("zone", 0, "sex", 0)
    assert moves(girl, alone, 0, 2) == 1
    assert moves(girl, beside, 0, 2) == 0
    assert moves(girl, beside, 0, 1) == 1
    # A count of the area itself: nobody comes into it but from the other one.
    assert moves(Cell("area", 0, "sex", 0), beside, 0, 1, 2) == 0
