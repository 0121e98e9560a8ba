"""Interviews held again: which, by whom, and what comes of it."""

import csv
import io

import pytest
from django.urls import reverse
from lxml import etree

from surveys.errors import BackCheckRefused, RoundRefused
from surveys.households.phone_files import phone_file
from surveys.intake.services import Incoming, store_records
from surveys.models import BackCheck, FormVersion, Submission
from surveys.quality.services import compare_records
from surveys.record import read_record
from surveys.rounds.back_checks import (
    choose_back_check_form,
    draw_back_checks,
    give_back_checks,
    results,
)
from surveys.rounds.services import open_round
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory

AGAIN = """
| survey |
| | type | name | label::Arabic (ar) |
| | select_one_from_file households.csv | household | الأسرة |
| | text | parcel_code | القطعة |
| | integer | persons | الأفراد |
| | text | phone | الهاتف |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | تحقّق | Arabic (ar) |
"""


@pytest.fixture
def people(town):
    return [staff(town, "surveyor") for _n in range(3)]


@pytest.fixture
def again(town):
    return make_version(town, form_id="again", text=AGAIN)


@pytest.fixture
def round(town, again):
    zone = ZoneFactory(municipality=town)
    for n in range(12):
        ParcelFactory(
            municipality=town,
            code=f"P{n}",
            zone=zone,
            geometry=square(35.82 + n / 500, 33.79, 0.001),
        )
    return receiving_round(make_version(town), back_check_form=again.form)


def send(version, round, by, answers):
    content = instance_xml(
        "".join(f"<{key}>{value}</{key}>" for key, value in answers.items()),
        form_id=version.form.code,
    )
    record = read_record(etree.fromstring(content), version.structure)
    one = Incoming(record, Submission.Source.PHONE, by=by)
    (stored,) = store_records(round=round, version=version, incoming=[one])
    return stored


@pytest.fixture
def interviews(round, people):
    version = round.form.published()
    return [
        send(
            version,
            round,
            people[n % 2],
            {
                "household_id": f"H{n}",
                "parcel_code": f"P{n}",
                "interview_date": "2026-04-18",
                "persons": 4,
                "phone": f"0312345{n}",
            },
        )
        for n in range(12)
    ]


def drawn_of(round):
    return sorted(round.back_checks.values_list("submission", "surveyor"))


def test_a_share_of_every_surveyor_is_drawn_and_goes_to_others(
    round, people, interviews
):
    assert draw_back_checks(round=round, per_cent=30, seed=7, people=people) == 4
    checks = round.back_checks.select_related("submission")
    by_person = [each.submission.by_id for each in checks]
    assert {who: by_person.count(who) for who in by_person} == {
        people[0].pk: 2,
        people[1].pk: 2,
    }
    assert all(each.surveyor_id != each.submission.by_id for each in checks)
    # The same seed draws the same; what was drawn stays when more is drawn.
    first = drawn_of(round)
    BackCheck.objects.all().delete()
    draw_back_checks(round=round, per_cent=30, seed=7, people=people)
    assert drawn_of(round) == first
    assert draw_back_checks(round=round, per_cent=30, seed=8, people=people) == 0
    assert draw_back_checks(round=round, per_cent=50, seed=8, people=people) == 2
    assert set(first) < set(drawn_of(round))


def test_nobody_checks_their_own(round, people, interviews):
    with pytest.raises(BackCheckRefused, match="their own interviews"):
        draw_back_checks(round=round, per_cent=30, seed=7, people=people[:1])
    assert not round.back_checks.exists()
    draw_back_checks(round=round, per_cent=30, seed=7, people=people[2:])
    with pytest.raises(BackCheckRefused, match="their own interviews"):
        give_back_checks(drawn=round.back_checks.all(), surveyor=people[0])


def test_the_phone_gets_the_household_without_its_answers(
    town, round, people, interviews, again
):
    draw_back_checks(round=round, per_cent=10, seed=1, people=people[2:])
    offered = FormVersion.objects.receivable(people[2])
    assert {each.form.code for each in offered} == {"household", "again"}
    assert "again" not in {
        each.form.code for each in FormVersion.objects.receivable(people[0])
    }
    content = phone_file(
        municipality=town, surveyor=people[2], version=again, name="households.csv"
    ).content.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    drawn = Submission.objects.filter(drawn_again__surveyor=people[2])
    assert {row["code"] for row in rows} == {each.household.code for each in drawn}
    assert "persons" not in rows[0]
    assert "03123" not in content
    # Once it was held again it is no longer on the list.
    send(again, round, people[2], {"household": drawn[0].household.uuid, "persons": 4})
    content = phone_file(
        municipality=town, surveyor=people[2], version=again, name="households.csv"
    ).content.decode()
    assert len(content.splitlines()) == len(rows)


def test_what_differs_is_told(client, town, round, people, interviews, again):
    draw_back_checks(round=round, per_cent=10, seed=1, people=people[2:])
    first = Submission.objects.filter(drawn_again__isnull=False).first()
    answers = {"household": first.household.uuid, "persons": 9, "phone": first.phone}
    second = send(again, round, people[2], answers)
    assert second.back_check_of == first
    compare_records(round=round)
    assert first.findings.filter(check_code="back_check").exists()
    client.force_login(staff(town, "data_manager"))
    url = reverse("surveys:rounds:back_checks", args=[town.slug, round.code])
    text = " ".join(client.get("/en" + url[3:]).content.decode().split())
    assert "1 of 2 answers differ" in text
    assert "1 of 2 were held again." in text
    # Household and number name it: they are not compared.
    assert "2 questions have the same names as in the round" in text
    quality = reverse("surveys:quality:dashboard", args=[town.slug, round.code])
    text = " ".join(client.get("/en" + quality[3:]).content.decode().split())
    assert "1 of 2 back-checks were held." in text


def test_without_its_household_the_drawn_parcel_tells(round, people, interviews, again):
    draw_back_checks(round=round, per_cent=10, seed=1, people=people[2:])
    first = Submission.objects.filter(drawn_again__isnull=False).first()
    second = send(again, round, people[2], {"parcel_code": first.parcel.code})
    assert second.back_check_of == first
    (done,) = [each for each in results(round) if each.done]
    assert done.drawn.submission == first


def test_a_back_check_is_in_no_figure(round, people, interviews, again):
    stray = send(again, round, people[0], {"parcel_code": "P1", "persons": 2})
    assert stray.back_check_of is None
    stray.state = "approved"
    stray.save()
    assert stray not in round.submissions.approved()


def test_a_form_that_cannot_serve_is_refused_in_words(town, round, again):
    with pytest.raises(BackCheckRefused, match="asks this form itself"):
        choose_back_check_form(round=round, form=round.form)
    text = AGAIN.replace("persons", "people").replace("phone", "mobile")
    other = make_version(town, form_id="other", text=text)
    with pytest.raises(BackCheckRefused, match="nothing could be compared"):
        choose_back_check_form(round=round, form=other.form)
    elsewhere = RoundFactory(municipality=town)
    with pytest.raises(RoundRefused, match="Another round"):
        open_round(round=elsewhere, form=again.form)


def test_the_page_chooses_draws_gives_and_takes_back(
    client, town, round, people, interviews
):
    client.force_login(staff(town, "data_manager"))

    def post(name, **given):
        url = reverse(f"surveys:rounds:{name}", args=[town.slug, round.code])
        return client.post("/en" + url[3:], given, follow=True).content.decode()

    assert "Saved." in post("back_form", form="")
    assert "Choose the form of the back-checks first." in post(
        "back_draw", per_cent=10, seed=1, people=[people[2].pk]
    )
    form = FormVersion.objects.get(form__code="again").form
    assert "Saved." in post("back_form", form=form.pk)
    assert "Choose a published questionnaire." in post("back_form", form="x")
    assert "This field is required." in post("back_draw", per_cent=10, seed=1)
    assert "2 interviews drawn." in post(
        "back_draw", per_cent=10, seed=1, people=[people[2].pk]
    )
    ticked = list(round.back_checks.values_list("pk", flat=True))
    assert "Choose a surveyor" in post("back_give", drawn=ticked, surveyor="")
    assert "Take them back first." in post("back_form", form="")
    text = post("back_give", drawn=[*ticked, "x"], surveyor="none")
    assert "2 back-checks given to nobody." in text
    assert not round.back_checks.exists()
