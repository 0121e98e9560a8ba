"""Progress of rounds as a layer: counts of zones, and only for those who lead them."""

from django.urls import reverse

from gisportal.accounts.roles import PERMISSIONS, Role
from layers.maps.models import LayerVersion
from surveys.layers import LAYERS
from surveys.models import Round, Target
from tests.factories.accounts import staff
from tests.factories.geography import (
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
    square,
)
from tests.factories.surveys import RoundFactory, household, load

(COVERAGE,) = LAYERS
Outcome = Target.Outcome


def sampled(town, code="autumn", outcomes=(Outcome.PENDING,), **given):
    """A round whose parcels, one an outcome, lie in one new zone."""
    round = RoundFactory(
        municipality=town, code=code, **{"status": Round.Status.OPEN, **given}
    )
    zone = ZoneFactory(municipality=town, code=f"Z-{code}", geometry=square())
    for place, outcome in enumerate(outcomes):
        parcel = ParcelFactory(
            municipality=town, code=f"{code}-{place}", zone=zone, geometry=square()
        )
        Target.objects.create(
            municipality=town, round=round, parcel=parcel, outcome=outcome
        )
    return round


def features(client, town, path="items", **query):
    address = reverse("features:items", args=[town.slug, COVERAGE.name])
    return client.get(address.replace("items", path), {"f": "json", **query})


def test_zones_tell_what_became_of_their_parcels(client, town):
    outcomes = (
        *(Outcome.PENDING, Outcome.COMPLETE, Outcome.COMPLETE, Outcome.REFUSED),
        *(Outcome.NOBODY_HOME, Outcome.VACANT, Outcome.UNABLE, Outcome.PENDING),
    )
    sampled(town, outcomes=outcomes)
    client.force_login(staff(town, Role.DATA_MANAGER))
    (found,) = features(client, town).json()["features"]
    said = found["properties"]
    assert (said["round"], said["code"]) == ("autumn", "Z-autumn")
    counts = ("targets", "visited", "done", "interviewed", "refused", "absent", "empty")
    assert [said[name] for name in counts] == [8, 6, 75, 2, 2, 1, 1]


def test_a_round_without_a_list_of_parcels_has_interviews_and_no_share(client, town):
    zone = ZoneFactory(municipality=town, code="Q1", geometry=square())
    ParcelFactory(municipality=town, code="1", zone=zone, geometry=square())
    round = RoundFactory(municipality=town, code="census", status=Round.Status.OPEN)
    load(round, [household(n, parcel_code="1") for n in (1, 2, 3)])
    round.submissions.order_by("pk").update(state="approved")
    round.submissions.filter(household__code="H1").update(state="received")
    client.force_login(staff(town, Role.DATA_MANAGER))
    (found,) = features(client, town).json()["features"]
    said = found["properties"]
    assert (said["targets"], said["done"]) == (0, None)
    assert (said["received"], said["approved"]) == (3, 2)


def test_a_filter_chooses_the_round_and_drafts_are_not_shown(client, town):
    sampled(town, "autumn")
    sampled(town, "spring", starts_on="2025-04-01")
    sampled(town, "planned", status=Round.Status.DRAFT)
    client.force_login(staff(town, Role.DATA_MANAGER))
    rounds = [
        each["properties"]["round"]
        for each in features(client, town).json()["features"]
    ]
    assert sorted(rounds) == ["autumn", "spring"]
    (only,) = features(client, town, round="spring").json()["features"]
    assert only["properties"]["code"] == "Z-spring"
    (field,) = [each for each in COVERAGE.fields if each.name == "round"]
    assert [value for value, _name in field.choices(town)] == ["autumn", "spring"]


def test_only_those_who_lead_rounds_in_this_town_see_it(client, town):
    sampled(town)
    other = MunicipalityFactory()
    leaks = []
    for role in Role.values:
        for place in (town, other):
            client.force_login(staff(place, role))
            allowed = place == town and "surveys.manage_round" in PERMISSIONS[role]
            tile = f"/tiles/{town.slug}/{COVERAGE.name}/now/10/613/410.mvt"
            answers = (
                *(features(client, town, path) for path in ("items", "file", "tiles")),
                client.get(tile),
            )
            statuses = {each.status_code for each in answers}
            if (statuses == {200}) != allowed:
                leaks.append((role, place == town, statuses))
    assert leaks == []


def test_its_version_is_the_minute(town, monkeypatch):
    def version():
        return LayerVersion.objects.of_layers([COVERAGE], town)[COVERAGE.name]

    monkeypatch.setattr("layers.maps.models.versions.time.time", lambda: 600.0)
    first = version()
    monkeypatch.setattr("layers.maps.models.versions.time.time", lambda: 659.9)
    assert version() == first
    monkeypatch.setattr("layers.maps.models.versions.time.time", lambda: 660.0)
    assert version() != first
