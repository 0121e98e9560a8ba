"""JavaRosa, the engine of ODK Collect, as it comes inside pyxform's ODK Validate."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pyxform.validators.odk_validate import ODK_VALIDATE_PATH

SOURCE = Path(__file__).with_name("Phone.java")
LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"

needs_java = pytest.mark.skipif(
    shutil.which("javac") is None, reason="javac is not installed"
)


@functools.cache
def classes() -> str:
    folder = tempfile.mkdtemp(prefix="javarosa-")
    command = ["javac", "-nowarn", "-cp", ODK_VALIDATE_PATH, "-d", folder, str(SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@dataclass(frozen=True)
class Shown:
    """What the phone showed at one question, after it was answered."""

    text: str
    value: str
    choices: tuple[str, ...]


class Refused(AssertionError):
    """The engine would not take the form or an answer."""


def fill(
    xform: bytes, files: dict[str, bytes], answers: dict[str, str], folder: Path
) -> tuple[bytes, dict[str, Shown]]:
    """The submission's XML, and what was shown, by the question's path."""
    media = folder / "files"
    media.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (media / name).write_bytes(content)
    form, told, out = folder / "form.xml", folder / "answers.tsv", folder / "out.xml"
    form.write_bytes(xform)
    told.write_text("".join(f"{k}\t{v}\n" for k, v in answers.items()), "utf-8")
    command = [
        "java",
        "-Dfile.encoding=UTF-8",
        "-cp",
        f"{ODK_VALIDATE_PATH}:{classes()}",
    ]
    command += ["Phone", str(form), str(media), str(told), str(out)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise Refused(done.stderr[-3000:])
    shown = {}
    for line in done.stdout.splitlines():
        path, text, value, choices = line.split("\t")
        shown[path] = Shown(text, value, tuple(choices.split()))
    return out.read_bytes(), shown


def fetch(phone, form_id: str) -> tuple[bytes, dict[str, bytes]]:
    """The form and its files as the phone downloads them, every hash checked."""

    def get(url: str) -> bytes:
        response = phone.get(url.replace("http://testserver", ""))
        assert response.status_code == 200, url
        return b"".join(response) if response.streaming else response.content

    listed = ET.fromstring(get(f"formList?formID={form_id}"))
    (form,) = listed.findall(f"{LIST}xform")
    xform = get(form.findtext(f"{LIST}downloadUrl"))
    assert form.findtext(f"{LIST}hash") == f"md5:{hashlib.md5(xform).hexdigest()}"
    files = {}
    manifest = form.findtext(f"{LIST}manifestUrl")
    for each in ET.fromstring(get(manifest)) if manifest else ():
        content = get(each.findtext(f"{MANIFEST}downloadUrl"))
        md5 = hashlib.md5(content).hexdigest()
        assert each.findtext(f"{MANIFEST}hash") == f"md5:{md5}"
        files[each.findtext(f"{MANIFEST}filename")] = content
    return xform, files
