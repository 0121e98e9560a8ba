"""The files that a version shows or chooses from: pictures, sounds, films, lists."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

import puremagic
from django.db import transaction
from django.utils.translation import gettext as _

from surveys.errors import FormRefused
from surveys.intake.keeping import keep
from surveys.models import Entity, FormMedia, FormVersion

MAX_BYTES = 10_000_000
SNIFFED_BYTES = 4096
SEEN = ("image/", "audio/", "video/")
TEXTS = {".csv": "text/csv", ".xml": "text/xml", ".geojson": "application/geo+json"}
# Made for each surveyor at the moment a phone asks.
MADE = frozenset({"parcels.geojson", "parcels.csv", "households.csv", "children.csv"})
LIST = ".csv"


def wanted_media(version: FormVersion) -> list[tuple[str, FormMedia | None, bool]]:
    """Each file that the form names, what was uploaded for it, and whether the server
    makes it where nothing was: the parcels, and lists of entities that this form or any
    other of the town fills.
    """
    there = {media.name: media for media in version.media.all()}
    made = MADE | {f"{name}{LIST}" for name in _entity_lists(version)}
    return [
        (name, there.get(name), name in made)
        for name in sorted(version.structure.files)
    ]


def _entity_lists(version: FormVersion) -> set[str]:
    """Also those that nobody has filled yet: a form may only read what another makes."""
    town = version.municipality
    filled = Entity.objects.of(town).order_by().values_list("list_name", flat=True)
    found = {
        *filled.distinct(),
        *(each.list_name for each in version.structure.entities),
    }
    if {f"{name}{LIST}" for name in found} >= set(version.structure.files) - MADE:
        return found
    others = FormVersion.objects.of(town).exclude(state=FormVersion.State.DRAFT)
    uses = others.values_list("tables__entities", flat=True)
    return found | {use["list_name"] for entities in uses for use in entities or ()}


def missing_media(version: FormVersion) -> list[str]:
    return [name for name, media, made in wanted_media(version) if not (media or made)]


@transaction.atomic
def add_media(*, version: FormVersion, name: str, content: bytes) -> FormMedia:
    """Takes the place of an earlier file of the name. Raises FormRefused for a version
    that is no draft, a name that the form does not ask for, and content that is too
    large or not what its name says.
    """
    _refuse_published(version)
    if name not in version.structure.files:
        raise FormRefused(
            _("The questionnaire asks for no file “%(name)s”."),
            params={"name": name[:100]},
        )
    if len(content) > MAX_BYTES:
        raise FormRefused(
            _("“%(name)s” is larger than %(limit)s MB."),
            params={"name": name, "limit": MAX_BYTES // 1_000_000},
        )
    media, _new = FormMedia.objects.update_or_create(
        municipality=version.municipality,
        version=version,
        name=name,
        defaults={
            "content_type": _type_of(name, content),
            "sha256": keep(version.municipality_id, content),
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "size": len(content),
        },
    )
    return media


@transaction.atomic
def drop_media(*, version: FormVersion, name: str) -> None:
    _refuse_published(version)
    version.media.filter(name=name).delete()


def _refuse_published(version: FormVersion) -> None:
    if version.state != FormVersion.State.DRAFT:
        raise FormRefused(
            _("Once published, a version keeps its files. Upload a new version.")
        )


def _type_of(name: str, content: bytes) -> str:
    """By what the bytes are, which has to fit the name's ending."""
    text = TEXTS.get(PurePath(name).suffix.lower())
    if text:
        try:
            if "\x00" not in content.decode("utf-8"):
                return text
        except UnicodeDecodeError:
            pass  # Told below, with what to do.
        raise FormRefused(
            _("“%(name)s” is no text in UTF-8. Save it as such."), params={"name": name}
        )
    try:
        found = puremagic.magic_string(content[:SNIFFED_BYTES], filename=name)
    except (puremagic.PureError, ValueError):
        found = []
    kinds = [match.mime_type for match in found if match.mime_type.startswith(SEEN)]
    # A drawing can carry scripts, and phones don't show it.
    if not kinds or "svg" in kinds[0]:
        raise FormRefused(
            _("“%(name)s” is no picture, sound or film that phones show."),
            params={"name": name},
        )
    return kinds[0]
