from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override
from shapely import MultiPolygon, box

from gisportal.accounts.roles import Role
from layers.editing.drafts import Asked
from layers.editing.models import Layer
from layers.editing.services import Order, change_map
from layers.features.models import Download
from layers.geography.files.request import Options
from layers.geography.runs import check_run, receive_upload
from layers.maps.models import SavedMap
from surveys.intake.access import issue_access
from surveys.models import Upload
from surveys.publish import publish_round
from tests.architecture.test_routes import MORE, TOWN_ROUTES
from tests.factories.accounts import UserFactory
from tests.factories.billing import AccountFactory, bill
from tests.factories.definitions import definition
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory
from tests.factories.own import plain_layer, waiting_file
from tests.factories.service_requests import service_request
from tests.factories.surveys import RoundFactory, child, household, load


@dataclass(frozen=True)
class World:
    """A town in which each route leads to something, and who may go everywhere."""

    town: Any
    person: Any
    rows: dict[str, Any]

    def address(self, name: str) -> str:
        values = {key: self.value(name, key) for key in TOWN_ROUTES[name]}
        with override("en"):
            return reverse(name, kwargs={**values, **MORE.get(name, {})})

    def value(self, name: str, parameter: str) -> Any:
        """The most particular row there is: of the inner room, the outer one, any."""
        inner, outer = name.rpartition(":")[0], name.partition(":")[0]
        keys = (f"{inner}.{parameter}", f"{outer}.{parameter}", parameter)
        return next((self.rows[key] for key in keys if key in self.rows), None)


def _edit(town, person):
    asked = Asked(
        kind="add",
        layer=Layer.PARCELS,
        new_codes=("1188",),
        geometry=box_of(35.83, 33.8),
    )
    order = Order(by=person, reason="A deed", on=town.today(), accepted=True)
    return change_map(municipality=town, asked=asked, order=order).edit


def box_of(west, south):
    return MultiPolygon([box(west, south, west + 0.001, south + 0.001)])


def _download(town, person):
    return Download.objects.create(
        municipality=town,
        layer="parcels",
        form="csv",
        language="en",
        version="1",
        by=person,
    )


@pytest.fixture
def world(town) -> World:
    person = UserFactory()
    for role in Role:
        person.memberships.create(municipality=town, role=role)
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(municipality=town, code="1187", zone=zone)
    round = RoundFactory(municipality=town)
    load(round, [household(parcel_code="1187")], [child()])
    publish_round(round=round, by=person)
    account = AccountFactory(municipality=town, holder=person)
    request = service_request(town, user=person)
    file = SimpleUploadedFile(
        "places.csv", b"code,kind,name_ar,lon,lat\nF,school,x,35.83,33.8"
    )
    run = receive_upload(
        municipality=town, what="facilities", file=file, by=person, options=Options()
    )
    check_run(run=run)
    version = make_version(town)
    receiving_round(version)
    record = round.submissions.get()
    saved = SavedMap.objects.create(
        municipality=town,
        owner=person,
        title="Schools",
        state=f"indicator=edu_oos&round={round.code}",
        story="Council",
        token="a-long-secret",
    )
    own = plain_layer(town)
    rows = {
        "own.slug": own.slug,
        "own.pk": waiting_file(own, person).pk,
        "geography.pk": run.pk,
        "features.pk": _download(town, person).pk,
        "editing.pk": _edit(town, person).pk,
        "surveys.pk": Upload.objects.get().pk,
        "surveys.code": round.code,
        "explorer.code": "Z1",
        "maps.code": "Z1",
        "maps.pk": saved.pk,
        "maps.token": saved.token,
        "indicators.pk": definition(town, by=person).pk,
        "indicators.code": "own_wet",
        "billing.account": account.number,
        "billing.number": bill(account, 5000).number,
        "billing.reference": "nothing",
        "billing.code": "NOTHING",
        "service_requests.number": request.case.number,
        "service_requests.document": 1,
        "gateway": "local",
        "surveys:forms.pk": version.pk,
        "surveys:forms.former": version.pk,
        "surveys:forms.code": version.form.code,
        "surveys:quality.check": "too_fast",
        "surveys:review.pk": record.pk,
        "surveys:review.event": record.events.earliest("pk").pk,
        "intake.key": issue_access(municipality=town, surveyor=person)[1],
        "intake.version": version.pk,
        "surveys:collect.pk": record.pk,
        "surveys:collect.version": version.pk,
        "surveys:collect.name": "households.csv",
        "intake.name": "parcels.geojson",
        "municipality": town.slug,
    }
    return World(town, person, rows)
