"""Several needs at once: what a release says of deprivation, in words and bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.http import Http404
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from layers.explorer.asking import offered_by
from layers.explorer.rows import LTR, NO_DATA, WITHHELD, Row
from layers.geography.models import Zone
from layers.indicators.deprivation.schemes import SchemeDimension
from layers.indicators.models import AgeBand, DeprivationFigure, Estimate, Release

Measure = DeprivationFigure.Measure
ALL = AgeBand.ALL.value
BAR = 200
"""Units that a bar's full length has."""
TOLD = 6
"""Combinations that a page names."""

Figures = dict[tuple[str, str], DeprivationFigure]


@dataclass(frozen=True)
class Bar:
    """A share with its name; `figure` may be withheld."""

    name: str
    figure: DeprivationFigure
    current: bool = False
    full: float = 1.0
    """The share that fills the bar."""

    @property
    def percent(self) -> int | None:
        share = self.figure.estimate
        return None if share is None else round(100 * share)

    @property
    def symbol(self) -> str:
        return WITHHELD if self.percent is None else str(self.percent)

    @property
    def width(self) -> str:
        """As text: a template would write the reader's decimal sign."""
        return f"{BAR * (self.figure.estimate or 0.0) / self.full:.1f}"


@dataclass(frozen=True)
class Cutoff:
    """What is said at one limit of points."""

    points: int
    headcount: Bar
    adjusted: DeprivationFigure | None

    @property
    def m0(self) -> str:
        return score(self.adjusted)


@dataclass(frozen=True)
class Band:
    """One age band of a place, or all of them."""

    name: str
    used: Mapping[str, Any]
    """The scheme as the release used it; empty for all ages."""
    titles: Mapping[str, str]
    """Of indicators, by code."""
    figures: Figures

    @property
    def label(self) -> str:
        return str(AgeBand(self.name).label)

    @property
    def row(self) -> Row:
        """The headcount, as rows of indicators are shown."""
        return as_row(self.label, self.figures[Measure.HEADCOUNT, ""])

    @property
    def limit(self) -> str:
        if not self.used:
            return _("each age by its own list")
        said = {"cutoff": self.used["cutoff"], "total": self.used["total"]}
        return _("%(cutoff)s or more of %(total)s points") % said

    @property
    def intensity(self) -> str:
        """Of the points, how many of 100 the deprived lack."""
        found = self.figures.get((Measure.INTENSITY, ""))
        if found is None or found.estimate is None:
            return NO_DATA
        return str(round(100 * found.estimate))

    @property
    def adjusted(self) -> str:
        return score(self.figures.get((Measure.ADJUSTED, "")))

    @property
    def adjusted_range(self) -> str:
        found = self.figures.get((Measure.ADJUSTED, ""))
        if found is None or found.low is None or found.high is None:
            return NO_DATA
        low, high = number_format(found.low, 2), number_format(found.high, 2)
        return f"{low}{LTR}–{LTR}{high}"

    @property
    def dropped(self) -> int | None:
        return self.figures[Measure.HEADCOUNT, ""].dropped

    @property
    def listed(self) -> list[dict[str, Any]]:
        """Dimensions with their indicators and weights, as words."""
        return [
            {
                "name": dimension_name(dimension),
                "parts": [
                    {"title": self.titles.get(code, code), "weight": weight}
                    for code, weight in codes.items()
                ],
            }
            for dimension, codes in self.used.get("dimensions", {}).items()
        ]

    @property
    def unasked(self) -> list[str]:
        return [self.titles.get(code, code) for code in self.used.get("unasked", ())]

    def bars(self, measure: str, names: Mapping[str, str] | None = None) -> list[Bar]:
        """The greatest first, withheld ones last."""
        named = {
            part: figure
            for (kind, part), figure in self.figures.items()
            if kind == measure
        }
        full = max((each.estimate or 0.0 for each in named.values()), default=0.0)
        found = [
            Bar((names or {}).get(part, part), figure, full=full or 1.0)
            for part, figure in named.items()
        ]
        return sorted(
            found, key=lambda bar: (bar.percent is None, -(bar.percent or 0), bar.name)
        )

    @property
    def parts(self) -> list[Bar]:
        """What M0 is made of, by dimension; they add up to 100."""
        return self.bars(Measure.DIMENSION_PART, dict(dimension_names()))

    @property
    def lacks(self) -> list[Bar]:
        """How many lack each thing, whether deprived in all or not."""
        return self.bars(Measure.INDICATOR, self.titles)

    @property
    def censored(self) -> list[Bar]:
        return self.bars(Measure.CENSORED, self.titles)

    @property
    def things(self) -> list[dict[str, Any]]:
        """A row for each thing: lacking it, deprived and lacking it, its part of M0."""
        return [
            {
                "title": each.name,
                "lacks": each,
                "censored": Bar("", self.figures[Measure.CENSORED, each.figure.part]),
                "part": Bar("", self.figures[Measure.CONTRIBUTION, each.figure.part]),
            }
            for each in self.lacks
        ]

    @property
    def overlaps(self) -> list[Bar]:
        """The most frequent combinations; all others last."""
        found = [
            Bar(combination(figure.part), figure)
            for (kind, _part), figure in self.figures.items()
            if kind == Measure.OVERLAP and figure.estimate is not None
        ]
        found.sort(key=lambda bar: (bar.figure.part == "other", -(bar.percent or 0)))
        return found

    @property
    def told_overlaps(self) -> list[Bar]:
        several = [each for each in self.overlaps if "+" in each.figure.part]
        return several[:TOLD]

    @property
    def cutoffs(self) -> list[Cutoff]:
        found = {
            int(part): figure
            for (kind, part), figure in self.figures.items()
            if kind == Measure.CUTOFF
        }
        return [
            Cutoff(
                points,
                Bar("", found[points], current=points == self.used.get("cutoff")),
                self.figures.get((Measure.CUTOFF_ADJUSTED, str(points))),
            )
            for points in sorted(found)
        ]


@dataclass(frozen=True)
class Deprived:
    """Deprivation in a zone or (None) the town, by age band."""

    release: Release
    zone: Zone | None

    @cached_property
    def bands(self) -> list[Band]:
        """All ages first; empty where the release knows of no deprivation."""
        rows = DeprivationFigure.objects.of_release(self.release).filter(zone=self.zone)
        used = self.release.deprivation.get("bands", {})
        titles = {code: each.title for code, each in offered_by(self.release).items()}
        figures: dict[str, Figures] = {}
        for row in rows:
            figures.setdefault(row.band, {})[row.measure, row.part] = row
        return [
            Band(name, used.get(name, {}), titles, figures[name])
            for name in AgeBand.values
            if name in figures
        ]

    def band(self, name: str) -> Band:
        """Raises Http404 for a band that the release does not have."""
        for each in self.bands:
            if each.name == name:
                return each
        raise Http404(_("There are no figures for this age band."))

    @property
    def shown(self) -> bool:
        return any(band.row.shown for band in self.bands)

    @property
    def composed(self) -> list[Band]:
        """Bands whose M0 is taken apart; of the town alone."""
        return [band for band in self.bands if any(x.percent for x in band.parts)]


def zone_rows(release: Release, band: str) -> list[dict[str, Any]]:
    """Headcount, A and M0 of each zone, the greatest need first, with the part of the
    need of all zones shown that lies in it.
    """
    rows = (
        DeprivationFigure.objects.of_release(release)
        .of_band(band)
        .exclude(zone=None)
        .select_related("zone")
        .defer("zone__geometry", "zone__geometry_3857")
    )
    by_zone: dict[int, dict[str, DeprivationFigure]] = {}
    for row in rows:
        if row.zone_id is not None:
            by_zone.setdefault(row.zone_id, {})[row.measure] = row
    points = {
        pk: (found[Measure.ADJUSTED].estimate or 0.0)
        * (found[Measure.HEADCOUNT].population or 0)
        for pk, found in by_zone.items()
    }
    total = sum(points.values())
    found = [
        {
            "row": as_row(own.zone.name if own.zone else "", own),
            "intensity": share_of_100(parts.get(Measure.INTENSITY)),
            "adjusted": score(parts[Measure.ADJUSTED]),
            "part": round(100 * points[pk] / total) if total and own.estimate else None,
        }
        for pk, parts in by_zone.items()
        if (own := parts[Measure.HEADCOUNT])
    ]
    return sorted(
        found,
        key=lambda each: (
            not each["row"].shown,
            -(each["row"].figure.estimate or 0),
            each["row"].name,
        ),
    )


def as_row(name: str, figure: DeprivationFigure) -> Row:
    """A headcount has all that a row shows of a figure."""
    return Row(name, cast("Estimate", figure))


def score(figure: DeprivationFigure | None) -> str:
    """M0 with two decimals, or why there is none."""
    if figure is None:
        return NO_DATA
    if figure.estimate is None:
        return NO_DATA if figure.flag == "no_data" else WITHHELD
    return number_format(figure.estimate, 2)


def share_of_100(figure: DeprivationFigure | None) -> str:
    if figure is None or figure.estimate is None:
        return NO_DATA
    return str(round(100 * figure.estimate))


def combination(part: str) -> str:
    if part == "none":
        return _("nothing of the list")
    if part == "other":
        return _("other combinations")
    return " + ".join(dimension_name(each) for each in part.split("+"))


def dimension_name(name: str) -> str:
    return dict(dimension_names()).get(name, name)


def dimension_names() -> list[tuple[str, str]]:
    return [(value, str(label)) for value, label in SchemeDimension.choices]
