"""A form of a town's own, whose questions have names that nobody can guess."""

import pytest
from django.urls import reverse
from lxml import etree

from layers.indicators.models import Observation, Woman
from surveys.intake.rereading import read_again
from surveys.intake.services import Incoming, store_records
from surveys.models import FormVersion, Submission
from surveys.publish import publish_round
from surveys.quality.services import check_next
from surveys.questionnaires.matching import match
from surveys.questionnaires.meaning import ANSWERS, library_answers
from surveys.questionnaires.parts import (
    TABLES,
    USUAL,
    USUAL_IN_ROSTER,
    USUAL_OF_WOMEN,
    Parts,
    find_parts,
)
from surveys.questionnaires.roles import ANSWER_ROLES, PARTS
from surveys.record import read_record
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.observations import answers_of, factors_of

OWN = """
| survey |
| | type | name | label::Arabic (ar) | label::English (en) | label::French (fr) |
| | text | q1 | رقم البيت | Number of the house | Numéro |
| | text | q2 | العقار | Plot | Parcelle |
| | date | q3 | اليوم | Day | Jour |
| | select_one agree | q4 | موافقة | Consent | Accord |
| | text | q5 | رب البيت | Head | Chef |
| | integer | q6 | كم شخصاً | How many | Combien |
| | integer | q7 | كم ولداً | How many children | Enfants |
| | select_one water | q8 | الماء | Water | Eau |
| | select_one agree | q9 | إنترنت | Internet | Internet |
| | begin repeat | kids | الأولاد | Kids | Enfants |
| | text | k1 | الاسم | Name | Nom |
| | select_one gender | k2 | الجنس | Sex | Sexe |
| | date | k3 | الولادة | Born | Né |
| | integer | k4 | العمر | Age | Âge |
| | select_one agree | k5 | مدرسة | School | École |
| | select_multiple games | k6 | ألعاب | Games | Jeux |
| | integer | k7 | ساعات العمل | Hours of work | Heures |
| | end repeat | | | | |
| choices |
| | list_name | name | label::Arabic (ar) | label::English (en) | label::French (fr) |
| | agree | 1 | نعم | Yes | Oui |
| | agree | 2 | لا | No | Non |
| | water | 11 | شبكة | Network | Réseau |
| | water | 12 | نهر | River | Rivière |
| | water | 13 | غيره | Other | Autre |
| | gender | 1 | ذكر | Boy | Garçon |
| | gender | 2 | أنثى | Girl | Fille |
| | games | a | قصص | Stories | Histoires |
| | games | b | غناء | Songs | Chansons |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | استمارة البلدة | Arabic (ar) |
"""
PARTS_SAID = {
    "household_code": "q1",
    "parcel": "q2",
    "interview_date": "q3",
    "consent": "q4",
    "head_name": "q5",
    "persons": "q6",
    "child_count": "q7",
    "roster": "kids",
    "child_name": "k1",
    "sex": "k2",
    "birth_date": "k3",
    "age": "k4",
}
ANSWERS_SAID = {
    "water_source": "q8",
    "internet": "q9",
    "school_attended_this_year": "k5",
    "stim_stories": "k6",
    "stim_songs": "k6",
    "economic_hours": "k7",
}
FILLED = """
<q1>7</q1><q2>12</q2><q3>2026-04-18</q3><q4>1</q4><q5>ليلى</q5><q6>1</q6><q7>3</q7>
<q8>12</q8><q9>2</q9>
<kids><k1>نور</k1><k2>2</k2><k3>2023-05-20</k3><k4>9</k4><k5>2</k5><k6>a</k6><k7>3</k7></kids>
<kids><k1>سامي</k1><k2>1</k2><k3>2016-01-10</k3><k4>10</k4><k5>1</k5><k7>25</k7></kids>
"""


WITH_WOMEN = OWN.replace(
    "| choices |",
    """| | begin repeat | wives | النساء | Women | Femmes |
| | integer | w1 | العمر | Age | Âge |
| | select_one agree | w2 | متزوّجة | Married | Mariée |
| | integer | w3 | كم كان عمرها | At what age | À quel âge |
| | end repeat | | | | |
| choices |""",
)
WOMEN_SAID = {
    "women": "wives",
    "woman_age": "w1",
    "woman_married": "w2",
    "woman_age_married": "w3",
}


@pytest.fixture
def version(town):
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.82, 33.79, 0.001)
    )
    return make_version(town, form_id="own", text=OWN)


@pytest.fixture
def say(client, town, version):
    """Posts the page as a browser would: choices of a new question come by themselves."""
    client.force_login(staff(town, "data_manager"))
    url = "/en" + reverse("surveys:forms:meaning", args=[town.slug, version.pk])[3:]

    def post(parts=PARTS_SAID, answers=ANSWERS_SAID, **more):
        given = {f"part-{name}": key for name, key in parts.items()}
        given |= {f"answer-{name}": key for name, key in answers.items()}
        answer = client.post(url, {**given, **more}, follow=True)
        version.refresh_from_db()
        return answer.content.decode()

    return post


def arrive(version, round, filled=FILLED):
    content = instance_xml(filled, form_id="own", version=version.version)
    record = read_record(etree.fromstring(content), version.structure)
    (stored,) = store_records(
        round=round,
        version=version,
        incoming=[Incoming(record, Submission.Source.PHONE)],
    )
    return stored


def test_every_part_and_answer_has_its_words():
    assert set(PARTS) == {*USUAL, *USUAL_IN_ROSTER, *USUAL_OF_WOMEN, *TABLES}
    assert list(ANSWER_ROLES) == [answer.name for answer in ANSWERS]


def test_what_is_missing_and_what_follows_stands_on_the_versions_page(
    client, town, version, say
):
    url = "/en" + reverse("surveys:forms:version", args=[town.slug, version.pk])[3:]
    text = client.get(url).content.decode()
    assert "can&#x27;t be followed from round to round" in text
    assert "No indicator of children can be computed." in text
    say(save="1")
    text = client.get(url).content.decode()
    assert "No indicator of children can be computed." not in text
    assert "Records are placed by their parcel only." in text


def test_a_record_is_read_by_what_was_said(version, say):
    assert "Saved." in say(save="1")
    stored = arrive(version, receiving_round(version))
    assert stored.household.code == "7"
    assert (stored.parcel.code, stored.head_name) == ("12", "ليلى")
    assert stored.outcome == "complete"
    children = stored.rows.children().order_by("ordinal")
    assert [(each.name, each.sex) for each in children] == [
        ("نور", "female"),
        ("سامي", "male"),
    ]


def test_a_no_by_the_forms_own_code_is_a_refusal(version, say):
    say(save="1")
    stored = arrive(version, receiving_round(version), FILLED.replace("<q4>1", "<q4>2"))
    assert stored.outcome == "refused"


def test_the_answers_reach_the_indicators(version, say):
    # Nobody could guess what these choices mean: it is said by hand.
    say(
        save="1",
        **{
            "answer-water_source-of": "q8",
            "answer-water_source-0": "yes",
            "answer-water_source-1": "no",
            "answer-stim_stories-of": "k6",
            "answer-stim_stories-0": "yes",
            "answer-stim_songs-of": "k6",
            "answer-stim_songs-1": "yes",
        },
    )
    round = receiving_round(version)
    stored = arrive(version, round)
    Submission.objects.filter(pk=stored.pk).update(state="approved")
    publish_round(round=round, by=None)
    small, big = map(answers_of, Observation.objects.order_by("age_months"))
    assert (big["water_improved"], big["internet"], big["persons"]) == (0, 0, 1)
    assert (small["attends_school"], big["attends_school"]) == (0, 1)
    # One of the two games, told for the child under five.
    assert small["stim_activities"] == 1
    # Nobody was drawn: every child's hours count, and each stands for itself alone.
    assert (small["economic_hours"], big["economic_hours"]) == (3, 25)
    factors = [factors_of(each) for each in Observation.objects.all()]
    assert factors == [{"module_5_17": 1}] * 2


def test_women_are_found_in_a_repeat_of_any_name(client, town, version, say):
    newer = make_version(town, form_id="own", version="2", text=WITH_WOMEN)
    url = "/en" + reverse("surveys:forms:meaning", args=[town.slug, newer.pk])[3:]
    given = {f"part-{name}": key for name, key in (PARTS_SAID | WOMEN_SAID).items()}
    filled = f"""{FILLED}<wives><w1>21</w1><w2>1</w2><w3>17</w3></wives>
<wives><w1>24</w1><w2>2</w2></wives><wives><w1>30</w1><w2>1</w2><w3>12</w3></wives>"""
    round = receiving_round(newer)
    arrive(newer, round, filled)
    told = " ".join(client.post(url, given, follow=True).content.decode().split())
    assert "known in 3 of 3 · yes: 2 · no: 1" in told
    assert client.post(url, given | {"save": "1"}).status_code == 302
    newer.refresh_from_db()
    stored = arrive(newer, round, filled)
    Submission.objects.filter(pk=stored.pk).update(state="approved")
    publish_round(round=round, by=None)
    found = Woman.objects.values_list(
        "age_years", "married_before_15", "married_before_18"
    )
    assert sorted(found) == [(21, False, True), (24, False, False)]


def test_the_checks_use_the_parts(version, say):
    say(save="1")
    round = receiving_round(version)
    stored = arrive(version, round)
    check_next(round=round)
    found = set(stored.findings.values_list("check_code", "question"))
    assert {
        ("roster_count", "q7"),
        ("fewer_persons", "q6"),
        ("age_differs", "kids[1]/k4"),
    } <= found


def test_what_was_there_before_is_read_again(version, say):
    round = receiving_round(version)
    stored = arrive(version, round)
    assert (stored.head_name, stored.rows.children().count()) == ("", 0)
    text = say(save="1")
    assert "1 record that was there is read again." in text
    stored.refresh_from_db()
    assert (stored.head_name, stored.rows.children().count()) == ("ليلى", 2)
    read_again(version=version)
    assert stored.rows.children().count() == 2
    # The same said again changes nothing.
    assert "read again." not in say(save="1")


def test_saying_it_is_news_for_the_next_release(version, say):
    say(save="1")
    round = receiving_round(version)
    stored = arrive(version, round)
    Submission.objects.filter(pk=stored.pk).update(state="approved")
    publish_round(round=round, by=None)
    assert not round.has_news()
    say(answers={**ANSWERS_SAID, "internet": ""}, save="1")
    round.refresh_from_db()
    assert round.has_news()


def test_the_page_tells_what_the_newest_records_give(version, say):
    arrive(version, receiving_round(version))
    text = " ".join(say().split())
    assert "Not saved yet." in text
    assert version.parts == {}
    assert "known in 2 of 2 · girl: 1 · boy: 1" in text
    assert "known in 2 of 2 · in the middle: 14" in text
    assert "ليلى" not in text


def test_a_question_that_does_not_fit_is_none(version, say):
    say(parts={"birth_date": "q3", "parcel": "q6\x00", "roster": "nothing"}, save="1")
    parts = find_parts(version.structure, version.parts)
    assert (dict(parts.main), parts.roster) == ({}, "")


def test_the_next_version_keeps_what_was_said_where_the_question_stays(
    town, version, say
):
    say(save="1")
    text = OWN.replace("| text | q5 |", "| text | head |")
    newer = make_version(town, form_id="own", version="2", text=text)
    parts = find_parts(newer.structure, newer.parts)
    assert parts.main["household_code"] == "q1"
    assert "head_name" not in parts.main
    assert parts.values["sex"] == {"1": "male", "2": "female"}
    assert newer.variables["water_source"]["question"] == "q8"


def test_a_usual_name_that_was_turned_down_stays_turned_down(town):
    first = make_version(town)
    found = match(first.structure, {}, {})
    first.parts = {**found.parts_json(), "head_name": ""}
    first.save()
    newer = make_version(town, version="2")
    assert "head_name" not in find_parts(newer.structure, newer.parts).main
    assert FormVersion.objects.count() == 2


def test_the_librarys_answers_stay_as_they_are_where_nothing_is_said():
    answers = {"water_source": "piped", "internet": "no", "persons": 4}
    assert library_answers(answers, {}, of="household", parts=Parts({})) == answers


@pytest.mark.parametrize("given", ["nan", "many", "", None, [], {"a": 1}])
def test_a_number_that_is_none_is_not_known(given):
    said = {"water_minutes": {"question": "q"}}
    found = library_answers({"q": given}, said, of="household", parts=Parts({}))
    assert found["water_minutes"] is None
