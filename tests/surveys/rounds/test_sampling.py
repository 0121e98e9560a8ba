import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.rounds.sampling import (
    Frame,
    SampleTooLarge,
    allocate,
    draw_census,
    draw_simple,
    draw_stratified,
    draw_two_stage,
    hilbert,
    segments_of,
    systematic,
)


def frame_of(*counts, seed=1):
    rng = np.random.default_rng(seed)
    zones = np.repeat([f"Z{n}" for n in range(len(counts))], counts)
    codes = np.array([f"P{n:05}" for n in range(len(zones))])
    return Frame(codes, zones, rng.random((len(zones), 2)) * 1000)


def shuffled(frame, seed=2):
    order = np.random.default_rng(seed).permutation(len(frame.codes))
    return Frame(frame.codes[order], frame.zones[order], frame.positions[order])


DESIGNS = {
    "simple": lambda frame: draw_simple(frame, size=40, seed=7),
    "stratified": lambda frame: draw_stratified(frame, size=40, seed=7),
    "two_stage": lambda frame: draw_two_stage(
        frame, segments=12, per_segment=5, segment_size=20, seed=7
    ),
}


@pytest.mark.parametrize("design", DESIGNS)
def test_the_same_seed_and_frame_give_the_same_sample(design):
    frame = frame_of(120, 80, 200)
    first = DESIGNS[design](frame)
    assert first == DESIGNS[design](shuffled(frame))
    assert len({each.code for each in first}) == len(first)


def test_a_census_takes_everyone_once():
    drawn = draw_census(frame_of(3, 2))
    assert [each.weight for each in drawn] == [1] * 5
    assert [each.stratum_psus for each in drawn] == [3, 3, 3, 2, 2]


@given(st.lists(st.integers(2, 60), min_size=1, max_size=6), st.integers(0, 300))
def test_weights_of_equal_chances_add_up_to_the_frame(counts, size):
    frame = frame_of(*counts)
    drawn = draw_stratified(frame, size=size, seed=3)
    for zone, count in zip(np.unique(frame.zones), counts, strict=True):
        weights = [each.weight for each in drawn if each.stratum == zone]
        assert sum(weights) == pytest.approx(count)


def test_over_many_draws_two_stages_count_every_parcel_once():
    """The Horvitz-Thompson total of ones is unbiased for the number of parcels."""
    frame = frame_of(150, 90, 40)
    totals = [
        sum(
            each.weight
            for each in draw_two_stage(
                frame, segments=9, per_segment=4, segment_size=15, seed=seed
            )
        )
        for seed in range(400)
    ]
    error = np.std(totals) / np.sqrt(len(totals))
    assert abs(np.mean(totals) - 280) < 4 * error + 1e-9


def test_a_larger_segment_comes_more_often_and_one_beyond_the_interval_always():
    rng = np.random.default_rng(5)
    sizes = np.array([1.0, 2, 3, 10])
    seen = np.zeros(4)
    for _draw in range(4000):
        for index, chance in systematic(sizes, 2, rng):
            seen[index] += 1
            assert chance == pytest.approx([1 / 6, 2 / 6, 3 / 6, 1][index])
    assert seen / 4000 == pytest.approx([1 / 6, 2 / 6, 3 / 6, 1], abs=0.04)


@given(st.integers(0, 200), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_shares_are_whole_and_add_up(total, sizes):
    shares = allocate(total, sizes, least=2)
    low = np.minimum(sizes, 2)
    assert (shares >= low).all()
    assert (shares <= sizes).all()
    assert shares.sum() == min(max(total, low.sum()), sum(sizes))


def test_shares_follow_the_sizes():
    # 10 of 100: exactly 6.1, 2.9 and 1.0; the largest remainder rounds up.
    assert allocate(10, [61, 29, 10], least=1).tolist() == [6, 3, 1]


def test_segments_hold_neighbours():
    rng = np.random.default_rng(0)
    positions = rng.random((400, 2)) * 1000
    parts = segments_of(positions, 20)
    assert sorted(np.concatenate(parts)) == list(range(400))
    spread = np.mean([positions[part].std(axis=0).mean() for part in parts])
    assert spread < 100 < positions.std(axis=0).mean()


def test_the_curve_visits_each_cell_after_a_neighbour():
    side = 16
    cells = np.array([(x, y) for x in range(side) for y in range(side)], float)
    order = np.argsort(hilbert(cells / side * (1 << 12), order=4))
    steps = np.abs(np.diff(cells[order], axis=0)).sum(axis=1)
    assert steps.tolist() == [1] * (side * side - 1)


def test_more_than_there_is_cannot_be_drawn():
    with pytest.raises(SampleTooLarge, match="9 of 5"):
        draw_simple(frame_of(5), size=9, seed=1)
