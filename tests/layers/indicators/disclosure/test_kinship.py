"""What two zonings of the same ground tell together."""

import numpy as np
import pytest

from layers.indicators.disclosure.differencing import found, held_back
from layers.indicators.disclosure.kinship import comparable, kin, with_sums
from tests.factories.geography import ZoneFactory, square
from tests.layers.indicators.disclosure.test_differencing import release

OLD = ["Z1", "Z2", "Z3"]
NEW = ["Z1a", "Z1b", "Z2a", "Z2b", "Z3"]
SMALL = [("girls", "Z1b"), ("girls", "Z2b")]
"""Three and four girls, each in a piece of a zone that was published whole."""


def before():
    return release([[60, 70, 80], [60, 70, 80]], [[20, 20, 20], [20, 20, 20]], zones=OLD)  # fmt: skip


def after():
    return release(
        [[30, 30, 40, 30, 80], [57, 3, 66, 4, 80]][::-1],
        [[10, 10, 10, 10, 20], [18, 2, 18, 2, 20]][::-1],
        zones=NEW,
        secret=SMALL,
        withheld=[("all", "Z1b"), ("all", "Z2b")],
    )


def told(release, groups):
    return with_sums(release, {n: frozenset(each) for n, each in enumerate(groups)})


def test_two_split_zones_give_their_small_pieces_away_only_to_who_knows_the_ground():
    """The town's total tells the two pieces together, the former zones each of them."""
    old, new = before(), after()
    assert not found([old], new)
    old = told(old, [["Z1"], ["Z2"]])
    new = told(new, [["Z1a", "Z1b"], ["Z2a", "Z2b"]])
    assert found([old], new)


def test_the_larger_pieces_are_held_back_until_nothing_is_told():
    old = told(before(), [["Z1"], ["Z2"]])
    new = told(after(), [["Z1a", "Z1b"], ["Z2a", "Z2b"]])
    held = held_back([old], new)
    names = {new.cells[n] for n in np.flatnonzero(held)}
    assert ("girls", "Z1a") in names
    assert ("girls", "Z2a") in names
    assert ("girls", "Z3") not in names


def test_sums_stand_after_a_releases_own_cells_and_are_never_published():
    own, more = after(), told(after(), [["Z1a", "Z1b"]])
    size = len(own.cells)
    assert more.cells[:size] == own.cells
    assert more.count[size:].tolist() == [120, 60, 60]
    assert not more.fresh[size:].any()
    assert with_sums(own, {}) is own


@pytest.fixture
def ground(town):
    """Z1 split in two, Z2 and Z3 merged, Z4 as it was."""

    def zone(code, west, side, **more):
        return ZoneFactory(
            municipality=town, code=code, geometry=square(35 + west, 33, side), **more
        )

    old = [zone("Z1", 0, 0.02), zone("Z2", 0.1, 0.02), zone("Z3", 0.12, 0.02)]
    kept = zone("Z4", 0.5, 0.02)
    new = [zone("Z1a", 0, 0.01), zone("Z1b", 0.01, 0.01), zone("M", 0.1, 0.04)]
    rows = [[(each.pk, each.code) for each in part] for part in (old, new)]
    return rows[0] + [(kept.pk, "Z4")], rows[1] + [(kept.pk, "Z4")]


def test_zones_are_kin_where_they_share_ground(ground):
    former, present = ground
    groups = {(frozenset(x.former), frozenset(x.present)) for x in kin(former, present)}
    assert groups == {
        (frozenset({"Z1"}), frozenset({"Z1a", "Z1b"})),
        (frozenset({"Z2", "Z3"}), frozenset({"M"})),
    }
    assert kin(former, former) == []


def test_releases_by_the_same_zones_stay_comparable_cell_by_cell(ground):
    former, present = ground
    old = release(
        np.full((2, 4), 50), np.full((2, 4), 10), zones=[c for _, c in former]
    )
    new = release(np.full((2, 4), 50), np.full((2, 4), 10), zones=[c for _, c in present])  # fmt: skip
    (first, second), third = comparable([old, new], [former, present], new, present)
    assert second.cells == third.cells
    assert len(third.cells) > len(new.cells)
    assert first.cells[len(old.cells) :] == third.cells[len(new.cells) :]
