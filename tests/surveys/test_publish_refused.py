"""A release that gives a figure away is refused, and says so where it was asked for."""

from datetime import date

import pytest

from layers.indicators.disclosure import suppression
from layers.indicators.models import Release
from surveys.models import Publication
from surveys.publish import request_publication
from surveys.services import withdraw_submission
from surveys.tasks import publish_in_background
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory
from tests.factories.surveys import RoundFactory, child, household, load

AGES = [date(2019, 3, 1), date(2012, 3, 1), date(2009, 3, 1)]


@pytest.fixture
def round(town):
    """80 households; two of the young ones out of school, so that ages hide each other."""
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(municipality=town, code="1187", zone=zone)
    round = RoundFactory(municipality=town)
    numbers = range(1, 81)
    load(
        round,
        [household(n, parcel_code="1187", internet="no") for n in numbers],
        [
            child(
                1,
                of=n,
                birth_date=AGES[n % 3],
                school_attended_this_year="no" if n in {3, 6} or n % 3 == 1 else "yes",
            )
            for n in numbers
        ],
    )
    return round


@pytest.fixture
def page(round, client):
    client.force_login(staff(round.municipality, "data_manager"))

    def page(language="en"):
        slug = round.municipality.slug
        return f"/{language}/{slug}/surveys/rounds/{round.code}/publish/"

    return page


@pytest.fixture
def _blind(monkeypatch):
    """The search for a pattern does nothing, so that the audit has something to find."""
    monkeypatch.setattr(
        suppression, "complementary", lambda table, hidden, rule: hidden
    )


@pytest.mark.usefixtures("_blind")
def test_the_page_says_which_figure_and_what_would_help(round, client, page):
    answer = client.post(page(), follow=True)
    assert answer.redirect_chain[-1][0] == page()
    text = answer.content.decode()
    assert "Nothing was published: readers could work out a withheld figure" in text
    assert "Move the households of this zone" in text
    assert not Release.objects.exists()
    assert not Publication.objects.filter(state="done").exists()


@pytest.mark.usefixtures("_blind")
@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("en", "Nothing was published"),
        ("ar", "لم يُنشر شيء"),
        ("fr", "Rien n’a été publié"),
    ],
)
def test_what_was_refused_in_the_background_is_said_in_each_language(
    round, client, page, language, word
):
    publication = request_publication(round=round, by=None)
    publish_in_background.func(round.municipality_id, publication.pk)
    publication.refresh_from_db()
    assert publication.state == "failed"
    assert publication.refusal.keys() == {"indicator", "breakdown", "zone"}
    text = client.get(page(language)).content.decode()
    assert word in text
    assert text.index(word) < text.index("data-once")


def test_releases_are_listed_with_what_changed(round, client, page):
    assert "Releases so far" not in client.get(page()).content.decode()
    client.post(page())
    text = client.get(page()).content.decode()
    assert "The first release of this round." in text
    submissions = list(round.submissions.order_by("pk"))
    withdraw_submission(submission=submissions[0], by=None, reason="Asked for twice")
    client.post(page())
    assert "No published figure changed." in client.get(page()).content.decode()
    for submission in submissions[1:31]:
        withdraw_submission(submission=submission, by=None, reason="Asked for twice")
    client.post(page())
    text = client.get(page()).content.decode()
    assert "published figures changed" in text
    assert "Release 3" in text
