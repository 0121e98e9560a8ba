"""Known totals of children: typed, sent as a file, and said where they cannot hold."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from layers.indicators.models import Estimate
from surveys.publish import publish_round
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory, child, household, load


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def round(town):
    """Thirty homes in each of two zones, a girl of seven in each."""
    for number, code in enumerate(("Z1", "Z2")):
        zone = ZoneFactory(municipality=town, code=code)
        place = square(35.82, 33.79 + number / 500, 0.0004)
        ParcelFactory(municipality=town, code=f"P{number}", zone=zone, geometry=place)
    made = RoundFactory(municipality=town)
    numbers = range(1, 61)
    load(
        made,
        [household(n, parcel_code=f"P{n % 2}") for n in numbers],
        [child(1, of=n) for n in numbers],
    )
    return made


@pytest.fixture
def page(client, town, round):
    client.force_login(staff(town, "data_manager"))
    return reverse("surveys:rounds:totals", args=[town.slug, round.code])


def sent(client, page, text):
    file = SimpleUploadedFile("totals.csv", text.encode("utf-8-sig"))
    return client.post(page, {"upload": "1", "file": file}, follow=True)


def test_typed_totals_are_what_the_next_release_is_weighted_to(client, page, round):
    publish_round(round=round, by=None)
    answer = client.post(page, {"zone.Z1": "90", "zone.Z2": "60"}, follow=True)
    assert "The next release is weighted to these totals" in answer.content.decode()
    round.refresh_from_db()
    assert round.known_totals == {"zone": {"Z1": 90, "Z2": 60}}
    assert round.has_news()
    release = publish_round(round=round, by=None)
    assert release.calibration == {"margins": ["zone"], "children": 150}
    rows = Estimate.objects.of_release(release).of_breakdown("all")
    told = {row.zone.code if row.zone else "": row.population for row in rows}
    assert told == {"Z1": 90, "Z2": 60, "": 150}


def test_a_file_takes_the_place_of_what_was_typed(client, page, round):
    client.post(page, {"zone.Z1": "90", "zone.Z2": "60"})
    template = client.get(page.replace("totals/", "totals.csv")).content.decode()
    assert template.splitlines()[:4] == [
        "zone,sex,age,children",
        "Z1,,,90",
        "Z2,,,60",
        ",female,0-4,",
    ]
    sent(client, page, template.replace("Z1,,,90", "Z1,,,70"))
    round.refresh_from_db()
    assert round.known_totals == {"zone": {"Z1": 70, "Z2": 60}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zone,children\nZ1,5\n", "The file has no column age, sex"),
        (
            "zone,sex,age,children\nZ9,,,5\nZ1,,,-3\n",
            "Line 2: the town has no zone Z9.",
        ),
        ("zone,sex,age,children\nZ1,,,5\nZ1,,,6\n", "Line 3: it stands there twice"),
        ("zone,sex,age,children\n,female,0-3,5\n", "Line 2: give a zone alone"),
        ("zone,sex,age,children\n,female,0-4,5\n", "There are no known totals for"),
    ],
)
def test_a_file_that_cannot_be_taken_says_where(client, page, round, text, words):
    answer = sent(client, page, text)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    round.refresh_from_db()
    assert round.known_totals == {}


def test_totals_that_no_weight_reaches_stop_publishing_and_say_so(client, page, round):
    publish_round(round=round, by=None)
    client.post(page, {"zone.Z1": "9000", "zone.Z2": "60"})
    assert "With these totals nothing can be published yet" in (
        client.get(page).content.decode()
    )
    publish = reverse("surveys:publish", args=[round.municipality.slug, round.code])
    answer = client.post(publish, follow=True)
    assert "that of Z1, 9000, stays" in answer.content.decode()
    assert round.publications.filter(state="done").count() == 1
