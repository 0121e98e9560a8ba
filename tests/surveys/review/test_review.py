"""From a record as it came to a record that counts, and back to the phone."""

import csv
import io
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from layers.indicators.models import Release
from surveys.errors import NothingToPublish, StepRefused
from surveys.households.phone_files import phone_file
from surveys.models import Finding, RecordRead, Submission, SubmissionEvent
from surveys.publish import publish_round
from surveys.review.erasure import erase_submission
from surveys.review.services import Comment, take_back, take_step, take_steps
from surveys.review.workflow import STEPS, possible
from tests.factories.accounts import staff
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
    assert "persons: 5 أم 15؟" in row["comment"]
    assert row["label"].startswith("↩")


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


def test_one_household_is_approved_once_in_a_round(town, round, surveyor, manager):
    first = send(town, surveyor)
    second = send(town, surveyor, "uuid:2", persons=4)
    outcome = take_steps(submissions=[first, second], action="approve", by=manager)
    assert outcome.done == (first.pk,)
    ((refused, words),) = outcome.refused
    assert refused == second.pk
    assert "H1" in words


def test_the_last_step_can_be_undone(town, round, surveyor, manager):
    stored = send(town, surveyor)
    take_step(submission=stored, action="approve", by=manager)
    assert take_back(keys=[stored.pk], by=staff(town, "data_manager")) == 0
    assert take_back(keys=[stored.pk], by=manager) == 1
    stored.refresh_from_db()
    assert stored.state == "received"


def everywhere(words):
    """Tables in which the words stand, in whatever column."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS row'
                " WHERE position(%s in row::text) > 0"
                "    OR position(encode(%s, 'hex') in row::text) > 0",
                [words, words.encode()],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_consent_withdrawn_leaves_nothing_but_the_fact(
    town, round, surveyor, manager, settings, django_capture_on_commit_callbacks
):
    stored = send(town, surveyor)
    kept = send(town, surveyor, "uuid:2", number=2, head="سلمى")
    for each in (stored, kept):
        take_step(submission=each, action="approve", by=manager, note=f"{CANARY}؟")
    SubmissionEvent.objects.filter(submission=kept).update(note="")
    publish_round(round=round, by=manager)
    assert "surveys_submission" in everywhere(CANARY)
    assert "surveys_arrival" in everywhere(CANARY)
    with django_capture_on_commit_callbacks(execute=True):
        erase_submission(submission=stored, by=manager)
    assert everywhere(CANARY) == []
    assert "surveys_submission" in everywhere("سلمى")
    stored.refresh_from_db()
    assert stored.erased_at
    assert stored.household.code == f"erased-{stored.household_id}"
    assert stored.events.filter(kind="erased", by=manager).count() == 1
    assert round.publications.filter(state="waiting").count() == 1


def test_a_photo_goes_with_the_erasure(
    town, round, surveyor, manager, settings, django_capture_on_commit_callbacks
):
    stored = send(town, surveyor)
    attachment = stored.arrival.attachments.create(
        municipality=town, name="a.txt", sha256="ab" * 32, size=1
    )
    path = (
        settings.MEDIA_ROOT / "surveys" / str(town.pk) / "kept/ab" / attachment.sha256
    )
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    with django_capture_on_commit_callbacks(execute=True):
        erase_submission(submission=stored, by=manager)
    assert not path.exists()


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
        particulars={"value": 2},
    )
    client.force_login(manager)
    text = client.get(page(town, "submission", stored.pk)).content.decode()
    assert CANARY in text
    assert "The interview took" in text or "2" in text
    assert RecordRead.objects.filter(submission=stored, reader=manager).exists()
    client.post(page(town, "review:act", stored.pk), {"action": "approve"})
    stored.refresh_from_db()
    assert stored.state == "approved"


def test_many_are_approved_at_once_and_taken_back(
    client, town, round, surveyor, manager
):
    records = [send(town, surveyor, f"uuid:{n}", number=n) for n in (1, 2)]
    client.force_login(manager)
    keys = [each.pk for each in records]
    client.post(page(town, "review:bulk"), {"action": "approve", "record": keys})
    assert Submission.objects.approved().count() == 2
    client.post(page(town, "review:undo"))
    assert Submission.objects.approved().count() == 0


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
