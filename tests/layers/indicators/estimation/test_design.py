import numpy as np
import pytest

from layers.indicators.estimation.design import Design, Factor, SinglePSU
from layers.indicators.estimation.errors import DesignError

STRATA, UNITS = Factor.of(["N", "N", "S", "S"]), Factor.of(["a", "b", "c", "d"])


def of(**parts):
    usual = {"weight": np.ones(4), "strata": STRATA, "clusters": [UNITS]}
    return Design.of(**usual | parts)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"frames": [np.array([5, 5, np.nan, 5])]}, 'Stratum "S" has no frame count'),
        (
            {"frames": [np.array([5.0, 5, 3, 4])]},
            'Stratum "S" has two frame counts .*: 3 and 4',
        ),
        (
            {"frames": [np.array([1.0, 1, 5, 5])]},
            'Stratum "N" has 2 sampled units but a frame .fpc. of 1',
        ),
        (
            {"clusters": [Factor.of(["a", "b", "b", "d"])]},
            'Cluster "b" is in two strata, "N" and "S"',
        ),
        (
            {"clusters": [Factor.of(["a", "b", "c", "c"])], "single": SinglePSU.FAIL},
            'Stratum "S" has a single sampling unit',
        ),
        (
            {
                "clusters": [UNITS, Factor.of(["x"] * 4)],
                "frames": [np.full(4, 5.0), np.array([2, 2, np.nan, 2])],
            },
            'Stage 2: unit "c" has no frame count',
        ),
        ({"weight": np.array([1, 1, -1, 1.0])}, "row 3 has the weight -1"),
        ({"weight": np.array([1, 1, np.nan, 1.0])}, "row 3 has the weight nan"),
        ({"weight": np.zeros(4)}, "all weights are zero"),
        ({"weight": np.ones(3)}, "differ in length"),
    ],
)
def test_a_design_that_contradicts_itself_is_refused(parts, words):
    with pytest.raises(DesignError, match=words):
        of(**parts)


def test_units_of_the_second_stage_are_told_apart_by_those_of_the_first():
    design = of(
        clusters=[Factor.of(["a", "a", "c", "c"]), Factor.of([1, 2, 1, 2])],
        frames=[np.full(4, 2.0), np.full(4, 8.0)],
    )
    first, second = design.stages
    assert len(first.stratum) == 2
    assert len(second.stratum) == 4
    assert second.fraction.tolist() == [0.25, 0.25]
    assert second.reach.tolist() == [0.5, 0.5]


def test_later_stages_need_frames():
    design = of(clusters=[UNITS, Factor.of(["x"] * 4)])
    assert len(design.stages) == 1


def test_a_stratum_drawn_whole_is_not_lonely():
    parts = {"clusters": [Factor.of(["a", "b", "c", "c"])], "single": SinglePSU.FAIL}
    design = of(frames=[np.array([2.0, 2, 1, 1])], **parts)
    assert not design.stages[0].lonely.any()
