"""The queue in its order, page by page, and steps with many of its records."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from surveys.models import BulkStep, Finding, Submission
from surveys.review import queue as queue_module
from surveys.review import queue_views
from surveys.review.bulk import begin_step, carry_on
from surveys.review.queue import Asked, counts_of, matching, page_of, read_place
from surveys.review.services import dismiss_finding, take_step
from surveys.review.tasks import step_in_background
from tests.factories.accounts import staff
from tests.surveys.review.conftest import CANARY, send


@pytest.fixture
def records(town, round, surveyor):
    return [send(town, surveyor, f"uuid:{n}", number=n) for n in range(1, 8)]


def doubt(town, record, weight, code="too_fast"):
    return Finding.objects.create(
        municipality=town,
        submission=record,
        check_code=code,
        weight=weight,
        particulars={"value": 2},
    )


def page(name, town, *more):
    return reverse(f"surveys:review:{name}", args=[town.slug, *more])


def keys_of(town, **asked):
    """Of every page, one after the other, as a reader turns them."""
    wanted, found, after = Asked(**asked), [], None
    while True:
        shown = page_of(
            matching(Submission.objects.of(town), town, wanted), wanted, after
        )
        found.append([each.pk for each in shown.records])
        after = read_place(shown.following)
        if after is None:
            return found


def test_the_rank_follows_what_is_found_and_dismissed(town, records, manager):
    record = records[3]
    first, second = doubt(town, record, 6), doubt(town, record, 2, "no_gps")
    record.refresh_from_db()
    assert record.queue_rank == -8
    dismiss_finding(finding=first, by=manager)
    record.refresh_from_db()
    assert record.queue_rank == -2
    second.delete()
    record.refresh_from_db()
    assert record.queue_rank == 0


def test_pages_hold_every_record_once_in_the_order_of_doubt(
    town, records, manager, monkeypatch
):
    monkeypatch.setattr(queue_module, "PAGE_SIZE", 2)
    doubt(town, records[4], 3)
    doubt(town, records[6], 9)
    take_step(submission=records[0], action="approve", by=manager)
    take_step(submission=records[1], action="mark", by=manager)
    a, b, c, d, e, f, g = (each.pk for each in records)
    assert keys_of(town) == [[g, e], [b, c], [d, f]]
    assert keys_of(town, state="approved") == [[a]]


@pytest.mark.parametrize(
    "place", ["", "x", "1~2~3", "0~2026-01-01T00:00:00~1", "9" * 400, "0~0~0~0"]
)
def test_a_place_that_is_none_is_the_beginning(client, town, records, manager, place):
    assert read_place(place) is None
    client.force_login(manager)
    answer = client.get(page("queue", town), {"after": place})
    assert len(answer.context["page"].records) == 7


def test_households_are_found_by_the_beginning_of_their_number(
    client, town, records, surveyor, manager
):
    send(town, surveyor, "uuid:30", number=30)
    client.force_login(manager)
    found = client.get(page("queue", town), {"number": "H3"}).context["page"].records
    assert {str(each.household) for each in found} == {"H3", "H30"}
    none = client.get(page("queue", town), {"number": "%"}).content.decode()
    assert "No such household here" in none


def test_large_numbers_are_not_counted_to_their_end(
    client, town, records, manager, monkeypatch
):
    monkeypatch.setattr(queue_module, "COUNTED", 3)
    monkeypatch.setattr(queue_views, "COUNTED", 3)
    assert counts_of(Submission.objects.of(town))["received"] == 4
    client.force_login(manager)
    assert "<strong>3+</strong>" in client.get(page("queue", town)).content.decode()


def test_ticked_records_take_a_step_together_and_back(client, town, records, manager):
    client.force_login(manager)
    keys = [each.pk for each in records[:3]]
    client.post(page("bulk", town), {"action": "approve", "record": keys})
    assert Submission.objects.approved().count() == 3
    shown = client.get(page("queue", town)).content.decode()
    assert "Undo the step with 3 records" in shown
    take_step(submission=records[2], action="reopen", by=manager)
    client.post(page("undo", town))
    assert Submission.objects.approved().count() == 0
    # The one that was moved since stayed as that person left it.
    assert BulkStep.objects.get().done == 2
    again = client.post(page("undo", town), follow=True).content.decode()
    assert "nothing to undo" in again


def test_all_that_match_are_counted_confirmed_and_moved(
    client, town, records, surveyor, manager
):
    doubt(town, records[5], 6)
    client.force_login(manager)
    asked = {"check": "too_fast", "action": "send_back", "note": "أعد القياس"}
    shown = client.post(page("confirm", town), asked).content.decode()
    assert "Send back: 1 record" in shown
    assert "أعد القياس" in shown
    assert not BulkStep.objects.exists()
    client.post(page("bulk", town), {**asked, "scope": "all"})
    states = Submission.objects.values_list("state", flat=True)
    assert sorted(states) == ["received"] * 6 + ["sent_back"]
    assert records[5].events.last().note == "أعد القياس"


def test_what_arrives_or_changes_after_the_question_stays(town, records, manager):
    bulk = begin_step(municipality=town, action="approve", by=manager, asked=Asked())
    Submission.objects.filter(pk=records[0].pk).update(
        changed_at=timezone.now() + timedelta(seconds=1)
    )
    carry_on(bulk=bulk)
    bulk.refresh_from_db()
    assert (bulk.done, bulk.total) == (6, 7)
    records[0].refresh_from_db()
    assert records[0].state == "received"


def test_a_household_is_approved_once_in_a_round_also_by_a_filter(
    client, town, records, surveyor, manager
):
    send(town, surveyor, "uuid:again", number=1, persons=4)
    client.force_login(manager)
    answer = client.post(
        page("bulk", town), {"action": "approve", "scope": "all"}, follow=True
    )
    assert Submission.objects.approved().count() == 7
    assert "1 record not: its household has an approved one" in answer.content.decode()


def test_many_records_are_moved_by_the_worker_portion_by_portion(
    client, town, records, manager, monkeypatch
):
    monkeypatch.setattr(queue_views, "AT_ONCE", 3)
    monkeypatch.setattr("surveys.review.bulk.PORTION", 2)
    client.force_login(manager)
    answer = client.post(
        page("bulk", town), {"action": "approve", "scope": "all"}, follow=True
    )
    bulk = BulkStep.objects.get()
    assert answer.redirect_chain[-1][0] == page("step", town, bulk.pk)
    assert "0 of 7 records" in answer.content.decode()
    carry_on(bulk=bulk)
    part = client.get(page("step", town, bulk.pk), headers={"hx-request": "true"})
    assert "2 of 7 records" in part.content.decode()
    step_in_background.call(town.pk, bulk.pk)
    assert Submission.objects.approved().count() == 7
    done = client.get(page("step", town, bulk.pk)).content.decode()
    assert "7 of 7 records" in done
    client.post(page("undo", town))
    step_in_background.call(town.pk, bulk.pk)
    assert Submission.objects.approved().count() == 0
    bulk.refresh_from_db()
    assert bulk.state == "undone"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "approve"}, "Tick the records first"),
        ({"action": "reject", "scope": "all"}, "Write what is wrong"),
        ({"action": "dance", "scope": "all"}, "Choose what to do"),
        ({"action": "approve", "record": ["x", "9" * 30]}, "Tick the records first"),
        ({"action": "approve", "scope": "all", "round": "none"}, "Tick the records"),
    ],
)
def test_a_step_that_can_not_be_taken_says_why(
    client, town, records, manager, given, words
):
    client.force_login(manager)
    answer = client.post(page("bulk", town), given, follow=True)
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert set(Submission.objects.values_list("state", flat=True)) == {"received"}


def test_nobody_undoes_or_follows_anothers_step(client, town, records, manager):
    client.force_login(manager)
    client.post(page("bulk", town), {"action": "approve", "scope": "all"})
    other = staff(town, "data_manager")
    client.force_login(other)
    client.post(page("undo", town))
    assert Submission.objects.approved().count() == 7
    step = BulkStep.objects.get()
    assert client.get(page("step", town, step.pk)).status_code == 404


def test_the_queue_names_nobody(client, town, records, manager):
    client.force_login(manager)
    assert CANARY not in client.get(page("queue", town)).content.decode()
