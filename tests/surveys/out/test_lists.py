"""Lists that programs write: on the phone with the next form, refused with words."""

import csv
import io

import pytest

from surveys.households.lists import change_entity, create_entities, read_given
from surveys.households.phone_files import phone_file
from surveys.models import Entity, Export
from surveys.out.withholding import withheld_of
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round

VISIT = """
| survey |
| | type | name | label::Arabic (ar) | label::English (en) | label::French (fr) | save_to |
| | select_one_from_file schools.csv | school | المدرسة | School | École | |
| | text | head_name | الاسم | Name | Nom | person |
| | integer | pupils | التلاميذ | Pupils | Élèves | pupils |
| entities |
| | list_name | label |
| | visits | {label} |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | زيارة | Arabic (ar) |
"""


def visit(town, label="concat(${pupils}, '!')"):
    return make_version(town, form_id="visit", text=VISIT.replace("{label}", label))


def create(town, *given, name="schools"):
    return create_entities(
        municipality=town, list_name=name, given=[read_given(each) for each in given]
    )


def test_what_a_program_writes_reaches_the_phones_with_its_version(town):
    (school,) = create(town, {"label": "مدرسة الوادي", "data": {"pupils": 210}})
    version = visit(town)
    receiving_round(version)
    change_entity(entity=school, given=read_given({"data": {"pupils": "230"}}))
    change_entity(entity=school, given=read_given({"data": {"pupils": "230"}}))
    file = phone_file(
        municipality=town,
        surveyor=staff(town, "surveyor"),
        version=version,
        name="schools.csv",
    )
    (row,) = csv.DictReader(io.StringIO(file.content.decode()))
    assert (row["label"], row["pupils"]) == ("مدرسة الوادي", "230")
    assert (row["name"], row["__version"]) == (str(school.uuid), "2")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "Could not parse the given data as json."),
        (b"{}", "Entity 1 has no label."),
        (b'{"label": ""}', "label is empty"),
        (b'{"label": 3, "data": []}', None),
        (b'{"label": "a", "data": {"__x": "1"}}', "A property's name has letters"),
        (b'{"label": "a", "data": {"name": "1"}}', "A property's name has letters"),
        (b'{"label": "a", "data": {"x": {}}}', "x is not a text."),
        (b'{"label": "a\\u0000"}', "a character that can't be kept"),
        (b'{"label": "a\\ud800"}', "a character that can't be kept"),
        (b'{"label": "a", "uuid": "1"}', "uuid is not a UUID."),
        (b'{"entities": []}', "Send between 1 and 10000 entities at once."),
        (b'{"entities": [{"label": "a"}, {}]}', "Entity 2 has no label."),
        (b'{"entities": 3}', "entities is a list."),
        (b'{"label": "' + b"a" * 301 + b'"}', "label has more than 300 characters."),
    ],
)
def test_what_can_not_be_kept_is_refused_with_words(town, program, body, words):
    answer = program("POST", "entities", "schools", data=body)
    if words is None:
        assert answer.json()["currentVersion"]["label"] == "3"
        return
    assert answer.status_code == 400
    assert words in answer.json()["message"]
    assert not Entity.objects.exists()


def test_a_uuid_is_taken_once(town, program):
    (school,) = create(town, {"label": "a"})
    again = b'{"label": "b", "uuid": "%s"}' % str(school.uuid).encode()
    answer = program("POST", "entities", "schools", data=again)
    assert (answer.status_code, answer.json()["code"]) == (409, 409.3)
    school.refresh_from_db()
    assert school.label == "a"


def test_a_change_names_the_version_it_knows(town, program):
    (school,) = create(town, {"label": "a"})
    key = str(school.uuid)
    silent = program("PATCH", "entity", "schools", key, data=b'{"label": "b"}')
    assert "Say which version you changed" in silent.json()["message"]
    late = program("PATCH", "entity", "schools", key, data=b"{}", baseVersion="7")
    assert (late.status_code, late.json()["code"]) == (409, 409.15)
    done = program(
        "PATCH", "entity", "schools", key, data=b'{"label": "b"}', force="true"
    )
    assert done.json()["currentVersion"]["version"] == 2
    assert program("DELETE", "entity", "schools", key).json() == {"success": True}
    assert program("GET", "entity", "schools", key).status_code == 404


def test_answers_that_name_somebody_stay_also_in_labels(town):
    create(town, {"label": "a"})
    visit(town)
    plain = withheld_of(town, "visits")
    (made,) = create(town, {"label": "L", "data": {"person": "x"}}, name="visits")
    assert (plain.label_of(made), plain.data_of(made)) == ("L", {})
    make_version(
        town,
        form_id="visit",
        version="2",
        text=VISIT.replace("{label}", "${head_name}"),
    )
    assert withheld_of(town, "visits").label_of(made) == str(made.uuid)


def test_a_table_of_entities_is_filtered_and_selected(town, program):
    create(town, {"label": "a", "data": {"x": 1}}, {"label": "b"})
    query = {"$filter": "__system/createdAt gt 2100-01-01", "$count": "true"}
    answer = program("GET", "entity_table", "schools", **query).json()
    assert (answer["value"], answer["@odata.count"]) == ([], 0)
    answer = program("GET", "entity_table", "schools", **{"$select": "label"}).json()
    assert answer["value"] == [{"label": "a"}, {"label": "b"}]


def test_reading_and_writing_a_list_stays_on_record(town, program):
    program("POST", "entities", "schools", data=b'{"label": "a"}')
    program("GET", "entities", "schools", identifiers="true")
    kept = Export.objects.of(town).filter(kind="entities").order_by("pk")
    assert [each.options for each in kept] == [
        {"list": "schools", "act": "create", "entities": 1},
        {"list": "schools", "act": "read", "identifiers": True},
    ]
