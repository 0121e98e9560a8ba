"""A town decides what of its requests is public: page, switch and who did what."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from gisportal.accounts.roles import Role
from gisportal.service_requests.errors import DecidedMeanwhile, NotConfirmed
from gisportal.service_requests.layers import REQUESTS
from gisportal.service_requests.models import Category, PublicDecision
from gisportal.service_requests.public import decide_public, last_decision
from layers.geography.tenancy import set_tenant, tenant
from layers.maps.catalogue import public_layers
from layers.maps.models import LayerVersion
from layers.maps.overlays import overlays
from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory
from tests.factories.service_requests import category
from tests.gisportal.service_requests.test_layers import quarter, told  # noqa: F401
from tests.layers.own.test_access import addresses as of_layer

pytestmark = pytest.mark.usefixtures("in_english")


def page(town):
    return reverse("service_requests:public", args=[town.slug])


@pytest.fixture
def manager(client, town):
    category(town)
    user = staff(town, "data_manager")
    client.force_login(user)
    return user


def marked(town):
    own = Category.objects.of(town).filter(in_public_space=True)
    return sorted(own.values_list("code", flat=True))


def decisions(town):
    set_tenant(town)
    own = PublicDecision.objects.of(town).order_by("pk")
    return list(own.values_list("category__code", "public", "by__email"))


def send(client, town, *, shown=True, categories=None, **more):
    set_tenant(town)
    said = {
        "seen": last_decision(town),
        "categories": marked(town) if categories is None else categories,
        **({"shown": "on"} if shown else {}),
        **more,
    }
    answer = client.post(page(town), said)
    set_tenant(town)
    return answer


def addresses(town):
    """Each door through which the layer leaves, taken down while it was public."""
    set_tenant(town)
    found = [
        # The layer begins at zoom 10; a tile of OGC has its row before its column.
        each.replace("/0/0/0.mvt", "/10/613/409.mvt").replace("/0/0/0", "/10/409/613")
        for each in of_layer(town, REQUESTS.name)
    ]
    set_tenant(town)
    return found


def named(client, town, user):
    """The lists in which the layer stands."""
    said = client.get(reverse("features:collections", args=[town.slug])).json()
    project = client.get(reverse("features:qgis_project", args=[town.slug]))
    set_tenant(town)
    return {
        "collections": REQUESTS.name in {x["id"] for x in said["collections"]},
        "desk": REQUESTS.name in {x["name"] for x in overlays(user, town, "zones")},
        "archive": REQUESTS in public_layers(town),
        "project": project.status_code == 200,
    }


def test_off_it_is_gone_at_once_from_everything_and_from_this_town_alone(
    client,
    quarter,  # noqa: F811
    manager,
):
    other = MunicipalityFactory()
    doors = addresses(quarter)
    for door in doors:
        assert client.get(door).status_code == 200, door
    before = LayerVersion.objects.of_layers([REQUESTS], quarter)
    assert all(named(client, quarter, manager).values())
    assert send(client, quarter, shown=False).status_code == 302
    for who in (manager, None, staff(quarter, "municipal_admin")):
        client.logout()
        if who:
            client.force_login(who)
        for door in doors:
            assert client.get(door).status_code == 404, (who, door)
    client.force_login(manager)
    assert named(client, quarter, manager) == {
        **{"collections": False, "desk": False, "archive": False, "project": True}
    }
    assert told(client, other) == []
    # Nothing that was made before stands for what it says when it comes back.
    set_tenant(quarter)
    assert LayerVersion.objects.of_layers([REQUESTS], quarter) != before
    assert send(client, quarter).status_code == 200
    assert client.get(doors[0]).status_code == 404
    assert send(client, quarter, confirmed="on").status_code == 302
    assert client.get(doors[0]).status_code == 200
    assert decisions(quarter) == [
        (None, False, manager.email),
        (None, True, manager.email),
    ]


def test_marking_asks_first_and_says_what_becomes_public(client, town, manager):
    before = marked(town)
    assert "water" not in before
    asked = send(client, town, categories=[*before, "water"])
    said = asked.content.decode()
    assert "This becomes public" in said
    assert "Water" in said
    assert "Street" not in said.split("<main")[1]
    assert (marked(town), decisions(town)) == (before, [])
    send(client, town, categories=[*before, "water"], confirmed="on")
    assert marked(town) == sorted([*before, "water"])
    # To say less needs no second word.
    assert send(client, town, categories=before).status_code == 302
    assert marked(town) == before
    assert decisions(town) == [
        ("water", True, manager.email),
        ("water", False, manager.email),
    ]
    history = client.get(page(town)).content.decode()
    assert "mark taken away" in history
    assert manager.full_name in history


def test_saving_what_holds_already_decides_nothing(client, town, manager):
    answer = send(client, town)
    assert "Nothing was changed." in client.get(answer.url).content.decode()
    assert decisions(town) == []


def test_who_saves_over_another_is_told(client, town, manager):
    colleague = staff(town, "municipal_admin")
    decide_public(
        municipality=town,
        shown=False,
        in_public_space=[],
        seen=0,
        confirmed=False,
        by=colleague,
    )
    answer = send(client, town, seen=0, confirmed="on")
    assert answer.status_code == 409
    assert f"{colleague} decided anew meanwhile" in answer.content.decode()
    set_tenant(town)
    assert not PublicDecision.objects.of(town).layer_shown()
    with pytest.raises(DecidedMeanwhile):
        decide_public(
            municipality=town,
            shown=True,
            in_public_space=[],
            seen=0,
            confirmed=True,
            by=colleague,
        )
    # What was marked while the layer was off comes back with it, and is asked about.
    with pytest.raises(NotConfirmed):
        decide_public(
            municipality=town,
            shown=True,
            in_public_space=[category(town, "water")],
            seen=last_decision(town),
            confirmed=False,
            by=colleague,
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"seen": "x"},
        {"seen": str(2**63)},
        {"categories": ["nothing"]},
        {"categories": ["\x00"]},
    ],
)
def test_nonsense_is_refused_and_changes_nothing(client, town, manager, wrong):
    before = marked(town)
    answer = send(client, town, shown=False, **wrong)
    assert answer.status_code == 400
    assert "notice-danger" in answer.content.decode()
    assert (marked(town), decisions(town)) == (before, [])


def test_only_those_who_may_decide_do_by_role_and_municipality(client, town):
    category(town)
    other = MunicipalityFactory()
    with tenant(other):
        category(other)
    for role in (None, *Role):
        client.logout()
        if role:
            client.force_login(staff(town, role))
        may = role in {Role.DATA_MANAGER, Role.MUNICIPAL_ADMIN}
        refused = 403 if role else 302
        assert client.get(page(town)).status_code == (200 if may else refused), role
        assert client.get(page(other)).status_code == refused, role
        assert send(client, other, shown=False).status_code == refused, role
        answer = send(client, town, shown=False)
        assert answer.url.endswith("/public/") if may else True, role
        assert not may or not PublicDecision.objects.of(town).layer_shown()
    assert decisions(other) == []
    assert len(decisions(town)) == 1


def test_a_decision_is_never_changed_and_another_towns_not_seen(town, manager):
    decide_public(
        municipality=town,
        shown=False,
        in_public_space=[],
        seen=0,
        confirmed=False,
        by=manager,
    )
    for act in (
        lambda: PublicDecision.objects.update(public=True),
        lambda: PublicDecision.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="appended to"), transaction.atomic():
            act()
    set_tenant(MunicipalityFactory())
    assert not PublicDecision.objects.exists()
