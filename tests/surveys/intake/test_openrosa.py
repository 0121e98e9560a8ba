"""The protocol as phones need it, header by header."""

import base64
import hashlib
import io
import json
import logging
import zlib
from xml.etree import ElementTree as ET

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from PIL import Image

from layers.geography.models import Parcel
from surveys.intake.access import (
    find_access,
    issue_access,
    packed,
    revoke_access,
    settings_of,
)
from surveys.intake.keeping import kept_path
from surveys.models import Arrival, DeviceAccess, FormVersion, Submission, Target
from tests.factories.accounts import staff
from tests.factories.forms import HOUSEHOLD, instance_xml, make_version, receiving_round
from tests.factories.geography import MunicipalityFactory, ParcelFactory
from tests.surveys.intake.conftest import ANSWERS, Phone

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
WITH_LISTS = HOUSEHOLD.replace(
    "| | text | parcel_code |",
    "| | select_one_from_file parcels.geojson | parcel_code |",
).replace(
    "| | geopoint |",
    "| | select_one_from_file households.csv | household | أسرة | Household | Ménage | | |\n"
    "| | geopoint |",
)


PASSWORD = "a-long-enough-password"


@pytest.fixture
def surveyor(surveyor):
    surveyor.set_password(PASSWORD)
    surveyor.save()
    return surveyor


def words(response):
    root = ET.fromstring(response.content)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    return root[0].text


def jpeg(**more):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG", **more)
    return out.getvalue()


def test_the_list_has_what_phones_demand(phone, round):
    response = phone.get("formList")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/xml")
    assert response["X-OpenRosa-Version"] == "1.0"
    (form,) = ET.fromstring(response.content)
    told = {each.tag.removeprefix(LIST): each.text for each in form}
    assert told["formID"] == "household"
    assert told["version"] == "1"
    assert "manifestUrl" not in told
    xform = phone.get(told["downloadUrl"].replace("http://testserver", ""))
    assert xform["Content-Type"].startswith("text/xml")
    assert told["hash"] == "md5:" + hashlib.md5(xform.content).hexdigest()
    again = phone.get(
        told["downloadUrl"].replace("http://testserver", ""),
        **{"If-None-Match": xform["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_form_of_a_closed_round_is_not_offered(phone, round):
    round.receiving = False
    round.save()
    assert len(ET.fromstring(phone.get("formList").content)) == 0


def test_the_newest_published_version_is_offered_once(phone, round, town):
    make_version(town, version="2")
    make_version(town, version="3", published=False)
    versions = [
        each.find(f"{LIST}version").text
        for each in ET.fromstring(phone.get("formList").content)
    ]
    assert versions == ["2"]


def test_files_are_listed_with_their_hashes(phone, town):
    version = make_version(town, form_id="lists", text=WITH_LISTS)
    receiving_round(version)
    listed = ET.fromstring(phone.get("formList?formID=lists").content)
    url = listed[0].find(f"{LIST}manifestUrl").text.replace("http://testserver", "")
    files = list(ET.fromstring(phone.get(url).content))
    assert [each.find(f"{MANIFEST}filename").text for each in files] == [
        "households.csv",
        "parcels.geojson",
    ]
    assert files[0].get("type") == "entityList"
    assert files[0].find(f"{MANIFEST}integrityUrl") is not None
    for each in files:
        content = phone.get(
            each.find(f"{MANIFEST}downloadUrl").text.replace("http://testserver", "")
        ).content
        md5 = hashlib.md5(content).hexdigest()
        assert each.find(f"{MANIFEST}hash").text == f"md5:{md5}"
    parcels = json.loads(content)
    assert [each["id"] for each in parcels["features"]] == ["12"]


def test_what_a_phone_holds_is_not_sent_again(phone, town):
    """Neither the form nor its list of files nor a file; a proxy may weaken the mark."""
    receiving_round(make_version(town, form_id="lists", text=WITH_LISTS))
    listed = ET.fromstring(phone.get("formList?formID=lists").content)
    manifest = listed[0].find(f"{LIST}manifestUrl").text
    files = ET.fromstring(phone.get(path_of(manifest)).content)
    addresses = [listed[0].find(f"{LIST}downloadUrl").text, manifest]
    addresses += [each.find(f"{MANIFEST}downloadUrl").text for each in files]
    for address in addresses:
        first = phone.get(path_of(address))
        assert first["X-OpenRosa-Version"] == "1.0"
        for mark in (first["ETag"], f'"x", W/{first["ETag"]}'):
            again = phone.get(path_of(address), **{"If-None-Match": mark})
            assert (again.status_code, again.content) == (304, b"")
            assert again["X-OpenRosa-Version"] == "1.0"
        other = phone.get(path_of(address), **{"If-None-Match": '"x"'})
        assert other.status_code == 200


def path_of(address):
    return address.replace("http://testserver", "")


def test_a_hundred_photos_come_in_one_post(phone):
    """As many as a phone sends at once, besides the answers."""
    names = [f"صورة {n}.jpg" for n in range(100)]
    more = "".join(f"<photo>{name}</photo>" for name in names)
    xml = instance_xml(ANSWERS + more)
    response = phone.send(xml, files=dict.fromkeys(names, jpeg()))
    assert response.status_code == 201
    kept = Arrival.objects.get().attachments.exclude(sha256="")
    assert {each.name for each in kept} == set(names)


def test_a_phone_asks_before_it_sends(phone):
    response = phone.client.head(f"{phone.base}/submission?deviceID=x")
    assert response.status_code == 204
    assert response["X-OpenRosa-Version"] == "1.0"
    assert int(response["X-OpenRosa-Accept-Content-Length"]) == 100_000_000


def test_a_submission_is_stored_and_said_so(phone, surveyor, round, town):
    parcel = ParcelFactory(municipality=town, code="13")
    for each in (parcel, round.municipality and parcel_12(town)):
        Target.objects.create(
            municipality=town, round=round, parcel=each, surveyor=surveyor
        )
    response = phone.send(instance_xml(ANSWERS))
    assert response.status_code == 201
    assert response["Content-Type"].startswith("text/xml")
    assert "1" in words(response)
    assert "2" in words(response)
    stored = Submission.objects.get()
    assert stored.by == surveyor
    assert stored.parcel.code == "12"
    assert stored.arrival.content.tobytes() == instance_xml(ANSWERS)
    assert stored.arrival.device == "collect:abc"


def parcel_12(town):
    return Parcel.objects.of(town).get(code="12")


def test_the_same_again_is_one_record(phone):
    assert phone.send(instance_xml(ANSWERS)).status_code == 201
    assert phone.send(instance_xml(ANSWERS)).status_code == 202
    assert Submission.objects.count() == Arrival.objects.count() == 1


def test_other_content_under_the_same_id_is_a_conflict(phone):
    phone.send(instance_xml(ANSWERS))
    other = instance_xml(ANSWERS.replace(">5<", ">6<"))
    response = phone.send(other)
    assert response.status_code == 409
    assert words(response)
    assert Submission.objects.get().answers["persons"] == 5
    kept = Arrival.objects.get(state="conflict")
    assert kept.content.tobytes() == other


def test_photos_come_in_several_posts_and_lose_their_position(phone):
    exif = Image.Exif()
    exif[0x010F] = "Canary phone"
    xml = instance_xml(ANSWERS + "<photo>صورة.jpg</photo>")
    phone.send(xml)
    awaited = Arrival.objects.get().attachments.get()
    assert (awaited.name, awaited.sha256) == ("صورة.jpg", "")
    response = phone.send(xml, files={"صورة.jpg": jpeg(exif=exif), "other.jpg": jpeg()})
    assert response.status_code == 202
    named, stray = Arrival.objects.get().attachments.order_by("-name")
    assert stray.refused == "not_named"
    kept = kept_path(named.municipality_id, named.sha256).read_bytes()
    assert b"Canary" not in kept
    assert named.content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"<html><script>alert(1)</script>\x00", "kind"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "kind"),
        (jpeg()[:200], "photo"),
    ],
)
def test_a_file_that_is_not_what_it_says(phone, content, refused):
    xml = instance_xml(ANSWERS + "<photo>a.jpg</photo>")
    assert phone.send(xml, files={"a.jpg": content}).status_code == 201
    attachment = Arrival.objects.get().attachments.get()
    assert (attachment.refused, attachment.sha256) == (refused, "")


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"not xml at all \x00\xff", "unreadable"),
        (b"", "unreadable"),
        (
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><data id='household'>&b;</data>",
            "unreadable",
        ),
        (b"<a>" * 10_000 + b"</a>" * 10_000, "unreadable"),
        (
            b"<data id='household' version='1'><persons>1</persons></data>",
            "no_instance",
        ),
        (instance_xml(ANSWERS, form_id="unknown"), "unknown_form"),
        (instance_xml(ANSWERS, version="99"), "unknown_version"),
        (
            instance_xml(ANSWERS, meta="<deprecatedID>uuid:gone</deprecatedID>"),
            "unknown_original",
        ),
    ],
)
def test_what_cannot_be_used_is_kept_for_a_person(phone, xml, reason):
    if not xml:
        assert phone.send(xml).status_code == 400
        return
    response = phone.send(xml)
    assert response.status_code == 202
    assert words(response)
    arrival = Arrival.objects.get()
    assert (arrival.state, arrival.reason) == ("quarantined", reason)
    assert arrival.content.tobytes() == xml
    assert not Submission.objects.exists()


def test_an_encrypted_record_is_kept_with_its_files(phone):
    """The office has no key: whoever has it can take the bytes away unharmed."""
    envelope = (
        b'<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="household"'
        b' version="2026042001" instanceID="uuid:sealed"><base64EncryptedKey>a2V5'
        b"</base64EncryptedKey><media><file>\xd8\xb5\xd9\x88\xd8\xb1\xd8\xa9.jpg.enc</file>"
        b"</media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    sealed = {"submission.xml.enc": b"\x01\x02" * 50, "صورة.jpg.enc": b"\x03\x04" * 50}
    assert phone.send(envelope, files=sealed).status_code == 202
    arrival = Arrival.objects.get()
    assert (arrival.reason, arrival.instance_id) == ("encrypted", "uuid:sealed")
    assert arrival.content.tobytes() == envelope
    kept = {
        each.name: kept_path(arrival.municipality_id, each.sha256).read_bytes()
        for each in arrival.attachments.all()
    }
    assert kept == sealed


def test_a_record_for_a_closed_round_is_kept_for_a_person(phone, round):
    round.receiving = False
    round.save()
    assert phone.send(instance_xml(ANSWERS)).status_code == 202
    assert Arrival.objects.get().reason == "no_round"


def test_an_edit_from_the_phone_follows_its_original(phone):
    phone.send(instance_xml(ANSWERS, instance_id="uuid:a"))
    edit = instance_xml(
        ANSWERS.replace(">5<", ">6<"),
        instance_id="uuid:b",
        meta="<deprecatedID>uuid:a</deprecatedID>",
    )
    assert phone.send(edit).status_code == 201
    stored = Submission.objects.get()
    assert (stored.instance_id, stored.answers["persons"]) == ("uuid:b", 6)
    event = stored.events.get(kind="edited")
    assert (event.before, event.after) == ({"persons": 5}, {"persons": 6})
    late = instance_xml(
        ANSWERS.replace(">5<", ">7<"),
        instance_id="uuid:c",
        meta="<deprecatedID>uuid:a</deprecatedID>",
    )
    assert phone.send(late).status_code == 202
    assert Arrival.objects.get(instance_id="uuid:c").reason == "not_current"


def test_a_draft_is_seen_by_its_test_phone_only(phone, client, town, surveyor):
    draft = make_version(town, version="2", published=False)
    _access, token = issue_access(municipality=town, surveyor=surveyor, draft=draft)
    tester = Phone(client, town, token)
    (form,) = ET.fromstring(tester.get("formList").content)
    assert form.find(f"{LIST}version").text == "2"
    assert phone.get(f"forms/{draft.pk}.xml").status_code == 404
    published = FormVersion.objects.get(version="1")
    assert tester.get(f"forms/{published.pk}.xml").status_code == 404
    assert tester.send(instance_xml(ANSWERS, version="2")).status_code == 201
    assert Arrival.objects.get().state == "test"
    assert not Submission.objects.exists()


def test_a_withdrawn_access_is_no_way_in(phone, client, town):
    access = DeviceAccess.objects.get()
    revoke_access(access=access)
    response = phone.get("formList")
    assert response.status_code == 403
    assert "سُحب" in words(response) or words(response)
    assert phone.send(instance_xml(ANSWERS)).status_code == 403
    assert not Arrival.objects.exists()


def test_a_secret_of_another_town_is_no_way_in(phone, client):
    elsewhere = MunicipalityFactory()
    assert (
        client.get(
            phone.base.replace(phone.base.split("/")[2], elsewhere.slug) + "/formList"
        ).status_code
        == 403
    )


def test_the_secret_is_kept_as_a_hash_only(phone, town):
    token = phone.base.rsplit("/", 1)[-1]
    access = DeviceAccess.objects.get()
    assert token not in str(vars(access))
    assert find_access(municipality=town, token=token) == access
    assert find_access(municipality=town, token=token + "x") is None


def basic(email, password):
    packed = base64.b64encode(f"{email}:{password}".encode()).decode()
    return {"Authorization": f"Basic {packed}"}


def test_a_password_works_over_https_only(client, town, round, surveyor, settings):
    settings.DEMO = False
    phone = Phone(client, town, "basic", **basic(surveyor.email, PASSWORD))
    assert phone.get("formList").status_code == 403
    secure = client.get(f"{phone.base}/formList", headers=phone.headers, secure=True)
    assert secure.status_code == 200
    again = client.get(f"{phone.base}/formList", headers=phone.headers, secure=True)
    assert again.status_code == 200


def test_without_a_password_one_is_asked_for(client, town, round):
    response = client.get(f"/collect/{town.slug}/basic/formList", secure=True)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")


def test_guessing_is_slowed_down(client, town, round, surveyor):
    phone = Phone(client, town, "basic", **basic(surveyor.email, "wrong"))
    statuses = [
        client.get(
            f"{phone.base}/formList", headers=phone.headers, secure=True
        ).status_code
        for _try in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2


def test_a_resident_is_not_let_in(client, town, round):
    resident = staff(town, "resident")
    phone = Phone(client, town, "basic", **basic(resident.email, PASSWORD))
    response = client.get(f"{phone.base}/formList", headers=phone.headers, secure=True)
    assert response.status_code == 401


def test_a_phone_speaks_the_language_of_its_surveyor(client, town, round, surveyor):
    access, token = issue_access(municipality=town, surveyor=surveyor, language="fr")
    address = "https://x/collect/a/b"
    told = settings_of(address=address, name="وادي", language=access.language)
    assert told["general"]["app_language"] == "fr"
    assert told["general"]["server_url"] == address
    answer = Phone(client, town, token).send(instance_xml(ANSWERS))
    assert answer.status_code == 201
    with translation.override("fr"):
        assert words(answer) == gettext("Received.")


def test_a_phone_speaks_arabic_where_nobody_chose(town, round, surveyor):
    access, _token = issue_access(municipality=town, surveyor=surveyor)
    assert access.language == "ar"


@pytest.mark.parametrize(("chosen", "kept"), [("en", "en"), ("xx", "ar"), ("", "ar")])
def test_the_language_is_chosen_with_the_code(client, town, surveyor, chosen, kept):
    client.force_login(staff(town, "data_manager"))
    post = {"surveyor": surveyor.pk, "label": "1", "language": chosen}
    response = client.post(f"/en/{town.slug}/surveys/phones/", post)
    assert response.status_code == 200
    assert DeviceAccess.objects.get().language == kept


def test_the_command_prints_an_address_that_works(
    client, town, round, surveyor, capsys, tmp_path
):
    picture = tmp_path / "settings.svg"
    call_command("surveyor_access", surveyor.email, municipality=town.slug, qr=picture)
    address = next(w for w in capsys.readouterr().out.split() if "/collect/" in w)
    path = address.split("//", 1)[1].split("/", 1)[1]
    assert client.get(f"/{path}/formList").status_code == 200
    assert "<svg" in picture.read_text()


def test_nothing_is_redirected(client, town):
    for path in ("formList", "formList/", "submission/", "nothing"):
        response = client.get(f"/collect/{town.slug}/wrong/{path}")
        assert response.status_code in {403, 404, 405}, path


def test_settings_are_packed_as_the_phone_unpacks_them():
    told = settings_of(address="https://x/collect/a/b", name="وادي", language="ar")
    unpacked = zlib.decompress(base64.b64decode(packed(told)))
    assert json.loads(unpacked) == told
    assert reverse("intake:form_list", args=["a", "b"]) == "/collect/a/b/formList"


def test_a_secret_is_not_logged(client, town, round, capfd):
    (handler,) = (h for h in logging.getLogger().handlers if h.filters)
    record = logging.LogRecord(
        "django.request",
        30,
        "",
        0,
        "%s: %s",
        ("Bad", f"/collect/{town.slug}/s3cr3t/x"),
        None,
    )
    assert all(each.filter(record) for each in handler.filters)
    assert "s3cr3t" not in record.getMessage()
    assert town.slug in record.getMessage()
