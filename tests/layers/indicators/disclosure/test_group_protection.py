"""Random towns: what is published of groups is attacked with linear programmes over all
tables at once, which know nothing of how the pattern was found."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.group_counts import Given, Larger
from layers.indicators.disclosure.group_protection import Protection
from layers.indicators.disclosure.open_parts import OpenParts
from layers.indicators.disclosure.suppression import SENSITIVE, SMALLEST_GROUP, USUAL

ZONES = 4
SIZES = {"sex": 2, "wealth": 3, "origin": 2}
PAIRS = [("sex", "wealth"), ("sex", "origin"), ("wealth", "origin")]
AXES = ("zone", "sex", "wealth", "origin", "band")
LENGTHS = (ZONES, 2, 4, 3)
"""With a last place for those in no category."""
AREAS = ((0, 3), (1, 2))
"""The zones of each larger area."""
UNSAFE = ["few_children", "few_households", "few_affected"]


def town(seed, size, parts=0):
    """A town of `size` children or so, and what it would publish of girls and boys, in
    zones and in larger areas; of a family that is cut in `parts` by age.
    """
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
    bands = parts or 1
    places["band"] = np.zeros(size, dtype=int)
    if parts:
        places["band"] = random.choice(3, size, p=[0.5, 0.35, 0.15])
        in_need &= random.random(size) < random.choice([0.15, 0.4, 1])
    holds = np.array([np.ones(bands, bool), *np.eye(parts, dtype=bool)])
    reasons = sexes(places, in_need, unit, holds)
    told = np.isin(reasons, ["", "no_data"])
    zones, areas = np.split(reasons, [ZONES + 1], axis=2)
    area = np.isin(zone, AREAS[1]).astype(int)
    somewhere = np.pad(
        silent(areas, holds), ((0, 1), (0, 0), (0, 0)), constant_values=True
    )
    return Given(
        places={
            **places,
            "cohort": places["band"] * 2 + sex,
            "site": zone * bands + places["band"],
            "area 0": area,
            "site 0": area * bands + places["band"],
        },
        unit=unit,
        in_need=in_need,
        sizes={"zone": ZONES, **SIZES},
        rules={"sex": USUAL, "wealth": USUAL, "origin": SENSITIVE},
        unasked=frozenset({"wealth", "origin"}),
        open_rows=told[:, 0, : ZONES + 1].all(axis=0),
        sex_told=told[0, 1:, : ZONES + 1].T,
        sex_hidden=silent(zones[..., :-1], holds),
        sex_secrets=secrets(zones[..., :-1], holds),
        sex_hidden_in_town=silent(zones[1:, :, -1:], holds[1:])[0]
        if parts
        else np.ones((1, 2), dtype=bool),
        larger=[Larger("area 0", "site 0", somewhere, secrets(areas, holds))],
        parts=parts if told[1:, 1:, ZONES].all() else 0,
    ), reasons


def silent(reasons, holds):
    """(places, bands, 2) where no figure that holds the band is told."""
    told = np.isin(reasons, ["", "no_data"])[:, None, 1:] & holds[:, :, None, None]
    return ~told.any(axis=0).transpose(2, 0, 1)


def secrets(reasons, holds):
    return [
        (frozenset(np.flatnonzero(holds[member]).tolist()), int(at), int(row))
        for member, row, at in np.argwhere(np.isin(reasons[:, 1:], UNSAFE))
    ]


def sexes(places, in_need, unit, holds):
    """Reasons (members, 3, zones + 1 + areas) of all children, girls and boys, as a
    release has them; `holds` (members, bands).
    """
    masks = [
        ages[places["band"]] & sex
        for ages in holds
        for sex in (
            np.ones_like(in_need),
            places["sex"] == 0,
            places["sex"] == 1,
        )
    ]
    wheres = [*(places["zone"] == zone for zone in range(ZONES)), np.ones_like(in_need)]
    wheres += [np.isin(places["zone"], zones) for zones in AREAS]

    def counts(also):
        return np.array([[(m & w & also).sum() for w in wheres] for m in masks])

    found = {
        "count": counts(np.ones_like(in_need)),
        "affected": counts(in_need),
        "households": np.array(
            [[len(set(unit[m & w])) for w in wheres] for m in masks]
        ),
    }
    pieces = {name: np.split(x, [ZONES + 1], axis=1) for name, x in found.items()}
    groups = np.vstack(
        [np.kron(ages, [[1, 1], [1, 0], [0, 1]]) for ages in holds]
    ).astype(float)
    inside = np.array([[zone in zones for zone in range(ZONES)] for zones in AREAS])
    table = suppression.zone_table(
        membership=groups, **{name: x[0] for name, x in pieces.items()}
    ).joined(
        suppression.area_table(
            groups=groups, areas=inside, **{name: x[1] for name, x in pieces.items()}
        )
    )
    flat = np.split(suppression.withheld(table, USUAL), [len(masks) * (ZONES + 1)])
    return np.concatenate([each.reshape(len(holds), 3, -1) for each in flat], axis=2)


def said(reason, part):
    """Of a table in which no figure is published nothing is said at all."""
    return "protects_others" if reason == "no_data" and not part.any() else reason


def protected(given):
    found = Protection(given)
    found.run(["wealth", "origin"], PAIRS)
    return found


PLACES = [
    *({"zone": zone} for zone in range(ZONES)),
    {},
    *({"zone": zones} for zones in AREAS),
]


class Attack:
    """All children by all axes at once: what is published is a sum of such atoms."""

    def __init__(self, given, reasons, protection):
        lengths = (*LENGTHS, given.places["band"].max() + 1)
        self.atoms = np.array(list(product(*(range(length) for length in lengths))))
        self.index = np.ravel_multi_index(
            [given.places[name] for name in AXES], lengths
        )
        self.given, self.rows, self.secret = given, [], []
        for member, part in enumerate(reasons):
            ages = {"band": member - 1} if member else {}
            for (row, place), reason in np.ndenumerate(part):
                at = {**ages, **PLACES[place]}
                self._cell({**at, "sex": row - 1} if row else at, reason)
        self._tables(protection.zones, protection.pairs, {})
        parts = protection.parts
        for part in range(given.parts):
            self._tables(
                {name: tables[part] for name, tables in parts.rows.items()},
                {pair: tables[part] for pair, tables in parts.pairs.items()},
                {"band": part},
            )

    def _tables(self, rows, pairs, ages):
        for name, table in rows.items():
            for (row, column), reason in np.ndenumerate(table.reasons):
                at = ages if row == ZONES else {**ages, "zone": row}
                part = table.shown[-1] if row == ZONES else table.shown[:-1]
                self._cell({**at, name: column}, said(reason, part))
        for (first, second), table in pairs.items():
            for (row, column), reason in np.ndenumerate(table.reasons[:-1]):
                at = {**ages, first: row, second: column}
                self._cell(at, said(reason, table.shown))

    def _cell(self, at, reason):
        mask = np.ones(len(self.atoms), dtype=bool)
        for name, place in at.items():
            mask &= np.isin(self.atoms[:, AXES.index(name)], place)
        if reason in ("", "no_data"):
            self.rows.append(mask)
        elif reason != "protects_others":
            self.secret.append((at, mask))

    def found(self):
        """Secrets that are known to the last child, or to be one to four."""
        rows = np.unique(np.array(self.rows, dtype=float), axis=0)
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


CLOSED = [(7, 900), (9, 2500), (13, 900), (14, 6000), (18, 900)]
"""Towns whose parts give a withheld count away, where nothing is kept open."""


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([600, 900, 2500, 6000]))
@example(*CLOSED[0])
@example(*CLOSED[1])
@example(*CLOSED[2])
def test_what_parts_tell_beside_their_whole_gives_no_withheld_count(seed, size):
    given_town, reasons = town(seed, size, parts=3)
    protection = protected(given_town)
    assert not list(Attack(given_town, reasons, protection).found())
    assert not list(protection.closed())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([600, 900, 2500, 6000]))
def test_no_rest_of_the_whole_and_its_parts_is_a_small_group(seed, size):
    given_town, _reasons = town(seed, size, parts=3)
    found = protected(given_town)
    for name, tables in found.parts.rows.items():
        told = found.zones[name].told[-1:]
        check_parts(told, [cut(table, slice(-1, None)) for table in tables])
    for pair, tables in found.parts.pairs.items():
        told = found.pairs[pair].told
        check_parts(told, [cut(table, slice(None)) for table in tables])


def cut(table, rows):
    shown = np.pad(table.shown, ((0, 0), (0, 1)))
    return [x[rows] for x in (table.told, shown, table.count, table.affected)]


def check_parts(of_whole, parts):
    """(R, K + 1) of the whole, and of each part what is told, has a figure, was asked and is
    in need."""
    told, shown, count, affected = (np.array(x) for x in zip(*parts, strict=True))
    for measure in (count, affected, count - affected):
        left = np.where(told, 0, measure)
        among_parts = left.sum(axis=0)[of_whole & shown.any(axis=0)]
        along_rows = left.sum(axis=2)[shown.any(axis=2)]
        for size in (*among_parts, *along_rows):
            assert not 0 < size < SMALLEST_GROUP


@pytest.mark.parametrize(("seed", "size"), CLOSED)
def test_the_attack_finds_what_parts_give_away_unless_it_is_kept_open(
    seed, size, monkeypatch
):
    monkeypatch.setattr(OpenParts, "_first_closed", lambda *_args, **_named: None)
    given_town, reasons = town(seed, size, parts=3)
    assert list(Attack(given_town, reasons, protected(given_town)).found())


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_tells_as_much_as_it_would_alone(seed):
    given_town, _reasons = town(seed, 900, parts=3)
    alone, beside = protected(replace(given_town, parts=0)), protected(given_town)
    for one, other in ((alone.zones, beside.zones), (alone.pairs, beside.pairs)):
        for name, table in one.items():
            assert (table.reasons == other[name].reasons).all()


def test_large_parts_are_told_for_the_town_and_crossed():
    given_town, _reasons = town(1, 40_000, parts=3)
    parts = protected(given_town).parts
    for table in parts.rows["wealth"]:
        assert table.shown[-1].all()
        assert not table.shown[:-1].any()
    for table in parts.pairs["sex", "wealth"]:
        assert table.shown[:-1].all()


@pytest.mark.parametrize("seed", range(6))
def test_parts_follow_the_whole(seed):
    given_town, _reasons = town(seed, 900, parts=3)
    found = protected(given_town)
    for name, tables in found.parts.rows.items():
        for table in tables:
            assert not (table.shown[-1] & ~found.zones[name].told[-1, :-1]).any()
            assert table.shown.sum() != 1
    for pair, tables in found.parts.pairs.items():
        for table in tables:
            assert not (table.shown & ~found.pairs[pair].told[:, :-1]).any()
