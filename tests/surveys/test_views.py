import csv
import html
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from layers.geography.tenancy import set_tenant
from surveys import views
from surveys.files import views as files
from surveys.files.uploads import give_up_upload
from surveys.models import Publication, RecordRead, Round, Submission, Upload
from surveys.publish import give_up_publication, request_publication
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import (
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)
from tests.factories.surveys import (
    RoundFactory,
    child,
    csv_file,
    household,
    load,
    store,
    workbook_file,
)

ROLES = (
    "resident",
    "surveyor",
    "data_manager",
    "planner",
    "clerk",
    "officer",
    "cashier",
    "municipal_admin",
)
FIELD = {"surveyor", "data_manager"}
MANAGER = {"data_manager"}


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, code="Z1", name_en="Old Mill")
    ParcelFactory(municipality=town, code="1187", zone=zone)
    return RoundFactory(municipality=town, code="2026-spring", name_en="Spring 2026")


@pytest.fixture
def manager(round, client):
    user = staff(round.municipality, "data_manager")
    client.force_login(user)
    return user


def address(round: Round, path: str = "", language: str = "en") -> str:
    return f"/{language}/{round.municipality.slug}/surveys/{path}"


def text_of(response) -> str:
    """What a reader sees: without tags, spaces collapsed."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode())
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def send(client, round: Round, *files: tuple[str, bytes]):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(
        address(round, f"rounds/{round.code}/upload/"),
        {"answers": uploads},
        follow=True,
    )


def pages(round: Round, upload: Upload, submission: Submission) -> dict:
    """Every route: the roles it answers, by method."""
    code = round.code
    return {
        ("get", "list"): ("", FIELD),
        ("get", "create"): ("new/", MANAGER),
        ("post", "create"): ("new/", MANAGER),
        ("get", "template"): (f"files/rounds/{code}/template.xlsx", FIELD),
        ("get", "detail"): (f"rounds/{code}/", FIELD),
        ("get", "upload"): (f"rounds/{code}/upload/", FIELD),
        ("post", "upload"): (f"rounds/{code}/upload/", FIELD),
        ("get", "publish"): (f"rounds/{code}/publish/", MANAGER),
        ("post", "publish"): (f"rounds/{code}/publish/", MANAGER),
        ("get", "submissions"): (f"rounds/{code}/submissions/", MANAGER),
        ("get", "upload_detail"): (f"uploads/{upload.pk}/", MANAGER),
        ("post", "load"): (f"uploads/{upload.pk}/load/", MANAGER),
        ("get", "errors"): (f"uploads/{upload.pk}/errors.csv", MANAGER),
        ("get", "marked"): (f"uploads/{upload.pk}/marked.xlsx", MANAGER),
        ("get", "submission"): (f"submissions/{submission.pk}/", MANAGER),
        ("post", "withdraw"): (f"submissions/{submission.pk}/withdraw/", MANAGER),
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_page_answers_only_its_roles(client, round, role):
    load(round, [household(parcel_code="1187")], [child()])
    upload, submission = Upload.objects.get(), Submission.objects.get()
    client.force_login(staff(round.municipality, role))
    for (method, name), (path, roles) in pages(round, upload, submission).items():
        response = getattr(client, method)(address(round, path))
        # A surveyor may load files, but this one is somebody else's: not found.
        refused = (
            404 if role == "surveyor" and "upload" in path and roles == MANAGER else 403
        )
        expected = {200, 302} if role in roles else {refused}
        assert response.status_code in expected, (method, name, role)


@pytest.mark.parametrize("role", ["surveyor", "data_manager"])
def test_staff_of_another_town_reach_nothing(client, round, role):
    load(round, [household(parcel_code="1187")], [child()])
    upload, submission = Upload.objects.get(), Submission.objects.get()
    elsewhere = MunicipalityFactory()
    client.force_login(staff(elsewhere, role))
    for (method, name), (path, _roles) in pages(round, upload, submission).items():
        response = getattr(client, method)(address(round, path))
        assert response.status_code == 403, (method, name)
    # Through their own town's addresses the other town's keys lead nowhere.
    for (method, name), (path, _roles) in pages(round, upload, submission).items():
        if name in {"list", "create"}:
            continue
        response = getattr(client, method)(f"/en/{elsewhere.slug}/surveys/{path}")
        assert response.status_code in {403, 404}, (method, name)
    set_tenant(round.municipality)
    assert Submission.objects.get().withdrawn_at is None
    assert not RecordRead.objects.exists()


def test_strangers_are_sent_to_sign_in(client, round):
    response = client.get(address(round))
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]


def test_a_person_without_roles_is_refused_with_the_way_out(client, round):
    client.force_login(UserFactory())
    response = client.get(address(round))
    assert response.status_code == 403
    assert "Ask your municipality's administrator" in text_of(response)


def test_the_empty_list_teaches(client, town):
    client.force_login(staff(town, "data_manager"))
    assert "Create the first round" in text_of(client.get(f"/en/{town.slug}/surveys/"))
    client.force_login(staff(town, "surveyor"))
    response = client.get(f"/en/{town.slug}/surveys/")
    assert "A data manager creates the round first" in text_of(response)


def test_a_round_is_created_and_a_taken_code_is_said(client, round, manager):
    form = {
        "name_ar": "جولة الخريف",
        "name_en": "Autumn 2026",
        "code": "2026-autumn",
        "starts_on": "2026-10-01",
        "ends_on": "2026-11-15",
        "school_year_start": "2026-09-01",
    }
    response = client.post(address(round, "new/"), form, follow=True)
    assert "Autumn 2026" in text_of(response)
    assert "Take the library's or upload your own" in text_of(response)
    response = client.post(address(round, "new/"), form)
    assert "There is already a round “2026-autumn”" in text_of(response)
    wrong = {**form, "code": "x", "ends_on": "2026-09-01"}
    response = client.post(address(round, "new/"), wrong)
    assert "The last interview is before the first" in text_of(response)


def test_from_the_file_to_the_release(client, round, manager):
    rows = [household(n, parcel_code="1187") for n in range(1, 13)]
    children = [child(1, of=n) for n in range(1, 13)]
    response = send(client, round, ("spring.xlsx", workbook_file(rows, children)))
    page = text_of(response)
    assert "This would be loaded" in page
    assert "Load 12 households" in page
    assert "Old Mill 12 12" in page
    assert not Submission.objects.exists()
    upload = Upload.objects.get()
    response = client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    page = text_of(response)
    assert "Loaded: 12 households added, 0 changed, 0 unchanged." in page
    assert "They wait for review" in page
    assert Submission.objects.filter(state="received").count() == 12
    response = client.post(
        address(round, f"files/uploads/{upload.pk}/approve/"), follow=True
    )
    page = text_of(response)
    assert "12 records are approved. They count with the next release." in page
    assert "Approve the" not in page
    response = client.get(address(round, f"rounds/{round.code}/publish/"))
    assert "What becomes public can't be taken back." in text_of(response)
    response = client.post(address(round, f"rounds/{round.code}/publish/"), follow=True)
    assert "Published as release 1, from 12 households." in text_of(response)
    assert Publication.objects.get().by == manager


def test_the_same_file_again_has_nothing_new(client, round, manager):
    content = workbook_file([household(parcel_code="1187")], [child()])
    send(client, round, ("a.xlsx", content))
    upload = Upload.objects.get()
    client.post(address(round, f"uploads/{upload.pk}/load/"))
    response = send(client, round, ("again.xlsx", content))
    assert "Everything in this file is already in the round." in text_of(response)
    assert "Load 1 household" not in text_of(response)
    assert Upload.objects.count() == 1


def test_errors_are_listed_by_sheet_row_and_column(client, round, manager):
    content = workbook_file([household(1), household(2, persons="many")])
    response = send(client, round, ("a.xlsx", content))
    page = text_of(response)
    assert "1 place in the file needs correction" in page
    assert "households 3 persons “many” is not a number" in page
    assert "Load 2 households" not in page
    assert "Load the 1 good record now" in page
    upload = Upload.objects.get()
    response = client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    assert "The file was not loaded" in text_of(response)
    assert not Submission.objects.exists()
    listed = client.get(address(round, f"uploads/{upload.pk}/errors.csv"))
    rows = list(
        csv.reader(io.StringIO(b"".join(listed.streaming_content).decode("utf-8-sig")))
    )
    assert ["households", "3", "persons", "error"] in [row[:4] for row in rows]
    marked = client.get(address(round, f"uploads/{upload.pk}/marked.xlsx"))
    book = load_workbook(io.BytesIO(b"".join(marked.streaming_content)))
    assert book["households"].cell(3, 3).comment.text.startswith("“many”")


def test_the_reader_s_language_is_spoken(client, round, manager):
    send(client, round, ("a.xlsx", workbook_file([household(persons="many")])))
    upload = Upload.objects.get()
    page = text_of(client.get(address(round, f"uploads/{upload.pk}/", "ar")))
    assert "is not a number" not in page
    assert "«\u2068many\u2069»" in page


def test_two_csv_files_are_uploaded_together(client, round, manager):
    response = send(
        client,
        round,
        ("children.csv", csv_file("children", [child()], "cp1256")),
        ("households.csv", csv_file("households", [household(parcel_code="1187")])),
    )
    assert "Load 1 household" in text_of(response)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "Choose the file with the answers."),
        ([("a.csv", b"x")] * 11, "Choose one file, or a CSV file per sheet."),
        ([("a.xlsx", b"")], "The file is empty."),
        ([("a.exe", b"MZ\x00")], "This kind of file can't be read."),
        ([("a\u202egnp.xlsx", b"PK\x03\x04")], "The file is damaged"),
        ([("a.xlsx", b"x" * (2 * 1024 * 1024 + 1))], "larger than 2 MB"),
    ],
)
def test_a_wrong_upload_is_answered_with_the_way_out(
    client, round, manager, settings, files, message
):
    settings.SURVEY_FILE_MB = 2
    response = send(client, round, *files)
    assert response.status_code == 200
    assert message in text_of(response)


def test_a_surveyor_sees_own_files_only_and_no_records(client, round):
    other = staff(round.municipality, "surveyor")
    store(round, workbook_file([household(1)]), by=other, name="theirs.xlsx")
    surveyor = staff(round.municipality, "surveyor")
    client.force_login(surveyor)
    send(client, round, ("mine.xlsx", workbook_file([household(2)])))
    page = text_of(client.get(address(round, f"rounds/{round.code}/")))
    assert "mine.xlsx" in page
    assert "theirs.xlsx" not in page
    assert "Open the records" not in page


def test_large_files_are_read_and_loaded_by_the_worker(
    client, round, manager, monkeypatch, settings
):
    monkeypatch.setattr(files, "INLINE_BYTES", 10)
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    content = workbook_file([household(parcel_code="1187")])
    assert "The file is being read" in text_of(send(client, round, ("a.xlsx", content)))
    upload = Upload.objects.get()
    assert upload.status == "checking"
    files.check_in_background.call(round.municipality_id, upload.pk)
    response = client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    assert "The answers are being loaded" in text_of(response)
    files.load_in_background.call(round.municipality_id, upload.pk)
    upload.refresh_from_db()
    assert upload.status == "loaded"
    assert Submission.objects.count() == 1
    # Running a task twice changes nothing.
    files.load_in_background.call(round.municipality_id, upload.pk)
    assert Submission.objects.count() == 1


def test_work_that_broke_off_says_so_and_can_be_tried_again(
    client, round, manager, monkeypatch, settings
):
    monkeypatch.setattr(files, "INLINE_BYTES", 10)
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    content = workbook_file([household(parcel_code="1187")])
    page = text_of(send(client, round, ("a.xlsx", content)))
    assert "since" in page
    upload = Upload.objects.get()
    give_up_upload(upload.pk)
    here = address(round, f"uploads/{upload.pk}/")
    assert "The work on this file broke off" in text_of(client.get(here))
    again = client.post(f"{here}retry/", follow=True)
    assert "The file is being read" in text_of(again)
    files.check_in_background.call(round.municipality_id, upload.pk)
    # What is no longer under way can't break off, nor be tried again.
    give_up_upload(upload.pk)
    assert "This would be loaded" in text_of(client.post(f"{here}retry/", follow=True))


def test_the_worker_loads_nothing_of_a_file_that_became_faulty(round, manager):
    content = workbook_file([household(parcel_code="1187", weight=-1)])
    upload = store(round, content, by=manager)
    Upload.objects.filter(pk=upload.pk).update(status="loading")
    files.load_in_background.call(round.municipality_id, upload.pk)
    upload.refresh_from_db()
    assert upload.status == "faulty"
    assert not Submission.objects.exists()


def test_a_publication_given_up_is_not_under_way(round, manager):
    load(round, [household(parcel_code="1187")], [child()])
    publication = request_publication(round=round, by=manager)
    give_up_publication(publication.pk)
    publication.refresh_from_db()
    assert publication.state == "failed"
    views.publish_in_background.call(round.municipality_id, publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.release_number) == ("failed", None)


def test_a_large_round_is_published_by_the_worker(
    client, round, manager, monkeypatch, settings
):
    monkeypatch.setattr(views, "INLINE_SUBMISSIONS", 0)
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    load(round, [household(parcel_code="1187")], [child()])
    where = address(round, f"rounds/{round.code}/publish/")
    assert "Publishing is under way." in text_of(client.post(where, follow=True))
    # A second click does not ask again.
    client.post(where)
    publication = Publication.objects.get()
    assert publication.state == "waiting"
    views.publish_in_background.call(round.municipality_id, publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.release_number) == ("done", 1)


def test_a_publishing_that_failed_says_so(client, round, manager, settings):
    load(round, [household(parcel_code="1187", stratum="A", frame_households=1)])
    load(round, [household(2, parcel_code="1187", stratum="A", frame_households=1)])
    response = client.post(address(round, f"rounds/{round.code}/publish/"), follow=True)
    assert "Correct the frame size" in text_of(response)
    assert not Publication.objects.exists()


def test_records_are_found_sorted_and_paged_without_names(
    client, round, manager, monkeypatch
):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    load(
        round,
        [household(n, head_name=f"Head {n}", phone=f"0310000{n}") for n in (1, 2, 3)],
        [child(1, of=3, name="Layan")],
    )
    where = address(round, f"rounds/{round.code}/submissions/")
    page = text_of(client.get(where))
    assert "3 households" in page
    assert "Page 1 of 2" in page
    assert "Layan" not in page
    assert "Head 1" not in page
    assert "H3" in text_of(client.get(where, {"sort": "-children"}))
    assert "H2" in text_of(client.post(where, {"q": "03100002"}))
    assert "Nothing found" in text_of(client.post(where, {"q": "\x00nobody"}))
    for odd in ({"page": "9999"}, {"page": "x"}, {"sort": "password"}, {"q": "%_\\"}):
        assert client.get(where, odd).status_code == 200
        assert client.post(where, odd).status_code == 200
    assert not RecordRead.objects.exists()


def test_a_name_that_is_searched_for_stands_in_no_address(
    client, round, manager, monkeypatch
):
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    load(round, [household(n, head_name="Canary") for n in (1, 2)])
    where = address(round, f"rounds/{round.code}/submissions/")
    found = client.post(where, {"q": "Canary", "page": "2"}).content.decode()
    assert "Page 2 of 2" in found
    assert found.count("Canary") == 1  # in the field, to be changed
    assert 'method="post"' in found


def test_opening_a_record_is_written_down(client, round, manager):
    load(round, [household()], [child(name="Layan")])
    submission = Submission.objects.get()
    response = client.get(address(round, f"submissions/{submission.pk}/"))
    assert "Layan" in text_of(response)
    read = RecordRead.objects.get()
    assert (read.reader, read.submission) == (manager, submission)


def test_a_record_is_withdrawn_with_a_reason(client, round, manager):
    load(round, [household()], [child()])
    submission = Submission.objects.get()
    where = address(round, f"submissions/{submission.pk}/withdraw/")
    assert "Write the reason" in text_of(client.post(where, {}, follow=True))
    page = text_of(client.post(where, {"reason": "The family asked."}, follow=True))
    assert "This record no longer counts. The family asked." in page
    submission.refresh_from_db()
    assert submission.withdrawn_by == manager


def test_the_template_has_the_questions_of_the_librarys_form(client, round, manager):
    page = address(round, f"files/rounds/{round.code}/template.xlsx")
    book = load_workbook(io.BytesIO(b"".join(client.get(page).streaming_content)))
    sheets = ["households", "children", "women", "_lists", "Explanations"]
    assert book.sheetnames == sheets
    headers = {cell.value for cell in book["households"][1]}
    assert {"household_id", "water_source", "weight", "location"} <= headers
    response = client.get(page.replace("/en/", "/ar/", 1))
    arabic = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert "رقم الأسرة" in {row[2].value for row in arabic.worksheets[-1].iter_rows()}


@pytest.mark.parametrize(
    "path", ["rounds/nope/", "uploads/99999999999/", "submissions/0/"]
)
def test_what_is_not_there_is_not_found(client, round, manager, path):
    assert client.get(address(round, path)).status_code == 404
