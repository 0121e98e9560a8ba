"""An attacker adds and subtracts published means; positions are between the limits."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers.indicators.disclosure.means import (
    CLOSEST,
    DOMINATED,
    Households,
    Scale,
    Told,
    difference_passes,
    held_back,
    keeps_apart,
    primary,
    withheld,
)
from layers.indicators.disclosure.suppression import (
    FEW_CHILDREN,
    FEW_HOUSEHOLDS,
    NO_DATA,
    PROTECTS_OTHERS,
    SENSITIVE,
    USUAL,
)

SCALE = Scale(0.0, 100.0, USUAL)


def households(*zones, children=2, weight=1.0):
    """Of each zone the positions of its households, whose children are all alike."""
    place = np.repeat(np.arange(len(zones)), [len(each) for each in zones])
    weights = np.full(len(place), weight * children)
    return Households(
        zone=place,
        children=np.full(len(place), children),
        weight=weights,
        amount=weights * np.concatenate([np.array(each, float) for each in zones]),
    )


MANY = [0.2, 0.4, 0.5, 0.6, 0.3] * 4


def test_a_zone_with_one_rich_household_is_withheld():
    assert primary(households([0.0] * 29 + [0.9]), USUAL) == DOMINATED
    assert primary(households([1.0] * 29 + [0.1]), USUAL) == DOMINATED
    assert primary(households([0.0] * 28 + [0.9, 0.9]), USUAL) == DOMINATED
    assert primary(households([0.05] * 29 + [0.9]), USUAL) == ""


def test_what_nobody_or_everybody_has_is_not_told():
    assert primary(households([0.0] * 30), USUAL) == DOMINATED
    assert primary(households([1.0] * 30), USUAL) == DOMINATED


def test_few_children_and_few_households_are_withheld():
    assert primary(households(MANY[:12]), USUAL) == FEW_CHILDREN
    assert primary(households(MANY[:4], children=7), USUAL) == FEW_HOUSEHOLDS
    assert primary(households(MANY[:9], children=3), USUAL) == ""
    assert primary(households(MANY[:9], children=3), SENSITIVE) == FEW_HOUSEHOLDS
    assert primary(households([]), USUAL) == NO_DATA


def test_a_hidden_zone_is_no_difference_of_the_town_and_the_others():
    found = withheld(households(MANY, MANY[:15], MANY[:3]), 3, USUAL)
    assert found == ["", PROTECTS_OTHERS, FEW_CHILDREN, ""]


def test_hidden_zones_that_are_few_together_hide_a_third():
    found = withheld(households(MANY, MANY[:14], MANY[:3], MANY[:2]), 4, USUAL)
    assert found == ["", PROTECTS_OTHERS, FEW_CHILDREN, FEW_CHILDREN, ""]


def test_where_no_zone_is_left_the_town_is_withheld():
    assert withheld(households([0.0] * 20, [0.0] * 19 + [0.9]), 2, USUAL) == [
        DOMINATED,
        DOMINATED,
        DOMINATED,
    ]
    found = withheld(households(MANY, MANY[:3]), 2, USUAL)
    assert found == [PROTECTS_OTHERS, FEW_CHILDREN, ""]


def test_a_zone_without_children_hides_nothing():
    assert withheld(households(MANY, []), 2, USUAL) == ["", NO_DATA, ""]


def reach(amounts, weights, known, target):
    """What an attacker who knows the sum and one amount finds of another, by programmes."""
    unknown = [each for each in range(len(amounts)) if each != known]
    bounds = [(0.0, float(weights[each])) for each in unknown]
    sign = np.array([float(each == target) for each in unknown])
    ends = [
        linprog(
            way * sign,
            A_eq=np.ones((1, len(unknown))),
            b_eq=[amounts.sum() - amounts[known]],
            bounds=bounds,
        ).x[unknown.index(target)]
        / weights[target]
        for way in (1, -1)
    ]
    return ends[0], ends[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 9))
def test_who_knows_one_household_comes_near_no_other(seed, size):
    """The bounds of linear programmes leave p % of the width, or what the limits leave."""
    random = np.random.default_rng(seed)
    weights = random.uniform(1, 4, size)
    amounts = weights * random.beta(0.4, 0.8, size)
    if not keeps_apart(amounts, weights, CLOSEST[USUAL]):
        return
    for known in range(size):
        for target in set(range(size)) - {known}:
            low, high = reach(amounts, weights, known, target)
            own = amounts[target] / weights[target]
            assert high - own >= min(CLOSEST[USUAL], 1 - own) - 1e-7
            assert own - low >= min(CLOSEST[USUAL], own) - 1e-7


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_withholding_knows_no_order_and_no_scale_of_weights(seed):
    random = np.random.default_rng(seed)
    size = random.integers(1, 30, 4)
    found = households(*(random.beta(0.5, 1, each) for each in size))
    order = random.permutation(len(found.zone))
    heavier = Households(found.zone, found.children, 7 * found.weight, 7 * found.amount)
    reasons = withheld(found, 4, USUAL)
    assert withheld(found.of(order), 4, USUAL) == reasons
    assert withheld(heavier, 4, USUAL) == reasons
    hidden = [x for x in range(4) if reasons[x] not in ("", NO_DATA)]
    if not reasons[-1] and hidden:
        assert not primary(found.of(np.isin(found.zone, hidden)), USUAL)


def told(found, zones, version=1):
    """A release of `found`, as its zones' keys are their places."""
    reasons = withheld(found, zones, USUAL)
    contents = {place: Counter() for place in range(zones)}
    for zone, children, amount in zip(
        found.zone, found.children, found.amount, strict=True
    ):
        contents[int(zone)][int(children), round(100 * float(amount), 9)] += 1
    fresh = [x for x in range(zones) if reasons[x] in ("", NO_DATA)]
    return Told(version, contents, frozenset(fresh), town=not reasons[-1])


def after(earlier, found, zones):
    return held_back(earlier, told(found, zones), SCALE, found, list(range(zones)))


def test_the_same_answers_hold_nothing_back():
    found = households(MANY, MANY, MANY[:3], MANY[:14])
    held = after([told(found, 4)], found, 4)
    assert (held.zones, held.town) == (frozenset(), False)


def test_one_household_less_or_changed_keeps_the_former_figures():
    first = [told(households(MANY, MANY), 2)]
    for other in (MANY[1:], [0.9, *MANY[1:]], [*MANY, 0.7]):
        held = after(first, households(other, MANY), 2)
        assert (held.zones, held.town) == (frozenset({0}), True)


def test_many_households_more_are_told_anew():
    first = [told(households(MANY, MANY), 2)]
    held = after(first, households(MANY + MANY[:8], MANY), 2)
    assert (held.zones, held.town) == (frozenset(), False)


def test_many_that_moved_are_not_told_if_one_of_them_is_all_of_it():
    first = [told(households(MANY, MANY), 2)]
    held = after(first, households([*MANY, *[0.0] * 8, 0.9], MANY), 2)
    assert 0 in held.zones


def test_four_households_are_few_whatever_they_say():
    first = [told(households(MANY, MANY), 2)]
    held = after(first, households([0.45, 0.55, 0.35, 0.65, *MANY[4:]], MANY), 2)
    assert (held.zones, held.town) == (frozenset({0}), True)


def test_what_went_bounds_what_came():
    """From all at the upper limit but one to all at the lower one: the sum names the one."""
    first = [told(households(MANY + [1.0] * 7 + [0.1], MANY), 2)]
    held = after(first, households(MANY + [0.0] * 8, MANY), 2)
    assert 0 in held.zones


def test_a_zone_known_from_before_hides_no_other():
    """It is withheld to protect its neighbour, but a release told the very same answers."""
    found = households(MANY, MANY[:1])
    heavy = np.where(found.zone == 1, 500.0, 1.0)
    first = told(
        Households(
            found.zone, found.children, found.weight * heavy, found.amount * heavy
        ),
        2,
    )
    assert (first.fresh, first.town) == ({0}, False)
    assert told(found, 2).town
    assert after([first], found, 2).town


def test_a_zone_that_shrank_is_not_the_difference_of_two_towns():
    """Its own figure is withheld, and so would be the town's, but for the release before."""
    big = MANY + MANY
    first = [told(households(big, MANY, MANY, MANY[:2], MANY[:14]), 5)]
    assert first[0].fresh == {0, 1, 2}
    held = after(first, households(big, MANY[:3], MANY, MANY[:2], MANY[:14]), 5)
    assert held.town


def test_what_was_withheld_is_not_told_of_the_same_answers():
    """Two zones were hidden together; one of them alone would give the other."""
    first = [told(households(MANY, MANY[:14], MANY[:3]), 3)]
    grown = households(MANY, MANY[:14], MANY[:3] + MANY[:12])
    held = after(first, grown, 3)
    assert 1 in held.zones


def test_zones_drawn_anew_keep_everything():
    first = told(households(MANY, MANY), 2)
    found = households(MANY, MANY, MANY)
    held = held_back([first], told(found, 3), SCALE, found, [0, 1, 2])
    assert held.town
    assert held.zones == {0, 1, 2}


def corrected(seed):
    """A round released four times, households of half of its zones changed in between."""
    random = np.random.default_rng(seed)
    zones = [list(random.beta(1, 2, random.integers(8, 40))) for _ in range(5)]
    releases = []
    for _ in range(4):
        found = households(*zones)
        new = told(found, 5)
        held = after(releases, found, 5)
        fresh, town = new.fresh - held.zones, new.town and not held.town
        releases.append(Told(1, new.contents, fresh, town=town))
        for zone in zones:
            if random.random() < 0.5:
                moved = int(random.choice([1, 2, 3, 12]))
                zone[:moved] = list(random.beta(1, 2, moved))
    return releases


def rests_of(releases):
    """What the towns give when all zones that any release tells are taken away."""
    known = {
        (zone, frozenset(each.contents[zone].items()))
        for each in releases
        for zone in each.fresh
    }
    for each in releases:
        unknown = [
            content
            for zone, content in each.contents.items()
            if (zone, frozenset(content.items())) not in known
        ]
        if each.town:
            yield sum(unknown, Counter())


@pytest.mark.parametrize("seed", range(40))
def test_no_sum_of_several_releases_is_a_few_households(seed):
    releases = corrected(seed)
    pairs = [(x, y) for x in releases for y in releases]
    sums = [
        (first.contents[zone], second.contents[zone])
        for first, second in pairs
        for zone in first.fresh & second.fresh
    ]
    rests = list(rests_of(releases))
    for first, second in sums + [(x, y) for x in rests for y in rests]:
        assert first == second or difference_passes(first, second, SCALE)
    for rest in filter(None, rests):
        sizes, values = np.array(list(rest.elements())).T
        assert sizes.sum() >= USUAL.children
        assert keeps_apart(values / 100, sizes, CLOSEST[USUAL])


def test_corrections_are_told_at_all():
    """The proof above is not one of silence."""
    many = [corrected(seed) for seed in range(40)]
    later = [each for releases in many for each in releases[1:]]
    assert sum(each.town for each in later) >= 5
    assert sum(len(each.fresh) for each in later) >= 100
