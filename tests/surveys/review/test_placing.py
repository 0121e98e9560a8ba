"""A record that no number and no position places is placed by a person."""

import pytest
from django.urls import reverse

from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Submission, SubmissionEvent
from surveys.review.placing import place_by_hand
from surveys.review.services import take_step
from tests.factories.forms import instance_xml
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.surveys.review.conftest import answers, send


@pytest.fixture
def lost(town, round, surveyor):
    """Far from every parcel, with a number that none has."""
    return send_lost(town, surveyor, "uuid:lost")


def send_lost(town, surveyor, instance, persons=5, more=""):
    content = (
        answers(persons=persons, more=more)
        .replace("<parcel_code>12<", "<parcel_code>999<")
        .replace("33.7905 35.8105 900 5", "33.5 35.5 900 5")
    )
    sender = Sender(town, surveyor, Arrival.Channel.PHONE)
    found = receive(sender=sender, content=instance_xml(content, instance_id=instance))
    return found.arrival.submission


def page(name, town, record):
    return reverse(f"surveys:review:{name}", args=[town.slug, record.pk])


def test_it_waits_under_its_own_filter(client, town, lost, surveyor, manager):
    assert lost.placed_by == "nothing"
    send(town, surveyor, "uuid:found", number=2)
    client.force_login(manager)
    queue = reverse("surveys:review:queue", args=[town.slug])
    assert len(client.get(queue).context["page"].records) == 2
    (only,) = client.get(f"{queue}?place=none").context["page"].records
    assert only == lost


def test_a_parcel_gives_it_a_zone_and_the_step_is_on_record(
    client, town, lost, manager
):
    client.force_login(manager)
    client.post(page("place", town, lost), {"parcel": "12"})
    lost.refresh_from_db()
    assert (lost.parcel.code, lost.zone, lost.placed_by) == (
        "12",
        lost.parcel.zone,
        "hand",
    )
    event = lost.events.get(kind=SubmissionEvent.Kind.PLACED)
    assert (event.by, event.before["parcel"], event.after) == (
        manager,
        "",
        {"parcel": "12"},
    )
    lost.household.refresh_from_db()
    assert lost.household.parcel.code == "12"

    client.post(page("unplace", town, lost))
    lost.refresh_from_db()
    assert (lost.parcel, lost.zone, lost.placed_by) == (None, None, "nothing")
    assert lost.events.filter(kind=SubmissionEvent.Kind.PLACED).count() == 2


@pytest.mark.parametrize("code", ["13", "", "x\x00y", "9" * 3000])
def test_a_number_that_no_parcel_has_is_refused_with_words(
    client, town, lost, manager, code
):
    client.force_login(manager)
    answer = client.post(page("place", town, lost), {"parcel": code}, follow=True)
    assert answer.status_code == 200
    assert "notice" in answer.content.decode()
    lost.refresh_from_db()
    assert lost.placed_by == "nothing"
    assert not lost.events.filter(kind=SubmissionEvent.Kind.PLACED).exists()


def test_a_correction_from_the_phone_keeps_the_place(town, lost, surveyor, manager):
    place_by_hand(submission=lost, code="12", by=manager)
    take_step(submission=lost, action="send_back", by=manager, note="?")
    send_lost(
        town, surveyor, "uuid:again", persons=6, more="<corrects>uuid:lost</corrects>"
    )
    lost.refresh_from_db()
    assert (lost.state, lost.answers["persons"]) == ("corrected", 6)
    assert (lost.parcel.code, lost.placed_by) == ("12", "hand")


def test_the_page_shows_the_place_and_the_parcels_around(
    client, town, round, surveyor, manager
):
    zone = ZoneFactory(
        municipality=town, code="far", geometry=square(35.90, 33.78, 0.01)
    )
    ParcelFactory(
        municipality=town, code="77", zone=zone, geometry=square(35.901, 33.781, 0.001)
    )
    ParcelFactory(municipality=town, code="14", geometry=square(35.8112, 33.79, 0.001))
    record = send(town, surveyor)
    client.force_login(manager)
    answer = client.get(reverse("surveys:submission", args=[town.slug, record.pk]))
    shown = answer.context["map"]
    assert {each["value"] for each in shown["parcels"]} == {"12", "14"}
    assert (shown["chosen"], shown["position"]) == ("12", [33.7905, 35.8105])


def test_a_surveyor_places_nothing(client, town, lost, surveyor):
    client.force_login(surveyor)
    assert client.post(page("place", town, lost), {"parcel": "12"}).status_code == 403
    assert Submission.objects.get().placed_by == "nothing"


def test_a_comment_on_a_question_goes_back_with_the_record(
    client, town, round, surveyor, manager
):
    record = send(town, surveyor)
    client.force_login(manager)
    shown = client.get(reverse("surveys:submission", args=[town.slug, record.pk]))
    assert 'name="about:persons"' in shown.content.decode()
    client.post(
        page("act", town, record), {"action": "send_back", "about:persons": "5 أم 15؟"}
    )
    comment = record.events.get(kind=SubmissionEvent.Kind.COMMENT)
    assert (comment.question, comment.note) == ("persons", "5 أم 15؟")
