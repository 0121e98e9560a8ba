"""Downloads: asked for, written at once or by the worker, kept for a day."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from layers.features import crs
from layers.features.about import About
from layers.features.errors import BadParameter, DownloadRefused
from layers.features.formats import FORMATS
from layers.features.models import Download
from layers.features.pages import count
from layers.features.selection import Selection, inside, select
from layers.features.streaming import Stream
from layers.geography.declaration import Layer
from layers.geography.models import Municipality, Zone
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion

# Up to so many features a file is written while one waits.
AT_ONCE = 5000
# Files of a municipality that may wait for the worker at a time.
MOST_WAITING = 20
# Seconds.
TOLD_EVERY, REMEMBERED = 1.0, 600
State = Download.State
OPEN = (State.WAITING, State.RUNNING)


def selected(
    layer: Layer, municipality: Municipality, asked: Mapping[str, str]
) -> Selection:
    """What `asked` selects, `zone` among it: the code of a zone that figures are told by."""
    chosen = select(layer, municipality, asked)
    code = asked.get("zone")
    if not code:
        return chosen
    zone = Zone.objects.of(municipality).reporting().filter(code=code).first()
    if zone is None:
        raise BadParameter(_("There is no zone “%s”.") % code[:40], "zone")
    return inside(chosen, crs.CRS84.stored(_shape(zone)))


def _shape(zone: Zone) -> Any:
    return shapely.from_wkb(bytes(zone.geometry.wkb))


def system_for(
    form: str, municipality: Municipality, asked: Mapping[str, str]
) -> crs.System:
    """Raises DownloadRefused for an unknown format or one that can't have the system."""
    if form not in FORMATS:
        raise DownloadRefused(
            _("“format” is one of: %s.") % ", ".join(FORMATS), "format"
        )
    system = crs.asked("crs", asked.get("crs"), municipality)
    if system.srid != 4326 and not FORMATS[form].any_system:
        raise DownloadRefused(
            _("%s has degrees only. Choose another format or another system.")
            % FORMATS[form].name,
            "crs",
        )
    return system


def write(
    path: Path,
    *,
    form: str,
    selection: Selection,
    system: crs.System,
    tell: Callable[[int], None] = lambda rows: None,
) -> None:
    about = About.of(selection.layer, selection.municipality, system)
    FORMATS[form].write(path, Stream(selection, system, tell), about)


@transaction.atomic
def request_download(
    *,
    layer: Layer,
    municipality: Municipality,
    form: str,
    asked: Mapping[str, str],
    language: str,
    by: Any = None,
) -> tuple[Download, bool]:
    """The download, and whether it is new: the same question finds the same file."""
    system_for(form, municipality, asked)
    chosen = selected(layer, municipality, asked)
    total = count(chosen, 2**31 - 2) or 0
    if total > FORMATS[form].most:
        raise DownloadRefused(
            _("%(format)s holds %(most)d rows at most; these are %(count)d.")
            % {
                "format": FORMATS[form].name,
                "most": int(FORMATS[form].most),
                "count": total,
            },
            "format",
        )
    version = LayerVersion.objects.of_layers([layer], municipality)[layer.name]
    own = Download.objects.of(municipality)
    same = own.filter(
        layer=layer.name,
        form=form,
        asked=dict(asked),
        language=language,
        version=version,
    )
    known = same.filter(state__in=OPEN).first() or same.exclude(file="").first()
    if known is not None:
        return known, False
    if own.filter(state__in=OPEN).count() >= MOST_WAITING:
        raise DownloadRefused(
            _("Many files are being written. Try again in some minutes."), "format"
        )
    made = Download.objects.create(
        municipality=municipality,
        layer=layer.name,
        form=form,
        asked=dict(asked),
        language=language,
        version=version,
        by=by if by is not None and by.is_authenticated else None,
        total=total,
    )
    return made, True


def folder_of(municipality_id: int) -> Path:
    return Path(settings.MEDIA_ROOT) / "downloads" / str(municipality_id)


def write_download(*, download: Download) -> Download:
    """Writes the file beside its place and moves it there when it is whole."""
    town = download.municipality
    suffix = FORMATS[download.form].suffix
    folder = folder_of(town.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(suffix=suffix, prefix="part-", dir=folder)
    os.close(handle)
    part = Path(name)
    part.unlink()
    try:
        with translation.override(download.language):
            write(
                part,
                form=download.form,
                selection=selected(
                    layer_named(download.layer, town), town, download.asked
                ),
                system=system_for(download.form, town, download.asked),
                tell=_counter(download),
            )
        target = folder / f"{download.pk}{suffix}"
        part.replace(target)
        target.chmod(0o600)
    finally:
        part.unlink(missing_ok=True)
    download.file = str(target.relative_to(settings.MEDIA_ROOT))
    download.size = target.stat().st_size
    download.state, download.finished_at = State.DONE, timezone.now()
    download.save()
    return download


def _counter(download: Download) -> Callable[[int], None]:
    """Tells the page now and then: what is in the transaction it can't see yet."""
    done, told = 0, time.monotonic()

    def tell(rows: int) -> None:
        nonlocal done, told
        done += rows
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            cache.set(_progress_key(download), done, REMEMBERED)

    return tell


def _progress_key(download: Download) -> str:
    return f"download-progress:{download.pk}"


def progress_of(download: Download) -> int:
    """Features written so far."""
    return int(cache.get(_progress_key(download), 0))


@transaction.atomic
def give_up_download(pk: str | UUID) -> None:
    """For one that no worker finishes any more."""
    Download.objects.filter(pk=pk, state__in=OPEN).update(
        state=State.FAILED, finished_at=timezone.now()
    )


def drop_old_downloads(*, municipality: Municipality) -> int:
    """Removes files older than a day with their rows, and parts that nobody finished."""
    before = timezone.now() - Download.KEPT
    old = list(Download.objects.of(municipality).filter(finished_at__lt=before))
    for download in old:
        if download.file:
            Path(settings.MEDIA_ROOT, download.file).unlink(missing_ok=True)
        download.delete()
    for part in folder_of(municipality.pk).glob("part-*"):
        if part.stat().st_mtime < before.timestamp():
            part.unlink(missing_ok=True)
    return len(old)
