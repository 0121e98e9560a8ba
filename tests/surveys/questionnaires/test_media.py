"""A questionnaire with pictures and lists of its own."""

import io
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from surveys.errors import FormRefused
from surveys.intake.access import issue_access
from surveys.models import FormMedia
from surveys.rounds.services import open_round
from tests.factories.accounts import staff
from tests.factories.forms import make_version
from tests.factories.surveys import RoundFactory
from tests.surveys.intake.conftest import Phone

MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
PICTURED = """
| survey |
| | type | name | label::Arabic (ar) | media::image::Arabic (ar) |
| | text | household_id | رقم | صورة.png |
| | select_one_from_file villages.csv | village | قرية | |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | مصوّرة | Arabic (ar) |
"""


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#1f6f5c").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def draft(town):
    return make_version(town, form_id="pictured", text=PICTURED, published=False)


@pytest.fixture
def send(client, town, draft):
    client.force_login(staff(town, "data_manager"))
    url = reverse("surveys:forms:media", args=[town.slug, draft.pk])

    def post(*files, **more):
        uploaded = [SimpleUploadedFile(name, content) for name, content in files]
        return client.post(url, {"media": uploaded, **more}, follow=True)

    return post


def test_a_phone_gets_the_files_with_the_form(client, town, draft, send):
    send(("صورة.png", png()), ("villages.csv", "name,label\na,عين\n".encode()))
    publish = reverse("surveys:forms:publish", args=[town.slug, draft.pk])
    client.post(publish)
    draft.refresh_from_db()
    assert draft.state == "published"
    open_round(round=RoundFactory(municipality=town), form=draft.form)
    _access, token = issue_access(municipality=town, surveyor=staff(town, "surveyor"))
    phone = Phone(client, town, token)
    root = ET.fromstring(phone.get(f"forms/{draft.pk}/manifest").content)
    given = {
        each.find(f"{MANIFEST}filename").text: each.find(f"{MANIFEST}downloadUrl").text
        for each in root
    }
    assert set(given) == {"صورة.png", "villages.csv"}
    url = given["صورة.png"].replace("http://testserver", "")
    assert b"".join(phone.get(url).streaming_content) == png()
    assert (
        "عين"
        in b"".join(
            phone.get(
                given["villages.csv"].replace("http://testserver", "")
            ).streaming_content
        ).decode()
    )


def test_without_its_picture_it_is_not_published(client, town, draft, send):
    client.post(reverse("surveys:forms:publish", args=[town.slug, draft.pk]))
    draft.refresh_from_db()
    assert draft.state == "draft"
    send(("صورة.png", png()))
    send(drop="صورة.png")
    assert not FormMedia.objects.exists()


LISTED = """
| survey |
| | type | name | label::Arabic (ar) | save_to |
| | select_one_from_file households.csv | household | الأسرة | |
| | select_one_from_file parcels.geojson | parcel | القطعة | |
| | select_one_from_file wells.csv | well | البئر | |
{more}
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | آبار | Arabic (ar) |
"""
MAKES_WELLS = """| | text | depth | العمق | depth |
| entities |
| | list_name | label |
| | wells | ${depth} |"""


def test_a_list_that_nobody_makes_and_nobody_uploaded_is_told(
    client, town, draft, send
):
    send(("صورة.png", png()))
    publish = reverse("surveys:forms:publish", args=[town.slug, draft.pk])
    text = client.post("/en" + publish[3:], follow=True).content.decode()
    assert "Files of the questionnaire are missing: villages.csv." in text
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_list_of_entities_is_made_by_the_server(town):
    reads = LISTED.replace("{more}", "")
    with pytest.raises(FormRefused, match=r"missing: wells\.csv"):
        make_version(town, form_id="reads", text=reads)
    makes = make_version(
        town, form_id="makes", text=LISTED.replace("{more}", MAKES_WELLS)
    )
    assert makes.state == "published"
    # Made by another form of the town, though nothing was sent with it yet.
    assert make_version(town, form_id="reads", text=reads).state == "published"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("other.png", png()),
        ("صورة.png", b"<html><script>alert(1)</script></html>"),
        ("صورة.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("صورة.png", b""),
        ("صورة.png", png() + bytes(10_000_000)),
        ("villages.csv", b"\xff\xfe\x00"),
    ],
)
def test_what_does_not_fit_is_refused_with_words(draft, send, name, content):
    answer = send((name, content))
    assert answer.status_code == 200
    assert "notice" in answer.content.decode()
    assert not FormMedia.objects.exists()


def test_a_published_version_keeps_its_files(client, town, draft, send):
    send(("صورة.png", png()), ("villages.csv", "name,label\na,عين\n".encode()))
    client.post(reverse("surveys:forms:publish", args=[town.slug, draft.pk]))
    send(drop="صورة.png")
    assert FormMedia.objects.count() == 2


def test_a_corrected_draft_keeps_the_files_it_still_names(town, draft, send):
    send(("صورة.png", png()), ("villages.csv", "name,label\na,عين\n".encode()))
    text = PICTURED.replace("رقم", "الرقم").replace("villages.csv", "towns.csv")
    again = make_version(town, form_id="pictured", text=text, published=False)
    assert [media.name for media in again.media.all()] == ["صورة.png"]
    assert FormMedia.objects.count() == 1
