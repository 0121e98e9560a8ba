"""A release as files: for people, for statisticians, for other systems."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from math import sqrt
from typing import IO, Any

from django.utils.translation import gettext as _

from layers.explorer import mean_files, sdmx
from layers.explorer.asking import figures
from layers.explorer.larger import Place, places_of
from layers.explorer.modelled import by_figure
from layers.explorer.workbook import write_workbook
from layers.indicators import releases
from layers.indicators.definitions.municipal import indicators_in, means_in
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import (
    AgeBand,
    AreaEstimate,
    Change,
    DeprivationFigure,
    Estimate,
    ModelledEstimate,
    Release,
)
from layers.indicators.samples.known_totals import sentence
from layers.indicators.samples.observations import WOMEN
from layers.indicators.samples.people import people_of
from layers.maps.downloads import BOM, safe

CSV = "text/csv; charset=utf-8"
TYPES = {
    "figures.csv": CSV,
    "means.csv": CSV,
    "figures.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sdmx.csv": "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8",
    "geosight.csv": CSV,
}
SMALL = 4 * 1024 * 1024


def release_file(release: Release, form: str) -> IO[bytes]:
    """The release as a spooled file; a page of rows is held at a time.

    Withheld figures stand in every file, without a value and with their reason.
    """
    out = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115
    WRITERS[form](out, release)
    out.seek(0)
    return out


def headings() -> list[str]:
    return [
        _("indicator"), _("title"), _("zone code"), _("zone"), _("group"), _("round"),
        _("reference date"), _("release"), _("definition version"), _("percent"),
        _("standard error"), _("from"), _("to"), _("degrees of freedom"),
        _("design effect"), _("children asked, rounded"), _("households, rounded"),
        _("children, estimated"), _("children in need, estimated"),
        _("reliability"), _("reason"), _("modelled, percent"), _("modelled, from"),
        _("modelled, to"), _("model"), _("weight of own answers, percent"),
        _("level"), _("its zones"),
    ]  # fmt: skip


Said = Estimate | AreaEstimate


def lines(release: Release) -> Iterator[list[Any]]:
    """A line a figure of zones and the town."""
    yield from _lines(release, ((_place(row), row) for row in stored(release)))


def area_lines(release: Release) -> Iterator[list[Any]]:
    """The same of larger areas."""
    yield from _lines(release, places_of(release))


def _place(row: Estimate) -> Place:
    if row.zone is None:
        return Place("", _("Whole town"), _("Whole town"))
    return Place(row.zone.code, row.zone.name, row.zone.get_kind_display())


def _lines(release: Release, rows: Iterable[tuple[Place, Said]]) -> Iterator[list[Any]]:
    """Shares as percent, empty where nothing is published."""
    observed = release.observation_set
    constant = [
        releases.round_title(observed),
        observed.reference_date.isoformat(),
        release.number,
    ]
    titles = titles_of(release)
    modelled = by_figure(release)
    for place, row in rows:
        yield [
            row.indicator,
            titles[row.indicator],
            place.code,
            place.name,
            people_of(row.indicator).group(row.breakdown),
            *constant,
            row.definition_version,
            *(percent(share) for share in (row.estimate, row.se, row.low, row.high)),
            *(row.df, row.deff, row.n, row.households, row.population, row.total),
            str(Estimate.Flag(row.flag).label),
            people_of(row.indicator).reason(row.reason),
            *modelled_cells(row, modelled),
            place.level,
            place.zones,
        ]


def modelled_cells(
    row: Said, modelled: Mapping[tuple[str, int], ModelledEstimate]
) -> list[Any]:
    """Estimate, bounds, method and weight; empty but for all children of a zone."""
    found = None
    if isinstance(row, Estimate) and row.zone_id and row.breakdown == ALL:
        found = modelled.get((row.indicator, row.zone_id))
    if found is None:
        return [None] * 5
    return [
        *(percent(share) for share in (found.estimate, found.low, found.high)),
        str(ModelledEstimate.Method(found.method).label),
        percent(found.own_weight),
    ]


def stored(release: Release) -> Iterator[Estimate]:
    ordered = figures(release).order_by("indicator", "breakdown", "zone__code")
    return ordered.iterator(chunk_size=2000)


def titles_of(release: Release) -> dict[str, str]:
    """The titles today; the code where the indicator is no longer known."""
    known = {code: each.title for code, each in indicators_in(release).items()}
    known |= {code: each.title for code, each in means_in(release).items()}
    return {code: known.get(code, code) for code in release.definitions}


def percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _figures_csv(out: IO[bytes], release: Release) -> None:
    rows = chain(lines(release), area_lines(release))
    _write_csv(out, headings(), rows, mark=True)


def _sdmx_csv(out: IO[bytes], release: Release) -> None:
    areas = AreaEstimate.objects.of_release(release)
    rows = chain[Said](stored(release), areas)
    written = chain(sdmx.lines(release, rows), mean_files.sdmx_lines(release))
    _write_csv(out, sdmx.COLUMNS, written, mark=False)


def _means_csv(out: IO[bytes], release: Release) -> None:
    rows = mean_files.lines(release)
    _write_csv(out, mean_files.headings(), rows, mark=True)


def _geosight_csv(out: IO[bytes], release: Release) -> None:
    """The long table that UNICEF's GeoSight takes: keyed on geom_code and date."""
    header = ["geom_code", "date", "indicator", "value", "attributes"]
    rows = chain(geosight_lines(release), mean_files.geosight_lines(release))
    _write_csv(out, header, rows, mark=False)


def geosight_lines(release: Release) -> Iterator[list[Any]]:
    day = release.observation_set.reference_date.isoformat()
    town = release.municipality.slug
    modelled = by_figure(release)
    parents = AreaEstimate.objects.of_release(release).exclude(area__zone=None)
    # Merged zones have no shape of their own in a reference data set.
    for row in chain[Said](stored(release), parents):
        share, low, high, model, weight = modelled_cells(row, modelled)
        said = {
            "group": row.breakdown,
            "low": percent(row.low),
            "high": percent(row.high),
            "se": percent(row.se),
            "n": row.n,
            "children_in_need": row.total,
            "who": WOMEN if people_of(row.indicator).apart else None,
            "flag": row.flag,
            "reason": row.reason,
            "release": release.number,
            "definition_version": row.definition_version,
            "modelled": share,
            "modelled_low": low,
            "modelled_high": high,
            "model": str(model) if model else None,
            "own_weight": weight,
        }
        known = {name: value for name, value in said.items() if value not in (None, "")}
        yield [
            row.zone.code if row.zone else town,
            day,
            row.indicator,
            percent(row.estimate),
            json.dumps(known, ensure_ascii=False),
        ]


def _write_csv(
    out: IO[bytes],
    header: Iterable[str],
    rows: Iterable[list[Any]],
    *,
    mark: bool,
) -> None:
    """UTF-8; with a mark in front where Excel is the reader."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    if mark:
        text.write(BOM)
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    text.detach()


def _figures_xlsx(out: IO[bytes], release: Release) -> None:
    sheets = [
        (_("Figures"), headings(), lines(release)),
        (_("Means"), mean_files.headings(), mean_files.lines(release)),
        (_("Sampling errors"), precision_headings(), precision_lines(release)),
        (_("Changes"), change_headings(), change_lines(release)),
        (_("Several needs"), deprivation_headings(), deprivation_lines(release)),
        (_("Larger areas"), headings(), area_lines(release)),
        (_("About"), [_("what"), _("value")], about(release)),
    ]
    write_workbook(out, sheets)


def precision_headings() -> list[str]:
    return [
        _("indicator"), _("zone"), _("group"), _("value (r), percent"),
        _("standard error, points"), _("coefficient of variation, percent"),
        _("design effect (deff)"), _("square root (deft)"), _("weighted count"),
        _("unweighted count"), "r − 2se", "r + 2se",
    ]  # fmt: skip


def precision_lines(release: Release) -> Iterator[list[Any]]:
    """As MICS reports print it; published figures only."""
    titles = titles_of(release)
    for row in stored(release):
        share, error = row.estimate, row.se
        if share is None or error is None:
            continue
        yield [
            titles[row.indicator],
            row.zone.name if row.zone else _("Whole town"),
            people_of(row.indicator).group(row.breakdown),
            percent(share),
            percent(error),
            percent(error / share) if share else None,
            row.deff,
            None if row.deff is None else round(sqrt(row.deff), 2),
            row.population,
            row.n,
            percent(max(share - 2 * error, 0.0)),
            percent(min(share + 2 * error, 1.0)),
        ]


def change_headings() -> list[str]:
    return [
        _("indicator"), _("zone"), _("group"), _("former release"),
        _("difference, points"), _("standard error"), _("from"), _("to"),
        _("p-value, adjusted"), _("verdict"), _("reason"),
    ]  # fmt: skip


def change_lines(release: Release) -> Iterator[list[Any]]:
    found = (
        Change.objects.of_release(release)
        .select_related("zone", "former")
        .defer("zone__geometry", "zone__geometry_3857", "former__likeness")
        .order_by("indicator", "breakdown", "zone__code")
    )
    titles = titles_of(release)
    for row in found.iterator(chunk_size=2000):
        parts = (row.difference, row.se, row.low, row.high)
        yield [
            titles[row.indicator],
            row.zone.name if row.zone else _("Whole town"),
            people_of(row.indicator).group(row.breakdown),
            row.former.number,
            *(percent(part) for part in parts),
            row.p,
            str(Change.Verdict(row.verdict).label),
            str(Change.Reason(row.reason).label),
        ]


def deprivation_headings() -> list[str]:
    return [
        _("age band"), _("zone code"), _("zone"), _("measure"), _("of what"),
        _("percent"), _("standard error"), _("from"), _("to"),
        _("children asked, rounded"), _("children left out, rounded"),
        _("deprived children, estimated"), _("reliability"), _("reason"),
    ]  # fmt: skip


def deprivation_lines(release: Release) -> Iterator[list[Any]]:
    """H, A, M0 and what the town's are made of, as percent of their whole."""
    found = (
        DeprivationFigure.objects.of_release(release)
        .select_related("zone")
        .defer("zone__geometry", "zone__geometry_3857")
        .order_by("band", "zone__code", "measure", "part")
    )
    for row in found.iterator(chunk_size=2000):
        yield [
            str(AgeBand(row.band).label),
            row.zone.code if row.zone else "",
            row.zone.name if row.zone else _("Whole town"),
            str(DeprivationFigure.Measure(row.measure).label),
            row.part,
            *(percent(share) for share in (row.estimate, row.se, row.low, row.high)),
            *(row.n, row.dropped, row.total),
            str(Estimate.Flag(row.flag).label),
            str(Estimate.Reason(row.reason).label),
        ]


def about(release: Release) -> Iterator[list[Any]]:
    observed = release.observation_set
    yield [_("Municipality"), release.municipality.name]
    yield [_("Round"), releases.round_title(observed)]
    yield [_("Reference date"), observed.reference_date.isoformat()]
    yield [_("Release"), release.number]
    yield [_("Computed"), release.computed_at.date().isoformat()]
    yield [_("Source"), observed.source]
    if weighted := sentence(release.calibration):
        yield [_("Weights"), weighted]
    yield [
        _("Empty cells"),
        _("Withheld to protect children, or no child was asked: see the reason."),
    ]
    yield [
        _("Modelled"),
        _(
            "Not measured: drawn towards the other zones where few children were asked, "
            "from the published figures alone. Never used for a withheld zone."
        ),
    ]
    yield [
        _("Rounding"),
        _(
            "Children and households asked to 5, estimated children to 10, shares "
            "under 100 children to whole percents, means to about a hundredth of the "
            "width between their limits."
        ),
    ]
    titles = titles_of(release)
    of_women = [titles[code] for code in titles if people_of(code).apart]
    if of_women:
        yield [
            _("Women"),
            _(
                "These indicators count women aged 20 to 24 wherever a column speaks of "
                "children: %(titles)s."
            )
            % {"titles": ", ".join(of_women)},
        ]
    for code, version in release.definitions.items():
        yield [f"{code}, {_('definition')} {version}", titles[code]]


WRITERS: dict[str, Callable[[IO[bytes], Release], None]] = {
    "figures.csv": _figures_csv,
    "means.csv": _means_csv,
    "figures.xlsx": _figures_xlsx,
    "sdmx.csv": _sdmx_csv,
    "geosight.csv": _geosight_csv,
}
