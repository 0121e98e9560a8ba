"""What could not be used waits for a person, who loses none of it."""

import pytest
from django.urls import reverse

from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Submission
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.surveys.intake.conftest import ANSWERS


@pytest.fixture
def manager(town, client):
    person = staff(town, "data_manager")
    client.force_login(person)
    return person


def arrive(town, number=1, **more):
    content = instance_xml(ANSWERS, instance_id=f"uuid:q{number}", **more)
    sender = Sender(town, staff(town, "surveyor"), Arrival.Channel.PHONE)
    return receive(sender=sender, content=content).arrival


def act(client, town, action, *arrivals, **more):
    return client.post(
        reverse("surveys:settle_arrivals", args=[town.slug]),
        {"action": action, "arrival": [each.pk for each in arrivals], **more},
        follow=True,
    ).content.decode()


def states():
    return list(Arrival.objects.order_by("pk").values_list("state", flat=True))


def test_several_are_taken_in_once_their_version_is_there(client, town, manager):
    waiting = [arrive(town, n) for n in (1, 2)]
    assert states() == ["quarantined", "quarantined"]
    assert "still can&#x27;t be used" in act(client, town, "retry", *waiting)
    receiving_round(make_version(town))
    assert "2 taken in" in act(client, town, "retry", *waiting)
    assert states() == ["accepted", "accepted"]
    assert Submission.objects.count() == 2
    act(client, town, "retry", *waiting)
    assert Submission.objects.count() == 2


def test_a_person_chooses_the_round_of_what_belongs_to_none(client, town, manager):
    round = receiving_round(make_version(town), receiving=False)
    waiting = arrive(town)
    assert waiting.reason == "no_round"
    page = client.get(reverse("surveys:arrival", args=[town.slug, waiting.pk]))
    assert "Choose a round" in page.content.decode()
    assert "1 taken in" in act(client, town, "retry", waiting, round=round.code)
    assert Submission.objects.get().round == round


def test_the_round_of_another_questionnaire_takes_nothing(client, town, manager):
    make_version(town)
    other = receiving_round(make_version(town, form_id="other"), code="other")
    waiting = arrive(town)
    act(client, town, "retry", waiting, round=other.code)
    assert states() == ["quarantined"]
    assert not Submission.objects.exists()


def test_what_is_put_aside_can_be_taken_out_again(client, town, manager):
    receiving_round(make_version(town))
    arrive(town)
    conflict = receive(
        sender=Sender(town, None, Arrival.Channel.PHONE),
        content=instance_xml(ANSWERS + " ", instance_id="uuid:q1"),
    ).arrival
    waiting = arrive(town, 2, form_id="nobody")
    assert "2 put aside" in act(client, town, "dismiss", conflict, waiting)
    assert states() == ["accepted", "dismissed", "dismissed"]
    list_of = reverse("surveys:quarantine", args=[town.slug])
    assert "Nothing waits here" in client.get(list_of).content.decode()
    aside = client.get(list_of, {"aside": "1"})
    assert len(aside.context["page_of"].object_list) == 2
    assert "2 wait in quarantine again" in act(
        client, town, "restore", conflict, waiting
    )
    assert states() == ["accepted", "conflict", "quarantined"]


def test_the_list_narrows_to_a_reason_and_says_the_way_out(client, town, manager):
    arrive(town, 1, form_id="nobody")
    make_version(town)
    arrive(town, 2, version="99")
    list_of = reverse("surveys:quarantine", args=[town.slug])
    found = client.get(list_of, {"reason": "unknown_version"})
    assert len(found.context["page_of"].object_list) == 1
    assert "Publish this version" in found.content.decode()
    assert client.get(list_of, {"reason": "nonsense"}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"action": "retry"},
        {"action": "dance", "arrival": ["1"]},
        {"action": "dismiss", "arrival": ["x", "9" * 30]},
        {"action": "retry", "arrival": ["123456"], "round": "a\x00b"},
    ],
)
def test_nonsense_changes_nothing(client, town, manager, given):
    arrive(town)
    answer = client.post(
        reverse("surveys:settle_arrivals", args=[town.slug]), given, follow=True
    )
    assert answer.status_code == 200
    assert states() == ["quarantined"]


def test_xml_is_shown_line_by_line_and_bytes_as_they_are(client, town, manager):
    arrival = arrive(town)
    page = client.get(reverse("surveys:arrival", args=[town.slug, arrival.pk]))
    assert "\n  &lt;household_id&gt;" in page.content.decode()
    broken = receive(
        sender=Sender(town, None, Arrival.Channel.PHONE), content=b"<a>\xff<b"
    ).arrival
    page = client.get(reverse("surveys:arrival", args=[town.slug, broken.pk]))
    assert "&lt;a&gt;\ufffd&lt;b" in page.content.decode()


def test_a_surveyor_settles_nothing(client, town):
    arrival = arrive(town)
    client.force_login(staff(town, "surveyor"))
    answer = client.post(
        reverse("surveys:settle_arrivals", args=[town.slug]),
        {"action": "dismiss", "arrival": [arrival.pk]},
    )
    assert answer.status_code == 403
    assert states() == ["quarantined"]
