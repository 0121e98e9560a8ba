"""What the checks find in records that came in, and what they leave alone."""

from datetime import date

import pytest
from django.utils import timezone
from lxml import etree

from layers.geography.models import Parcel
from surveys.intake.services import Incoming, replace_record, store_records
from surveys.models import Finding, Submission, Target
from surveys.quality.definitions import CHECKS
from surveys.quality.services import (
    change_setting,
    check_next,
    compare_records,
    settings_of,
)
from surveys.record import Record, read_record
from tests.factories.accounts import staff
from tests.factories.forms import (
    HOUSEHOLD,
    instance_xml,
    make_version,
    receiving_round,
)
from tests.factories.geography import ParcelFactory, square

GOOD = {
    "start": "2026-04-18T09:00:00.000+03:00",
    "end": "2026-04-18T09:25:00.000+03:00",
    "household_id": "H1",
    "parcel_code": "12",
    "location": "33.7905 35.8105 900 5",
    "interview_date": "2026-04-18",
    "persons": "5",
    "water_source": "piped",
}
CHILD = {"child_id": "C1", "sex": "female", "birth_date": "2018-05-20"}
SISTER = {"child_id": "C2", "sex": "female", "birth_date": "2014-01-09"}


def xml(answers, children):
    elements = [*answers.items()]
    text = "".join(f"<{name}>{value}</{name}>" for name, value in elements)
    for child in children:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in child.items())
        text += f"<children>{inner}</children>"
    return instance_xml(text)


def arriving(round, children=(CHILD,), by=None, version=None, **answers):
    version = version or round.form.published()
    content = xml({**GOOD, **answers}, children)
    record = read_record(etree.fromstring(content), version.structure)
    return version, Incoming(record, Submission.Source.PHONE, by=by)


def send(round, children=(CHILD,), **more):
    version, one = arriving(round, children, **more)
    (stored,) = store_records(round=round, version=version, incoming=[one])
    return stored


def found(round, submission=None):
    while check_next(round=round):
        pass
    compare_records(round=round)
    findings = Finding.objects.filter(submission__round=round)
    if submission is not None:
        findings = findings.filter(submission=submission)
    return {(each.check_code, each.question) for each in findings}


def test_a_good_record_has_no_findings(round):
    stored = send(round)
    assert found(round) == set()
    stored.refresh_from_db()
    assert stored.state == Submission.State.RECEIVED
    assert stored.checked_at


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"parcel_code": "99", "location": ""}, ("no_place", "parcel_code")),
        ({"location": "33.795 35.8105 900 5"}, ("far_from_parcel", "location")),
        ({"location": "33.7905 35.8105 900 45"}, ("poor_position", "location")),
        ({"end": "2026-04-18T09:02:00.000+03:00"}, ("too_fast", "")),
        ({"end": "2026-04-18T15:00:00.000+03:00"}, ("too_long", "")),
        ({"start": "2026-04-18T05:10:00.000+03:00"}, ("wrong_hours", "")),
        ({"end": "2026-04-18T08:00:00.000+03:00"}, ("clock", "")),
        ({"end": "2099-04-18T08:00:00.000+03:00"}, ("clock", "")),
        ({"interview_date": "2026-07-01"}, ("outside_round", "interview_date")),
        ({"persons": "many"}, ("not_valid", "persons")),
        ({"water_source": "cola"}, ("not_valid", "water_source")),
        ({"persons": ""}, ("unanswered", "persons")),
        ({"persons": "0"}, ("fewer_persons", "persons")),
    ],
)
def test_a_record_that_is_odd_in_itself(round, answers, expected):
    send(round, **answers)
    assert expected in found(round)


@pytest.mark.parametrize("born", ["2001-01-01", "2026-04-19"])
def test_a_birth_date_that_is_no_childs(round, born):
    send(round, children=[CHILD, {**SISTER, "birth_date": born}])
    assert found(round) == {("birth_date", "children[2]/birth_date")}


DRAWN = HOUSEHOLD.replace(
    "| | end repeat |",
    "| | select_one yn | selected_5_17 | اختير | Drawn | Choisi | | |\n| | end repeat |",
).replace(
    "| settings |",
    "| | yn | yes | نعم | Yes | Oui |\n| | yn | no | لا | No | Non |\n| settings |",
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("yes", "no", set()),
        ("no", "no", set()),
        ("yes", "yes", {("two_drawn", "children[2]/selected_5_17")}),
    ],
)
def test_one_child_of_a_household_is_drawn(town, round, first, second, expected):
    drawn = receiving_round(make_version(town, form_id="drawn", text=DRAWN))
    children = [CHILD | {"selected_5_17": first}, SISTER | {"selected_5_17": second}]
    send(drawn, children=children)
    assert found(drawn) == expected


def test_a_parcel_of_another_surveyor(round, town):
    own, other = staff(town, "surveyor"), staff(town, "surveyor")
    parcels = {each.code: each for each in town_parcels(town)}
    for surveyor, code in ((own, "12"), (other, "13")):
        Target.objects.create(
            municipality=town, round=round, parcel=parcels[code], surveyor=surveyor
        )
    send(round, by=own)
    assert found(round) == set()
    send(round, by=other, household_id="H2", location="", children=())
    assert ("not_assigned", "parcel_code") in found(round)


def town_parcels(town):
    return Parcel.objects.of(town)


def test_records_that_are_odd_beside_others(round):
    first = send(round, children=[CHILD, SISTER], phone="+961 3 123 456")
    second = send(
        round,
        children=[SISTER, CHILD],
        household_id="H2",
        parcel_code="13",
        phone="03123456",
    )
    expected = {
        ("same_phone", ""),
        ("same_children", ""),
        ("same_position", ""),
        ("overlap", ""),
    }
    assert expected <= found(round, first)
    assert expected <= found(round, second)
    finding = second.findings.get(check_code="same_children")
    assert CHECKS["same_children"].told(finding.particulars).startswith("Household H1")


def test_the_same_household_twice(round):
    send(round)
    again = send(
        round,
        start="2026-04-19T09:00:00.000+03:00",
        end="2026-04-19T09:20:00.000+03:00",
    )
    assert ("same_household", "") in found(round, again)
    again.refresh_from_db()
    assert again.state == Submission.State.HAS_ISSUES
    assert again.events.filter(to_state="has_issues", by=None).count() == 1


def test_an_unusual_number_among_many(round):
    version = round.form.published()
    incoming = [
        arriving(round, household_id=f"H{n}", persons=str(3 + n % 5), children=())[1]
        for n in range(40)
    ]
    store_records(round=round, version=version, incoming=incoming)
    odd = send(round, household_id="H99", persons="55", children=())
    assert ("outlier", "persons") in found(round, odd)
    outliers = Finding.objects.filter(check_code="outlier")
    assert [each.submission_id for each in outliers] == [odd.pk]


def test_very_many_in_one_day(round, town):
    surveyor = staff(town, "surveyor")
    change_setting(
        round=round, code="many_a_day", enabled=True, thresholds={"interviews": 2}
    )
    for n in range(3):
        send(round, household_id=f"H{n}", by=surveyor)
    assert ("many_a_day", "") in found(round)


def test_a_back_check_that_tells_another_story(round, town):
    first = send(round)
    form = make_version(town, form_id="back")
    round.back_check_form = form.form
    round.save()
    again = send(round, version=form, persons="9", water_source="surface")
    assert again.back_check_of == first
    assert ("back_check", "") in found(round, first)
    particulars = first.findings.get(check_code="back_check").particulars
    assert particulars["questions"] == ["persons", "water_source"]


def test_a_finding_goes_with_its_cause_and_a_dismissal_stays(round, town):
    reviewer = staff(town, "data_manager")
    stored = send(round, end="2026-04-18T09:02:00.000+03:00", persons="0")
    found(round)
    fast = stored.findings.get(check_code="too_fast")
    fast.dismissed_at, fast.dismissed_by = timezone.now(), reviewer
    fast.save()
    version, better = arriving(round, end="2026-04-18T09:02:00.000+03:00")
    replace_record(submission=stored, incoming=better, version=version)
    assert found(round) == {("too_fast", "")}
    fast.refresh_from_db()
    assert fast.dismissed_by == reviewer


def test_a_check_that_is_switched_off_finds_nothing(round):
    send(round, end="2026-04-18T09:02:00.000+03:00")
    assert ("too_fast", "") in found(round)
    change_setting(round=round, code="too_fast", enabled=False, thresholds={})
    Submission.objects.update(checked_at=None)
    assert found(round) == set()
    assert "too_fast" not in settings_of(round)


def test_an_answer_from_before_a_newer_version(round, town):
    form = round.form
    old = form.published()
    newer = make_version(town, version="2")
    newer.published_at = date_time("2026-04-10")
    newer.save()
    old.published_at = date_time("2026-03-01")
    old.save()
    send(round, version=old)
    assert ("old_version", "") in found(round)


def date_time(day):
    return timezone.make_aware(
        timezone.datetime.combine(date.fromisoformat(day), timezone.datetime.min.time())
    )


def test_every_check_can_be_told_in_words():
    for check in CHECKS.values():
        particulars = dict.fromkeys(
            ("value", "parcel", "other", "low", "high", "day", "count", "age", "p"), "1"
        )
        assert "%(" not in check.told(particulars), check.code


def test_many_unanswered_questions_are_told_with_their_share(round):
    change_setting(
        round=round,
        code="missing",
        enabled=True,
        thresholds={"questions": 3, "share": 0.2},
    )
    stored = send(round)
    # Head and phone, of the eight that everybody is asked.
    assert ("missing", "") in found(round, stored)
    hit = Finding.objects.get(check_code="missing")
    assert hit.particulars == {"value": 25, "count": 8}


def test_many_answers_other_are_told(round):
    change_setting(
        round=round, code="other", enabled=True, thresholds={"answers": 2, "share": 0.3}
    )
    stored = send(round, water_source="other")
    assert ("other", "") in found(round, stored)


def test_a_position_on_no_parcel_is_outside_the_assignment(round, town):
    surveyor = staff(town, "surveyor")
    parcel = town_parcels(town).get(code="12")
    Target.objects.create(
        municipality=town, round=round, parcel=parcel, surveyor=surveyor
    )
    stored = send(
        round, by=surveyor, parcel_code="", location="33.80 35.8205 900 5", children=()
    )
    assert (stored.placed_by, stored.parcel_id) == ("zone", None)
    assert ("not_assigned", "parcel_code") in found(round, stored)


def test_a_parcel_that_took_anothers_place_is_told(round, town):
    town_parcels(town).filter(code="12").update(valid_until=date(2026, 4, 1))
    ParcelFactory(
        municipality=town,
        code="90",
        zone=town_parcels(town).first().zone,
        geometry=square(35.8099, 33.7899, 0.0012),
    )
    stored = send(round)
    assert ("parcel_replaced", "parcel_code") in found(round, stored)
    told = stored.findings.get(check_code="parcel_replaced")
    assert "Parcel 12 is no longer in force" in CHECKS["parcel_replaced"].told(
        told.particulars
    )


ASKED_OFTEN = """
| survey |
| | type | name | label::Arabic (ar) |
| | text | household_id | رقم |
| | text | parcel_code | قطعة |
| | integer | contains | عدد |
{questions}
| choices |
| | list_name | name | label::Arabic (ar) |
| | answers | yes | نعم |
| | answers | no | لا |
| | answers | dont_know | لا أعرف |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | أسئلة | Arabic (ar) |
"""


@pytest.fixture
def often(town):
    """Twelve questions with the same choices, and one with a name that SQL knows."""
    lines = (f"| | select_one answers | q{n} | سؤال {n} |" for n in range(12))
    text = ASKED_OFTEN.replace("{questions}", "\n".join(lines))
    return receiving_round(make_version(town, form_id="often", text=text))


def ask(round, answers, n=1, by=None):
    version = round.form.published()
    record = Record({"household_id": f"H{n}", **answers})
    one = Incoming(record, Submission.Source.PHONE, by=by)
    (stored,) = store_records(round=round, version=version, incoming=[one])
    return stored


def test_many_answers_that_are_not_known(often):
    given = {f"q{n}": "dont_know" if n % 3 == 0 else "yes" for n in range(12)}
    stored = ask(often, given)
    assert ("dont_know", "") in found(often, stored)
    hit = stored.findings.get(check_code="dont_know")
    assert hit.particulars == {"value": 33, "count": 12}
    few = ask(often, {"q0": "dont_know", "q1": "yes"}, n=2)
    assert ("dont_know", "") not in found(often, few)


def test_the_same_answer_to_one_question_after_the_other(often):
    run = ask(often, {f"q{n}": "no" if n < 10 else "yes" for n in range(12)})
    assert ("same_answers", "") in found(often, run)
    short = ask(often, {f"q{n}": "no" if n < 9 else "yes" for n in range(12)}, n=2)
    assert ("same_answers", "") not in found(often, short)


def test_a_surveyor_whose_numbers_end_in_nought_or_five(often, town):
    change_setting(
        round=often, code="digits", enabled=True, thresholds={"numbers": 30, "p": 0.01}
    )
    careless, careful = staff(town, "surveyor"), staff(town, "surveyor")
    for n in range(40):
        rough = ask(often, {"contains": 20 + 5 * (n % 4)}, n=n, by=careless)
        exact = ask(often, {"contains": 20 + n}, n=100 + n, by=careful)
    assert ("digits", "") in found(often, rough)
    assert not exact.findings.filter(check_code="digits").exists()
    hit = rough.findings.get(check_code="digits")
    assert (hit.particulars["value"], hit.particulars["count"]) == ("0, 5", 40)


@pytest.mark.parametrize("code", CHECKS)
def test_every_check_can_be_switched_off_in_one_round_alone(round, town, code):
    other = receiving_round(make_version(town, form_id="other"))
    change_setting(
        round=round, code=code, enabled=not CHECKS[code].usual, thresholds={}
    )
    assert (code in settings_of(round)) != CHECKS[code].usual
    assert (code in settings_of(other)) == CHECKS[code].usual
