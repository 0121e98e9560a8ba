"""The phone's own engine against the server: what is answered is what is stored."""

import pytest

from layers.indicators.models import Release
from layers.indicators.samples.observations import WomanRow
from surveys.intake.access import issue_access
from surveys.intake.services import stored_record
from surveys.models import Arrival, Entity, Submission, Target
from surveys.publish import publish_round
from surveys.questionnaires.parts import find_parts
from surveys.questionnaires.services import install_library_form
from surveys.review.services import take_step
from surveys.rounds.services import open_round
from surveys.women import woman_row
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory
from tests.javarosa.engine import Refused, fetch, fill, needs_java
from tests.surveys.intake.conftest import Phone
from tests.surveys.review.test_release import (
    AFTER,
    BEFORE,
    GIRLS,
    send_back,
    shares,
    two_zones,
)

pytestmark = [needs_java, pytest.mark.slow]

EVERY_TYPE = """
| survey |
| | type | name | label::Arabic (ar) | label::English (en) | label::French (fr) | constraint | relevant | calculation | parameters | repeat_count |
| | start | start | | | | | | | | |
| | deviceid | deviceid | | | | | | | | |
| | text | words | نص | Text | Texte | | | | | |
| | integer | whole | عدد | Whole | Entier | . < 100 | | | | |
| | decimal | part | كسر | Decimal | Décimal | | | | | |
| | range | range | مدى | Range | Plage | | | | start=1 end=10 step=1 | |
| | date | day | يوم | Day | Jour | | | | | |
| | time | hour | ساعة | Time | Heure | | | | | |
| | dateTime | moment | لحظة | Moment | Moment | | | | | |
| | select_one fruit | one | واحد | One | Un | | | | | |
| | select_multiple fruit | some | عدّة | Some | Plusieurs | | | | | |
| | rank fruit | order | ترتيب | Order | Ordre | | | | | |
| | select_one_from_file parcels.geojson | parcel | عقار | Parcel | Parcelle | | | | value=id, label=title | |
| | geopoint | point | نقطة | Point | Point | | | | | |
| | geotrace | trace | خط | Trace | Tracé | | | | | |
| | geoshape | shape | شكل | Shape | Forme | | | | | |
| | barcode | code | رمز | Code | Code | | | | | |
| | image | photo | صورة | Photo | Photo | | | | | |
| | audio | sound | صوت | Sound | Son | | | | | |
| | video | film | فيلم | Film | Film | | | | | |
| | file | paper | ورقة | Paper | Papier | | | | | |
| | acknowledge | seen | رأيت | Seen | Vu | | | | | |
| | note | note | مجموع ${whole} | Sum ${whole} | Somme ${whole} | | | | | |
| | calculate | double | | | | | | ${whole} * 2 | | |
| | hidden | secret | | | | | | | | |
| | begin group | home | بيت | Home | Maison | | | | | |
| | text | colour | لون | Colour | Couleur | | | | | |
| | end group | | | | | | | | | |
| | text | hidden | مخفي | Hidden | Caché | | ${whole} > 50 | | | |
| | begin repeat | children | أولاد | Children | Enfants | | | | | |
| | text | name | اسم | Name | Nom | | | | | |
| | begin repeat | ills | أمراض | Ills | Maladies | | | | | 2 |
| | text | ill | مرض | Ill | Maladie | | | | | |
| | end repeat | | | | | | | | | |
| | end repeat | | | | | | | | | |
| choices |
| | list_name | name | label::Arabic (ar) | label::English (en) | label::French (fr) |
| | fruit | fig | تين | Fig | Figue |
| | fruit | olive | زيتون | Olive | Olive |
| | fruit | almond | لوز | Almond | Amande |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | كل الأنواع | Arabic (ar) |
"""
ANSWERS = {
    "/data/words[1]": "كلام بالعربية",
    "/data/whole[1]": "42",
    "/data/part[1]": "1.5",
    "/data/range[1]": "7",
    "/data/day[1]": "2026-11-02",
    "/data/hour[1]": "14:30:00.000+02:00",
    "/data/moment[1]": "2026-11-02T14:30:00.000+02:00",
    "/data/one[1]": "fig",
    "/data/some[1]": "fig olive",
    "/data/order[1]": "olive almond fig",
    "/data/parcel[1]": "12",
    "/data/point[1]": "33.79 35.81 900 4.5",
    "/data/trace[1]": "33.79 35.81 0 0;33.80 35.82 0 0",
    "/data/shape[1]": "33.79 35.81 0 0;33.80 35.82 0 0;33.79 35.82 0 0;33.79 35.81 0 0",
    "/data/code[1]": "LB-1234",
    "/data/photo[1]": "صورة.jpg",
    "/data/sound[1]": "a.m4a",
    "/data/film[1]": "a.mp4",
    "/data/paper[1]": "a.pdf",
    "/data/seen[1]": "OK",
    "/data/home[1]/colour[1]": "أبيض",
    "/data/children[1]": "+",
    "/data/children[1]/name[1]": "نور",
    "/data/children[1]/ills[1]/ill[1]": "x",
    "/data/children[1]/ills[2]/ill[1]": "y",
    "/data/children[2]": "+",
    "/data/children[2]/name[1]": "سامر",
}


@pytest.fixture
def surveyor(town):
    return staff(town, "surveyor")


@pytest.fixture
def parcels(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    return [
        ParcelFactory(
            municipality=town,
            code=code,
            zone=zone,
            geometry=square(35.81 + n / 1000, 33.79, 0.0009),
        )
        for n, code in enumerate(("12", "13"))
    ]


@pytest.fixture
def phone(client, town, surveyor, parcels):
    _access, token = issue_access(municipality=town, surveyor=surveyor)
    return Phone(client, town, token)


def test_every_type_of_question_is_stored_as_it_was_answered(phone, town, tmp_path):
    receiving_round(make_version(town, form_id="every", text=EVERY_TYPE))
    xform, files = fetch(phone, "every")
    # A repeat begins with one repetition: only further ones are asked for.
    answers = {k: v for k, v in ANSWERS.items() if k != "/data/children[1]"}
    xml, shown = fill(xform, files, answers, tmp_path)
    assert "/data/hidden[1]" not in shown
    assert "42" in shown["/data/note[1]"].text
    assert shown["/data/parcel[1]"].choices == ("12", "13")
    assert phone.send(xml).status_code == 201
    assert Arrival.objects.get().state == "accepted"
    stored = stored_record(Submission.objects.get()).flat()
    metadata = {stored.pop(key, None) for key in ("start", "deviceid")}
    assert metadata
    assert stored == {
        "words": "كلام بالعربية",
        "whole": 42,
        "part": 1.5,
        "range": 7,
        "day": "2026-11-02",
        "hour": stored["hour"],
        "moment": stored["moment"],
        "one": "fig",
        "some": ["fig", "olive"],
        "order": ["olive", "almond", "fig"],
        "parcel": "12",
        "point": {
            "type": "Point",
            "coordinates": [35.81, 33.79, 900.0],
            "accuracy": 4.5,
        },
        "trace": {"type": "LineString", "coordinates": [[35.81, 33.79], [35.82, 33.8]]},
        "shape": {
            "type": "Polygon",
            "coordinates": [
                [[35.81, 33.79], [35.82, 33.8], [35.82, 33.79], [35.81, 33.79]]
            ],
        },
        "code": "LB-1234",
        "photo": "صورة.jpg",
        "sound": "a.m4a",
        "film": "a.mp4",
        "paper": "a.pdf",
        "seen": "OK",
        "double": "84",
        "colour": "أبيض",
        "children[1]/name": "نور",
        "children[1]/ills[1]/ill": "x",
        "children[1]/ills[2]/ill": "y",
        "children[2]/name": "سامر",
        # The compiler's own, of a repeat with a fixed count.
        "children[1]/ills_count": "2",
        "children[2]/ills_count": "2",
    }
    assert stored["hour"].startswith("14:30:00")
    assert {each.name for each in Arrival.objects.get().attachments.all()} == {
        "صورة.jpg",
        "a.m4a",
        "a.mp4",
        "a.pdf",
    }


def test_the_engine_holds_to_the_constraints(phone, town, tmp_path):
    receiving_round(make_version(town, form_id="every", text=EVERY_TYPE))
    xform, files = fetch(phone, "every")
    with pytest.raises(Refused, match=r"refused .*whole"):
        fill(xform, files, {"/data/whole[1]": "100"}, tmp_path)


@pytest.fixture
def library_round(town, parcels, surveyor):
    version = install_library_form(municipality=town, code="child_needs", by=None)
    round = RoundFactory(municipality=town)
    open_round(round=round, form=version.form)
    Target.objects.create(
        municipality=town, round=round, parcel=parcels[0], surveyor=surveyor
    )
    return round


def interview(girls=("نور",), **more):
    base = "/data/household_module[1]"
    roster = {}
    for n, name in enumerate(girls):
        child = f"/data/children[{n + 1}]/child_basics[1]"
        roster[f"{child}/name[1]"] = name
        roster[f"{child}/sex[1]"] = "female"
        roster[f"{child}/birth_date[1]"] = f"201{6 - n}-05-20"
    return {
        "/data/visit[1]/parcel_code[1]": "12",
        "/data/agreement[1]/consent[1]": "yes",
        f"{base}/interview_date[1]": "2026-04-18",
        f"{base}/surveyor[1]": "سامر",
        f"{base}/head_name[1]": "ليلى",
        f"{base}/persons[1]": str(3 + len(girls)),
        "/data/wash_module[1]/water_source[1]": "piped",
        "/data/wash_module[1]/water_minutes[1]": "0",
        "/data/roster[1]/child_count[1]": str(len(girls)),
        "/data/roster[1]/children_5_17[1]": str(len(girls)),
        **roster,
        **more,
    }


def test_an_interview_of_the_library_form(phone, town, library_round, tmp_path):
    xform, files = fetch(phone, "child_needs")
    assert b'"12"' in files["parcels.geojson"]
    assert b'"13"' not in files["parcels.geojson"]
    woman = "/data/women[1]/woman[1]"
    asked = {
        "/data/women_count[1]/women_20_24[1]": "1",
        f"{woman}/woman_age[1]": "23",
        f"{woman}/woman_married[1]": "yes",
        f"{woman}/woman_age_married[1]": "17",
    }
    xml, shown = fill(xform, files, interview(**asked), tmp_path)
    assert "/data/visit[1]/household[1]" not in shown
    assert phone.send(xml).status_code == 201
    stored = Submission.objects.get()
    assert stored.parcel.code == "12"
    assert (stored.answers["persons"], stored.head_name) == (4, "ليلى")
    child = stored.rows.children().get()
    assert (child.name, child.sex, child.code) == ("نور", "female", "C1")
    parts = find_parts(stored.version.structure)
    her = stored.rows.get(table=parts.women)
    assert woman_row(her.answers, parts) == WomanRow(23, False, True)
    assert (her.name, her.birth_date) == ("", None)
    household = Entity.objects.get(list_name="households")
    assert household.uuid == stored.household.uuid
    assert household.data["code"] == stored.household.code
    assert Entity.objects.get(list_name="children").data["child_name"] == "نور"


def test_sent_back_corrected_on_the_phone_and_published(
    client, town, surveyor, tmp_path
):
    """Its zone's figure in the next release is what it comes to by hand; no other moves."""
    manager = staff(town, "data_manager")
    round = two_zones(town, surveyor)
    _access, token = issue_access(municipality=town, surveyor=surveyor)
    phone = Phone(client, town, token)
    xform, files = fetch(phone, "child_needs")
    xml, _shown = fill(xform, files, interview(GIRLS), tmp_path / "first")
    phone.send(xml)
    stored = Submission.objects.get(source="phone")
    take_step(submission=stored, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert shares(Release.objects.get()) == BEFORE
    send_back(stored, manager)
    xform, files = fetch(phone, "child_needs")
    answers = interview(GIRLS)
    for kept in ("head_name", "persons"):
        answers.pop(f"/data/household_module[1]/{kept}[1]")
    for kept in ("child_count", "children_5_17"):
        answers.pop(f"/data/roster[1]/{kept}[1]")
    answers["/data/visit[1]/household[1]"] = str(stored.household.uuid)
    listed = Entity.objects.filter(list_name="children").order_by("pk")
    for n, child in enumerate(listed, 1):
        for kept in ("name", "sex", "birth_date"):
            answers.pop(f"/data/children[{n}]/child_basics[1]/{kept}[1]")
        answers[f"/data/children[{n}]/child_basics[1]/child[1]"] = str(child.uuid)
    answers["/data/wash_module[1]/water_source[1]"] = "surface"
    xml, shown = fill(xform, files, answers, tmp_path / "second")
    note = shown["/data/visit[1]/returned_note[1]"].text
    assert "تحقّق" in note
    assert "أليس الماء من النهر؟" in note
    assert shown["/data/household_module[1]/persons[1]"].value == "8"
    assert shown["/data/children[1]/child_basics[1]/name[1]"].value == "نور"
    assert phone.send(xml).status_code == 201
    stored.refresh_from_db()
    assert Submission.objects.filter(source="phone").count() == 1
    assert (stored.state, stored.answers["water_source"]) == ("corrected", "surface")
    assert stored.events.get(kind="edited").before["water_source"] == "piped"
    assert {each.name for each in stored.rows.children()} == set(GIRLS)
    take_step(submission=stored, action="approve", by=manager)
    publish_round(round=round, by=manager)
    assert shares(Release.objects.order_by("number").last()) == AFTER
