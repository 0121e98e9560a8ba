import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from layers.indicators.modelled import spatial
from layers.indicators.modelled.spatial import UnfitPattern

# A lattice of 5 columns and 4 rows, row by row; no two sums of neighbours are equal.
LATTICE = np.array(
    [
        12.13, 15.41, 11.07, 8.29, 7.53, 14.61, 16.83, 10.17, 9.37, 3.19,
        13.71, 9.59, 8.91, 6.23, 5.47, 2.03, 7.97, 30.31, 4.73, 1.11,
    ]
)  # fmt: skip
# esda 2.9.0, libpysal 4.14.1: w = lat2W(4, 5, rook=True); w.transform = "r"
#   Moran(LATTICE, w): I, EI, VI_rand, z_rand, p_rand
#   Moran_Local(LATTICE, w, permutations=9999, seed=1): Is, q, p_sim
WHOLE = (
    0.10885529794530623, -0.05263157894736842, 0.02215683605136856,
    1.0848841478643125, 0.27797296978413466,
)  # fmt: skip
LOCAL = [
    0.2664485823482068, 0.446185820380005, 0.036856704945235214, 0.02392798940736065,
    0.24068821537524054, 0.4793299866271054, 0.41386247882817806, 0.009126191488997371,
    0.039848891043987776, 0.39887650595514945, -0.10733675748633038,
    -0.015747938023776206, -0.10121897191375313, 0.24882822283980155,
    0.6847641297041275, -0.17122826753765125, -0.18961462923536915, -1.3286973089670038,
    -0.32526231006965656, 1.0186131252509634,
]  # fmt: skip
QUADRANT = [1, 1, 1, 3, 3, 1, 1, 1, 3, 3, 4, 2, 2, 3, 3, 2, 2, 4, 2, 3]
P_SIM = [
    0.1234, 0.1509, 0.2788, 0.4859, 0.1536, 0.1235, 0.1718, 0.2607, 0.154, 0.2013,
    0.4547, 0.2399, 0.111, 0.1485, 0.0078, 0.3688, 0.139, 0.2498, 0.2137, 0.0589,
]  # fmt: skip


def lattice(columns=5, rows=4):
    places = np.arange(columns * rows).reshape(rows, columns)
    pairs = [*zip(places[:, :-1].flat, places[:, 1:].flat, strict=True)]
    pairs += zip(places[:-1].flat, places[1:].flat, strict=True)
    return spatial.contiguity(columns * rows, pairs)


def test_the_whole_is_what_esda_says():
    found = spatial.pattern(LATTICE, lattice(), permutations=9999).moran
    told = (found.i, found.expected, found.variance, found.z, found.p_normal)
    assert told == pytest.approx(WHOLE, abs=1e-12)
    assert found.p_one_sided == pytest.approx(0.1434, abs=0.02)
    assert found.p == pytest.approx(2 * found.p_one_sided)


def test_the_parts_are_what_esda_says():
    found = spatial.pattern(LATTICE, lattice(), permutations=9999).local
    assert found.i == pytest.approx(LOCAL, abs=1e-12)
    assert found.quadrant == [spatial.QUADRANTS[q - 1] for q in QUADRANT]
    # Two runs of 9,999 draws: their standard errors are below 0.007.
    assert found.p_one_sided == pytest.approx(P_SIM, abs=0.03)


def test_the_nearest_are_those_of_esda():
    # By KNN.from_array(xy, k=3), row-standardised, and its Moran of LATTICE.
    xy = np.array([[i % 5, i // 5] for i in range(20)], float)
    xy += 0.01 * np.arange(40).reshape(20, 2) % 0.37
    found = spatial.pattern(LATTICE, spatial.nearest(xy, 3)).moran
    told = (found.i, found.expected, found.variance)
    assert told == pytest.approx(
        (0.11770911484687842, -0.05263157894736842, 0.02118200620452485), abs=1e-12
    )


def test_zones_at_one_place_are_not_their_own_neighbours():
    found = spatial.nearest(np.zeros((6, 2)), 2)
    assert found.diagonal().sum() == 0
    assert found.sum(axis=1) == pytest.approx(np.full(6, 2))


def test_a_planted_cluster_is_found_and_noise_is_not():
    column, row = np.arange(144) % 12, np.arange(144) // 12
    noise = np.random.default_rng(5).normal(size=144)
    block = (abs(column - 5) <= 2) & (abs(row - 5) <= 2)
    core = (abs(column - 5) <= 1) & (abs(row - 5) <= 1)
    found = spatial.pattern(noise + 6 * block, lattice(12, 12), permutations=9999)
    clusters = np.array(found.local.cluster)
    assert set(clusters[core]) == {"high-high"}
    assert found.moran.p < 0.001
    nothing = spatial.pattern(noise, lattice(12, 12))
    assert nothing.moran.p > 0.05
    assert set(nothing.local.cluster) == {""}


def test_the_rate_of_false_clusters_is_kept():
    generator = np.random.default_rng(11)
    any_found = [
        any(
            spatial.pattern(
                generator.normal(size=49), lattice(7, 7), permutations=499, seed=seed
            ).local.cluster
        )
        for seed in range(100)
    ]
    assert np.mean(any_found) <= 0.1


def test_islands_and_missing_values_are_named_and_left_out():
    values = np.append(LATTICE, [5.0, np.nan])
    wide = spatial.contiguity(22, [*zip(*lattice().nonzero(), strict=True), (19, 21)])
    found = spatial.pattern(values, wide)
    assert found.islands == [20]
    assert found.moran.i == pytest.approx(WHOLE[0], abs=1e-12)
    assert found.local.cluster[20:] == ["island", "missing"]
    assert np.isnan(found.local.p[20:]).all()


def test_the_same_seed_gives_the_same_answer():
    once = spatial.pattern(LATTICE, lattice(), seed=3)
    again = spatial.pattern(LATTICE, lattice(), seed=3)
    other = spatial.pattern(LATTICE, lattice(), seed=4)
    assert once.moran == again.moran
    assert once.local.p.tolist() == again.local.p.tolist()
    assert once.local.p.tolist() != other.local.p.tolist()


@given(st.floats(0.01, 100), st.floats(-50, 50))
@settings(max_examples=20, deadline=None)
def test_unit_and_origin_do_not_matter(unit, origin):
    found = spatial.pattern(unit * LATTICE + origin, lattice(), permutations=99)
    assert found.moran.i == pytest.approx(WHOLE[0], abs=1e-9)
    assert found.local.i == pytest.approx(LOCAL, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "pairs", "words"),
    [
        (LATTICE, [], "No zone has a neighbour"),
        (LATTICE, [(1, 1)], "No zone has a neighbour"),
        (LATTICE, [(0, 1), (1, 2)], "3 zones have a value and a neighbour"),
        (np.ones(20), [(0, 1), (2, 3)], "the same value"),
    ],
)
def test_what_has_no_pattern_is_refused(values, pairs, words):
    with pytest.raises(UnfitPattern, match=words):
        spatial.pattern(values, spatial.contiguity(20, pairs))


def test_k_must_fit_the_zones():
    with pytest.raises(UnfitPattern, match="between 1 and 4"):
        spatial.nearest(np.arange(10.0).reshape(5, 2), 5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_correction_is_that_of_scipy(p):
    found = spatial.benjamini_hochberg(np.array([*p, np.nan]))
    assert found[:-1] == pytest.approx(false_discovery_control(p))
    assert np.isnan(found[-1])
