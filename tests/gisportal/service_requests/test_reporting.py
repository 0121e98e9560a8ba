import io

import pytest
from django.urls import reverse
from PIL import Image

from gisportal.cases.models import Case, CaseDocument, CaseFollower
from gisportal.service_requests.models import ServiceRequest
from layers.geography.tenancy import set_tenant
from tests.factories.accounts import UserFactory
from tests.factories.geography import MunicipalityFactory, ParcelFactory
from tests.factories.service_requests import CENTRE, category, service_request

pytestmark = pytest.mark.usefixtures("in_english")
WHAT = {"category": "street_light", "description": "The lamp is out."}
WHERE = {"latitude": "33.8", "longitude": "35.83", "parcel": "", "address": ""}


def address(name: str, town, *more: str) -> str:
    return reverse(f"service_requests:{name}", args=[town.slug, *more])


def jpeg() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG")
    out.seek(0)
    out.name = "../../../etc/lamp.php"
    return out


@pytest.fixture
def resident(client):
    user = UserFactory()
    client.force_login(user)
    return user


def fill(client, town, **where):
    category(town)
    client.post(address("create", town), WHAT)
    return client.post(address("create_where", town), {**WHERE, **where})


def test_three_steps_give_a_number_and_the_date_of_the_answer(client, town, resident):
    assert fill(client, town).url == address("create_photo", town)
    answer = client.post(address("create_photo", town), {"photo": jpeg()}, follow=True)
    set_tenant(town)
    sent = ServiceRequest.objects.get()
    page = answer.content.decode()
    assert sent.case.number in page
    due = sent.case.deadline
    assert f"You will have an answer by {due.day} {due:%B %Y}" in page
    assert sent.case.reporter == resident
    assert (sent.case.deadline - sent.case.created_at.date()).days in {4, 5, 6}
    photo = CaseDocument.objects.get()
    assert photo.file.name.startswith(f"cases/{town.slug}/")
    assert photo.file.name.endswith(".jpg")
    assert "lamp" not in photo.file.name


def test_sending_twice_makes_one_request(client, town, resident):
    fill(client, town)
    kept = dict(client.session)
    client.post(address("create_photo", town))
    session = client.session
    session.update(kept)
    session.save()
    client.post(address("create_photo", town))
    set_tenant(town)
    assert ServiceRequest.objects.count() == 1


def test_going_back_keeps_the_answers(client, town, resident):
    fill(client, town, address="behind the bakery")
    assert "The lamp is out." in client.get(address("create", town)).content.decode()
    page = client.get(address("create_where", town)).content.decode()
    assert "behind the bakery" in page


def test_a_stranger_fills_the_steps_and_signs_in_to_send(client, town):
    answer = fill(client, town)
    asked = client.get(answer.url)
    assert asked.status_code == 302
    assert "/account/login/" in asked.url
    assert client.post(answer.url).status_code == 302
    client.force_login(UserFactory())
    assert "The lamp is out." in client.get(answer.url).content.decode()


def test_a_later_step_leads_back_to_the_first(client, town, resident):
    for name in ("create_where", "create_photo"):
        assert client.get(address(name, town)).url == address("create", town)


def test_it_works_without_a_map_by_parcel_number(client, town, resident):
    ParcelFactory(municipality=town, code="1187")
    fill(client, town, latitude="", longitude="", parcel="1187")
    client.post(address("create_photo", town))
    set_tenant(town)
    assert ServiceRequest.objects.get().case.parcel.code == "1187"


def test_it_works_without_a_map_in_words(client, town, resident):
    fill(client, town, latitude="", longitude="", address="behind the school")
    client.post(address("create_photo", town))
    set_tenant(town)
    case = Case.objects.get()
    assert (case.geometry, case.address) == (None, "behind the school")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"latitude": "", "longitude": ""}, "Say where it is"),
        ({"latitude": "10", "longitude": "10"}, "lies outside"),
        ({"latitude": "NaN", "longitude": "inf"}, "Enter a number"),
        ({"latitude": "1e400"}, "Enter a number"),
        ({"latitude": "91"}, "less than or equal to 90"),
        ({"parcel": "77777"}, "Parcel 77777 is not in the register"),
        ({"address": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_a_wrong_place_is_explained(client, town, resident, where, message):
    answer = fill(client, town, **where)
    assert answer.status_code == 200
    assert message in answer.content.decode()


def test_a_bad_photo_is_explained_and_nothing_is_sent(client, town, resident):
    fill(client, town)
    bad = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    bad.name = "lamp.jpg"
    answer = client.post(address("create_photo", town), {"photo": bad})
    assert "This file is not a photo" in answer.content.decode()
    set_tenant(town)
    assert not Case.objects.exists()


def test_the_same_problem_nearby_is_offered_and_followed(client, town, resident):
    near = CENTRE.clone()
    near.y += 0.0004  # about 44 m
    first = service_request(town, user=UserFactory(), point=near)
    page = fill(client, town).content.decode()
    assert "Is it this one?" in page
    assert "44 m away" in page
    assert first.description not in page
    answer = client.post(address("follow", town, first.case.number), follow=True)
    assert "You follow this request" in answer.content.decode()
    assert first.description not in answer.content.decode()
    set_tenant(town)
    assert CaseFollower.objects.get().user == resident
    assert ServiceRequest.objects.count() == 1


def test_another_problem_goes_on(client, town, resident):
    service_request(town)
    assert fill(client, town, another="1").url == address("create_photo", town)


@pytest.mark.parametrize("change", ["far", "closed", "category"])
def test_other_requests_are_not_offered(client, town, resident, change):
    point = CENTRE.clone()
    if change == "far":
        point.y += 0.0006  # about 67 m
    kind = category(town, "road" if change == "category" else "street_light")
    request = service_request(town, point=point, category=kind)
    if change == "closed":
        Case.objects.filter(pk=request.case.pk).update(status="done")
    assert fill(client, town).status_code == 302


def test_only_what_was_offered_can_be_followed(client, town, resident):
    secret = service_request(town, category=category(town, "water")).case
    assert client.get(address("follow", town, secret.number)).status_code == 404
    fill(client, town)
    assert client.get(address("follow", town, secret.number)).status_code == 404


def test_a_draft_stays_in_its_municipality(client, town, resident):
    fill(client, town)
    other = MunicipalityFactory()
    page = client.get(address("create", other)).content.decode()
    assert "The lamp is out." not in page
