from datetime import UTC, datetime

import pytest
from django.contrib.gis.geos import Point
from django.db import DatabaseError, connection, transaction

from gisportal.cases.errors import NotYours, PlaceRefused, StepRefused
from gisportal.cases.events import case_changed
from gisportal.cases.models import Case, CaseEvent
from gisportal.cases.services import (
    answer_case,
    change_status,
    find_place,
    note_on_case,
    reply_to_case,
)
from layers.geography.tenancy import set_tenant, tenant
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import (
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)
from tests.factories.service_requests import CENTRE, service_request

pytestmark = pytest.mark.usefixtures("in_english")
TABLES = ("case", "caseevent", "casedocument", "casefollower", "casecounter")


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM cases_{table}")
        return cursor.fetchone()[0]


def test_numbers_count_per_municipality_and_year(town):
    one = [service_request(town).case.number for _ in range(2)]
    before = service_request(town, at=datetime(2025, 6, 1, tzinfo=UTC)).case.number
    other = MunicipalityFactory()
    with tenant(other):
        elsewhere = service_request(other).case.number
    year = one[0][:4]
    assert one == [f"{year}-00001", f"{year}-00002"]
    assert before == "2025-00001"
    assert elsewhere == f"{year}-00001"


def test_the_year_is_the_town_s_own(town):
    new_year_in_beirut = datetime(2025, 12, 31, 22, 30, tzinfo=UTC)
    assert service_request(town, at=new_year_in_beirut).case.number == "2026-00001"


def test_a_number_that_was_rolled_back_is_given_again(town):
    first = service_request(town).case.number
    with transaction.atomic():
        service_request(town)
        transaction.set_rollback(True)
    second = service_request(town).case.number
    assert int(second[-5:]) == int(first[-5:]) + 1


def test_opening_writes_the_first_line_of_the_history(town):
    case = service_request(town, user=UserFactory()).case
    assert [event.kind for event in case.events.all()] == ["opened"]
    assert case.status == Case.Status.RECEIVED


def test_a_place_is_completed_from_the_map_or_the_parcel(town):
    zone = ZoneFactory(municipality=town)
    parcel = ParcelFactory(municipality=town, code="1187")
    by_parcel = find_place(municipality=town, parcel_code="1187")
    assert parcel.geometry.covers(by_parcel.geometry)
    assert by_parcel.zone == zone
    by_map = find_place(municipality=town, geometry=by_parcel.geometry)
    assert by_map.parcel == parcel


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"parcel_code": "99999"}, "Parcel 99999 is not in the register"),
        ({"geometry": Point(10, 36, srid=4326)}, "lies outside"),
        ({}, "Say where it is"),
    ],
)
def test_a_place_that_can_t_be_is_refused(town, answers, message):
    with pytest.raises(PlaceRefused, match=message):
        find_place(municipality=town, **answers)


def test_a_step_outside_the_table_is_refused(town):
    officer = staff(town, "officer")
    case = service_request(town).case
    change_status(case=case, to="done", by=officer, text="Repaired.")
    with pytest.raises(StepRefused, match="“Done” can't become “Waiting"):
        change_status(case=case, to="waiting", by=officer, text="?")


@pytest.mark.parametrize("status", ["done", "rejected", "waiting"])
def test_words_are_needed_for_a_closing_step(town, status):
    case = service_request(town).case
    with pytest.raises(StepRefused, match="Write a few words to the resident"):
        change_status(case=case, to=status, by=staff(town, "officer"), text="  ")


@pytest.mark.parametrize("role", ["clerk", "planner", "resident", "cashier"])
def test_only_officers_take_a_case_further(town, role):
    case = service_request(town).case
    with pytest.raises(NotYours):
        change_status(case=case, to="in_progress", by=staff(town, role))
    with pytest.raises(NotYours):
        answer_case(case=case, by=staff(town, role), text="Soon.")


def test_a_stale_page_can_t_take_a_step_twice(town):
    officer = staff(town, "officer")
    case = service_request(town).case
    stale = Case.objects.get(pk=case.pk)
    change_status(case=case, to="done", by=officer, text="Repaired.")
    with pytest.raises(StepRefused, match="Reload the page"):
        change_status(case=stale, to="done", by=officer, text="Again.")


def test_a_reply_takes_a_waiting_case_up_again(town):
    resident = UserFactory()
    case = service_request(town, user=resident).case
    change_status(case=case, to="waiting", by=staff(town, "officer"), text="Which?")
    reply_to_case(case=case, by=resident, text="The left one.")
    case.refresh_from_db()
    assert case.status == Case.Status.IN_PROGRESS
    assert case.events.last().text == "The left one."


def test_notes_stay_with_the_staff(town):
    resident, clerk = UserFactory(), staff(town, "clerk")
    case = service_request(town, user=resident).case
    note_on_case(case=case, by=clerk, text="He called twice.")
    events = CaseEvent.objects.filter(case=case)
    assert "noted" not in {event.kind for event in events.visible_to(resident)}
    assert "noted" in {event.kind for event in events.visible_to(clerk)}
    with pytest.raises(NotYours):
        note_on_case(case=case, by=resident, text="Hello")


@pytest.mark.parametrize(
    "change",
    ["UPDATE cases_caseevent SET text = ''", "DELETE FROM cases_caseevent"],
)
def test_the_database_refuses_to_change_history(town, change):
    service_request(town)
    with (
        pytest.raises(DatabaseError, match="appended to, never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


@pytest.mark.parametrize("table", TABLES)
def test_without_a_municipality_there_are_no_rows(town, table):
    service_request(town, user=UserFactory())
    set_tenant(None)
    assert count(table) == 0
    other = MunicipalityFactory()
    with tenant(other):
        assert count(table) == 0


def test_a_case_of_another_municipality_can_t_be_written(town):
    case = service_request(town).case
    set_tenant(MunicipalityFactory())
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        CaseEvent.objects.create(municipality=town, case=case, kind="noted")


def test_siblings_hear_of_it_in_the_same_transaction(town):
    heard = []

    def listen(*, event, **_more):
        heard.append((event.case_id, event.kind, connection.in_atomic_block))

    case_changed.connect(listen)
    try:
        case = service_request(town).case
    finally:
        case_changed.disconnect(listen)
    assert heard == [(case.pk, "opened", True)]


def test_a_person_sees_own_cases_and_the_staff_all(town):
    mine, yours = UserFactory(), UserFactory()
    case = service_request(town, user=mine, point=CENTRE).case
    seen = Case.objects.visible_to
    assert list(seen(mine)) == [case]
    assert list(seen(staff(town, "officer"))) == [case]
    assert list(seen(staff(town, "clerk"))) == [case]
    for stranger in (yours, staff(town, "planner"), staff(town, "cashier")):
        assert list(seen(stranger)) == []
