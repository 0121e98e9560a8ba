"""What phones are answered: OpenRosa's documents, headers and words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from django.http import HttpResponse, HttpResponseBase

from surveys.households.phone_files import PhoneFile
from surveys.models import FormVersion

LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
RESPONSE = "http://openrosa.org/http/response"
XML = "text/xml; charset=utf-8"
Spoken = TypeVar("Spoken", bound=HttpResponseBase)
# What one post may weigh, as phones are told.
MAX_POST_BYTES = 100_000_000


@dataclass(frozen=True)
class Offer:
    """A form as the list shows it. `files` tells whether it needs any."""

    version: FormVersion
    name: str
    form_url: str
    manifest_url: str


def spoken(response: Spoken) -> Spoken:
    response["X-OpenRosa-Version"] = "1.0"
    response["X-OpenRosa-Accept-Content-Length"] = str(MAX_POST_BYTES)
    return response


def form_list(offers: Iterable[Offer]) -> bytes:
    """Every form has all that phones demand: one without would spoil the list."""
    root = ET.Element("xforms", xmlns=LIST)
    for offer in offers:
        _add(
            ET.SubElement(root, "xform"),
            formID=offer.version.form.code,
            name=offer.name or offer.version.form.code,
            version=offer.version.version,
            hash=f"md5:{offer.version.md5}",
            downloadUrl=offer.form_url,
            **({"manifestUrl": offer.manifest_url} if offer.manifest_url else {}),
        )
    return _bytes(root)


def manifest(files: Iterable[tuple[PhoneFile, str, str]]) -> bytes:
    """Each file with its address and, for entity lists, the one that tells deletions."""
    root = ET.Element("manifest", xmlns=MANIFEST)
    for file, url, integrity_url in files:
        given = {"type": "entityList"} if file.kind == "entityList" else {}
        element = ET.SubElement(root, "mediaFile", given)
        _add(element, filename=file.name, hash=f"md5:{file.md5}", downloadUrl=url)
        if integrity_url:
            _add(element, integrityUrl=integrity_url)
    return _bytes(root)


def integrity(deleted: Iterable[tuple[str, bool]]) -> bytes:
    root = ET.Element("data")
    entities = ET.SubElement(root, "entities")
    for key, gone in deleted:
        _add(ET.SubElement(entities, "entity", id=key), deleted=str(gone).lower())
    return _bytes(root)


def message(words: str, *, status: int, nature: str = "submit_success") -> HttpResponse:
    """Phones show the words to the surveyor, of an error as of a success."""
    root = ET.Element("OpenRosaResponse", xmlns=RESPONSE)
    ET.SubElement(root, "message", nature=nature).text = words
    return spoken(HttpResponse(_bytes(root), status=status, content_type=XML))


def _add(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _bytes(root: Any) -> bytes:
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
