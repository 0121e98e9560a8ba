"""What names somebody stays in the town, whichever way a program asks; who asked for it
all the same is on record.
"""

import pytest

from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Export, RecordRead
from tests.factories.accounts import staff
from tests.factories.forms import HOUSEHOLD, instance_xml, make_version, receiving_round

NAME, PHONE, BORN, PLACE = "زهرة المكتومة", "70 999 888", "2018-05-20", "35.8105"
CANARIES = (NAME, PHONE, BORN, PLACE)
SAVING = HOUSEHOLD.replace("| constraint |", "| constraint | save_to |", 1).replace(
    "| Head | Chef | | |", "| Head | Chef | | | head |"
)
LISTING = """| entities |
| | list_name | label |
| | homes | ${head_name} |
| settings |"""
ANSWERS = f"""<household_id>H1</household_id><location>33.7905 {PLACE} 900 5</location>
<interview_date>2026-04-18</interview_date><head_name>{NAME}</head_name>
<phone>{PHONE}</phone><persons>4</persons>
<children><child_id>C1</child_id><name>{NAME}</name><sex>female</sex>
<birth_date>{BORN}</birth_date></children>"""
ENTITY = (
    '<entity dataset="homes" id="6f1f0f4e-8c1b-4f0e-9d6c-0a8f4f3f2b11" create="1" '
    f'baseVersion=""><label>{NAME}</label></entity>'
)
FORM = "household"
WAYS = [
    ("table", FORM, "Submissions"),
    ("table", FORM, "Submissions.children"),
    ("entities", "homes"),
    ("entity_table", "homes"),
]


@pytest.fixture
def record(town):
    version = make_version(town, text=SAVING.replace("| settings |", LISTING))
    receiving_round(version)
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    xml = instance_xml(ANSWERS, instance_id="uuid:canary", meta=ENTITY)
    return receive(sender=sender, content=xml).arrival.submission


@pytest.mark.parametrize("way", WAYS)
def test_names_leave_by_no_address_unless_they_are_asked_for(record, program, way):
    name, *where = way
    content = program("GET", name, *where).content.decode()
    assert "__id" in content or "uuid" in content
    for canary in CANARIES:
        assert canary not in content
    asked = program("GET", name, *where, identifiers="true").content.decode()
    assert NAME in asked
    kept = Export.objects.order_by("pk").values_list("options", flat=True)
    assert [each["identifiers"] for each in kept] == [False, True]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("service", [FORM]),
        ("metadata", [FORM]),
        ("forms", []),
        ("submissions", [FORM]),
        ("submission", [FORM, "uuid:canary"]),
        ("comments", [FORM, "uuid:canary"]),
        ("attachments", [FORM, "uuid:canary"]),
        ("datasets", []),
        ("dataset", ["homes"]),
    ],
)
def test_what_describes_records_names_nobody(record, program, name, where):
    answer = program("GET", name, *where)
    assert answer.status_code == 200
    for canary in CANARIES:
        assert canary not in answer.content.decode()


def test_the_record_as_it_came_is_a_reading_of_it(record, program):
    assert (
        NAME in program("GET", "submission_xml", FORM, "uuid:canary").content.decode()
    )
    assert RecordRead.objects.filter(submission=record).count() == 1


def test_no_page_of_a_table_is_read_without_a_note(record, program):
    skipped = {"$skip": "1"}
    program("GET", "table", FORM, "Submissions", **skipped)
    assert Export.objects.filter(kind="odata").count() == 1
    program("GET", "table", FORM, "Submissions", **skipped)
    assert Export.objects.filter(kind="odata").count() == 1
    program("GET", "table", FORM, "Submissions", identifiers="true", **skipped)
    assert Export.objects.filter(kind="odata").count() == 2
