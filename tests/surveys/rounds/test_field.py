"""A round set up in the office, as a data manager does it."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from surveys.errors import RoundRefused, SampleRefused
from surveys.models import Form, Round, Target
from surveys.rounds.progress import overall, shares
from surveys.rounds.services import (
    Plan,
    balance_assignments,
    close_round,
    draw_sample,
    open_round,
)
from tests.factories.accounts import staff
from tests.factories.forms import make_version
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory


@pytest.fixture
def round(town):
    for zone_number in range(2):
        zone = ZoneFactory(municipality=town, code=f"Z{zone_number}")
        for n in range(12):
            ParcelFactory(
                municipality=town,
                code=f"{zone_number}-{n:03}",
                zone=zone,
                geometry=square(35.82 + n / 2000, 33.79 + zone_number / 500, 0.0004),
            )
    return RoundFactory(municipality=town)


def test_a_form_is_taken_by_one_round_at_a_time(town, round):
    form = make_version(town).form
    open_round(round=round, form=form)
    other = RoundFactory(municipality=town)
    with pytest.raises(RoundRefused, match="Another round"):
        open_round(round=other, form=form)
    close_round(round=round)
    open_round(round=other, form=form)
    assert Round.objects.get(receiving=True) == other
    round.refresh_from_db()
    assert round.status == "closed"


def test_a_draft_cannot_be_asked(town, round):
    form = make_version(town, published=False).form
    with pytest.raises(RoundRefused, match="Publish"):
        open_round(round=round, form=form)


def test_a_drawn_sample_can_be_drawn_again(round):
    plan = Plan(design="stratified", size=8, seed=42)
    assert draw_sample(round=round, plan=plan) == 8
    first = list(round.targets.values_list("parcel__code", "base_weight", "stratum"))
    draw_sample(round=round, plan=Plan(design="stratified", size=8, seed=43))
    draw_sample(round=round, plan=plan)
    assert (
        list(round.targets.values_list("parcel__code", "base_weight", "stratum"))
        == first
    )
    assert {weight for _code, weight, _stratum in first} == {3.0}
    round.refresh_from_db()
    assert round.draw["seed"] == 42
    assert len(round.draw["frame"]) == 64


def test_a_sample_stays_once_somebody_was_visited(round):
    draw_sample(round=round, plan=Plan(design="census"))
    round.targets.filter(parcel__code="0-001").update(outcome="refused")
    with pytest.raises(SampleRefused, match="held already"):
        draw_sample(round=round, plan=Plan(design="census"))


def test_more_than_the_town_has_cannot_be_drawn(round):
    with pytest.raises(SampleRefused, match="only 24 parcels"):
        draw_sample(round=round, plan=Plan(design="simple", size=25))


def test_parcels_are_shared_out_evenly_and_what_one_has_stays(town, round):
    people = [staff(town, "surveyor") for _n in range(3)]
    draw_sample(round=round, plan=Plan(design="census"))
    mine = round.targets.get(parcel__code="0-000")
    Target.objects.filter(pk=mine.pk).update(surveyor=people[2])
    assert balance_assignments(round=round, surveyors=people, by=None) == 23
    loads = [round.targets.filter(surveyor=person).count() for person in people]
    assert loads == [8, 8, 8]
    mine.refresh_from_db()
    assert mine.surveyor == people[2]


def test_response_rates_leave_out_who_cannot_answer(town, round):
    person = staff(town, "surveyor")
    draw_sample(round=round, plan=Plan(design="simple", size=10, seed=1))
    balance_assignments(round=round, surveyors=[person], by=None)
    targets = list(round.targets.order_by("pk"))
    outcomes = ["complete"] * 4 + ["refused", "nobody_home", "vacant", "vacant"]
    for target, outcome in zip(targets, outcomes, strict=False):
        Target.objects.filter(pk=target.pk).update(outcome=outcome)
    found = overall(round)
    assert (found.visited, found.complete, found.done) == (8, 4, 80)
    # Four interviews of the eight that are not vacant.
    assert found.response_rate == 50
    assert [each.label for each in shares(round, "surveyor")] == [person.pk]


def test_the_page_opens_draws_and_shares_out(client, town, round):
    make_version(town)
    person = staff(town, "surveyor")
    client.force_login(staff(town, "data_manager"))

    def page(name):
        return reverse(f"surveys:rounds:{name}", args=[town.slug, round.code])

    form = Form.objects.get()
    client.post(page("open"), {"form": form.pk})
    client.post(
        page("sample"), {"design": "simple", "size": 6, "seed": 5, "per_segment": 10}
    )
    client.post(page("balance"), {"person": [person.pk]})
    assert round.targets.filter(surveyor=person).count() == 6
    text = client.get(page("field"), follow=True).content.decode()
    assert person.full_name in text
    ticked = list(round.targets.values_list("pk", flat=True)[:2])
    client.post(page("assign"), {"target": ticked, "surveyor": ""})
    assert not round.targets.filter(surveyor=None).exists()
    client.post(page("assign"), {"target": ticked, "surveyor": "none"})
    assert round.targets.filter(surveyor=None).count() == 2
    listed = client.get(page("targets") + "?surveyor=none").content.decode()
    assert listed.count('name="target"') == 2


def test_a_plan_without_its_numbers_is_not_drawn(client, town, round):
    client.force_login(staff(town, "data_manager"))
    url = reverse("surveys:rounds:sample", args=[town.slug, round.code])
    response = client.post(
        url, {"design": "two_stage", "seed": 1, "per_segment": 5}, follow=True
    )
    assert "Segments: Say how many." in response.content.decode()
    assert not round.targets.exists()


def test_the_command_draws_and_shares_out(town, round, capsys):
    staff(town, "surveyor")
    call_command(
        "draw_sample",
        round.code,
        municipality=town.slug,
        design="stratified",
        size=6,
        seed=9,
        assign=True,
    )
    assert (
        "6 parcels drawn with seed 9, shared out to 1 people" in capsys.readouterr().out
    )
    assert not round.targets.filter(surveyor=None).exists()


def test_the_map_tells_of_parcels_and_surveyors_and_of_nobody_else(client, town, round):
    draw_sample(round=round, plan=Plan(design="census"))
    surveyor, manager = staff(town, "surveyor"), staff(town, "data_manager")
    round.targets.filter(parcel__zone__code="Z1").update(surveyor=surveyor)
    client.force_login(manager)
    url = reverse("surveys:rounds:map", args=[town.slug, round.code])
    drawn = client.get(url).context["drawn"]
    assert len(drawn["targets"]) == drawn["total"] == 24
    assert set(drawn["targets"][0]) == {
        "id",
        "code",
        "corners",
        "surveyor",
        "zone",
        "visited",
    }
    one = client.get(url, {"zone": "Z1"}).context["drawn"]["targets"]
    assert {each["surveyor"] for each in one} == {surveyor.pk}
    assert len(one) == 12
    assert client.get(url, {"zone": "x\x00"}).context["drawn"]["total"] == 0
    client.force_login(surveyor)
    assert client.get(url).status_code == 403


def test_parcels_chosen_on_the_map_are_given_and_taken_back(client, town, round):
    draw_sample(round=round, plan=Plan(design="census"))
    one, other = staff(town, "surveyor"), staff(town, "surveyor")
    round.targets.update(surveyor=one)
    keys = list(round.targets.values_list("pk", flat=True)[:5])
    client.force_login(staff(town, "data_manager"))
    assign = reverse("surveys:rounds:assign", args=[town.slug, round.code])
    chosen = ",".join(str(key) for key in keys)
    answer = client.post(
        assign, {"targets": f"{chosen},x,{10**30}", "surveyor": other.pk}
    )
    assert answer["Location"].endswith("/field/map/")
    assert round.targets.filter(surveyor=other).count() == 5
    # One of them went to nobody since: that stays.
    round.targets.filter(pk=keys[0]).update(surveyor=None)
    undo = reverse("surveys:rounds:undo", args=[town.slug, round.code])
    client.post(undo)
    assert not round.targets.filter(surveyor=other).exists()
    assert list(round.targets.filter(surveyor=None).values_list("pk", flat=True)) == [
        keys[0]
    ]
    client.post(undo)
    assert round.targets.filter(surveyor=one).count() == 23


def test_sharing_out_can_be_taken_back(client, town, round):
    draw_sample(round=round, plan=Plan(design="census"))
    one = staff(town, "surveyor")
    client.force_login(staff(town, "data_manager"))
    balance = reverse("surveys:rounds:balance", args=[town.slug, round.code])
    client.post(balance, {"person": one.pk})
    assert round.targets.filter(surveyor=one).count() == 24
    # A second time there is nothing to share out, and the first is what is taken back.
    client.post(balance, {"person": one.pk})
    client.post(reverse("surveys:rounds:undo", args=[town.slug, round.code]))
    assert not round.targets.filter(surveyor=one).exists()
