"""A record sent back, corrected and approved changes the figure of its own zone only."""

from __future__ import annotations

import csv
import io

import pytest

from layers.indicators.models import Estimate, Release
from surveys.intake.access import issue_access
from surveys.models import Submission, Target
from surveys.publish import publish_round
from surveys.questionnaires.services import install_library_form
from surveys.review.services import Comment, take_step
from surveys.rounds.services import open_round
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory, child, household, load
from tests.javarosa.engine import fetch
from tests.surveys.intake.conftest import Phone

# Besides the record from the phone: households with one girl each, by zone.
HOUSEHOLDS = 40
FROM_THE_RIVER = {"Z1": 10, "Z2": 15}
# The household from the phone: fewer than five would keep the former figure, because the
# difference would tell of them.
GIRLS = ("نور", "هبة", "سلمى", "ريم", "جنى")
# By hand, all weights being 1, in whole percents as they are published: in Z1 10 of 45
# before and 15 of 45 after the correction; in Z2 15 of 40; in town 25 and 30 of 85.
BEFORE = {"Z1": 0.22, "Z2": 0.38, None: 0.29}
AFTER = {"Z1": 0.33, "Z2": 0.38, None: 0.35}


def two_zones(town, surveyor):
    """A round with parcel 12 to visit in Z1, and 40 households in each zone."""
    for n, code in enumerate(FROM_THE_RIVER):
        place = square(35.80 + n / 10, 33.78, 0.04)
        zone = ZoneFactory(municipality=town, code=code, geometry=place)
        place = square(35.81 + n / 10, 33.79, 0.0009)
        ParcelFactory(municipality=town, code=f"1{n + 2}", zone=zone, geometry=place)
    round = RoundFactory(municipality=town)
    rows = [
        household(
            f"{code}-{n}",
            parcel_code="12" if code == "Z1" else "13",
            water_source="surface" if n < river else "piped",
            weight=1,
        )
        for code, river in FROM_THE_RIVER.items()
        for n in range(HOUSEHOLDS)
    ]
    girls = [
        child("1", row["household_id"].removeprefix("H"), sex="female") for row in rows
    ]
    load(round, rows, girls)
    version = install_library_form(municipality=town, code="child_needs", by=None)
    open_round(round=round, form=version.form)
    Target.objects.create(
        municipality=town,
        round=round,
        parcel=town_parcel(town),
        surveyor=surveyor,
    )
    return round


def town_parcel(town):
    return Submission.objects.filter(parcel__code="12").first().parcel


def shares(release):
    """Of children without basic drinking water, by zone and in town (None)."""
    figures = Estimate.objects.of_release(release).of_indicator("was_water")
    return {
        each.zone and each.zone.code: each.estimate
        for each in figures.filter(breakdown="all").select_related("zone")
    }


def interview(version, water, visit="", instance="uuid:1"):
    return instance_xml(
        f"<visit><parcel_code>12</parcel_code>{visit}<outcome>complete</outcome></visit>"
        "<agreement><consent>yes</consent></agreement><household_module>"
        "<interview_date>2026-04-18</interview_date><head_name>ليلى</head_name>"
        "<persons>7</persons></household_module>"
        f"<wash_module><water_source>{water}</water_source>"
        "<water_minutes>0</water_minutes></wash_module>"
        + "".join(
            f"<children><child_basics><name>{name}</name><sex>female</sex>"
            f"<birth_date>201{n}-05-20</birth_date></child_basics></children>"
            for n, name in enumerate(GIRLS)
        ),
        form_id="child_needs",
        version=version.version,
        instance_id=instance,
    )


@pytest.fixture
def surveyor(town):
    return staff(town, "surveyor")


@pytest.fixture
def phone(client, town, surveyor):
    _access, token = issue_access(municipality=town, surveyor=surveyor)
    return Phone(client, town, token)


def send_back(submission, manager):
    comments = [Comment("water_source", "أليس الماء من النهر؟")]
    step = {"action": "send_back", "by": manager, "note": "تحقّق"}
    take_step(submission=submission, comments=comments, **step)


def test_a_correction_changes_the_figure_of_its_own_zone_only(phone, town, surveyor):
    manager = staff(town, "data_manager")
    round = two_zones(town, surveyor)
    version = round.form.published()
    assert phone.send(interview(version, "piped")).status_code == 201
    stored = Submission.objects.get(source="phone")
    take_step(submission=stored, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert shares(Release.objects.get()) == BEFORE

    send_back(stored, manager)
    _form, files = fetch(phone, "child_needs")
    listed = csv.DictReader(io.StringIO(files["households.csv"].decode()))
    (row,) = [each for each in listed if each["returned"]]
    assert row["name"] == str(stored.household.uuid)
    assert "أليس الماء من النهر؟" in row["comment"]
    assert row["water_source"] == "piped"
    visit = (
        f"<household>{row['name']}</household><corrects>{row['returned']}</corrects>"
    )
    xml = interview(version, "surface", visit, "uuid:2")
    assert phone.send(xml).status_code == 201
    publish_round(round=round, by=manager)
    without = shares(Release.objects.order_by("number").last())
    assert without == {"Z1": 0.25, "Z2": 0.38, None: 0.31}

    stored.refresh_from_db()
    assert stored.state == "corrected"
    take_step(submission=stored, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert shares(Release.objects.order_by("number").last()) == AFTER
