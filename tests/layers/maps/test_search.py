import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.maps import spelling
from tests.factories.accounts import staff
from tests.factories.geography import (
    FacilityFactory,
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("الحارةُ الفوقا", "حاره فوقا"),
        ("إبتدائيّة", "ابتداييه"),
        ("مؤسّســة", "موسسه"),
        ("على", "علي"),
        ("عقار ١٢٣", "عقار 123"),
        ("۴۵", "45"),
        ("École Élémentaire", "ecole elementaire"),
        ("  Hay   el-Wadi ", "hay el wadi"),
    ],
)
def test_spellings_of_one_name_become_one(written, meant):
    assert spelling.normal(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "33.85, 35.9",
        "33.85 35.9",
        "33.85; 35.9",
        "٣٣٫٨٥، ٣٥٫٩",
        "33,85 35,9",
        "35.9 E 33.85 N",
        "N 33.85 E 35.9",
        "33°51'N 35°54'E",
        "33°51'00\"N, 35°54'00\"E",
        "33° 51′ 0″ N 35° 54′ 0″ E",
        "٣٣٫٨٥ شمالاً، ٣٥٫٩ شرقاً",
        "33.85 Nord 35.9 Est",
    ],
)
def test_positions_are_understood_in_many_writings(written):
    longitude, latitude = spelling.position(written)
    assert (longitude, latitude) == (pytest.approx(35.9), pytest.approx(33.85))


def test_west_and_south_are_negative():
    assert spelling.position("36.8 N 10.2 O") == (pytest.approx(-10.2), 36.8)
    assert spelling.position("-33.9, 18.4") == (18.4, -33.9)


@pytest.mark.parametrize(
    "written",
    ["", "33", "91, 10", "10, 181", "33 N 34 N", "school 12", "12/5/2026", "A-12"],
)
def test_what_is_no_position_is_none(written):
    assert spelling.position(written) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    spelling.position(text)
    assert spelling.normal(text).split() == spelling.normal(text).split(" ") or not (
        spelling.normal(text)
    )


@pytest.fixture
def find(client, town):
    ZoneFactory(
        municipality=town, code="Z1", name_ar="الحارة الفوقا", name_en="Upper Quarter"
    )
    FacilityFactory(municipality=town, name_ar="مدرسة الأرز", name_en="Cedar School")
    ParcelFactory(municipality=town, code="1234")
    ParcelFactory(municipality=MunicipalityFactory(), code="1235")

    def find(text, role="planner"):
        client.force_login(staff(town, role))
        answer = client.get(f"/en/{town.slug}/map/search.json", {"q": text})
        return [(x["kind"], x["title"]) for x in answer.json()["found"]]

    return find


@pytest.mark.parametrize("text", ["الحاره الفوقا", "حارةُ", "الفوقا", "upper", "z1"])
def test_a_zone_is_found_by_any_spelling(find, text):
    assert find(text) == [("zone", "Upper Quarter")]


def test_a_facility_is_found_by_a_word_within(find):
    assert find("ارز") == [("facility", "Cedar School")]


def test_a_parcel_is_found_by_number_in_its_own_town_only(find):
    assert find("١٢٣") == [("parcel", "Parcel 1234")]


def test_a_position_says_whether_it_lies_outside(find, client, town):
    find("")
    answer = client.get(f"/en/{town.slug}/map/search.json", {"q": "0.5, 0.25"})
    (found,) = answer.json()["found"]
    assert (found["kind"], found["at"]) == ("position", [0.25, 0.5])


@pytest.mark.parametrize("text", ["", "   ", "\x00", "'; --", "%", "x" * 5000])
def test_nonsense_finds_nothing(find, text):
    assert find(text) == []
