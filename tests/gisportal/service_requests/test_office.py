from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from gisportal.cases.models import Case, CaseEvent
from gisportal.cases.services import add_photo, answer_case, follow_case
from gisportal.service_requests.models import ServiceRequest
from gisportal.service_requests.tasks import send_letter
from layers.geography.files.photo import clean_photo
from layers.geography.tenancy import set_tenant, tenant
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import MunicipalityFactory, ZoneFactory
from tests.factories.service_requests import category, service_request
from tests.gisportal.service_requests.test_reporting import jpeg

pytestmark = pytest.mark.usefixtures("in_english")


def address(name: str, town, *more) -> str:
    return reverse(f"service_requests:{name}", args=[town.slug, *more])


@pytest.fixture
def officer(client, town):
    user = staff(town, "officer")
    client.force_login(user)
    return user


def queue(client, town, **query) -> str:
    page = client.get(address("queue", town), query).content.decode()
    set_tenant(town)
    return page


@pytest.mark.parametrize("role", ["resident", "planner", "cashier", "surveyor"])
@pytest.mark.parametrize("page", ["queue", "register"])
def test_the_office_is_closed_to_others(client, town, role, page):
    client.force_login(staff(town, role))
    assert client.get(address(page, town)).status_code == 403


def test_staff_of_another_municipality_find_nothing(client, town):
    number = service_request(town).case.number
    client.force_login(staff(MunicipalityFactory(), "officer"))
    assert client.get(address("queue", town)).status_code == 403
    assert client.get(address("detail", town, number)).status_code == 404


def test_a_number_of_another_municipality_is_not_found(client, town, officer):
    other = MunicipalityFactory()
    with tenant(other):
        service_request(other)
        number = service_request(other).case.number
    assert client.get(address("detail", town, number)).status_code == 404
    assert client.get(address("answer", town, number)).status_code == 405
    assert client.post(address("answer", town, number)).status_code == 404


def test_another_resident_s_request_is_not_found(client, town):
    request = service_request(town, user=UserFactory())
    photo = add_photo(case=request.case, by=None, photo=clean_photo(jpeg()))
    number = request.case.number
    client.force_login(UserFactory())
    for page in ("detail", "sent"):
        assert client.get(address(page, town, number)).status_code == 404
    for act in ("reply", "withdraw"):
        assert client.post(address(act, town, number)).status_code == 404
    for act in ("answer", "note"):
        assert client.post(address(act, town, number)).status_code == 403
    assert client.get(address("photo", town, photo.pk)).status_code == 404


def test_a_photo_is_for_its_reporter_and_the_staff(client, town, officer):
    resident = UserFactory()
    request = service_request(town, user=resident)
    photo = add_photo(case=request.case, by=resident, photo=clean_photo(jpeg()))
    for person in (resident, officer, staff(town, "clerk")):
        client.force_login(person)
        answer = client.get(address("photo", town, photo.pk))
        assert answer["Content-Type"] == "image/jpeg"
        assert "private" in answer["Cache-Control"]
        assert b"".join(answer.streaming_content).startswith(b"\xff\xd8\xff")
        set_tenant(town)
    client.logout()
    assert client.get(address("photo", town, photo.pk)).status_code == 302


def test_the_queue_is_searched_filtered_and_sorted(client, town, officer):
    zone = ZoneFactory(municipality=town, code="Z9")
    lamp = service_request(town).case
    road = service_request(
        town,
        category=category(town, "road"),
        description="A deep hole",
        point=None,
        at=timezone.now() - timedelta(days=60),
    ).case
    page = queue(client, town)
    assert page.index(road.number) < page.index(lamp.number)
    assert page.count('<strong class="danger">Overdue') == 1
    assert lamp.number not in queue(client, town, status="overdue")
    assert road.number in queue(client, town, q="deep hole")
    assert lamp.number not in queue(client, town, q="deep hole")
    assert road.number not in queue(client, town, category="street_light")
    assert lamp.number in queue(client, town, zone=zone.code)
    assert road.number not in queue(client, town, zone=zone.code)
    newest = queue(client, town, sort="newest")
    assert newest.index(lamp.number) < newest.index(road.number)
    assert "No request matches." in queue(client, town, q="nothing like it")


def test_the_queue_has_pages(client, town, officer):
    for _ in range(27):
        service_request(town)
    assert "Page 1 of 2" in queue(client, town)
    assert "Page 2 of 2" in queue(client, town, page="2")
    assert "Page 2 of 2" in queue(client, town, page="999")


@pytest.mark.parametrize(
    "query", ["status=nonsense", "zone=%00", "sort=;drop", "page=x", "q=%00"]
)
def test_a_nonsense_query_is_no_server_error(client, town, officer, query):
    service_request(town)
    assert client.get(f"{address('queue', town)}?{query}").status_code == 200


def test_an_answer_changes_the_status_and_the_resident_reads_it(
    client, town, officer, django_capture_on_commit_callbacks
):
    resident = UserFactory()
    number = service_request(town, user=resident).case.number
    client.post(
        address("answer", town, number), {"status": "done", "text": "New lamp fitted."}
    )
    client.force_login(resident)
    page = client.get(address("detail", town, number)).content.decode()
    assert "New lamp fitted." in page
    assert "Done" in page
    assert officer.full_name not in page


def test_closing_without_words_is_refused_beside_the_field(client, town, officer):
    number = service_request(town).case.number
    answer = client.post(address("answer", town, number), {"status": "rejected"})
    assert "Write a few words to the resident" in answer.content.decode()
    set_tenant(town)
    assert Case.objects.get().status == Case.Status.RECEIVED


def test_a_note_never_reaches_the_resident(client, town, officer):
    resident = UserFactory()
    number = service_request(town, user=resident).case.number
    client.post(address("note", town, number), {"note-text": "Canary note"})
    page = address("detail", town, number)
    assert "Canary note" in client.get(page).content.decode()
    client.force_login(resident)
    assert "Canary note" not in client.get(page).content.decode()


def test_a_clerk_reads_and_registers_but_does_not_answer(client, town):
    client.force_login(staff(town, "clerk"))
    category(town)
    answer = client.post(
        address("register", town),
        {
            "reporter_name": "Samira Haddad",
            "reporter_phone": "+961 1 234 567",
            "channel": "desk",
            "category": "water",
            "description": "No water for three days.",
            "address": "beside the bakery",
        },
        follow=True,
    )
    page = answer.content.decode()
    set_tenant(town)
    case = Case.objects.get()
    assert f"Give the resident this number: {case.number}" in page
    assert "Samira Haddad" in page
    assert (case.channel, case.reporter) == ("desk", None)
    assert address("answer", town, case.number) not in page
    assert client.post(address("answer", town, case.number)).status_code == 403


def test_the_resident_replies_and_withdraws(client, town):
    resident = UserFactory()
    case = service_request(town, user=resident).case
    client.force_login(resident)
    client.post(address("reply", town, case.number), {"reply-text": "It blinks now."})
    page = client.post(address("withdraw", town, case.number), follow=True)
    assert "Your request is withdrawn." in page.content.decode()
    again = client.post(address("withdraw", town, case.number), follow=True)
    assert "can&#x27;t become" in again.content.decode()
    set_tenant(town)
    kinds = [event.kind for event in CaseEvent.objects.all()]
    assert kinds == ["opened", "replied", "status_changed"]


def letters(town, kind: str) -> int:
    """Do the tasks that the last event of the kind has left."""
    event = CaseEvent.objects.filter(kind=kind).last()
    waiting = DBTaskResult.objects.filter(
        task_path=send_letter.module_path, args_kwargs__kwargs__event=event.pk
    )
    return sum(send_letter.func(**job.args_kwargs["kwargs"]) for job in waiting)


def test_the_letter_speaks_the_resident_s_language(client, town, officer, settings):
    settings.PUBLIC_URL = "https://town.example"
    resident, follower = UserFactory(), UserFactory()
    case = service_request(town, user=resident).case
    follow_case(case=case, user=follower)
    client.post(
        address("answer", town, case.number), {"status": "done", "text": "<Ok>"}
    )
    set_tenant(town)
    assert letters(town, "status_changed") == 2
    own, followed = mail.outbox
    assert own.to == [resident.email]
    assert own.subject == f"Request {case.number}: Done"
    assert "<Ok>" in own.body
    assert f"https://town.example/en/{town.slug}/requests/{case.number}/" in own.body
    assert followed.to == [follower.email]
    assert "<Ok>" not in followed.body


def test_a_letter_is_kept_or_lost_with_what_it_tells(town, officer, client):
    found = service_request(town, user=UserFactory())
    before = DBTaskResult.objects.count()
    with suppress(ZeroDivisionError), transaction.atomic():
        answer_case(case=found.case, by=officer, text="Lost.")
        assert DBTaskResult.objects.count() == before + 1
        raise ZeroDivisionError
    assert DBTaskResult.objects.count() == before
    client.post(address("answer", town, found.case.number), {"text": "Soon."})
    set_tenant(town)
    assert letters(town, "answered") == 1
    assert mail.outbox[0].subject == f"Request {found.case.number}: an answer"


def test_a_letter_sent_twice_is_known_as_the_same(town, officer, client):
    number = service_request(town, user=UserFactory()).case.number
    client.post(address("answer", town, number), {"text": "Soon."})
    set_tenant(town)
    assert letters(town, "answered") == letters(town, "answered") == 1
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_nobody_is_written_to_about_a_note_or_an_import(town, officer, client):
    number = service_request(town, user=UserFactory()).case.number
    client.post(address("note", town, number), {"note-text": "Hm"})
    set_tenant(town)
    assert letters(town, "noted") == 0
    ServiceRequest.objects.get()
    assert mail.outbox == []


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_the_room_s_door_fits_the_reader(client, town, officer, language):
    door = f"/{language}/{town.slug}/requests/"
    assert client.get(door).url.endswith("/queue/")
    client.force_login(UserFactory())
    assert client.get(door).status_code == 200
    client.logout()
    assert client.get(door).status_code == 200
