"""Consent withdrawn: nothing of the household is left, in no table and in no file."""

import io
import zipfile

import pytest
from django.db import connection
from django.urls import reverse
from PIL import Image

from surveys.files.uploads import Sending, store_upload
from surveys.files.working import check_upload
from surveys.intake.attachments import Sent
from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Export, SubmissionEvent, Upload
from surveys.out.services import request_export, write_export
from surveys.out.webhooks import add_webhook
from surveys.publish import publish_round
from surveys.review.bulk import begin_step, carry_on
from surveys.review.correction import correct_answers
from surveys.review.erasure import erase_submission
from surveys.review.services import Comment, comment_on, take_step
from tests.factories.forms import instance_xml
from tests.surveys.review.conftest import CANARY, answers, send

TABLES = """
    SELECT relname FROM pg_class
     WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'public'::regnamespace
"""


def everywhere(words):
    """Tables in which the words stand, in whatever column, as text or as bytes."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
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


def files_with(folder, words):
    """Files that hold the words, also within archives and workbooks."""
    sought = words.encode(), words.encode("ascii", "xmlcharrefreplace")
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        parts = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if any(each in part for part in parts for each in sought):
            found.append(path)
    return found


def photo(colour):
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "JPEG")
    return content.getvalue()


def send_photo(town, surveyor, instance, number, colour, head=CANARY):
    more = "<photo>house.jpg</photo>"
    content = instance_xml(answers(number, head=head, more=more), instance_id=instance)
    sender = Sender(town, surveyor, Arrival.Channel.PHONE)
    files = [Sent("house.jpg", photo(colour))]
    return receive(sender=sender, content=content, files=files).arrival


@pytest.fixture(autouse=True)
def _may_speak_to_this_machine(settings):
    settings.DEMO = True


@pytest.fixture
def erase(manager, django_capture_on_commit_callbacks):
    def act(record):
        with django_capture_on_commit_callbacks(execute=True):
            erase_submission(submission=record, by=manager)
        record.refresh_from_db()

    return act


def lived_through(town, round, surveyor, manager):
    """A record to which everything happened that leaves a trace."""
    add_webhook(
        form=round.form,
        url="http://127.0.0.1:9/hook",
        events=["submission.received", "submission.approved"],
        with_answers=True,
        by=manager,
    )
    record = send(town, surveyor)
    # Other content under its ID is refused and kept; an edit of an older one waits.
    send(town, surveyor, head=f"{CANARY} 2")
    late = instance_xml(
        answers(),
        instance_id="uuid:late",
        meta="<deprecatedID>uuid:1</deprecatedID>",
    )
    take_step(submission=record, action="send_back", by=manager, note=f"{CANARY}؟")
    send(town, surveyor, "uuid:2", persons=6, more="<corrects>uuid:1</corrects>")
    receive(sender=Sender(town, surveyor, Arrival.Channel.PHONE), content=late)
    correct_answers(
        submission=record,
        answers={"head_name": f"{CANARY} ب"},
        reason=CANARY,
        by=manager,
    )
    comment_on(submission=record, by=manager, comment=Comment("head_name", CANARY))
    bulk = begin_step(
        municipality=town, action="approve", by=manager, note=CANARY, keys=[record.pk]
    )
    carry_on(bulk=bulk)
    return record


def test_nothing_is_left_but_the_fact(town, round, surveyor, manager, settings, erase):
    record = lived_through(town, round, surveyor, manager)
    kept = send(town, surveyor, "uuid:9", number=9, head="سلمى الباقية")
    take_step(submission=kept, action="approve", by=manager)
    rows = f"household_id,interview_date,head_name,persons\nH1,2026-04-18,{CANARY},5\n"
    upload = store_upload(
        round=round, files=[("بيت.csv", io.BytesIO(rows.encode()))], by=manager
    )
    check_upload(upload=upload)
    other = store_upload(
        round=round,
        files=[
            (
                "b.csv",
                io.BytesIO(rows.replace(CANARY, "سواه").replace("H1", "H8").encode()),
            )
        ],
        by=manager,
    )
    sending = Sending(round=round, by=manager, key="a" * 64)
    sending.take(offset=0, body=io.BytesIO(CANARY.encode()))
    for kind in ("xlsx", "csv", "gpkg"):
        export = request_export(round=round, kind=kind, by=manager, identifiers=True)
        write_export(export=export)
    publish_round(round=round, by=manager)
    tables = set(everywhere(CANARY))
    assert {
        "surveys_submission",
        "surveys_submissionevent",
        "surveys_repeatrow",
        "surveys_arrival",
        "surveys_bulkstep",
    } <= tables
    assert len(files_with(settings.MEDIA_ROOT, CANARY)) == 5
    erase(record)
    assert everywhere(CANARY) == []
    assert files_with(settings.MEDIA_ROOT, CANARY) == []
    assert "surveys_submission" in everywhere("سلمى الباقية")
    other.refresh_from_db()
    assert other.file_name == "b.csv"
    assert record.erased_at
    assert record.household.code == f"erased-{record.household_id}"
    assert (
        record.events.filter(kind=SubmissionEvent.Kind.ERASED, by=manager).count() == 1
    )
    assert round.publications.filter(state="waiting").count() == 1
    assert Export.objects.exclude(file="").count() == 0


def test_a_photo_goes_unless_another_record_has_the_same(
    town, round, surveyor, settings, erase
):
    own = send_photo(town, surveyor, "uuid:1", 1, "red")
    shared = send_photo(town, surveyor, "uuid:2", 2, "blue")
    send_photo(town, surveyor, "uuid:3", 3, "blue", head="سواه")

    def kept():
        folder = settings.MEDIA_ROOT / "surveys" / str(town.pk) / "kept"
        return len([path for path in folder.rglob("*") if path.is_file()])

    assert kept() == 2
    erase(own.submission)
    assert kept() == 1
    erase(shared.submission)
    assert kept() == 1


def test_the_file_it_came_in_can_not_be_opened_and_comes_again_anew(
    client, town, round, manager, erase
):
    rows = f"household_id,interview_date,head_name,persons\nH1,2026-04-18,{CANARY},5\n"
    files = [("homes.csv", io.BytesIO(rows.encode()))]
    upload = store_upload(round=round, files=files, by=manager)
    check_upload(upload=upload)
    client.force_login(manager)
    client.post(reverse("surveys:load", args=[town.slug, upload.pk]))
    record = round.submissions.get()
    erase(record)
    shown = client.get(reverse("surveys:upload_detail", args=[town.slug, upload.pk]))
    assert shown.status_code == 404
    page = client.get(reverse("surveys:detail", args=[town.slug, round.code]))
    assert "erased with a household" in page.content.decode()
    again = store_upload(round=round, files=files, by=manager)
    assert (again.pk, again.file_name, again.status) == (
        upload.pk,
        "homes.csv",
        Upload.Status.RECEIVED,
    )


def test_an_erased_record_is_read_without_an_error(
    client, town, round, surveyor, manager, erase
):
    record = lived_through(town, round, surveyor, manager)
    first = record.events.first()
    erase(record)
    client.force_login(manager)
    for url in (
        reverse("surveys:submission", args=[town.slug, record.pk]),
        reverse("surveys:review:version", args=[town.slug, record.pk, first.pk]),
    ):
        answer = client.get(url)
        assert answer.status_code == 200
        assert CANARY not in answer.content.decode()
