import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from gisportal.cases.models import Case
from gisportal.service_requests.models import Category, ServiceRequest
from gisportal.service_requests.services import (
    Loaded,
    create_categories,
    load_service_requests,
)
from layers.geography.tenancy import set_tenant
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("in_english")
HEADER = "category,description,longitude,latitude,reported_at,status,reporter_email\n"
ROW = "water,لا ماء,35.83,33.8,2026-04-26T22:45:00+03:00,{status},{email}\n"


@pytest.fixture
def write(tmp_path):
    def file(*rows: str, header: str = HEADER):
        path = tmp_path / "service_requests.csv"
        path.write_text(header + "".join(rows), encoding="utf-8")
        return path

    return file


def row(status: str = "received", email: str = "") -> str:
    return ROW.format(status=status, email=email)


def test_loading_twice_changes_nothing(town, write):
    file = write(row("resolved"), row("received").replace("33.8", "33.801"))
    assert load_service_requests(municipality=town, file=file) == Loaded(2, 0)
    assert load_service_requests(municipality=town, file=file) == Loaded(0, 2)
    case = Case.objects.get(status="done")
    assert case.number.startswith("2026-0")
    assert [event.to_status for event in case.events.all()] == ["received", "done"]


def test_a_known_reporter_is_linked(town, write):
    person = UserFactory(email="rana@example.org")
    load_service_requests(municipality=town, file=write(row(email="Rana@example.org")))
    assert Case.objects.get().reporter == person


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("melted"), "Row 3, column status: is “melted”; allowed are: received"),
        (row().replace("water", "ufo"), "Row 3: “ufo” is no category"),
        (row().replace("35.83", "east"), "column longitude: is no number"),
        (row().replace("35.83", "nan"), "column longitude"),
        (row().replace("35.83", "12.5"), "Row 3: This place lies outside"),
        (row().replace("2026-04-26T22:45:00+03:00", "spring"), "is no date"),
        (row().replace("لا ماء", ""), "column description: is empty"),
        (row().strip() + ",more\n", "more cells than the first line"),
    ],
)
def test_one_bad_row_refuses_the_whole_file(town, write, bad, message):
    with pytest.raises(ValidationError) as refused:
        load_service_requests(municipality=town, file=write(row(), bad))
    assert message in " ".join(refused.value.messages)
    assert not ServiceRequest.objects.exists()


def test_a_file_without_its_columns_is_refused(town, write):
    file = write(header="category,when\n")
    with pytest.raises(ValidationError, match="lacks the column description"):
        load_service_requests(municipality=town, file=file)


def test_a_file_in_another_encoding_is_refused(town, tmp_path):
    file = tmp_path / "old.csv"
    file.write_bytes((HEADER + row()).encode("cp1256"))
    with pytest.raises(ValidationError, match="no CSV file in UTF-8"):
        load_service_requests(municipality=town, file=file)


def test_the_command_says_what_it_did(town, write, capsys):
    call_command("load_service_requests", str(write(row())), municipality=town.slug)
    assert capsys.readouterr().out == "1 added, 0 unchanged\n"
    with pytest.raises(CommandError, match="no municipality nowhere"):
        call_command("load_service_requests", str(write(row())), municipality="nowhere")


def test_categories_speak_three_languages_and_stay_as_changed(town):
    create_categories(municipality=town)
    Category.objects.filter(code="water").update(service_level_days=1)
    create_categories(municipality=town)
    assert Category.objects.get(code="water").service_level_days == 1
    for category in Category.objects.all():
        for part in ("name", "hint"):
            assert all(
                getattr(category, f"{part}_{code}") for code in ("ar", "en", "fr")
            )


@pytest.mark.parametrize("table", ["category", "servicerequest"])
def test_without_a_municipality_there_are_no_rows(town, write, table):
    load_service_requests(municipality=town, file=write(row()))
    set_tenant(None)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM service_requests_{table}")
        assert cursor.fetchone() == (0,)
