"""No two published figures, one of them of a group, count the same children but one to four;
the pairs are sought here one by one, without the numbers that the search goes by."""

from __future__ import annotations

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.deprivation.release import Deprivation
from layers.indicators.disclosure.suppression import NEARLY_EQUAL
from layers.indicators.estimator import Estimator
from layers.indicators.figures import families_of
from layers.indicators.groups.grouped import Groups, grouped
from layers.indicators.groups.near_groups import (
    Beside,
    families_with_groups,
    nearly_equal,
)
from layers.indicators.samples.sample import read_sample
from tests.factories.observations import households, told_apart

FAMILY = ("edu_oos", "edu_oos_primary", "edu_oos_lowsec", "edu_oos_upsec")
CHOSEN = (*FAMILY, "pro_labour", "pro_labour_mics6", "dis_cfm_5_17")


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
    found = [*plain_figures(sample, families), *group_figures(sample, families)]
    return tuple(np.array(part) for part in zip(*found, strict=True))


def sides(sample, indicator, here, *, of_group):
    eligible, in_need = indicator.decide(sample.columns)
    for side in (eligible, in_need, eligible & ~in_need):
        yield side & here, of_group


def in_place(sample, place):
    zone = sample.unit_zone[sample.child_unit]
    return (zone == place) | (place == len(sample.zones))


def plain_figures(sample, families):
    for family, _groups in families:
        for member, reasons in zip(family.members, family.reasons, strict=True):
            for breakdown, place in np.argwhere(reasons == ""):
                here = in_place(sample, place)
                if breakdown:
                    here &= sample.child_group == breakdown - 1
                yield from sides(sample, member.indicator, here, of_group=False)


def group_figures(sample, families):
    for _family, groups in families:
        for table in groups.tables:
            shown, group = table.table.shown, table.grouping.group
            for row, column in np.argwhere(shown):
                if table.is_crossed:
                    here = group == row * shown.shape[1] + column
                else:
                    here = (group == column) & in_place(sample, row)
                yield from sides(sample, table.indicator, here, of_group=True)


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
    assert any(
        table.table.shown.any()
        for _family, groups in families
        for table in groups.tables
        if table.part >= 0
    )
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


def test_a_figure_of_another_kind_counts_as_well(sample, chosen):
    families = families_with_groups(sample, chosen)
    masks, of_group = told(sample, families)
    mask = masks[of_group & (masks.sum(axis=1) > 20)][0].copy()
    mask[np.flatnonzero(mask)[:3]] = False
    everybody = np.zeros(len(mask), dtype=np.int64)
    for cells in ([0], []):
        other = Beside(everybody, np.array(cells, dtype=np.int64), [mask])
        assert bool(nearly_equal(sample, families, [other])) == bool(cells)


def test_headcounts_of_deprivation_are_such_figures(put):
    deprivation = Deprivation.of(put(households()))
    cells = deprivation.table.cells
    counted = [
        (other.cell[side] == cell).sum()
        for other in deprivation.beside()
        for cell in other.told
        for side in other.inside
    ]
    shown = deprivation.table.reasons == ""
    sizes = np.column_stack([cells.count, cells.affected, cells.unaffected])[shown]
    assert sorted(counted) == sorted(sizes.ravel())
