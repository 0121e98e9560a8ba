"""From a record as it came to a record that counts, and back to the phone."""

import csv
import io
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from layers.indicators.models import Release
from surveys.errors import NothingToPublish, StepRefused
from surveys.households.phone_files import phone_file
from surveys.models import Finding, RecordRead, Submission
from surveys.publish import publish_round
from surveys.review.services import Comment, take_step
from surveys.review.workflow import STEPS, possible
from tests.surveys.review.conftest import CANARY, send


def test_every_state_has_a_way_on():
    for state in Submission.State.values:
        assert possible(state), state
    reached = {step.to for steps in STEPS.values() for step in steps.values()}
    assert reached == set(Submission.State.values) - {"corrected"}


def test_only_an_approved_record_counts(town, round, surveyor, manager):
    stored = send(town, surveyor)
    with pytest.raises(NothingToPublish):
        publish_round(round=round, by=manager)
    take_step(submission=stored, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert round.publications.get().household_count == 1
    other = send(town, surveyor, "uuid:2", number=2)
    assert round.has_news()
    take_step(submission=other, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert round.publications.first().household_count == 2
    take_step(submission=other, action="reopen", by=manager)
    publish_round(round=round, by=manager)
    assert round.publications.first().household_count == 1
    assert Release.objects.count() == 3


def test_a_record_sent_back_comes_to_the_phone_with_the_comment(
    town, round, surveyor, manager
):
    stored = send(town, surveyor)
    take_step(
        submission=stored,
        action="send_back",
        by=manager,
        note="عدد الأفراد غير منطقي",
        comments=[Comment("persons", "5 أم 15؟")],
    )
    version = round.form.published()
    file = phone_file(
        municipality=town, surveyor=surveyor, version=version, name="households.csv"
    )
    (row,) = csv.DictReader(io.StringIO(file.content.decode()))
    assert row["returned"] == "uuid:1"
    assert row["persons"] == "5"
    assert "عدد الأفراد غير منطقي" in row["comment"]
    assert "عدد الأفراد: 5 أم 15؟" in row["comment"]
    assert row["label"].startswith("↩")


def test_a_surveyor_sees_what_became_of_the_records(
    client, town, round, surveyor, manager
):
    first, second, third = (
        send(town, surveyor, f"uuid:{n}", number=n) for n in (1, 2, 3)
    )
    take_step(submission=first, action="approve", by=manager)
    take_step(submission=second, action="mark", by=manager)
    take_step(submission=third, action="send_back", by=manager, note="?")
    client.force_login(surveyor)
    state = client.get(reverse("surveys:collect:state", args=[town.slug])).json()
    assert state["own"] == [
        {"label": "received", "count": 1},
        {"label": "approved", "count": 1},
        {"label": "sent back", "count": 1},
    ]


def test_the_correction_takes_the_place_of_the_record(town, round, surveyor, manager):
    stored = send(town, surveyor)
    take_step(submission=stored, action="send_back", by=manager, note="?")
    corrected = send(
        town,
        surveyor,
        "uuid:2",
        persons=6,
        more="<corrects>uuid:1</corrects>",
    )
    assert corrected.pk == stored.pk
    assert Submission.objects.count() == 1
    stored.refresh_from_db()
    assert (stored.state, stored.answers["persons"]) == ("corrected", 6)
    event = stored.events.get(kind="edited")
    assert (event.before["persons"], event.after["persons"]) == (5, 6)


@pytest.mark.parametrize("action", ["send_back", "reject"])
def test_a_step_that_others_must_understand_needs_words(
    town, round, surveyor, manager, action
):
    stored = send(town, surveyor)
    with pytest.raises(StepRefused, match="Write what is wrong"):
        take_step(submission=stored, action=action, by=manager)


def test_a_record_that_changed_meanwhile_is_looked_at_again(
    town, round, surveyor, manager
):
    stored = send(town, surveyor)
    before = stored.changed_at - timedelta(seconds=1)
    with pytest.raises(StepRefused, match="changed since"):
        take_step(submission=stored, action="approve", by=manager, seen_at=before)


def page(town, name, *arguments):
    return reverse(f"surveys:{name}", args=[town.slug, *arguments])


def test_the_queue_shows_the_doubtful_first_and_no_names(
    client, town, round, surveyor, manager
):
    send(town, surveyor)
    doubtful = send(town, surveyor, "uuid:2", number=2)
    Finding.objects.create(
        municipality=town,
        submission=doubtful,
        check_code="too_fast",
        weight=6,
        particulars={"value": 2},
    )
    client.force_login(manager)
    response = client.get(page(town, "review:queue"))
    text = response.content.decode()
    assert text.index(">H2<") < text.index(">H1<")
    assert CANARY not in text
    only = client.get(page(town, "review:queue") + "?check=too_fast").content.decode()
    assert ">H2<" in only
    assert ">H1<" not in only


def test_a_record_is_read_acted_on_and_written_down(
    client, town, round, surveyor, manager
):
    stored = send(town, surveyor)
    Finding.objects.create(
        municipality=town,
        submission=stored,
        check_code="too_fast",
        weight=6,
        question="children[1]/sex",
        particulars={"value": 4.0},
    )
    client.force_login(manager)
    text = client.get(page(town, "submission", stored.pk)).content.decode()
    assert CANARY in text
    assert "The interview took 4 minutes." in text
    asked = stored.version.structure.label_at("children[1]/sex", "en")
    assert f">{asked}</bdi>" in text
    assert RecordRead.objects.filter(submission=stored, reader=manager).exists()
    client.post(page(town, "review:act", stored.pk), {"action": "approve"})
    stored.refresh_from_db()
    assert stored.state == "approved"


def test_erasing_asks_for_the_number(client, town, round, surveyor, manager):
    stored = send(town, surveyor)
    client.force_login(manager)
    url = page(town, "review:erase", stored.pk)
    assert "type the household" in client.get(url, follow=True).content.decode()
    client.post(url, {"number": "H9"})
    stored.refresh_from_db()
    assert stored.erased_at is None
    client.post(url, {"number": "H1"})
    stored.refresh_from_db()
    assert stored.erased_at


def test_a_surveyor_reviews_nothing(client, town, round, surveyor):
    stored = send(town, surveyor)
    client.force_login(surveyor)
    for name in ("review:act", "review:comment", "review:erase"):
        assert client.post(page(town, name, stored.pk)).status_code == 403
    stored.refresh_from_db()
    assert stored.state == "received"
    assert timezone.now() >= stored.changed_at


def test_the_documented_steps_are_the_steps():
    text = (settings_root() / "docs/surveys.md").read_text()
    table = text.partition("## States of a record")[2].partition("\n## ")[0]
    told = {}
    for line in table.splitlines()[4:]:
        if line.startswith("|"):
            action, start, end = (each.strip() for each in line.strip("|").split("|"))
            told[action] = (set(start.split(", ")), end)
    real = {
        action: (set(steps), next(iter(steps.values())).to)
        for action, steps in STEPS.items()
    }
    assert told == real


def settings_root():
    return settings.BASE_DIR
