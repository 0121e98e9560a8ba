"""XLSForms as people upload them: good ones, and what is wrong with the others."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from surveys.errors import FormRefused
from surveys.models import Arrival, DeviceAccess, Form, FormVersion
from surveys.questionnaires.difference import changes_between
from surveys.questionnaires.problems import FormProblem
from surveys.questionnaires.services import add_version, publish_version, retire_form
from tests.factories.accounts import staff
from tests.factories.forms import HOUSEHOLD, make_version, receiving_round


def markdown(**changes):
    text = HOUSEHOLD.replace("{form_id}", "household").replace("{version}", "1")
    for old, new in changes.items():
        text = text.replace(old, new)
    return text.encode()


def refused(town, content, name="form.md"):
    with pytest.raises(FormRefused) as caught:
        add_version(municipality=town, content=content, name=name, by=None)
    return caught.value.problems[0]


def test_an_error_is_told_by_sheet_and_row(town):
    content = markdown().replace(b"| date | interview_date |", b"| date | persons |")
    problem = refused(town, content)
    assert (problem.code, problem.sheet, problem.row) == ("name_twice", "survey", 10)
    assert "persons" in problem.message


def test_a_reference_to_nothing_names_it(town):
    content = markdown().replace(b". > 0 and . <= 60", b". > ${nothing}")
    problem = refused(town, content)
    assert problem.code == "unknown_reference"
    assert "nothing" in problem.message


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    return out.getvalue()


def empty_book():
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "form.xlsx", "empty"),
        (b"PK\x03\x04broken", "form.xlsx", "broken"),
        (bomb(), "form.xlsx", "unpacks"),
        (b"MZ\x90", "form.exe", "kind"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "form.xls", "compiler"),
        (empty_book(), "form.xlsx", "compiler"),
        (b"\x00\xff" * 50, "form.csv", None),
    ],
)
def test_a_file_that_is_no_form_is_refused_in_words(town, content, name, code):
    problem = refused(town, content, name)
    assert code in {None, problem.code}
    assert problem.message
    assert not Form.objects.exists()


def sheets(text):
    """The rows of each sheet of a form in Markdown."""
    found = {}
    for line in text.strip().splitlines():
        first, *cells = (cell.strip() for cell in line.strip()[1:-1].split("|"))
        if first:
            name = first
            found[name] = []
        else:
            found[name].append(cells)
    return found


def as_book(text):
    book, out = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, rows in sheets(text).items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


def as_csv(text):
    out = io.StringIO()
    writer = csv.writer(out)
    for name, rows in sheets(text).items():
        writer.writerow([name])
        writer.writerows(["", *row] for row in rows)
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("write", "name"), [(as_book, "form.xlsx"), (as_csv, "form.csv")]
)
def test_the_same_form_comes_out_of_every_kind_of_file(town, write, name):
    text = markdown().decode()
    expected = make_version(town).structure
    content = write(text.replace("| household | 1 |", "| household | 2 |"))
    made = add_version(municipality=town, content=content, name=name, by=None)
    assert made.structure.tables == expected.tables
    assert made.structure.choices == expected.choices


def test_an_old_excel_workbook_is_taken(town):
    """`household.xls` is the form of tests.factories.forms, saved as Excel 97."""
    content = (Path(__file__).parent / "household.xls").read_bytes()
    made = add_version(municipality=town, content=content, name="form.xls", by=None)
    expected = make_version(town, version="2", published=False).structure
    assert made.structure.tables == expected.tables


def test_an_error_in_a_workbook_is_told_by_its_row(town):
    text = (
        markdown().decode().replace("| date | interview_date |", "| date | persons |")
    )
    problem = refused(town, as_book(text), "form.xlsx")
    assert (problem.code, problem.sheet, problem.row) == ("name_twice", "survey", 10)


def test_without_java_the_form_is_taken_with_a_note(town, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    version = add_version(
        municipality=town, content=markdown(), name="f.md", by=None, validate=True
    )
    assert not version.validated
    (note,) = [each for each in version.remarks if each["code"] == "not_validated"]
    assert "Java is not installed" in FormProblem(**note).message


def test_untranslated_texts_are_listed_and_do_not_block(town):
    version = add_version(
        municipality=town,
        content=markdown(**{"Household number": ""}),
        name="f.md",
        by=None,
    )
    remarks = [each for each in version.remarks if each["code"] == "untranslated"]
    assert {"name": "household_id", "languages": "en"} in [r["params"] for r in remarks]


def test_a_version_is_published_once_and_for_all(town):
    version = make_version(town, published=False)
    publish_version(version=version)
    with pytest.raises(FormRefused, match="Only a draft"):
        publish_version(version=version)
    problem = refused(town, markdown())
    assert problem.code == "version_taken"


def test_a_draft_is_replaced_by_the_next_one(town):
    make_version(town, published=False)
    make_version(town, version="2", published=False)
    assert [each.version for each in FormVersion.objects.all()] == ["2"]


def test_a_form_in_the_field_is_not_retired(town):
    version = make_version(town)
    round = receiving_round(version)
    with pytest.raises(FormRefused, match="Close the round"):
        retire_form(form=version.form)
    round.receiving = False
    round.save()
    retire_form(form=version.form)
    assert version.form.retired_at


def test_what_changed_between_two_versions(town):
    old = make_version(town).structure
    text = (
        HOUSEHOLD.replace("| integer | persons |", "| text | persons |")
        .replace("| | text | phone | الهاتف | Phone | Téléphone | | |\n", "")
        .replace(
            "| | end | end | | | | | |",
            "| | end | end | | | | | |\n| | text | new | ج | N | N | | |",
        )
    )
    new = make_version(town, version="2", text=text).structure
    found = {(c.kind, c.path, c.aspect): c.breaks for c in changes_between(old, new)}
    assert found[("changed", "/data/persons", "type")]
    assert found[("removed", "/data/phone", "")]
    assert not found[("added", "/data/new", "")]


@pytest.fixture
def manager(client, town):
    person = staff(town, "data_manager")
    client.force_login(person)
    return person


def page(town, name, *arguments):
    return reverse(f"surveys:forms:{name}", args=[town.slug, *arguments])


def test_a_form_is_uploaded_tried_and_published(client, town, manager):
    file = SimpleUploadedFile("form.md", markdown())
    response = client.post(page(town, "upload"), {"form": file}, follow=True)
    version = FormVersion.objects.get()
    assert "Once published" in response.content.decode() or response.status_code == 200
    trial = client.post(page(town, "trial", version.pk))
    assert b'<img src="data:image/svg+xml' in trial.content
    assert DeviceAccess.objects.get().draft == version
    client.post(page(town, "publish", version.pk))
    version.refresh_from_db()
    assert version.state == "published"
    xform = client.get(page(town, "xform", version.pk))
    assert xform.content == version.xform.encode()
    assert client.get(page(town, "source", version.pk)).content == markdown()


def test_a_wrong_form_says_where(client, town, manager):
    content = markdown().replace(b"| date | interview_date |", b"| date | persons |")
    file = SimpleUploadedFile("form.md", content)
    response = client.post("/en" + page(town, "upload")[3:], {"form": file})
    text = " ".join(response.content.decode().split())
    assert "Sheet <bdi>survey</bdi>, row <bdi>10</bdi>:" in text


def test_the_library_is_offered_until_it_is_there(client, town, manager):
    url = "/en" + page(town, "list")[3:]
    assert "Child needs" in client.get(url).content.decode()
    client.post(page(town, "install"), {"code": "child_needs"})
    assert Form.objects.get().code == "child_needs"
    assert "Add “" not in client.get(url).content.decode()
    assert not Arrival.objects.exists()
