"""Deprivation as a release publishes it, and what of it may be said."""

from dataclasses import replace

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from layers.indicators import errors
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.deprivation.release import Deprivation
from layers.indicators.deprivation.schemes import save_scheme, use_scheme, usual_scheme
from layers.indicators.disclosure import audit, protection
from layers.indicators.models import DeprivationFigure, Release
from layers.indicators.services import compute_release
from tests.factories.accounts import staff
from tests.factories.observations import households

Measure = DeprivationFigure.Measure


def figure(release, band, zone=None, measure=Measure.HEADCOUNT, part=""):
    return DeprivationFigure.objects.get(
        release=release, band=band, zone=zone, measure=measure, part=part
    )


def points(unit, child):
    """What a child of 5 to 17 lacks, of five; None where an answer is missing."""
    v = unit.values | child.values
    water = v["water_improved"] == 0 or v["water_minutes"] > 30
    sanitation = v["sanitation_improved"] == 0 or v["sanitation_shared"] == 1
    crowded = v["persons"] > 3 * v["sleeping_rooms"]
    school = 6 <= v["school_age"] <= 17 and v["attends_school"] == 0
    return sum([water, sanitation, crowded, school, v["internet"] == 0])


def weighted(units, first, after):
    """(children,) weights and points of an age, in months."""
    found = [
        (unit.weight, points(unit, child))
        for unit in units
        for child in unit.children
        if first <= child.age_months < after
    ]
    return np.array(found).T


@pytest.mark.parametrize(
    ("band", "months"), [("5-11", (60, 144)), ("12-17", (144, 216))]
)
def test_the_town_agrees_with_the_answers_counted_by_hand(put, town, band, months):
    units = households()
    release = compute_release(municipality=town, observation_set=put(units))
    weight, lacks = weighted(units, *months)
    poor = lacks >= 2
    share = (weight * poor).sum() / weight.sum()
    score = (weight * poor * lacks / 5).sum() / weight.sum()
    headcount = figure(release, band)
    assert headcount.estimate == pytest.approx(share, abs=0.005001)
    assert headcount.n == round(len(weight) / 5) * 5
    adjusted = figure(release, band, measure=Measure.ADJUSTED)
    intensity = figure(release, band, measure=Measure.INTENSITY)
    assert adjusted.estimate == pytest.approx(score, abs=0.01)
    assert intensity.estimate == pytest.approx(score / share, abs=0.02)
    assert headcount.low < headcount.estimate < headcount.high
    lacking = figure(release, band, measure=Measure.CUTOFF, part="1")
    known = (weight * (lacks >= 1)).sum() / weight.sum()
    assert lacking.estimate == pytest.approx(known, abs=2.5 / len(weight) + 0.001)


def test_contributions_and_overlaps_of_the_town_add_up(release):
    for band in ("5-11", "12-17"):
        rows = DeprivationFigure.objects.filter(release=release, band=band, zone=None)
        for measure in (Measure.CONTRIBUTION, Measure.DIMENSION_PART):
            parts = [row.estimate for row in rows.filter(measure=measure)]
            assert len(parts) == 5
            if None not in parts:
                assert sum(parts) == pytest.approx(1, abs=0.03)
        overlaps = [row.estimate for row in rows.filter(measure=Measure.OVERLAP)]
        assert 0.5 < sum(overlaps) < 1.1


def test_all_ages_have_no_mean_of_what_is_lacked(release):
    measures = set(
        DeprivationFigure.objects.filter(release=release, band="all").values_list(
            "measure", flat=True
        )
    )
    assert measures == {Measure.HEADCOUNT, Measure.ADJUSTED}


def test_children_with_an_answer_missing_are_left_out_and_counted(put, town):
    units = households()
    forgetful = [
        replace(unit, values=unit.values | {"internet": None})
        if place % 4 == 0
        else unit
        for place, unit in enumerate(units)
    ]
    release = compute_release(municipality=town, observation_set=put(forgetful))
    lost = sum(
        60 <= child.age_months < 144
        for unit in forgetful[::4]
        for child in unit.children
    )
    row = figure(release, "5-11")
    assert lost > 20
    assert row.dropped == round(lost / 5) * 5


def test_what_is_withheld_has_no_number(put, town, zones):
    few = [unit for unit in households() if unit.zone_code != "Z3"]
    few += [u for u in households(seed=9, per_zone=8) if u.zone_code == "Z3"]
    release = compute_release(municipality=town, observation_set=put(few))
    row = figure(release, "5-11", zone=zones[2])
    assert (row.flag, row.reason) == ("withheld", "few_children")
    assert (row.estimate, row.n, row.dropped, row.total) == (None,) * 4
    # One withheld zone alone would be the town less the others.
    hidden = DeprivationFigure.objects.filter(
        release=release, band="5-11", measure=Measure.HEADCOUNT, estimate=None
    )
    assert hidden.exclude(zone__code="Z4").count() >= 2
    with pytest.raises(IntegrityError), transaction.atomic():
        DeprivationFigure.objects.create(
            municipality=town,
            release=release,
            band="0-23m",
            measure=Measure.HEADCOUNT,
            part="x",
            flag="withheld",
            estimate=0.1,
        )


def test_a_figure_that_could_be_worked_out_stops_the_release(put, town):
    few = [unit for unit in households() if unit.zone_code != "Z3"]
    few += [u for u in households(seed=9, per_zone=8) if u.zone_code == "Z3"]
    found = Deprivation.of(put(few))
    found.audit()
    counts = found.table.issued
    careless = replace(counts, fresh=~counts.secret)
    with pytest.raises(errors.FigureGivenAway, match="Several needs at once"):
        replace(found, table=replace(found.table, issued=careless)).audit()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_withheld_parts_of_the_town_stay_wide_open(put, seed):
    found = Deprivation.of(put(households(seed=seed, per_zone=40)))
    assert found.details
    hidden_somewhere = 0
    for detail in found.details:
        assert detail.given_away() is None
        hidden = np.append(detail.hidden, False)
        small = np.flatnonzero(detail.need.primary)
        low, high = audit.intervals(detail.table, hidden, small)
        assert (high - low >= 4).all()
        hidden_somewhere += hidden.sum()
        careless = replace(detail, hidden=detail.need.primary[:-1])
        narrow = protection.too_narrow(detail.table, detail.need, detail.need.primary)
        assert (careless.given_away() is not None) == bool(narrow.size)
    assert hidden_somewhere


def test_a_small_correction_moves_no_figure(put, town, zones):
    units = households()
    first = compute_release(municipality=town, observation_set=put(units))
    gone = next(
        unit
        for unit in units
        if unit.zone_code == "Z1"
        and 0 < len(unit.children) < 5
        and any(60 <= child.age_months < 144 for child in unit.children)
    )
    kept = [unit for unit in units if unit is not gone]
    second = compute_release(municipality=town, observation_set=put(kept))
    assert second.number == first.number + 1
    for zone in (zones[0], None):
        before, after = figure(first, "5-11", zone), figure(second, "5-11", zone)
        assert (before.estimate, before.n) == (after.estimate, after.n)


def test_another_scheme_makes_another_release_and_leaves_the_former_alone(put, town):
    observed = put(households())
    first = compute_release(municipality=town, observation_set=observed)
    assert compute_release(municipality=town, observation_set=observed) == first
    before = list(first.deprivation_figures.order_by("pk").values())
    usual = usual_scheme()
    band = replace(usual.bands["5-11"], cutoff=3)
    draft = save_scheme(
        municipality=town,
        scheme=replace(usual, bands={"5-11": band}),
        known=catalogue_of(town),
        by=staff(town, "planner"),
    )
    assert compute_release(municipality=town, observation_set=observed) == first
    use_scheme(scheme=draft, known=catalogue_of(town))
    second = compute_release(municipality=town, observation_set=observed)
    assert second.number == first.number + 1
    assert second.deprivation["scheme"] == draft.version
    assert second.deprivation["bands"]["5-11"]["cutoff"] == 3
    assert set(second.deprivation["bands"]) == {"5-11"}
    assert list(first.deprivation_figures.order_by("pk").values()) == before
    old, new = figure(first, "5-11"), figure(second, "5-11")
    assert new.flag == "withheld" or new.estimate < old.estimate


def test_figures_of_deprivation_are_frozen(release):
    row = release.deprivation_figures.first()
    row.part = "changed"
    with pytest.raises(DatabaseError, match=r"frozen|never"), transaction.atomic():
        row.save()
    assert Release.objects.count() == 1
