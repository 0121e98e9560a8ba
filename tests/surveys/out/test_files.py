"""A round's records as files that other programs open."""

import csv
import io
import json
import os
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import openpyxl
import pandas
import pyreadstat
import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django_tasks import TaskResultStatus

from layers.geography.tenancy import set_tenant
from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Export
from surveys.out import services, spreadsheets
from surveys.out.services import (
    drop_old_exports,
    give_up_export,
    request_export,
    write_export,
)
from surveys.out.tasks import write_in_background
from surveys.out.writing import FORMATS
from surveys.receivers import tell_of_failure
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

CANARY = "زهرة المكتومة"


def answers(number):
    return f"""<household_id>H{number}</household_id><parcel_code>12</parcel_code>
    <location>33.7905 35.8105 900 5</location>
    <interview_date>2026-04-18</interview_date><head_name>{CANARY}</head_name>
    <phone>70 999 888</phone><persons>{number + 2}</persons>
    <water_source>piped</water_source>
    <children><child_id>C1</child_id><name>{CANARY}</name><sex>female</sex>
    <birth_date>2018-05-20</birth_date></children>
    <children><child_id>C2</child_id><name>{CANARY}</name><sex>male</sex>
    <birth_date>2020-04-19</birth_date></children>"""


@pytest.fixture
def manager(town):
    return staff(town, "data_manager")


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )
    made = receiving_round(make_version(town))
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    for number in range(1, 4):
        content = instance_xml(answers(number), instance_id=f"uuid:out-{number}")
        receive(sender=sender, content=content)
    return made


@pytest.fixture
def export(round, manager, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def write(kind, **more):
        asked = request_export(round=round, kind=kind, by=manager, **more)
        done = write_export(export=asked)
        assert done.state == Export.State.DONE, done.options
        return tmp_path / done.file.name

    return write


def test_a_workbook_has_a_sheet_for_each_repeat_and_a_codebook(export):
    book = openpyxl.load_workbook(export("xlsx", language="en"))
    assert book.sheetnames == ["submissions", "children", "codebook"]
    head, *rows = book["children"].iter_rows(values_only=True)
    first = dict(zip(head, rows[0], strict=True))
    assert len(rows) == 6
    assert (first["_record"], first["child_id"], first["sex"]) == (
        "uuid:out-1",
        "C1",
        "female",
    )
    assert first["_age_months"] == 94
    assert ("submissions", "water_source", None, None, "piped", "Piped water") in list(
        book["codebook"].iter_rows(values_only=True)
    )


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_names_telephones_and_places_stay_unless_they_are_asked_for(export, kind):
    def whole(path):
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            cells = (row for sheet in book for row in sheet.iter_rows(values_only=True))
            return repr(list(cells)).encode()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return b"".join(archive.read(name) for name in archive.namelist())
        return path.read_bytes()

    without = whole(export(kind))
    for secret in (CANARY, "70 999 888", "35.8105", "2018-05-20"):
        assert secret.encode() not in without
    assert CANARY.encode() in whole(export(kind, identifiers=True))


def test_csv_reads_arabic_and_never_runs_a_formula(export, round, town):
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    evil = answers(9).replace(CANARY, "=HYPERLINK(1)", 1)
    receive(sender=sender, content=instance_xml(evil, instance_id="uuid:out-9"))
    with zipfile.ZipFile(export("csv", identifiers=True)) as archive:
        raw = archive.read("submissions.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [row["head_name"] for row in rows] == [CANARY] * 3 + ["'=HYPERLINK(1)"]


def test_ogrinfo_reads_the_geopackage(export):
    path = export("gpkg", identifiers=True)
    told = subprocess.run(
        ["ogrinfo", "-ro", "-al", "-so", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Layer name: submissions" in told
    assert "Feature Count: 3" in told
    assert "Layer name: children" in told
    assert "Feature Count: 6" in told
    assert "Extent: (35.810500, 33.790500)" in told
    assert "persons: Integer64" in told


def test_geojson_has_a_feature_per_record(export):
    found = json.loads(export("geojson", identifiers=True).read_text())
    assert [each["id"] for each in found["features"]] == [
        f"uuid:out-{number}" for number in (1, 2, 3)
    ]
    assert found["features"][0]["geometry"]["coordinates"][:2] == [35.8105, 33.7905]
    without = json.loads(export("geojson").read_text())
    assert {each["geometry"] for each in without["features"]} == {None}


@pytest.mark.parametrize(
    ("kind", "suffix", "read"),
    [("spss", ".sav", pyreadstat.read_sav), ("stata", ".dta", pyreadstat.read_dta)],
)
def test_statistics_programs_get_labels_in_the_readers_language(
    export, tmp_path, kind, suffix, read
):
    with zipfile.ZipFile(export(kind, language="ar")) as archive:
        archive.extractall(tmp_path)
    frame, meta = read(str(tmp_path / f"submissions{suffix}"))
    assert meta.column_names_to_labels["persons"] == "عدد الأفراد"
    labels = meta.variable_value_labels["water_source"]
    assert labels[frame["water_source"][0]] == "شبكة"
    children, _meta = read(str(tmp_path / f"children{suffix}"))
    assert list(children["v_age_months"]) == [94, 71] * 3


def test_a_full_sheet_goes_on_in_the_next(export, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_XLSX_ROWS", 4)
    book = openpyxl.load_workbook(export("xlsx", language="en"))
    assert book.sheetnames[:3] == ["submissions", "children", "children (2)"]
    assert [sheet.max_row for sheet in book.worksheets[:3]] == [4, 5, 3]
    heads = [[cell.value for cell in sheet[1]] for sheet in book.worksheets[1:3]]
    assert heads[0] == heads[1]
    rows = [each["_id"] for name in book.sheetnames[1:3] for each in read(book[name])]
    assert len(set(rows)) == 6


def read(sheet):
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_workbook_keeps_words_as_they_are_and_never_runs_them(export, round, town):
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    evil = answers(9).replace(CANARY, "=1+1 &lt;&amp;&gt;", 1)
    receive(sender=sender, content=instance_xml(evil, instance_id="uuid:out-9"))
    book = openpyxl.load_workbook(export("xlsx", identifiers=True))
    column = [cell.value for cell in book["submissions"][1]].index("head_name")
    cell = book["submissions"].cell(row=5, column=column + 1)
    assert (cell.value, cell.data_type) == ("=1+1 <&>", "s")
    assert read(book["submissions"])[0]["interview_date"] == datetime(2026, 4, 18)


@pytest.mark.parametrize(
    ("kind", "suffix", "read_file"),
    [("spss", ".sav", pyreadstat.read_sav), ("stata", ".dta", pyreadstat.read_dta)],
)
@pytest.mark.parametrize("length", [16, 255, 256, 1999])
def test_statistics_programs_get_texts_of_any_length(
    export, round, town, tmp_path, kind, suffix, read_file, length
):
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    words = "".join(chr(ord("a") + at % 26) for at in range(length))
    long = answers(9).replace("<phone>70 999 888", f"<phone>{words}")
    receive(sender=sender, content=instance_xml(long, instance_id="uuid:out-9"))
    with zipfile.ZipFile(export(kind, identifiers=True)) as archive:
        archive.extractall(tmp_path)
    frame, meta = read_file(str(tmp_path / f"submissions{suffix}"))
    assert list(frame["phone"]) == ["70 999 888"] * 3 + [words]
    assert list(frame["persons"]) == [3, 4, 5, 11]
    assert list(frame["interview_date"]) == [date(2026, 4, 18)] * 4
    assert meta.number_rows == 4


def test_pandas_reads_the_stata_files_too(export, tmp_path):
    with zipfile.ZipFile(export("stata", language="en")) as archive:
        archive.extractall(tmp_path)
    frame = pandas.read_stata(tmp_path / "submissions.dta")
    assert list(frame["water_source"]) == ["Piped water"] * 3
    assert list(frame["v_id"]) == [f"uuid:out-{number}" for number in (1, 2, 3)]


def test_a_form_without_records_makes_files_that_open(
    town, manager, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    empty = receiving_round(make_version(town))
    for kind, suffix, read_file in (
        ("spss", ".sav", pyreadstat.read_sav),
        ("stata", ".dta", pyreadstat.read_dta),
    ):
        asked = write_export(export=request_export(round=empty, kind=kind, by=manager))
        with zipfile.ZipFile(tmp_path / asked.file.name) as archive:
            archive.extractall(tmp_path)
        frame, meta = read_file(str(tmp_path / f"children{suffix}"))
        assert (len(frame), meta.number_rows) == (0, 0)


def test_a_file_is_for_who_asked_for_it(client, export, town, manager):
    export("csv")
    (kept,) = Export.objects.of(town)
    address = reverse("surveys:out:download", args=[town.slug, kept.pk])
    client.force_login(manager)
    assert client.get(address).status_code == 200
    client.force_login(staff(town, "data_manager"))
    assert client.get(address).status_code == 404


def test_the_page_asks_for_a_file_and_refuses_an_unknown_format(
    client, round, town, manager
):
    client.force_login(manager)
    address = reverse("surveys:out:exports", args=[town.slug, round.code])
    client.post(address, {"kind": "xlsx"})
    assert Export.objects.of(town).get().state == Export.State.WAITING
    answer = client.post(address, {"kind": "docx"}, follow=True)
    assert "This format is not known." in answer.content.decode()
    assert Export.objects.of(town).count() == 1


@pytest.fixture
def page(client, round, town, manager):
    client.force_login(manager)
    address = reverse("surveys:out:exports", args=[town.slug, round.code])

    def see(**headers):
        with override("en"):
            return client.get(address, headers=headers).content.decode()

    return see


def test_the_page_tells_what_will_happen_before_there_is_a_file(page):
    assert "waits here for a day, and only you can fetch it" in page()


def test_the_page_tells_how_far_a_file_is(page, round, manager):
    export = request_export(round=round, kind="csv", by=manager)
    assert "It is next in line." in page()
    export.state, export.total = Export.State.RUNNING, 250_000
    export.save()
    assert "It is being written." in page()
    cache.set(services._progress_key(export), (1500, 250_000), 60)
    shown = page(**{"HX-Request": "true"})
    assert "1,500 of 250,000 rows" in shown
    assert 'hx-trigger="every 2s"' in shown


def test_progress_is_seen_from_outside_the_transaction(export, round, monkeypatch):
    told = []
    monkeypatch.setattr(services, "TOLD_EVERY", -1.0)
    telling = SimpleNamespace(set=lambda _key, value, _seconds: told.append(value))
    monkeypatch.setattr(services, "cache", telling)
    export("csv")
    assert told == [(3, 9), (9, 9)]


def test_a_failure_is_told_with_a_way_out(page, round, manager):
    export = request_export(round=round, kind="csv", by=manager)
    give_up_export(export.pk)
    assert "It could not be written. Ask for it again" in page()
    assert "hx-trigger" not in page()


def test_a_writer_that_breaks_leaves_nothing_behind_and_is_told(
    page, round, town, manager, settings, tmp_path, monkeypatch
):
    def breaks(path, *_more):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], write=breaks))
    export = request_export(round=round, kind="csv", by=manager)
    with pytest.raises(OSError, match="No space left"):
        write_export(export=export)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
    failed = SimpleNamespace(
        task=write_in_background,
        status=TaskResultStatus.FAILED,
        args=[town.pk, export.pk],
    )
    tell_of_failure(task_result=failed)
    set_tenant(town)
    assert "It could not be written." in page()


def test_a_file_is_kept_for_a_day_or_until_it_is_deleted(
    client, page, export, town, manager
):
    path = export("csv")
    (kept,) = Export.objects.of(town)
    assert "9 rows" in page()
    assert "kept until" in page()
    download = reverse("surveys:out:download", args=[town.slug, kept.pk])
    assert client.get(download).status_code == 200
    Export.objects.update(finished_at=timezone.now() - timedelta(days=1, minutes=1))
    assert client.get(download).status_code == 404
    assert "The file is gone." in page()
    part = path.with_name("part-left-behind")
    part.write_text("x")
    os.utime(part, (0, 0))
    assert drop_old_exports(municipality_id=town.pk) == 1
    assert not path.exists()
    assert not part.exists()
    again = export("csv")
    newest = Export.objects.of(town).first()
    delete = reverse("surveys:out:delete", args=[town.slug, newest.pk])
    with override("en"):
        answer = client.post(delete, follow=True).content.decode()
    assert "The file is deleted." in answer
    assert not again.exists()
