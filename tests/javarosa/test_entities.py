"""Entities that the phone's own engine makes, changes and finds again in its lists."""

import pytest

from surveys.intake.access import issue_access
from surveys.models import Arrival, Entity, Submission
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.javarosa.engine import fetch, fill, needs_java
from tests.surveys.intake.conftest import Phone

pytestmark = [needs_java, pytest.mark.slow]

TREES = """
| survey |
| | type | name | label::Arabic (ar) | label::English (en) | label::French (fr) | save_to |
| | text | household_id | رقم | Number | Numéro | |
| | begin repeat | trees | أشجار | Trees | Arbres | |
| | select_one_from_file trees.csv | tree | أيّها؟ | Which? | Lequel ? | |
| | text | species | نوع | Species | Espèce | species |
| | integer | height | ارتفاع | Height | Hauteur | height |
| | end repeat | | | | | |
| entities |
| | list_name | label | entity_id | create_if | update_if | repeat |
| | trees | ${species} | coalesce(${tree}, uuid()) | ${tree} = '' | ${tree} != '' | ${trees} |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | أشجار | Arabic (ar) |
"""


@pytest.fixture
def phone(client, town):
    receiving_round(make_version(town, form_id="trees", text=TREES))
    _access, token = issue_access(municipality=town, surveyor=staff(town, "surveyor"))
    return Phone(client, town, token)


def visit(phone, folder, *trees):
    """Goes through the form with what the phone holds by now; gives what it would send."""
    xform, files = fetch(phone, "trees")
    answers = {"/data/household_id[1]": "H1"}
    for n, (chosen, species, height) in enumerate(trees, start=1):
        if n > 1:
            answers[f"/data/trees[{n}]"] = "+"
        answers[f"/data/trees[{n}]/tree[1]"] = chosen
        answers[f"/data/trees[{n}]/species[1]"] = species
        answers[f"/data/trees[{n}]/height[1]"] = height
    return fill(xform, files, answers, folder)


def edited(xml, former, new, old_text, new_text):
    """As the phone sends an edit: a new ID, and the one that it takes the place of."""
    given = f"<instanceID>{former}</instanceID>".encode()
    assert given in xml
    ids = f"<deprecatedID>{former}</deprecatedID><instanceID>{new}</instanceID>"
    assert old_text.encode() in xml
    return xml.replace(given, ids.encode()).replace(
        old_text.encode(), new_text.encode()
    )


def trees():
    found = Entity.objects.filter(list_name="trees").order_by("pk")
    return [(each.label, each.data["height"], each.version) for each in found]


def test_a_repeat_makes_changes_and_edits_entities(phone, tmp_path):
    first, _shown = visit(phone, tmp_path / "1", ("", "زيتون", "3"), ("", "تين", "2"))
    assert phone.send(first).status_code == 201
    assert trees() == [("زيتون", "3", 1), ("تين", "2", 1)]
    olive = Entity.objects.get(label="زيتون")
    assert olive.submission == Submission.objects.get()

    second, shown = visit(
        phone, tmp_path / "2", (str(olive.uuid), "زيتون", "4"), ("", "لوز", "1")
    )
    choices = shown["/data/trees[1]/tree[1]"].choices
    assert choices == tuple(
        str(each.uuid) for each in Entity.objects.order_by("pk")[:2]
    )
    assert phone.send(second).status_code == 201
    assert trees() == [("زيتون", "4", 2), ("تين", "2", 1), ("لوز", "1", 1)]

    former = Submission.objects.order_by("pk").last().instance_id
    correction = edited(second, former, "uuid:e1", ">4<", ">5<")
    assert phone.send(correction).status_code == 201
    assert trees() == [("زيتون", "5", 3), ("تين", "2", 1), ("لوز", "1", 1)]
    assert Submission.objects.count() == 2

    # One that was made before the correction arrives after it.
    late = edited(second, former, "uuid:e2", ">4<", ">9<")
    answer = phone.send(late)
    assert answer.status_code == 202
    assert "المكتب" in answer.content.decode()
    assert Arrival.objects.get(instance_id="uuid:e2").reason == "not_current"
    assert trees()[0] == ("زيتون", "5", 3)
