import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.disclosure.differencing import Issued, found, held_back

SEXES = np.array([[1, 1], [1, 0], [0, 1]])
GROUPS = ("all", "girls", "boys")


def release(count, affected, *, withheld=(), secret=(), zones=None):
    """A release of (2, zones) counts of girls and boys; cells are named (group, zone)."""
    count, affected = np.asarray(count), np.asarray(affected)
    zones = zones or [f"Z{n + 1}" for n in range(count.shape[1])]
    cells = [(group, zone) for group in GROUPS for zone in (*zones, "town")]
    size = count.shape[1]
    towns = np.hstack([np.eye(size), np.ones((size, 1))])
    membership = np.kron(SEXES, towns.T)
    hidden = [cell in withheld or cell in secret for cell in cells]
    return Issued(
        atoms=[(sex, zone) for sex in range(2) for zone in zones],
        cells=cells,
        membership=membership,
        count=(membership @ count.ravel()).astype(int),
        affected=(membership @ affected.ravel()).astype(int),
        fresh=~np.array(hidden),
        secret=np.array([cell in secret for cell in cells]),
    )


def held(earlier, new):
    return {
        new.cells[cell] for cell in np.flatnonzero(held_back(earlier, new)).tolist()
    }


COUNT = [[60, 70, 80], [60, 70, 80]]
NEED = [[20, 20, 20], [20, 20, 20]]


def test_the_same_counts_hold_nothing_back():
    assert held([release(COUNT, NEED)], release(COUNT, NEED)) == set()
    assert held([], release(COUNT, NEED)) == set()


def test_what_moved_by_one_to_four_children_keeps_its_former_figure():
    new = release([[63, 70, 80], [60, 70, 80]], NEED)
    assert held([release(COUNT, NEED)], new) == {
        *(("all", "Z1"), ("girls", "Z1"), ("all", "town"), ("girls", "town"))
    }


def test_so_does_what_moved_in_need_alone():
    new = release(COUNT, [[20, 18, 20], [20, 20, 20]])
    assert ("girls", "Z2") in held([release(COUNT, NEED)], new)


def test_what_moved_by_five_or_more_is_published():
    new = release([[60, 80, 80], [60, 70, 80]], [[20, 25, 20], [20, 20, 20]])
    assert held([release(COUNT, NEED)], new) == set()


def test_a_small_change_is_not_the_rest_of_a_large_one():
    """Z2 moves by 30, Z1 by 2: the town would give the two away."""
    new = release([[62, 100, 80], [60, 70, 80]], [[20, 30, 20], [20, 20, 20]])
    kept = held([release(COUNT, NEED)], new)
    assert {("girls", "Z1"), ("girls", "town"), ("all", "town")} <= kept
    assert ("girls", "Z2") not in kept


def test_a_withheld_cell_is_not_what_another_pattern_published_before():
    """Z1's girls were hidden with the boys; now they are hidden with all children."""
    secret = [("girls", "Z1")]
    others = [("girls", "Z2"), ("boys", "Z1"), ("boys", "Z2")]
    old = release(COUNT, NEED, secret=secret, withheld=others)
    others = [("girls", "Z2"), ("all", "Z1"), ("all", "Z2")]
    new = release(COUNT, NEED, secret=secret, withheld=others)
    assert found([old], new)
    assert held([old], new) & {("boys", "Z1"), ("boys", "Z2")}
    assert not found([old], old)


def test_zones_with_new_boundaries_are_compared_by_code():
    """The town is the same; Z1 gained three children from Z2."""
    old = release(COUNT, NEED)
    new = release([[63, 67, 80], [60, 70, 80]], NEED)
    moved = Issued(**vars(new) | {"atoms": [(sex, f"{z}'") for sex, z in new.atoms]})
    kept = held([old], moved)
    assert {("girls", "Z1"), ("girls", "Z2")} <= kept
    assert ("girls", "Z3") not in kept


def test_every_release_before_counts_not_the_last_alone():
    first = release(COUNT, NEED)
    second = release([[90, 70, 80], [60, 70, 80]], NEED)
    third = release([[62, 70, 80], [60, 70, 80]], NEED)
    assert ("girls", "Z1") in held([first, second], third)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_no_sum_of_two_releases_is_a_change_of_one_to_four(seed):
    """Every row that nobody may get raises the rank of what both publish."""
    random = np.random.default_rng(seed)
    count = random.integers(30, 60, (2, 3))
    need = random.integers(5, 20, (2, 3))
    moves = random.choice([0, 0, 1, 3, -2, 8, 12], (2, 3))
    old, new = release(count, need), release(count + moves, need)
    keep = held_back([old], new)
    fresh = new.fresh & ~keep
    # Unknowns: the old atoms and, where they moved, the new ones.
    size = new.membership.shape[1]
    moved = (moves.ravel() != 0).astype(float)
    first = np.hstack([old.membership, np.zeros_like(old.membership)])
    second = np.hstack([new.membership * (1 - moved), new.membership * moved])
    known = np.vstack([first, second[fresh]])
    rank = np.linalg.matrix_rank(known)
    change = new.membership @ moves.ravel()
    for cell in np.flatnonzero((np.abs(change) > 0) & (np.abs(change) < 5)):
        row = second[cell] - first[cell]
        assert np.linalg.matrix_rank(np.vstack([known, row])) == rank + 1
    assert size == 6
