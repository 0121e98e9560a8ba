from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from django.contrib.gis.geos import Polygon
from django.core.files import File
from django.db import transaction
from django.utils.translation import override

from layers.geography import preview, staging
from layers.geography.errors import ImportRefused
from layers.geography.events import geography_changed
from layers.geography.files.exchange import Reading
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Missing, Options, Request, What
from layers.geography.files.sandbox import optimise_raster, read_upload
from layers.geography.folding import folded
from layers.geography.models import Facility, Municipality, Raster, Zone
from layers.geography.report import Report
from layers.geography.tenancy import tenant

Progress = Callable[[str, float], None]
# Degrees: about 50 m, for boundaries that were drawn by hand.
NEAR = 0.0005
# A file that lacks more of what is in force than this is taken for a part of it.
MOST_RETIRED = 0.10
RASTER_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# Kinds whose cells count people.
PEOPLE = (Raster.Kind.POPULATION, Raster.Kind.CHILDREN)


def quiet(stage: str, share: float) -> None:
    """Progress told to nobody."""


def import_file(
    *,
    municipality: Municipality,
    what: What,
    path: Path,
    options: Options,
    dry_run: bool = False,
    picture: dict[str, Any] | None = None,
    progress: Progress = quiet,
) -> Report:
    """Bring a file of parcels, zones or facilities into force: all of it or nothing.

    The report says what was done, or would be on a `dry_run`; where it is `blocked`
    nothing was written. A `picture` is filled with the preview's paths. Raises
    ImportRefused for a file that can't be taken at all.
    """
    what = What(what)
    request = Request(
        path=str(path), what=what, srid=municipality.srid, options=options
    )
    try:
        reading = read_upload(request, progress)
    except Unreadable as error:
        raise ImportRefused.of(error) from error
    report = _judge(municipality, what, reading, options)
    with tenant(municipality), transaction.atomic():
        # One import at a time: the comparison must hold until it is written.
        Municipality.objects.select_for_update(no_key=True).get(pk=municipality.pk)
        _bring(municipality, what, reading, options, report, picture, progress)
        if dry_run or report.blocked:
            transaction.set_rollback(True)
    if dry_run or report.blocked:
        municipality.refresh_from_db(fields=["boundary"])
        return report
    report.applied = True
    if report.touched:
        transaction.on_commit(
            partial(
                geography_changed.send,
                sender=Municipality,
                municipality=municipality,
                what=what.value,
                report=report,
            )
        )
    return report


def _judge(
    municipality: Municipality, what: What, reading: Reading, options: Options
) -> Report:
    """Refuse what only the town can judge: place and kind. Thins `reading`."""
    report = Report(about=reading.about, notes=list(reading.about.pop("notes")))
    refused = list(reading.refused)
    keep = np.ones(len(reading.row), dtype=bool)
    if what is What.FACILITIES:
        refused += _set_kinds(reading, options, keep)
    outside = _outside(municipality, what, reading, options)
    for number in np.flatnonzero(outside & keep).tolist():
        code = reading.columns["code"][number]
        refused.append((int(reading.row[number]), "outside_municipality", code))
        report.about["refused_points"].append(reading.point[number].tolist())
    keep &= ~outside
    _thin(reading, keep)
    report.refused = sorted(refused)
    report.refused_count = len({row for row, _code, _value in refused})
    gone = {row for row, _code, _value in refused}
    report.repaired = [one for one in reading.repaired if one[0] not in gone]
    report.repaired_count = len(report.repaired)
    report.area = float(reading.area.sum())
    return report


def _words_of_kinds() -> dict[str, str]:
    """Each kind by its code and by what it is called in any language of the portal."""
    known: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {
                folded(str(label)): value for value, label in Facility.Kind.choices
            }
    return known | {value: value for value in Facility.Kind.values}


def _set_kinds(
    reading: Reading, options: Options, keep: np.ndarray
) -> list[tuple[int, str, str]]:
    """Put each facility's kind into our words; those that have none are refused."""
    if options.kind:
        reading.columns["kind"] = [options.kind] * len(reading.row)
    if "kind" not in reading.columns:
        raise ImportRefused("no_kind", kinds=", ".join(Facility.Kind.values))
    known = _words_of_kinds()
    refused = []
    kinds = reading.columns["kind"]
    for number, word in enumerate(kinds):
        kinds[number] = known.get(folded(word), "")
        if not kinds[number]:
            keep[number] = False
            refused.append((int(reading.row[number]), "kind_unknown", word[:60]))
    return refused


def _outside(
    municipality: Municipality, what: What, reading: Reading, options: Options
) -> np.ndarray:
    """Which rows lie outside the boundary. All of them: ImportRefused."""
    count = len(reading.row)
    redraws = options.set_boundary and what is not What.FACILITIES
    if municipality.boundary is None or redraws or not count:
        return np.zeros(count, dtype=bool)
    boundary = shapely.from_wkb(bytes(municipality.boundary.wkb))
    near = shapely.buffer(boundary, NEAR)
    shapely.prepare(near)
    outside = ~shapely.contains_xy(near, reading.point)
    if count > 1 and outside.all():
        away = shapely.distance(boundary, shapely.points(reading.point)).min() * 111
        raise ImportRefused(
            "all_outside",
            count=count,
            kilometres=f"{away:,.1f}" if away < 10 else f"{away:,.0f}",
            crs=reading.about["crs"],
        )
    return np.asarray(outside)


def _thin(reading: Reading, keep: np.ndarray) -> None:
    if keep.all():
        return
    kept = np.flatnonzero(keep).tolist()
    reading.row, reading.point = reading.row[keep], reading.point[keep]
    reading.area = reading.area[keep]
    reading.wkb = [reading.wkb[number] for number in kept]
    reading.columns = {
        role: [texts[number] for number in kept]
        for role, texts in reading.columns.items()
    }


def _bring(  # noqa: PLR0917
    municipality: Municipality,
    what: What,
    reading: Reading,
    options: Options,
    report: Report,
    picture: dict[str, Any] | None,
    progress: Progress,
) -> None:
    kind = _zone_kind(reading, options) if what is What.ZONES else ""
    staging.stage(reading, partial(progress, "copying"))
    counts = staging.compare(municipality, what, kind)
    report.added = counts.get("added", 0)
    report.changed = counts.get("changed", 0)
    report.unchanged = counts.get("unchanged", 0)
    _settle_missing(report, options, counts.get("retired", 0))
    if picture is not None:
        spots = report.about["refused_points"]
        picture.update(preview.draw(municipality, what, kind, spots))
    if report.refused_count and not options.skip_refused:
        report.blocked = "refused"
    if report.blocked or not report.touched:
        return
    if what is What.PARCELS:
        zoneless = staging.place(municipality)
        if zoneless and Zone.objects.of(municipality).current().exists():
            report.notes.append(("zoneless", {"count": zoneless}))
    staging.write(
        municipality,
        what,
        kind=kind,
        retire=bool(report.retired),
        share=partial(progress, "writing"),
    )
    _follow(municipality, what, kind, options, report)


def _zone_kind(reading: Reading, options: Options) -> str:
    """One kind for all zones of a file: as chosen, else as the file says."""
    stated = set(reading.columns.pop("kind", [])) & set(Zone.Kind.values)
    if not options.kind and len(stated) > 1:
        raise ImportRefused("mixed_kinds", kinds=", ".join(sorted(stated)))
    return str(options.kind or next(iter(stated), Zone.Kind.QUARTER))


def _settle_missing(report: Report, options: Options, missing: int) -> None:
    """Decide about what is in force and not in the file; see docs/decisions."""
    in_force = missing + report.changed + report.unchanged
    if options.missing is Missing.KEEP:
        report.kept = missing
        return
    report.retired = missing
    if options.missing is Missing.ASK and missing > MOST_RETIRED * in_force:
        report.blocked = "missing"


def _follow(
    municipality: Municipality, what: What, kind: str, options: Options, report: Report
) -> None:
    """What a changed geography brings with it: parents, parcels' zones, the outline."""
    if what is What.FACILITIES:
        return
    if what is What.ZONES:
        staging.join_parents(municipality, kind)
        restated = staging.restate(municipality)
        if restated:
            report.notes.append(("restated", {"count": restated}))
    if municipality.boundary is None or options.set_boundary:
        staging.draw_boundary(municipality, what, kind)
        report.notes.append(("boundary_set", {}))


@transaction.atomic
def import_raster(
    *,
    municipality: Municipality,
    path: Path,
    kind: str,
    names: dict[str, str],
    code: str = "",
    attribution: str = "",
    licence: str = "",
) -> tuple[Raster, str]:
    """Keep a GeoTIFF, as a Cloud Optimized one, under the hash of the file given.

    Returns it and what became of it: "added", "unchanged" (the same file again) or
    "changed" (the former one of this `code` is closed; the kind is the code unless
    told). Of the same file again a source or a licence is kept. Raises ImportRefused.
    """
    code = code or kind
    if not RASTER_CODE.fullmatch(code):
        raise ImportRefused("raster_code")
    with tempfile.TemporaryDirectory(prefix="raster-") as folder:
        optimised = Path(folder) / "optimised.tif"
        told = _read_raster(municipality, path, kind, optimised)
        content = digest(path)
        today = municipality.today()
        current = Raster.objects.of(municipality).current().filter(code=code).first()
        if current and (current.sha256, current.kind) == (content, kind):
            return _sourced(current, attribution, licence), "unchanged"
        if current:
            Raster.objects.filter(pk=current.pk).update(valid_until=today)
        raster = Raster(
            municipality=municipality,
            code=code,
            kind=kind,
            name_ar=names.get("ar") or str(Raster.Kind(kind).label),
            name_en=names.get("en", ""),
            name_fr=names.get("fr", ""),
            srid=told["srid"],
            width=told["width"],
            height=told["height"],
            extent=told["extent"],
            sha256=content,
            attribution=attribution,
            licence=licence,
            valid_from=today if current else staging.FIRST_DAY,
        )
        with optimised.open("rb") as file:
            raster.file.save(
                f"{municipality.slug}/{content}.tif", File(file), save=False
            )
    raster.save()
    return raster, "changed" if current else "added"


def _sourced(raster: Raster, attribution: str, licence: str) -> Raster:
    raster.attribution = attribution or raster.attribution
    raster.licence = licence or raster.licence
    raster.save(update_fields=["attribution", "licence"])
    return raster


def _read_raster(
    municipality: Municipality, path: Path, kind: str, optimised: Path
) -> dict[str, Any]:
    """What the file says, its extent as a polygon. Raises ImportRefused."""
    try:
        told = optimise_raster(path, optimised)
    except Unreadable as error:
        raise ImportRefused.of(error) from error
    extent = Polygon.from_bbox(told["extent"])
    extent.srid = 4326
    if municipality.boundary and not extent.intersects(municipality.boundary):
        raise ImportRefused("raster_outside", crs=f"EPSG:{told['srid']}")
    if kind in PEOPLE and told["least"] < 0:
        raise ImportRefused("raster_negative", least=f"{told['least']:g}")
    return {**told, "extent": extent}


def add_municipality(
    *,
    slug: str,
    names: dict[str, str],
    country: str,
    currency: str,
    time_zone: str,
    srid: int,
) -> Municipality:
    """`names` by language (ar, en, fr). Raises ValidationError on unfit values."""
    municipality = Municipality(
        slug=slug,
        name_ar=names.get("ar") or names.get("en") or names.get("fr") or slug,
        name_en=names.get("en", ""),
        name_fr=names.get("fr", ""),
        country=country,
        currency=currency,
        time_zone=time_zone,
        srid=srid,
    )
    municipality.full_clean()
    municipality.save()
    return municipality


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
