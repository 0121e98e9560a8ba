"""Files that arrive in pieces."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from surveys.files import uploads
from surveys.files.uploads import Sending
from surveys.models import Round, Upload
from tests.factories.accounts import staff
from tests.factories.surveys import RoundFactory, household, workbook_file

pytestmark = pytest.mark.django_db

KEY = "ab" * 32


@pytest.fixture
def round(town: Any, client: Any, settings: Any, tmp_path: Any) -> Round:
    settings.MEDIA_ROOT = tmp_path
    client.force_login(staff(town, "surveyor"))
    return RoundFactory(municipality=town)


def address(round: Round, path: str) -> str:
    return f"/en/{round.municipality.slug}/surveys/{path}"


def piece(client: Any, round: Round, content: bytes, offset: object, key: str = KEY):
    return client.post(
        address(round, f"files/rounds/{round.code}/send/"),
        content,
        content_type="application/octet-stream",
        headers={"Upload-Key": key, "Upload-Offset": str(offset)},
    )


def size(client: Any, round: Round, key: str = KEY) -> int:
    page = address(round, f"files/rounds/{round.code}/send/")
    return client.get(page, headers={"Upload-Key": key}).json()["size"]


def finish(client: Any, round: Round, *lines: str) -> Any:
    page = address(round, f"rounds/{round.code}/upload/")
    return client.post(page, {"sent": "\n".join(lines)}, follow=True)


def test_a_file_goes_on_where_the_line_broke(round: Round, client: Any) -> None:
    content = workbook_file([household(parcel_code="1")])
    assert size(client, round) == 0
    assert piece(client, round, content[:700], 0).json() == {"size": 700}
    # The answer got lost, so the same piece comes again: it is not taken twice.
    again = piece(client, round, content[:700], 0)
    assert (again.status_code, size(client, round)) == (409, 700)
    assert piece(client, round, content[700:], 700).json() == {"size": len(content)}
    finish(client, round, f"{KEY} ردود.xlsx")
    upload = Upload.objects.get()
    assert upload.file.open("rb").read() == content
    assert (upload.file_name, upload.size) == ("ردود.xlsx", len(content))
    assert size(client, round) == 0


def test_what_did_not_arrive_is_told(round: Round, client: Any) -> None:
    response = finish(client, round, f"{KEY} a.xlsx")
    assert "did not arrive whole. Choose it again." in response.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize("key", ["", "../../../etc/passwd", "AB" * 32, "ab" * 31])
def test_a_key_leads_nowhere_else(round: Round, client: Any, key: str) -> None:
    response = piece(client, round, b"x", 0, key)
    assert response.status_code == 409
    assert "Choose it again" in response.json()["error"]
    assert "Choose it again" in finish(client, round, f"{key} a").content.decode()


@pytest.mark.parametrize("offset", ["", "x", "-1", "7", "9" * 40, "²"])
def test_a_piece_fits_the_end_only(round: Round, client: Any, offset: str) -> None:
    assert piece(client, round, b"x", offset).status_code == 409
    assert size(client, round) == 0


def test_more_than_the_limit_is_refused(
    round: Round, client: Any, settings: Any
) -> None:
    settings.SURVEY_FILE_MB = 1
    response = piece(client, round, b"x" * (1024 * 1024 + 1), 0)
    assert response.status_code == 409
    assert response.json()["error"] == "The file is larger than 1 MB."


def test_the_piece_of_another_person_is_another(round: Round, client: Any) -> None:
    piece(client, round, b"mine", 0)
    client.force_login(staff(round.municipality, "surveyor"))
    assert size(client, round) == 0


def test_what_nobody_goes_on_with_is_deleted(
    round: Round, client: Any, monkeypatch: Any
) -> None:
    by = staff(round.municipality, "surveyor")
    client.force_login(by)
    piece(client, round, b"old", 0)
    former = Sending(round=round, by=by, key=KEY).path
    late = time.time() - uploads.PATIENCE_SECONDS - 1
    os.utime(former, (late, late))
    piece(client, round, b"new", 0, "cd" * 32)
    assert not former.exists()
    assert former.parent.stat().st_mode & 0o077 == 0
    for number in range(9):
        piece(client, round, b"x", 0, f"{number}" * 64)
    assert len(list(former.parent.iterdir())) <= uploads.MAX_SENDINGS + 1
