"""A question of a town's own form, from its declaration to a figure of a release."""

import pytest
from django.urls import reverse
from lxml import etree

from layers.geography.tenancy import tenant
from layers.indicators.definitions.drafting import move_definition, preview, save_draft
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.models import Estimate, Observation, ObservationSet, OwnVariable
from surveys.asked.services import move_question
from surveys.asked.values import Asked, questions_to_ask
from surveys.following import follow
from surveys.intake.services import Incoming, store_records
from surveys.models import Submission, TownVariable
from surveys.publish import publish_round
from surveys.questionnaires.parts import find_parts
from surveys.record import read_record
from tests.factories.accounts import staff
from tests.factories.definitions import content
from tests.factories.forms import HOUSEHOLD, instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.observations import answers_of

MORE = (
    HOUSEHOLD.replace(
        "| | image | photo |",
        """| | select_one heat | heating | التدفئة | Heating | Chauffage | | |
| | integer | rent | الإيجار | Rent | Loyer | | |
| | image | photo |""",
    )
    .replace(
        "| | end repeat |",
        """| | select_multiple play | plays | أين يلعب | Where it plays | Où il joue | | |
| | text | dream | حلم | Dream | Rêve | | |
| | end repeat |""",
        1,
    )
    .replace(
        "| | sex | female |",
        """| | heat | wood | حطب | Wood | Bois |
| | heat | gas | غاز | Gas | Gaz |
| | heat | none | لا شيء | None | Rien |
| | play | street | الشارع | Street | Rue |
| | play | yard | الباحة | Yard | Cour |
| | sex | female |""",
        1,
    )
)
HOMES = 40
COLD = {
    "code": "cold_home",
    "name_ar": "بيت بلا تدفئة",
    "name_en": "Home without heating",
    "name_fr": "Logement sans chauffage",
    "choice_0": "0",
    "choice_1": "0",
    "choice_2": "1",
}


@pytest.fixture
def version(town):
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.82, 33.79, 0.001)
    )
    return make_version(town, text=MORE)


@pytest.fixture
def planner(town):
    return staff(town, "planner")


@pytest.fixture
def manager(town):
    return staff(town, "data_manager")


@pytest.fixture
def round(version):
    """Half of the homes are without heating; two children in each."""
    found = receiving_round(version)
    incoming = []
    for number in range(HOMES):
        child = "".join(
            f"<children><child_id>{place}</child_id><name>Nour{number}</name>"
            f"<sex>{sex}</sex><birth_date>2018-05-20</birth_date>"
            f"<plays>{'street yard' if number % 4 else 'yard'}</plays>"
            "<dream>pilot</dream></children>"
            for place, sex in enumerate(("female", "male"))
        )
        answers = (
            f"<household_id>H{number}</household_id><parcel_code>12</parcel_code>"
            f"<interview_date>{found.starts_on}</interview_date><persons>4</persons>"
            f"<heating>{'none' if number % 2 else 'gas'}</heating><rent>{number}</rent>"
            f"{child}"
        )
        xml = instance_xml(answers, instance_id=f"uuid:0000-{number}")
        record = read_record(etree.fromstring(xml), version.structure)
        incoming.append(Incoming(record, Submission.Source.PHONE))
    store_records(round=found, version=version, incoming=incoming)
    Submission.objects.filter(round=found).update(state="approved")
    return found


def url(town, name, *rest):
    return "/en" + reverse(f"surveys:asked:{name}", args=[town.slug, *rest])[3:]


def declared(client, town, version, by, given, question="heating"):
    client.force_login(by)
    address = url(town, "create", version.form_id) + f"?question={question}"
    answer = client.post(address, given, follow=True)
    return answer.content.decode()


def put_in_use(client, town, by, code="own_cold_home"):
    found = TownVariable.objects.get(code=code)
    client.post(url(town, "move", found.pk), {"to": "in_review"})
    move_question(variable=found, to="published", by=by)
    return found


def test_only_choices_and_numbers_that_name_nobody_are_offered(client, version, town):
    parts = find_parts(version.structure, version.parts)
    offered = {key.key for _table, key in questions_to_ask(version.structure, parts)}
    assert offered == {"persons", "water_source", "heating", "rent", "plays"}
    client.force_login(staff(town, "planner"))
    page = client.get(url(town, "choose")).content.decode()
    assert "Where it plays" in page
    assert "Dream" not in page
    assert "Telephone" not in page
    for key in ("head_name", "children/name", "children/dream", "phone", "nothing"):
        address = url(town, "create", version.form_id) + f"?question={key}"
        assert client.get(address).status_code == 404, key


def test_a_question_becomes_a_figure_of_the_next_release(
    client, town, version, round, planner, manager
):
    page = declared(client, town, version, planner, COLD)
    assert "Send to review" in page
    put_in_use(client, town, manager)
    release = publish_round(round=round, by=manager)
    child = Observation.objects.order_by("pk")[2]
    assert answers_of(child)["own_cold_home"] == 1
    rule = {
        "unknown": "left_out",
        "in_need": {"all": [{"variable": "own_cold_home", "is": 1}]},
    }
    with tenant(town):
        draft = save_draft(
            municipality=town, name="cold", content=content(rule=rule), by=planner
        )
        move_definition(definition=draft, to="in_review", by=planner)
        move_definition(definition=draft, to="published", by=manager)
        own = catalogue_of(town)["own_cold"]
        observed = ObservationSet.objects.get(code=round.code)
        assert preview(indicator=own, observation_set=observed).figure.estimate == 0.5
    second = publish_round(round=round, by=manager)
    assert second.number == release.number + 1
    rows = Estimate.objects.of_release(second).of_indicator("own_cold").of_town()
    assert rows.of_breakdown("all").get().estimate == 0.5
    client.force_login(planner)
    page = client.get(reverse("indicators:create", args=[town.slug])).content.decode()
    assert "own_cold_home" in page


def test_what_is_put_in_use_later_reaches_what_was_observed(
    client, town, version, round, planner, manager
):
    publish_round(round=round, by=manager)
    assert "own_many" not in answers_of(Observation.objects.first())
    given = {**COLD, "code": "many", "choice_0": "1", "choice_1": "0"}
    declared(client, town, version, planner, given, "children/plays")
    put_in_use(client, town, manager, "own_many")
    round.refresh_from_db()
    follow(round=round)
    values = [answers_of(each)["own_many"] for each in Observation.objects.all()]
    assert sum(values) == 2 * HOMES * 3 / 4


def test_a_number_outside_its_range_is_not_known():
    rent = Asked("own_rent", "", "rent", True, (), (), 0, 100)
    given = [
        rent.value({"rent": each}) for each in (0, 100, 101, None, "7", "03123456")
    ]
    assert given == [0, 100, None, None, 7, None]


def test_who_declared_it_does_not_put_it_in_use(client, town, version, planner):
    declared(client, town, version, planner, COLD)
    found = TownVariable.objects.get()
    client.post(url(town, "move", found.pk), {"to": "in_review"})
    answer = client.post(url(town, "move", found.pk), {"to": "published"}, follow=True)
    assert "Somebody else has to put it in use" in answer.content.decode()
    found.refresh_from_db()
    assert found.state == "in_review"
    assert not OwnVariable.objects.exists()


def test_what_an_indicator_asks_for_is_not_retired(
    client, town, version, planner, manager
):
    declared(client, town, version, planner, COLD)
    found = put_in_use(client, town, manager)
    rule = {
        "unknown": "left_out",
        "in_need": {"all": [{"variable": "own_cold_home", "is": 1}]},
    }
    with tenant(town):
        save_draft(
            municipality=town, name="cold", content=content(rule=rule), by=planner
        )
    answer = client.post(url(town, "move", found.pk), {"to": "retired"}, follow=True)
    assert "The indicator own_cold asks for it" in answer.content.decode()
    found.refresh_from_db()
    assert found.state == "published"


@pytest.mark.parametrize(
    ("question", "changes", "message"),
    [
        ("heating", {"code": "Cold Home"}, "Enter a valid value"),
        ("heating", {"name_fr": ""}, "This field is required"),
        ("heating", {"choice_2": "0"}, "Say of one choice at least that it counts"),
        ("heating", {"choice_2": "7"}, "Select a valid choice"),
        ("rent", {}, "This field is required"),
        ("rent", {"smallest": "5", "largest": "5"}, "more than the smallest"),
        ("rent", {"smallest": "0", "largest": "9999999"}, "less than or equal to"),
        ("rent", {"smallest": "nan", "largest": "9"}, "Enter a number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_place(
    client, town, version, planner, question, changes, message
):
    page = declared(client, town, version, planner, COLD | changes, question)
    assert message in page
    assert not TownVariable.objects.exists()


def test_a_name_is_given_once(client, town, version, planner):
    declared(client, town, version, planner, COLD)
    page = declared(client, town, version, planner, COLD)
    assert "This short name is taken" in page
    assert TownVariable.objects.count() == 1
