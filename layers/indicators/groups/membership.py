"""To which group of each dimension the children of a sample belong."""

from __future__ import annotations

import numpy as np

from layers.indicators import maths
from layers.indicators.catalogue import indicators
from layers.indicators.groups import wealth
from layers.indicators.groups.breakdowns import DIMENSIONS
from layers.indicators.samples.observations import VARIABLES
from layers.indicators.samples.sample import Sample

NOBODY = -1
AGES = (60, 120, 180)
"""Months at which the second, third and fourth age group begin."""
FUNCTIONING = ("dis_cfm_2_4", "dis_cfm_5_17")
"""The indicators that say who has a functional difficulty."""
ASSETS = tuple(name for name in VARIABLES if name.startswith("asset_"))
MODULE_FROM = 60


def categories_of(sample: Sample) -> dict[str, maths.Integers]:
    """(children,) by dimension: the place of each child's category, NOBODY for none.

    Nothing is guessed: who was not asked, or did not answer, is in no category.
    """
    columns = sample.columns
    found = {
        "sex": sample.child_group,
        "age": np.digitize(columns["age_months"], AGES),
        "wealth": wealth_of(sample),
        "disability": _disability(sample),
        "nationality": _whole(columns["nationality"] - 1),
        # 1 is displaced, the first category.
        "displacement": _whole(1 - columns["displaced"]),
    }
    return {name: found[name].astype(np.int64) for name in DIMENSIONS}


def _whole(codes: maths.Floats) -> maths.Integers:
    return np.nan_to_num(codes, nan=NOBODY).astype(np.int64)


def _disability(sample: Sample) -> maths.Integers:
    """0 with a difficulty, 1 without, by the rules of the catalogue's own indicators."""
    group = np.full(len(sample.child_unit), NOBODY)
    for code in FUNCTIONING:
        found = indicators()[code].judge(sample.columns)
        group[found.eligible] = np.where(found.in_need[found.eligible], 0, 1)
    return group


def wealth_of(sample: Sample) -> maths.Integers:
    """The fifth (0 to 4) of each child's household, among the households with children.

    Fifths of the persons in them: weight times members.
    """
    units, first = np.unique(sample.child_unit, return_index=True)
    assets = np.column_stack([sample.columns[name][first] for name in ASSETS])
    persons = np.nan_to_num(sample.columns["persons"][first], nan=1.0)
    weight = (sample.unit_weight * sample.unit_factor)[units] * persons
    fifth = wealth.fifths(wealth.scores(assets, weight), weight)
    of_unit = np.zeros(len(sample.unit_zone), dtype=np.int64)
    of_unit[units] = fifth
    return of_unit[sample.child_unit] - 1


def factor_of(dimension: str, sample: Sample) -> maths.Floats | None:
    """(children,) how many each stands for where the dimension's questions went to one
    drawn child; None where they went to all.
    """
    module = DIMENSIONS[dimension].module
    if not module:
        return None
    drawn = np.nan_to_num(sample.columns[module])
    return np.where(sample.columns["age_months"] < MODULE_FROM, 1.0, drawn)
