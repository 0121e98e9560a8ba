"""No two published figures, one of them of a group, count the same children but one to four;
the pairs are sought here one by one, without the numbers that the search goes by."""

from __future__ import annotations

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.figures import Estimator, families_of
from layers.indicators.grouped import Groups, grouped
from layers.indicators.near_groups import families_with_groups, nearly_equal
from layers.indicators.sample import read_sample
from layers.indicators.suppression import NEARLY_EQUAL
from tests.factories.observations import households, told_apart

CHOSEN = ("edu_oos", "edu_oos_upsec", "pro_labour", "pro_labour_mics6", "dis_cfm_5_17")


@pytest.fixture
def sample(put):
    return read_sample(put(told_apart(households(3, per_zone=120, frame=400))))


@pytest.fixture
def chosen():
    return [indicators()[code] for code in CHOSEN]


def alone(sample, chosen):
    """Each family protected by itself."""
    groups, estimator = Groups.of(sample), Estimator(sample)
    return [
        (family, grouped(groups, estimator, family.members, family.reasons))
        for family in families_of(sample, chosen)
    ]


def told(sample, families):
    """Masks (S, children) of what the figures count, and which of them are of groups."""
    zone = sample.unit_zone[sample.child_unit]
    masks, of_group = [], []

    def add(indicator, here, group):
        eligible, in_need = indicator.decide(sample.columns)
        for side in (eligible, in_need, eligible & ~in_need):
            masks.append(side & here)
            of_group.append(group)

    for family, groups in families:
        for member, reasons in zip(family.members, family.reasons, strict=True):
            for breakdown, place in np.argwhere(reasons == ""):
                here = (zone == place) | (place == len(sample.zones))
                if breakdown:
                    here = here & (sample.child_group == breakdown - 1)
                add(member.indicator, here, False)
        for table in groups.tables:
            for row, column in np.argwhere(table.table.shown):
                width = table.table.shown.shape[1]
                at = row * width + column if table.is_crossed else column
                here = table.grouping.group == at
                if not table.is_crossed and row < len(sample.zones):
                    here = here & (zone == row)
                add(table.indicator, here, True)
    return np.array(masks), np.array(of_group)


def near_pairs(masks, of_group):
    both = masks.astype(np.int64) @ masks.T.astype(np.int64)
    size = np.diag(both)
    more = size - both
    inside = (both == size[:, None]) & (size[:, None] > 0)
    pairs = inside & (more >= 1) & (more <= 4)
    return pairs & (of_group[:, None] | of_group)


def test_figures_that_are_safe_alone_are_not_side_by_side(sample, chosen):
    families = alone(sample, chosen)
    assert near_pairs(*told(sample, families)).any()
    near = nearly_equal(sample, families)
    assert near
    assert {type(cell.table) for cell in near} == {str, tuple}


def test_no_pair_is_left_in_a_release(sample, chosen):
    families = families_with_groups(sample, chosen)
    masks, of_group = told(sample, families)
    assert of_group.sum() > 100
    assert not near_pairs(masks, of_group).any()


def test_what_was_withheld_does_not_come_back_from_its_table(sample, chosen):
    found = 0
    for _family, groups in families_with_groups(sample, chosen):
        assert not list(groups.given_away())
        for table in groups.tables:
            reasons = table.table.reasons
            for row, _column in np.argwhere(reasons == NEARLY_EQUAL):
                found += 1
                if not table.is_crossed:
                    assert (reasons[row] != "").sum() > 1
    assert found
