"""Random towns: what is published of groups is attacked with linear programmes over all
tables at once, which know nothing of how the pattern was found."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.group_counts import Given, Larger
from layers.indicators.disclosure.group_protection import Protection
from layers.indicators.disclosure.suppression import SENSITIVE, SMALLEST_GROUP, USUAL

ZONES = 4
SIZES = {"sex": 2, "wealth": 3, "origin": 2}
PAIRS = [("sex", "wealth"), ("sex", "origin"), ("wealth", "origin")]
AXES = ("zone", "sex", "wealth", "origin")
LENGTHS = (ZONES, 2, 4, 3)
"""With a last place for those in no category."""
AREAS = ((0, 3), (1, 2))
"""The zones of each larger area."""


def town(seed, size):
    """A town of `size` children or so, and what it would publish of girls and boys, in
    zones and in larger areas."""
    random = np.random.default_rng(seed)
    size = int(random.integers(size // 2, size))
    unit = random.integers(0, size // 2, size)
    zone = random.choice(ZONES, size // 2 + 1, p=[0.4, 0.3, 0.2, 0.1])[unit]
    poor = random.random(size // 2 + 1)[unit]
    sex = random.integers(0, 2, size)
    places = {
        "zone": zone,
        "sex": sex,
        "wealth": np.minimum((poor * 3).astype(int), 2),
        "origin": np.where(random.random(size) < 0.05, 2, (poor < 0.3).astype(int)),
    }
    in_need = random.random(size) < 0.15 + 0.4 * poor
    reasons = sexes(places, in_need, unit)
    told = np.isin(reasons, ["", "no_data"])
    zones, areas = np.split(reasons, [ZONES + 1], axis=1)
    hidden = np.pad(
        ~told[1:, ZONES + 1 :].T[:, None],
        ((0, 1), (0, 0), (0, 0)),
        constant_values=True,
    )
    area = np.array([x in AREAS[1] for x in range(ZONES)]).astype(int)[zone]
    return Given(
        places={
            **places,
            "band": np.zeros(size, int),
            "cohort": sex,
            "site": zone,
            "area 0": area,
            "site 0": area,
        },
        unit=unit,
        in_need=in_need,
        sizes={"zone": ZONES, **SIZES},
        rules={"sex": USUAL, "wealth": USUAL, "origin": SENSITIVE},
        unasked=frozenset({"wealth", "origin"}),
        open_rows=told[0, : ZONES + 1],
        sex_told=told[1:, : ZONES + 1].T,
        sex_hidden=~told[1:, :ZONES].T[:, None],
        sex_secrets=secrets(zones[1:, :-1]),
        larger=[Larger("area 0", "site 0", hidden, secrets(areas[1:]))],
    ), reasons


def secrets(reasons):
    unsafe = ["few_children", "few_households", "few_affected"]
    return [
        (frozenset({0}), int(at), int(row))
        for row, at in np.argwhere(np.isin(reasons, unsafe))
    ]


def sexes(places, in_need, unit):
    """Reasons (3, zones + 1 + areas) of all children, girls and boys, as a release has
    them."""
    masks = [np.ones_like(in_need), places["sex"] == 0, places["sex"] == 1]
    wheres = [*(places["zone"] == zone for zone in range(ZONES)), np.ones_like(in_need)]
    wheres += [np.isin(places["zone"], zones) for zones in AREAS]

    def counts(also):
        return np.array([[(m & w & also).sum() for w in wheres] for m in masks])

    groups = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    homes = np.array([[len(set(unit[m & w])) for w in wheres] for m in masks])
    found = {
        "count": counts(np.ones_like(in_need)),
        "affected": counts(in_need),
        "households": homes,
    }
    parts = {name: np.split(x, [ZONES + 1], axis=1) for name, x in found.items()}
    inside = np.array([[zone in zones for zone in range(ZONES)] for zones in AREAS])
    table = suppression.zone_table(
        membership=groups, **{name: x[0] for name, x in parts.items()}
    ).joined(
        suppression.area_table(
            groups=groups, areas=inside, **{name: x[1] for name, x in parts.items()}
        )
    )
    flat = np.split(suppression.withheld(table, USUAL), [3 * (ZONES + 1)])
    return np.hstack([each.reshape(3, -1) for each in flat])


def said(reason, part):
    """Of a table in which no figure is published nothing is said at all."""
    return "protects_others" if reason == "no_data" and not part.any() else reason


def protected(given):
    found = Protection(given)
    found.run(["wealth", "origin"], PAIRS)
    return found


class Attack:
    """All children by all axes at once: what is published is a sum of such atoms."""

    def __init__(self, given, reasons, protection):
        self.atoms = list(product(*(range(length) for length in LENGTHS)))
        self.index = np.ravel_multi_index(
            [given.places[name] for name in AXES], LENGTHS
        )
        self.given, self.rows, self.secret = given, [], []
        for row, name in ((0, None), (1, 0), (2, 1)):
            wheres = [*({"zone": zone} for zone in range(ZONES)), {}]
            wheres += [{"zone": zones} for zones in AREAS]
            for at, reason in zip(wheres, reasons[row], strict=True):
                self._cell(at if name is None else {**at, "sex": name}, reason)
        for name, table in protection.zones.items():
            for (row, column), reason in np.ndenumerate(table.reasons):
                at = {} if row == ZONES else {"zone": row}
                part = table.shown[-1] if row == ZONES else table.shown[:-1]
                self._cell({**at, name: column}, said(reason, part))
        for (first, second), table in protection.pairs.items():
            for (row, column), reason in np.ndenumerate(table.reasons[:-1]):
                self._cell({first: row, second: column}, said(reason, table.shown))

    def _cell(self, at, reason):
        mask = np.array(
            [
                all(np.isin(atom[AXES.index(name)], x) for name, x in at.items())
                for atom in self.atoms
            ]
        )
        if reason in ("", "no_data"):
            self.rows.append(mask)
        elif reason != "protects_others":
            self.secret.append((at, mask))

    def found(self):
        """Secrets that are known to the last child, or to be one to four."""
        rows = np.array(self.rows, dtype=float)
        for side in (self.given.in_need, ~self.given.in_need):
            truth = np.bincount(self.index[side], minlength=len(self.atoms))
            for at, mask in self.secret:
                if not truth[mask].sum():
                    continue
                low, high = (
                    sign
                    * linprog(
                        sign * mask.astype(float), A_eq=rows, b_eq=rows @ truth
                    ).fun
                    for sign in (1, -1)
                )
                first, last = np.ceil(low - 1e-6), np.floor(high + 1e-6)
                if first == last or (first > 0 and last < SMALLEST_GROUP):
                    yield at, first, last


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([300, 900, 2500]))
def test_nothing_that_is_published_together_gives_a_withheld_count(seed, size):
    given_town, reasons = town(seed, size)
    protection = protected(given_town)
    # What is withheld of all, girls and boys by themselves is for `suppression` to keep.
    assert not list(Attack(given_town, reasons, protection).found())
    assert not list(protection.closed())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([300, 900, 2500]))
def test_no_rest_of_a_row_or_column_is_a_small_group(seed, size):
    given_town, _reasons = town(seed, size)
    protection = protected(given_town)
    for table in protection.zones.values():
        told = table.told
        for row in np.flatnonzero(table.shown.any(axis=1)):
            check_group(table, told, [(row, x) for x in range(told.shape[1])])
        for column in np.flatnonzero(table.shown[-1]):
            check_group(table, told, [(x, column) for x in range(ZONES)])


def check_group(table, told, cells):
    hidden = [cell for cell in cells if not told[cell]]
    count = sum(int(table.count[cell]) for cell in hidden)
    affected = sum(int(table.affected[cell]) for cell in hidden)
    for size in (count, affected, count - affected):
        assert not 0 < size < SMALLEST_GROUP


def test_large_groups_are_published_by_zone_and_crossed():
    given_town, _reasons = town(1, 40_000)
    protection = protected(given_town)
    assert protection.zones["wealth"].shown.all()
    assert protection.pairs["sex", "wealth"].shown[:-1].all()
    assert protection.pairs["sex", "origin"].shown[:-1].all()


@pytest.mark.parametrize("seed", range(6))
def test_groups_follow_all_children_and_the_town(seed):
    given_town, _reasons = town(seed, 500)
    protection = protected(given_town)
    for table in protection.zones.values():
        shown = table.shown
        assert not shown[~given_town.open_rows].any()
        assert not shown[:-1][:, ~table.told[-1, :-1]].any()
        assert not (shown.sum(axis=1) == 1).any(), "a group alone compares with nothing"


def test_the_attack_sees_what_a_single_withheld_cell_gives_away():
    given_town, reasons = town(1, 2500)
    protection = protected(given_town)
    table = protection.zones["origin"]
    table.reasons[:] = ""
    table.reasons[0, 0] = "few_affected"
    # Nobody is without an answer here, so the rest of the row is the withheld cell.
    sure = given_town.places["origin"] != 2
    for name, at in given_town.places.items():
        given_town.places[name] = at[sure]
    attack = Attack(
        Given(**{**vars(given_town), "in_need": given_town.in_need[sure]}),
        reasons,
        protection,
    )
    assert any(at == {"zone": 0, "origin": 0} for at, _low, _high in attack.found())
