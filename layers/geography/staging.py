"""A file's rows beside the rows in force, compared and brought over as sets."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.db import connection
from django.utils import translation

from layers.geography.files.exchange import Reading
from layers.geography.files.request import What
from layers.geography.layouts import statement
from layers.geography.models import Municipality, Parcel, Zone

# Degrees: about 2 cm, a tenth of what a cadastral survey can tell apart.
TOLERANCE = 2e-7
# Metres; twice this is the widest street inside the outline of a town's parcels.
STREET = 25.0
COPIED = 5_000
ADDED = 20_000
FIRST_DAY = date(1900, 1, 1)
TEXTS = ("code", "kind", "parent", "name_ar", "name_en", "name_fr", "official_area")
COPY = "COPY staged (row, {}, area, geometry) FROM STDIN".format(", ".join(TEXTS))
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Share = Callable[[float], None]


def run(name: str, what: What | None = None, **params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement(name, what), params or None)
        return int(cursor.rowcount)


def _lines(reading: Reading) -> Iterator[str]:
    count = len(reading.row)
    texts = [reading.columns.get(name) or [""] * count for name in TEXTS]
    area = reading.area if len(reading.area) == count else [0.0] * count
    rows = zip(reading.row.tolist(), *texts, map(float, area), reading.wkb, strict=True)
    for row, *words, size, wkb in rows:
        told = "\t".join(word.translate(ESCAPES) or "\\N" for word in words)
        yield f"{row}\t{told}\t{size!r}\t{wkb.hex()}\n"


def stage(reading: Reading, share: Share) -> None:
    """Copy the rows into the temporary table `staged` of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged, compared, placed")
        cursor.execute(statement("stage"))
        lines, done = list(_lines(reading)), 0
        while done < len(lines):
            piece = io.StringIO("".join(lines[done : done + COPIED]))
            cursor.copy_expert(COPY, piece)
            done += COPIED
            share(min(done / len(lines), 1.0))
        cursor.execute("ANALYZE staged")


def compare(municipality: Municipality, what: What, kind: str) -> dict[str, int]:
    """Outcome → number of rows; fills the temporary table `compared`."""
    run(
        "compare",
        what,
        municipality=municipality.pk,
        kind=kind,
        tolerance=TOLERANCE,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE compared")
        cursor.execute("SELECT outcome, count(*) FROM compared GROUP BY outcome")
        return dict(cursor.fetchall())


def labels(what: What, kind: str) -> dict[str, str]:
    """The word for a nameless thing, before its code, in each language."""
    told = {}
    for language in ("ar", "en", "fr"):
        with translation.override(language):
            word = str(Zone.Kind(kind).label) if what is What.ZONES else ""
            told[f"label_{language}"] = f"{word.capitalize()} " if word else ""
    return told


def place(municipality: Municipality) -> int:
    """Find the zones of staged parcels; returns how many lie in none."""
    run("place_parcels", zones=_zones(municipality))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE placed")
        cursor.execute(
            "SELECT count(*) FROM compared LEFT JOIN placed USING (row)"
            " WHERE outcome IN ('added', 'changed') AND zone_id IS NULL"
        )
        return int(cursor.fetchone()[0])


def _zones(municipality: Municipality) -> list[int]:
    zones = Zone.objects.of(municipality).reporting()
    return list(zones.order_by().values_list("pk", flat=True))


def write(
    municipality: Municipality, what: What, *, kind: str, retire: bool, share: Share
) -> None:
    """Bring `compared` into the table: close, change, retire, add."""
    today = municipality.today()
    known = {"municipality": municipality.pk, "kind": kind, **labels(what, kind)}
    first = not _anything(municipality, what)
    run("archive", what, today=today, **known)
    run("change", what, today=today, **known)
    if retire:
        run("retire", what, today=today, **known)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(place) FROM compared WHERE row IS NOT NULL")
        last = cursor.fetchone()[0] or 0
    for after in range(0, last, ADDED):
        run(
            "add",
            what,
            after=after,
            upto=after + ADDED,
            valid_from=FIRST_DAY if first else today,
            **known,
        )
        share(min((after + ADDED) / last, 1.0))


def _anything(municipality: Municipality, what: What) -> bool:
    if what is What.PARCELS:
        return Parcel.objects.of(municipality).exists()
    if what is What.ZONES:
        return Zone.objects.of(municipality).exists()
    return False


def restate(municipality: Municipality) -> int:
    return run(
        "restate_parcels", municipality=municipality.pk, zones=_zones(municipality)
    )


def join_parents(municipality: Municipality, kind: str) -> None:
    run("zone_parents", municipality=municipality.pk, kind=kind)


def draw_boundary(municipality: Municipality, what: What, kind: str) -> None:
    run(
        "boundary",
        what,
        municipality=municipality.pk,
        srid=municipality.srid,
        street=STREET,
        kind=kind,
    )
    municipality.refresh_from_db(fields=["boundary"])
