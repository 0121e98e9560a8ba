"""Larger areas: whole zones told together, without giving a zone away."""

from datetime import date

import numpy as np
import pytest
from scipy.optimize import linprog

from layers.geography.models import Zone
from layers.indicators.areas import figures as area_figures
from layers.indicators.areas.figures import families_with_areas
from layers.indicators.areas.levels import Areas
from layers.indicators.catalogue import indicators
from layers.indicators.disclosure import suppression
from layers.indicators.models import (
    Area,
    AreaEstimate,
    Estimate,
    FamilyCounts,
)
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_release, replace_observations
from layers.indicators.succession import _read
from tests.factories.geography import ZoneFactory, square
from tests.factories.observations import households, told_apart

ZONES = tuple(f"B{number}" for number in range(1, 9))


@pytest.fixture
def blocks(town):
    """Eight blocks in a row, three in the first quarter, five in the second."""
    quarters = [
        ZoneFactory(
            municipality=town,
            code=code,
            geometry=square(west=35.82 + at * 0.005, side=0.005),
        )
        for code, at in (("Q1", 0), ("Q2", 3))
    ]
    return [
        ZoneFactory(
            municipality=town,
            code=code,
            kind=Zone.Kind.BLOCK,
            parent=quarters[number >= 3],
            geometry=square(west=35.82 + number * 0.005, side=0.005),
        )
        for number, code in enumerate(ZONES)
    ]


def observed(town, units):
    return replace_observations(
        municipality=town,
        code="spring",
        titles=dict.fromkeys(("ar", "en", "fr"), "Spring"),
        reference_date=date(2026, 4, 1),
        source="Survey",
        units=units,
    )


def published(town, units):
    return compute_release(municipality=town, observation_set=observed(town, units))


def sample(seed=3, per_zone=18):
    units = told_apart(households(seed, zones=ZONES, per_zone=per_zone))
    # One block is nearly empty.
    return [each for each in units if each.zone_code != "B2" or each.key.endswith("-1")]


def test_quarters_and_merged_blocks_are_told_and_give_nothing_away(town, blocks):
    release = published(town, sample())
    quarters = Area.objects.filter(release=release, level="quarter")
    assert [(x.code, x.codes) for x in quarters.order_by("codes")] == [
        ("Q1", "B1+B2+B3"),
        ("Q2", "B4+B5+B6+B7+B8"),
    ]
    rows = AreaEstimate.objects.of_release(release)
    assert rows.of_breakdown("sex:female").filter(estimate__isnull=False).exists()
    of_all = rows.of_breakdown("all")
    home = {
        x.area.code: x for x in of_all.of_indicator("hou_internet").of_level("quarter")
    }
    whole = Estimate.objects.of_release(release).of_indicator("hou_internet")
    town_row = whole.of_breakdown("all").get(zone=None)
    weighted = sum(x.estimate * x.population for x in home.values())
    assert weighted / town_row.population == pytest.approx(town_row.estimate, abs=0.02)
    assert all(x.se > 0 and x.low < x.estimate < x.high for x in home.values())
    assert sum(x.n for x in home.values()) == pytest.approx(town_row.n, abs=8)
    assert {x.reason for x in rows} <= set(Estimate.Reason.values)
    merged = of_all.of_level("merged")
    assert merged.filter(estimate__isnull=False).exists()
    alone = {(x.indicator, x.zone.code): x for x in Estimate.objects.of_release(release)
             .of_breakdown("all").exclude(zone=None).select_related("zone")}  # fmt: skip
    helped = [
        row
        for row in merged.filter(estimate__isnull=False)
        if any(
            alone[row.indicator, code].estimate is None
            for code in row.area.codes.split("+")
        )
    ]
    assert helped
    for row in merged:
        places = sorted(ZONES.index(code) for code in row.area.codes.split("+"))
        # Neighbours in a row.
        assert places == list(range(places[0], places[-1] + 1))
        assert len(places) > 1
    known = {x.zone.kind for x in alone.values()}
    assert known == {Zone.Kind.BLOCK}
    attacked = 0
    for row in FamilyCounts.objects.filter(release=release):
        attacked += attack(_read(row.content))
    assert attacked > 30
    holds_after_a_correction(town, release)


class GivenAway(AssertionError):
    """A withheld count that is known, or known to be of one to four children."""


def attack(told):
    """Bounds of each withheld count by programmes over all atoms; how many were tried."""
    tried = 0
    for counts in (told.affected, told.count - told.affected):
        for cell in np.flatnonzero(told.secret & (counts > 0)):
            row = told.membership[cell]
            low, high = (
                sign
                * linprog(
                    sign * row,
                    A_eq=told.membership[told.fresh],
                    b_eq=counts[told.fresh],
                    bounds=(0, float(counts.sum())),
                ).fun
                for sign in (1, -1)
            )
            if high - low < 1 - 1e-6 or (low > 1e-6 and high < 5):
                raise GivenAway(told.cells[cell])
            tried += 1
    return tried


@pytest.fixture
def families(town, blocks):
    """What is said of two indicators, one of all children and one of few."""
    cut = read_sample(observed(town, sample(seed=8)))
    chosen = [indicators()[code] for code in ("hou_internet", "edu_oos_primary")]
    return lambda: [
        each.issued for each in families_with_areas(cut, chosen, Areas(cut))
    ]


def test_the_attack_finds_parents_that_are_told_unprotected(families, monkeypatch):
    """Both quarters with all but the nearly empty block tell that block."""
    assert sum(attack(each) for each in families()) > 0
    protected = suppression.withheld

    def blind(table, rule):
        """Zones and the town are protected as if there were no quarters."""
        inner = table.zone > suppression.AREA
        reasons = suppression.primary(table, rule).astype("<U20")
        reasons[inner] = protected(table.part(inner), rule)
        return reasons

    monkeypatch.setattr(suppression, "withheld", blind)
    with pytest.raises(GivenAway):
        [attack(each) for each in families()]


def test_the_attack_finds_merged_zones_that_are_told_unprotected(families, monkeypatch):
    def blind(table, first, known, rule):
        rest = suppression.primary(table, rule)[len(known) :]
        return np.concatenate([known, rest])

    monkeypatch.setattr(area_figures, "_added", blind)
    with pytest.raises(GivenAway):
        [attack(each) for each in families()]


def holds_after_a_correction(town, first):
    """The regions stay, and what moved by a few children keeps its former value."""
    units = sample()
    gone = next(x for x in units if x.zone_code == "B6" and 0 < len(x.children) < 4)
    second = published(town, [x for x in units if x is not gone])
    assert second.number == first.number + 1

    def said(release):
        return {
            (x.indicator, x.breakdown, *x.area.key): (x.estimate, x.n, x.flag)
            for x in AreaEstimate.objects.of_release(release)
        }

    before, after = said(first), said(second)
    assert before.keys() == after.keys()
    whole = [x for x in before if x[:2] == ("hou_internet", "all")]
    home = [x for x in whole if "B6" in x[3]]
    assert home
    assert all(before[x] == after[x] for x in home)
    for row in FamilyCounts.objects.filter(release=second):
        attack(_read(row.content))
