"""Answers from lists that are no part of the form."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook

from surveys.files.working import check_upload, load_upload
from surveys.models import Entity, Household, Round, Submission, Upload
from surveys.problems import Problem
from surveys.questionnaires.media import add_media
from surveys.questionnaires.services import publish_version
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory
from tests.factories.surveys import store

pytestmark = pytest.mark.django_db

FORM = """
| survey |
| | type | name | label | choice_filter | constraint | parameters |
| | text | household_id | Number | | | |
| | select_one_from_file parcels.geojson | parcel_code | Parcel | | | value=id, label=title |
| | select_one_from_file households.csv | household | Household | | | |
| | select_one_from_file districts.csv | district | District | | | |
| | select_one_from_file villages.csv | village | Village | district=${district} | | value=code |
| | select_one_from_file shops.csv | shop | Shop | | | |
| | integer | people | People | | . <= instance('villages')/root/item[code=current()/../village]/people | |
| settings |
| | form_id | version |
| | {form_id} | {version} |
"""
DISTRICTS = "name,label,label::French\nn,North,Nord\ns,South,Sud\n"
VILLAGES = "code,label,district,people\nv1,Ain,n,10\nv2,Deir,s,20\n"


@pytest.fixture
def shop(town: Any) -> Entity:
    """Of a list that phones are given."""
    return Entity.objects.create(
        municipality=town, list_name="shops", uuid=uuid4(), label="Bakery"
    )


@pytest.fixture
def round(town: Any, shop: Entity) -> Round:
    ParcelFactory(municipality=town, code="1187")
    version = make_version(town, text=FORM, published=False)
    for name, content in (("districts.csv", DISTRICTS), ("villages.csv", VILLAGES)):
        add_media(version=version, name=name, content=content.encode())
    publish_version(version=version)
    return receiving_round(version)


def file(round: Round, *rows: dict[str, Any]) -> Upload:
    book = Workbook()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    book.active.append(columns)
    for row in rows:
        book.active.append([row.get(key) for key in columns])
    out = io.BytesIO()
    book.save(out)
    return store(round, out.getvalue())


def told(round: Round, **row: Any) -> list[tuple[str, str]]:
    """Columns and what is said of them, for a file of this one row."""
    home = {"household_id": "H1", "parcel_code": "1187", **row}
    upload = file(round, home)
    check_upload(upload=upload)
    found = [Problem(**each) for each in upload.report["problems"]]
    return [(each.column, each.message) for each in found if each.blocks]


def test_an_uploaded_list_offers_its_rows_by_value_and_words(round: Round) -> None:
    row = {"household_id": "H1", "parcel_code": "1187", "district": "nord"}
    load_upload(upload=file(round, {**row, "village": "v1", "people": 10}))
    answers = Submission.objects.get().answers
    assert (answers["district"], answers["village"]) == ("n", "v1")


def test_what_is_not_on_an_uploaded_list_is_told_with_what_is(round: Round) -> None:
    assert told(round, district="west") == [
        ("district", "“west” is not among the answers: n, s.")
    ]
    assert told(round, village="Ain", people=1) == []


def test_the_filter_of_an_uploaded_list_holds(round: Round) -> None:
    ((column, words),) = told(round, district="n", village="v2")
    assert column == "village"
    assert words.startswith("“v2” is not offered with the other answers")


def test_rules_look_into_uploaded_lists(round: Round) -> None:
    ((column, words),) = told(round, district="n", village="v1", people=11)
    assert column == "people"
    assert "is not allowed by the form" in words


def test_a_parcel_is_one_of_the_towns(round: Round) -> None:
    ((column, words),) = told(round, parcel_code="9999")
    assert column == "parcel_code"
    assert words.startswith("“9999” is not on the list “parcels”")


def test_entities_are_those_of_the_town(round: Round, town: Any, shop: Entity) -> None:
    known = Household.objects.create(municipality=town, code="H1")
    assert told(round, shop=str(shop.uuid), household=str(known.uuid)) == []
    found = told(round, shop="bakery", household=str(uuid4()))
    assert sorted(column for column, _words in found) == ["household", "shop"]
    assert all("is not on the list" in words for _column, words in found)


def test_rules_over_lists_that_phones_are_given_are_not_guessed(
    town: Any, shop: Entity
) -> None:
    text = FORM.replace("instance('villages')", "instance('shops')")
    for name in ("villages.csv", "districts.csv"):
        text = text.replace(f"select_one_from_file {name}", "text")
    text = text.replace("district=${district}", "").replace("value=code", "")
    version = make_version(town, form_id="guess", text=text)
    round = receiving_round(version)
    assert told(round, people=5_000) == [
        ("parcel_code", "“1187” is not on the list “parcels”. Correct it, or add it to "
         "the list first.")
    ]  # fmt: skip
