"""Staff of two municipalities: under one's address the other's rows do not exist."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from gisportal.accounts.roles import Role
from gisportal.cases.models import Case
from gisportal.service_requests.services import create_categories
from layers.geography.tenancy import set_tenant, tenant
from surveys.publish import publish_round
from tests.architecture.routes import ACCESS, BY_SECRET
from tests.architecture.test_routes import MORE, TOWN_ROUTES
from tests.factories.geography import MunicipalityFactory, ZoneFactory
from tests.factories.surveys import RoundFactory, household, load

# Their last part names no row of a municipality.
NO_ROW = {"payment_callback"}


@pytest.fixture
def elsewhere(client, world):
    """Another town where the same person holds every role; signed in."""
    other = MunicipalityFactory()
    for role in Role:
        world.person.memberships.create(municipality=other, role=role)
    with tenant(other):
        create_categories(municipality=other)
        ZoneFactory(municipality=other, code="OTHER")
        round = RoundFactory(municipality=other, code="theirs")
        load(round, [household(longitude=35.83, latitude=33.8)])
        publish_round(round=round, by=None)
    client.force_login(world.person)
    return other


def with_rows() -> list[str]:
    return sorted(
        name
        for name, parameters in TOWN_ROUTES.items()
        if parameters.keys() - {"municipality"}
        and name not in NO_ROW
        and name not in MORE
    )


def test_a_row_of_one_town_is_not_found_under_another(client, world, elsewhere):
    """All in one pair of towns, which take longer to make than a route to ask."""
    found = {}
    for name in with_rows():
        values = {key: world.value(name, key) for key in TOWN_ROUTES[name]}
        with override("en"):
            url = reverse(name, kwargs={**values, "municipality": elsewhere.slug})
        answer = client.get(url)
        if answer.status_code == 405:
            answer = client.post(url)
        # A secret of one town is none under another: the door stays shut.
        if answer.status_code != (403 if ACCESS[name] is BY_SECRET else 404):
            found[name] = answer.status_code
    assert len(with_rows()) > 100
    assert found == {}


def test_codes_of_one_town_are_refused_in_forms_of_another(client, world, elsewhere):
    desk = f"/en/{elsewhere.slug}/requests/desk/"
    form = {
        "reporter_name": "A",
        "channel": "desk",
        "category": "street_light",
        "description": "It is dark.",
        "parcel": "1187",
    }
    answer = client.post(desk, form)
    assert "Parcel 1187 is not in the register" in answer.content.decode()
    queue = client.get(f"/en/{elsewhere.slug}/requests/queue/", {"zone": "Z1"})
    assert "Z1" not in queue.context["form"].fields["zone"].queryset.values_list(
        "code", flat=True
    )
    set_tenant(elsewhere)
    assert not Case.objects.exists()


@pytest.mark.parametrize("page", ["values.json", "view.csv", "view.geojson"])
def test_figures_of_one_town_are_not_asked_for_under_another(
    client, world, elsewhere, page
):
    url = f"/en/{elsewhere.slug}/map/{page}"
    assert client.get(url).status_code == 200
    foreign = {"round": world.rows["surveys.code"]}
    assert client.get(url, foreign).status_code == 404


def test_downloads_and_tiles_hold_one_town_only(client, world, elsewhere):
    for layer in ("zones", "parcels"):
        url = f"/en/{elsewhere.slug}/map/layers/{layer}.geojson"
        text = b"".join(client.get(url).streaming_content).decode()
        assert '"Z1"' not in text
        assert '"1187"' not in text
