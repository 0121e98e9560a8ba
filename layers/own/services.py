"""A file's way into a layer, and what its keepers do with it afterwards."""

from __future__ import annotations

import io
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.declaration import read_sql
from layers.geography.errors import ImportRefused
from layers.geography.files.exchange import Reading
from layers.geography.files.request import Options
from layers.geography.models import Municipality
from layers.geography.runs import overall
from layers.geography.tenancy import tenant
from layers.geography.workflow import may_follow
from layers.own.errors import LayerRefused, SharingRefused
from layers.own.models import LayerFile, OwnFeature, OwnLayer
from layers.own.naming import field_names, slug_of
from layers.own.persons import looks_personal
from layers.own.reading import LOOKED_AT, fields_for, read, report_of, rows_of
from layers.own.restyling import refreshed
from layers.own.styles import Chosen

State = LayerFile.State
STAGE, FILL = (read_sql("layers.own", f"{name}.sql") for name in ("stage", "fill"))
COPY = "COPY staged (attributes, geometry) FROM STDIN"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Paired = list[tuple[dict[str, Any], list[str]]]
PROGRESS_KEY = "own-layer-file-{}"
TITLES = ("name_ar", "name_en", "name_fr")


def progress_of(file: LayerFile) -> float:
    return float(cache.get(PROGRESS_KEY.format(file.pk), 0.0))


def _tell(file: LayerFile, stage: str, share: float) -> None:
    cache.set(PROGRESS_KEY.format(file.pk), overall(stage, share), 3600)


@transaction.atomic
def receive_file(
    *,
    municipality: Municipality,
    file: Any,
    by: Any,
    layer: OwnLayer | None = None,
    options: Options | None = None,
) -> LayerFile:
    """Keep an upload as it came, unread, waiting to be checked."""
    kept = LayerFile(
        municipality=municipality,
        layer=layer,
        file_name=Path(file.name or "upload").name[:200],
        by=by,
        options=(options or Options()).as_json(),
    )
    kept.file.save(f"{municipality.slug}/upload", file, save=False)
    kept.save()
    return kept


def _move(file: LayerFile, state: str, **also: Any) -> bool:
    """Bring a file into `state` where it may follow; another process may be faster."""
    with tenant(file.municipality):
        now = LayerFile.objects.select_for_update().get(pk=file.pk)
        if not may_follow(now.state, state):
            return False
        since = timezone.now() if now.state != state else now.state_since
        LayerFile.objects.filter(pk=file.pk).update(
            state=state, state_since=since, **also
        )
    for name, value in {**also, "state": state}.items():
        setattr(file, name, value)
    return True


def choose_options(*, file: LayerFile, options: Options) -> bool:
    """Have a file checked again under other choices."""
    return _move(file, State.WAITING, options=options.as_json())


def check_file(*, file: LayerFile) -> None:
    """Read the file and work out what it holds; write nothing else."""
    if not _move(file, State.CHECKING):
        return
    try:
        reading = _read(file)
        if file.layer:
            fields_for(file.layer, reading)
        report = report_of(file.municipality, reading)
    except (ImportRefused, LayerRefused) as error:
        refusal = {"code": error.code, "params": error.params}
        _move(file, State.REFUSED, report=None, refusal=refusal)
    else:
        _move(file, State.READY, report=report, refusal=None)


def _read(file: LayerFile) -> Reading:
    return read(
        file.municipality,
        Path(file.file.path),
        Options.from_json(file.options),
        partial(_tell, file),
    )


def decide(*, file: LayerFile, decided: dict[str, Any]) -> bool:
    """Agree to what a check has shown; of two clicks only the first does."""
    ready = LayerFile.objects.filter(pk=file.pk, state=State.READY)
    found = ready.update(
        state=State.IMPORTING, state_since=timezone.now(), decided=decided
    )
    file.state, file.decided = State.IMPORTING, decided
    return bool(found)


def take_in(*, file: LayerFile) -> None:
    """Make the layer of the file, or fill it anew: all of it or nothing."""
    if not _move(file, State.IMPORTING):
        return
    try:
        reading = _read(file)
        with tenant(file.municipality):
            own = _filled(file, reading)
            _move(file, State.DONE, layer=own, refusal=None)
            transaction.on_commit(partial(_throw_away, file))
    except (ImportRefused, LayerRefused) as error:
        refusal = {"code": error.code, "params": error.params}
        _move(file, State.REFUSED, refusal=refusal)


def _throw_away(file: LayerFile) -> None:
    """The file may hold columns that nobody wanted to keep."""
    if file.file:
        file.file.delete(save=False)
        with tenant(file.municipality):
            LayerFile.objects.filter(pk=file.pk).update(file="")


def _filled(file: LayerFile, reading: Reading) -> OwnLayer:
    decided = file.decided or {}
    refused = len({row for row, _code, _value in reading.refused})
    if refused and not decided.get("skip_refused"):
        raise LayerRefused("layer_refused_rows", count=refused)
    if not len(reading.row):
        raise LayerRefused("layer_empty")
    own = file.layer or _new(file, decided, reading)
    paired = fields_for(own, reading)
    for field, cells in paired:
        field["personal"] = looks_personal(
            field["source"], field["type"], cells[:LOOKED_AT]
        )
    unconfirmed = [
        x["source"] for x in own.fields if x["personal"] and not x.get("confirmed")
    ]
    if own.published and unconfirmed:
        raise LayerRefused("layer_personal", columns=", ".join(unconfirmed))
    own.count = len(reading.row)
    own.filled_at = timezone.now()
    own.save()
    _write(own, reading, paired, file)
    own.style = refreshed(own).as_json()
    own.save(update_fields=["style"])
    return own


def _new(file: LayerFile, decided: dict[str, Any], reading: Reading) -> OwnLayer:
    town = file.municipality
    names = field_names(each["source"] for each in decided["fields"])
    fields = [
        {**each, "name": name}
        for each, name in zip(decided["fields"], names, strict=True)
    ]
    # Serialises the choice of a free name.
    Municipality.objects.select_for_update(no_key=True).get(pk=town.pk)
    taken = set(OwnLayer.objects.of(town).values_list("slug", flat=True))
    return OwnLayer(
        municipality=town,
        slug=slug_of((decided["name_en"], decided["name_fr"]), taken),
        geometry_kind=reading.about["kind"],
        fields=fields,
        style=Chosen().as_json(),
        created_by=file.by,
        **{name: decided[name] for name in (*TITLES, *DESCRIBED)},
    )


DESCRIBED = ("description", "attribution", "licence", "min_zoom")


def _write(own: OwnLayer, reading: Reading, paired: Paired, file: LayerFile) -> None:
    """Former rows go, new ones lie in the order of the Hilbert curve, as tiles ask."""
    OwnFeature.objects.of(own.municipality).filter(layer=own)._raw_delete(
        connection.alias
    )
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        lines = [
            f"{said.translate(ESCAPES)}\t{shape}\n"
            for said, shape in rows_of(reading, paired)
        ]
        for start in range(0, len(lines), COPIED):
            piece = io.StringIO("".join(lines[start : start + COPIED]))
            cursor.copy_expert(COPY, piece)
            _tell(file, "copying", (start + COPIED) / len(lines))
        cursor.execute(FILL, {"municipality": own.municipality_id, "own_layer": own.pk})
        cursor.execute("DROP TABLE staged")
    _tell(file, "writing", 1.0)


COPIED = 5_000


def give_up(*, municipality: Municipality, file: int) -> None:
    """Say of a file that its work failed, for a reason that is not in the file."""
    with tenant(municipality):
        LayerFile.objects.filter(
            pk=file, state__in=[State.WAITING, State.CHECKING, State.IMPORTING]
        ).update(
            state=State.REFUSED,
            state_since=timezone.now(),
            refusal={"code": "work_failed", "params": {}},
        )


@transaction.atomic
def describe_layer(
    *, own: OwnLayer, said: dict[str, Any], fields: list[dict[str, Any]]
) -> None:
    """New words for a layer. A column that is not among `fields` is forgotten for good."""
    for name in (*TITLES, *DESCRIBED):
        setattr(own, name, said[name])
    kept = {each["name"] for each in fields}
    gone = [each["name"] for each in own.fields if each["name"] not in kept]
    own.fields = fields
    if own.style.get("field") in gone:
        own.style = Chosen().as_json()
    own.save()
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                read_sql("layers.own", "forget.sql"),
                {
                    "municipality": own.municipality_id,
                    "own_layer": own.pk,
                    "gone": gone,
                },
            )


def style_layer(*, own: OwnLayer, chosen: Chosen) -> None:
    own.style = chosen.as_json()
    own.save(update_fields=["style"])


@transaction.atomic
def share_layer(
    *, own: OwnLayer, sharing: str, roles: Collection[str], confirmed: Collection[str]
) -> None:
    """Say who may see a layer from now on.

    Raises SharingRefused where everyone would see a column that looks personal and is
    not among the `confirmed` names of fields.
    """
    personal = [each for each in own.fields if each["personal"]]
    open_ = [each for each in personal if each["name"] not in confirmed]
    if sharing == OwnLayer.Sharing.EVERYONE and open_:
        raise SharingRefused(
            _(
                "Not published: %(columns)s may tell who a person is. Confirm below that"
                " nobody can be known by it, or take the column out of the layer."
            )
            % {"columns": ", ".join(each["source"] for each in open_)}
        )
    everyone = sharing == OwnLayer.Sharing.EVERYONE
    for each in own.fields:
        each["confirmed"] = everyone and each in personal
    own.sharing = sharing
    own.roles = sorted(roles) if sharing == OwnLayer.Sharing.ROLES else []
    own.save(update_fields=["sharing", "roles", "fields"])


def remove_layer(*, own: OwnLayer) -> None:
    """Out of everything at once; for 30 days it can be taken back."""
    own.removed_at = timezone.now()
    own.save(update_fields=["removed_at"])


def restore_layer(*, own: OwnLayer) -> None:
    """It comes back to its keepers alone, who say anew who may see it."""
    own.removed_at = None
    own.sharing, own.roles = OwnLayer.Sharing.KEEPERS, []
    own.save(update_fields=["removed_at", "sharing", "roles"])


@transaction.atomic
def clear_out(*, municipality: Municipality) -> None:
    """Removed layers whose days are over, and files that nobody came back for."""
    now = timezone.now()
    late = OwnLayer.objects.of(municipality).filter(removed_at__lt=now - OwnLayer.KEPT)
    LayerFile.objects.of(municipality).filter(layer__in=late).delete()
    late.delete()
    old = LayerFile.objects.of(municipality).filter(created_at__lt=now - LayerFile.KEPT)
    for each in old.exclude(file=""):
        transaction.on_commit(partial(each.file.delete, save=False))
    old.filter(layer=None).delete()
    old.update(file="", report=None)


def later(kept: timedelta) -> Any:
    """When what is kept so long can be cleared out."""
    return timezone.now() + kept + timedelta(minutes=1)
