"""The office corrects single answers by the form's rules, and takes it back."""

import pytest
from django.urls import reverse

from layers.indicators.models import Release
from surveys.errors import CorrectionRefused, StepRefused
from surveys.intake.reading import read_envelope
from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Entity, Submission, SubmissionEvent
from surveys.publish import publish_round
from surveys.review.correction import correct_answers, undo_correction
from surveys.review.placing import place_by_hand
from surveys.review.services import Comment, take_step
from tests.factories.forms import (
    HOUSEHOLD,
    instance_xml,
    make_version,
    receiving_round,
)
from tests.factories.geography import ParcelFactory
from tests.surveys.review.conftest import answers, send

RULED = (
    HOUSEHOLD.replace("| constraint |", "| constraint | relevant | calculation |")
    .replace(
        "| | image | photo |",
        "| | text | why_surface | لماذا | Why the river? | Pourquoi | yes | "
        "| ${water_source} = 'surface' | |\n"
        "| | calculate | double | | | | | | | ${persons} * 2 |\n"
        "| | image | photo |",
    )
    .replace(
        "water_source | مصدر المياه | Water source | Source d'eau | | |",
        "water_source | مصدر المياه | Water source | Source d'eau | | | | |",
    )
)


@pytest.fixture
def record(town, round, surveyor):
    return send(town, surveyor)


def correct(record, by, reason="أخطأ العدّ", **given):
    given = {key.replace("__", "/"): value for key, value in given.items()}
    return correct_answers(submission=record, answers=given, reason=reason, by=by)


def page(name, town, record, *more):
    return reverse(f"surveys:review:{name}", args=[town.slug, record.pk, *more])


def test_an_answer_is_corrected_with_before_after_and_reason(record, manager, surveyor):
    before = record.digest
    correct(record, manager, persons="٦")
    record.refresh_from_db()
    assert (record.answers["persons"], record.by, record.source) == (
        6,
        surveyor,
        "phone",
    )
    assert record.digest != before
    assert record.arrival is not None
    event = record.events.get(kind=SubmissionEvent.Kind.EDITED)
    assert (event.by, event.note) == (manager, "أخطأ العدّ")
    assert (event.before, event.after) == ({"persons": 5}, {"persons": 6})


def test_a_childs_answer_is_corrected_and_its_column_follows(record, manager):
    correct_answers(
        submission=record,
        answers={"children[1]/birth_date": "2017-05-20", "children[1]/sex": "ذكر"},
        reason="?",
        by=manager,
    )
    child = record.rows.get()
    assert (child.sex, child.birth_date.isoformat()) == ("male", "2017-05-20")


@pytest.mark.parametrize(
    ("address", "given", "words"),
    [
        ("persons", "many", "is not a number"),
        ("persons", "0", "is not allowed by the form"),
        ("persons", "", "the form asks this too"),
        ("water_source", "well", "is not among the answers"),
        ("children[1]/sex", "", "the form asks this too"),
        ("children[1]/birth_date", "2199-01-01", "is not allowed by the form"),
        ("location", "north", "is not a place"),
        ("parcel_code", "999", "No parcel in force"),
        ("household_id", "H9", "can't be corrected here"),
        ("photo", "x.jpg", "can't be corrected here"),
        ("children[2]/sex", "male", "can't be corrected here"),
        ("nothing", "1", "can't be corrected here"),
    ],
)
def test_what_the_form_forbids_is_refused_with_words(
    record, manager, address, given, words
):
    stored = Submission.objects.values().get()
    with pytest.raises(CorrectionRefused, match=words) as refused:
        correct_answers(
            submission=record, answers={address: given}, reason="?", by=manager
        )
    assert list(refused.value.wrong) == [address]
    assert Submission.objects.values().get() == stored


def test_without_a_reason_or_a_change_nothing_is_corrected(record, manager):
    with pytest.raises(StepRefused, match="Write why"):
        correct(record, manager, reason=" ", persons="6")
    with pytest.raises(StepRefused, match="Nothing was changed"):
        correct(record, manager, persons="5")
    assert not record.events.filter(kind="edited").exists()


def test_what_a_correction_makes_the_form_ask_must_be_answered_with_it(
    town, surveyor, manager
):
    receiving_round(make_version(town, text=RULED))
    record = send(
        town, surveyor, more="<water_source>piped</water_source><double>10</double>"
    )
    with pytest.raises(CorrectionRefused) as refused:
        correct(record, manager, water_source="surface")
    assert list(refused.value.wrong) == ["why_surface"]
    with pytest.raises(CorrectionRefused, match="does not ask this"):
        correct(record, manager, why_surface="because")
    correct(
        record, manager, water_source="surface", why_surface="البئر جاف", persons="4"
    )
    record.refresh_from_db()
    assert record.answers["why_surface"] == "البئر جاف"
    assert record.answers["double"] == "8"
    # Back again: what is no longer asked falls away and stands in the history.
    correct(record, manager, water_source="piped")
    record.refresh_from_db()
    assert "why_surface" not in record.answers
    assert record.events.last().before["why_surface"] == "البئر جاف"


def test_an_approved_record_counts_again_only_once_it_is_reviewed_anew(
    town, round, record, manager
):
    other = send(town, record.by, "uuid:2", number=2)
    for each in (record, other):
        take_step(submission=each, action="approve", by=manager)
    publish_round(round=round, by=manager)
    correct(record, manager, persons="6")
    record.refresh_from_db()
    assert record.state == "received"
    assert round.has_news()
    publish_round(round=round, by=manager)
    assert round.publications.first().household_count == 1
    take_step(submission=record, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert round.publications.first().household_count == 2
    assert Release.objects.count() == 3


def test_a_correction_is_taken_back_with_its_state(record, manager):
    take_step(submission=record, action="approve", by=manager)
    correct(record, manager, persons="6")
    undo_correction(submission=record, by=manager)
    record.refresh_from_db()
    assert (record.answers["persons"], record.state) == (5, "approved")
    assert [each.kind for each in record.events.all()].count("edited") == 2


def test_a_correction_is_not_approved_by_its_undoing_when_a_rival_was_meanwhile(
    town, record, surveyor, manager
):
    take_step(submission=record, action="approve", by=manager)
    correct(record, manager, persons="6")
    rival = send(town, surveyor, "uuid:2", persons=7)
    take_step(submission=rival, action="approve", by=manager)
    undo_correction(submission=record, by=manager)
    record.refresh_from_db()
    assert (record.answers["persons"], record.state) == (5, "received")


def test_what_the_phone_changed_is_not_undone_here(town, record, surveyor, manager):
    take_step(submission=record, action="send_back", by=manager, note="?")
    send(town, surveyor, "uuid:2", persons=6, more="<corrects>uuid:1</corrects>")
    with pytest.raises(StepRefused, match="was not made here"):
        undo_correction(submission=record, by=manager)


def test_a_corrected_parcel_places_the_record_and_one_placed_by_hand_stays(
    town, round, record, manager
):
    ParcelFactory(municipality=town, code="13", zone=record.zone)
    correct(record, manager, parcel_code="13")
    record.refresh_from_db()
    assert (record.parcel.code, record.placed_by) == ("13", "parcel_code")
    place_by_hand(submission=record, code="12", by=manager)
    correct(record, manager, persons="9")
    record.refresh_from_db()
    assert (record.parcel.code, record.placed_by) == ("12", "hand")


ENTITY = (
    HOUSEHOLD.replace(
        "| required | constraint |", "| required | constraint | save_to |"
    ).replace(
        "Persons | Personnes | yes | . > 0 and . <= 60 |",
        "Persons | Personnes | yes | . > 0 and . <= 60 | members |",
    )
    + """| entities |
| | list_name | label |
| | homes | ${head_name} |
"""
)


def test_entities_follow_a_correction(town, surveyor, manager):
    receiving_round(make_version(town, text=ENTITY))
    entity = (
        "<entity xmlns='http://www.opendatakit.org/xforms/entities' dataset='homes'"
        " create='1' id='0a8f3c2b-5a0b-4e4a-9e9d-2e2f1f6c9d1a'><label>س</label></entity>"
    )
    content = instance_xml(answers(), instance_id="uuid:1", meta=entity)
    sender = Sender(town, surveyor, Arrival.Channel.PHONE)
    record = receive(sender=sender, content=content).arrival.submission
    assert Entity.objects.get(list_name="homes").data == {"members": "5"}
    correct(record, manager, persons="6")
    found = Entity.objects.get(list_name="homes")
    assert (found.data, found.version) == ({"members": "6"}, 2)


def test_the_page_turns_one_answer_into_a_field_and_saves_it(
    client, town, record, manager
):
    client.force_login(manager)
    url = reverse("surveys:submission", args=[town.slug, record.pk])
    assert 'name="to:persons"' not in client.get(url).content.decode()
    shown = client.get(url, {"correct": "persons"}).content.decode()
    assert 'name="to:persons" value="5"' in shown
    refused = client.post(
        page("correct", town, record), {"to:persons": "0", "reason": "عدّ ثانٍ"}
    ).content.decode()
    assert 'name="to:persons" value="0"' in refused
    assert "field-error" in refused
    assert 'value="عدّ ثانٍ"' in refused
    client.post(page("correct", town, record), {"to:persons": "6", "reason": "عدّ"})
    record.refresh_from_db()
    assert record.answers["persons"] == 6
    assert "عدّ" in client.get(url).content.decode()
    client.post(page("uncorrect", town, record))
    record.refresh_from_db()
    assert record.answers["persons"] == 5


def test_one_more_answer_is_opened_without_losing_what_was_written(
    client, town, record, manager
):
    client.force_login(manager)
    shown = client.post(
        page("correct", town, record),
        {"to:persons": "7", "more": "water_source", "reason": ""},
    ).content.decode()
    assert 'name="to:persons" value="7"' in shown
    assert 'name="to:water_source"' in shown
    record.refresh_from_db()
    assert record.answers["persons"] == 5


def test_questions_without_an_answer_are_shown_when_asked_for(
    client, town, record, manager
):
    client.force_login(manager)
    url = reverse("surveys:submission", args=[town.slug, record.pk])
    assert "correct=water_source" not in client.get(url).content.decode()
    assert "correct=water_source" in client.get(url, {"blank": "1"}).content.decode()


def test_what_the_office_corrected_goes_back_to_the_surveyor_corrected(
    client, town, record, surveyor, manager
):
    correct_answers(
        submission=record,
        answers={"persons": "6", "water_source": "surface", "children[1]/name": "ليلى"},
        reason="?",
        by=manager,
    )
    take_step(
        submission=record,
        action="send_back",
        by=manager,
        note="انظر",
        comments=[Comment("children[1]/sex", "متأكد؟")],
    )
    client.force_login(surveyor)
    state = client.get(reverse("surveys:collect:state", args=[town.slug])).json()
    (returned,) = state["returned"]
    assert returned["comments"] == [
        {"question": "", "note": "انظر"},
        {"question": "Sex (Children 1)", "note": "متأكد؟"},
    ]
    xml = client.get(returned["url"]).json()["xml"]
    assert "<persons>6</persons>" in xml
    assert "<water_source>surface</water_source>" in xml
    assert "<name>ليلى</name>" in xml
    assert "<location>33.7905 35.8105 900 5</location>" in xml
    assert read_envelope(xml.encode()).instance_id == "uuid:1"


@pytest.mark.parametrize("name", ["correct", "uncorrect"])
def test_a_surveyor_corrects_nothing(client, town, record, surveyor, name):
    client.force_login(surveyor)
    answer = client.post(page(name, town, record), {"to:persons": "6", "reason": "?"})
    assert answer.status_code == 403
    assert Submission.objects.get().answers["persons"] == 5


def test_a_record_that_changed_meanwhile_is_not_corrected(
    client, town, record, manager
):
    client.force_login(manager)
    seen = record.changed_at.isoformat()
    correct(record, manager, persons="6")
    answer = client.post(
        page("correct", town, record),
        {"to:persons": "8", "reason": "?", "seen_at": seen},
        headers={"accept-language": "en"},
    )
    assert answer.status_code == 200
    record.refresh_from_db()
    assert record.answers["persons"] == 6


def test_every_earlier_version_can_be_read(client, town, record, surveyor, manager):
    correct(record, manager, persons="6")
    correct_answers(
        submission=record,
        answers={"persons": "7", "children[1]/sex": "male"},
        reason="?",
        by=manager,
    )
    client.force_login(manager)
    first, second, _third = record.events.exclude(kind="state")
    shown = client.get(page("version", town, record, first.pk))
    assert "<del>5</del>" in shown.content.decode()
    assert "<ins>7</ins>" in shown.content.decode()
    then = client.get(page("version", town, record, second.pk)).content.decode()
    assert "<del>6</del>" in then
    assert "<del>Girl</del>" in then
    url = reverse("surveys:submission", args=[town.slug, record.pk])
    history = client.get(url).content.decode()
    assert page("version", town, record, first.pk) in history
    assert "<dt>Sex (Children 1)</dt>" in history
    client.force_login(surveyor)
    assert client.get(page("version", town, record, first.pk)).status_code == 403
