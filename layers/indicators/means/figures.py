"""The means of a release: of zones and the town, all children, in the unit of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from layers.geography.models import Zone
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.disclosure import means as disclosure
from layers.indicators.disclosure.means import Held, Households, Scale, Told
from layers.indicators.disclosure.suppression import SENSITIVE, USUAL, shown_count
from layers.indicators.estimator import Estimator
from layers.indicators.figures import FLAG, REASON, shown_total
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.means.estimates import Counted, Estimated, estimated
from layers.indicators.models import (
    FamilyCounts,
    MeanEstimate,
    ObservationSet,
    Release,
)
from layers.indicators.samples.sample import Sample

KEPT_DIGITS = 9


@dataclass(frozen=True)
class MeanFigure:
    """What may be said of a zone (None: the town), in the unit of the definition."""

    indicator: str
    definition_version: int
    zone: Zone | None
    flag: str
    reason: str
    estimate: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    df: int | None = None
    deff: float | None = None
    population: int | None = None
    n: int | None = None
    households: int | None = None

    @property
    def breakdown(self) -> str:
        return ALL


VALUES = (
    *("estimate", "se", "low", "high", "df"),
    *("deff", "population", "n", "households"),
)


def households_of(sample: Sample, counted: Counted) -> Households:
    """Who gives to the sums, household by household."""
    unit, at = np.unique(sample.child_unit[counted.index], return_inverse=True)
    return Households(
        zone=sample.unit_zone[unit],
        children=np.bincount(at),
        weight=np.bincount(at, counted.weight).astype(np.float64),
        amount=np.bincount(at, counted.weight * counted.position).astype(np.float64),
    )


def rule_of(indicator: MeanIndicator) -> disclosure.Rule:
    return SENSITIVE if indicator.sensitive else USUAL


@dataclass(frozen=True)
class Mean:
    """One definition's means in a new release."""

    indicator: MeanIndicator
    zones: Sequence[Zone]
    found: Estimated
    reasons: list[str]
    """(zones + 1,)"""
    told: Told
    held: Held
    former: Mapping[int | None, MeanEstimate]

    @classmethod
    def of(cls, estimator: Estimator, indicator: MeanIndicator, past: Past) -> Mean:
        sample, rule = estimator.sample, rule_of(indicator)
        counted = Counted.of(estimator, indicator)
        given = households_of(sample, counted)
        reasons = disclosure.withheld(given, len(sample.zones), rule)
        keys = [zone.pk for zone in sample.zones]
        fresh = (
            key
            for key, reason in zip(keys, reasons[:-1], strict=True)
            if not disclosure.unsaid(reason)
        )
        new = Told(
            indicator.version,
            _contents(sample, indicator, counted),
            frozenset(fresh),
            town=not reasons[-1],
        )
        held = disclosure.held_back(
            past.told.get(indicator.code, []),
            new,
            Scale(indicator.least, indicator.most, rule),
            given,
            keys,
        )
        told = replace(
            new, fresh=new.fresh - held.zones, town=new.town and not held.town
        )
        return cls(
            indicator=indicator,
            zones=sample.zones,
            found=estimated(estimator, indicator, counted),
            reasons=reasons,
            told=told,
            held=held,
            former=past.former.get(indicator.code, {}),
        )

    def figures(self) -> Iterator[MeanFigure]:
        for place, zone in enumerate((*self.zones, None)):
            held = self.held.town if zone is None else zone.pk in self.held.zones
            figure = self._figure(place, zone)
            yield self._kept(figure) if held else figure

    def _figure(self, place: int, zone: Zone | None) -> MeanFigure:
        indicator, found, reason = self.indicator, self.found, self.reasons[place]
        nothing = MeanFigure(
            indicator.code, indicator.version, zone, flag="", reason=_said(reason)
        )
        if reason:
            no_data = reason == disclosure.NO_DATA
            return replace(
                nothing, flag=str(FLAG.NO_DATA if no_data else FLAG.WITHHELD)
            )
        solid = bool(found.reliable[place])
        return replace(
            nothing,
            flag=str(FLAG.RELIABLE if solid else FLAG.UNCERTAIN),
            reason=str(REASON.NONE if solid else REASON.SMALL_SAMPLE),
            estimate=indicator.rounded(float(found.estimate[place])),
            se=_round_error(found.se[place], indicator),
            low=_rounded(found.low[place], indicator),
            high=_rounded(found.high[place], indicator),
            df=int(found.df[place]),
            deff=_known(round(float(found.deff[place]), 2)),
            population=int(shown_total(found.population[place])),
            n=int(shown_count(found.n[place])),
            households=int(shown_count(found.households[place])),
        )

    def _kept(self, figure: MeanFigure) -> MeanFigure:
        """What the last release said; nothing where it said nothing, or in another unit."""
        former = self.former.get(figure.zone.pk if figure.zone else None)
        if former is None or former.definition_version != self.indicator.version:
            return MeanFigure(
                figure.indicator,
                figure.definition_version,
                figure.zone,
                flag=str(FLAG.WITHHELD),
                reason=str(REASON.PROTECTS_OTHERS),
            )
        values: dict[str, Any] = {name: getattr(former, name) for name in VALUES}
        return replace(figure, flag=former.flag, reason=former.reason, **values)

    def counts(self) -> dict[str, Any]:
        """What the release after this one is compared with; read back by `_read`."""
        return {
            "mean": {
                "version": self.told.version,
                "contents": {
                    str(zone): [[*entry, many] for entry, many in sorted(found.items())]
                    for zone, found in self.told.contents.items()
                },
                "fresh": sorted(self.told.fresh),
                "town": self.told.town,
            }
        }


def _said(reason: str) -> str:
    """Why a single household could be known is not told."""
    return str(REASON.PROTECTS_OTHERS) if reason == disclosure.DOMINATED else reason


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _rounded(value: float, indicator: MeanIndicator) -> float | None:
    return None if np.isnan(value) else indicator.rounded(float(value))


def _round_error(value: float, indicator: MeanIndicator) -> float | None:
    """To a tenth of the step of means."""
    if np.isnan(value):
        return None
    tenth = indicator.step / 10
    return round(round(float(value) / tenth) * tenth, indicator.digits + 1)


def _contents(
    sample: Sample, indicator: MeanIndicator, counted: Counted
) -> dict[int, disclosure.Content]:
    """By the zone's key, its households as (children, sum of their values)."""
    unit, at = np.unique(sample.child_unit[counted.index], return_inverse=True)
    values = sample.columns[indicator.number][counted.index]
    size, total = np.bincount(at), np.bincount(at, weights=values)
    found: dict[int, disclosure.Content] = {zone.pk: Counter() for zone in sample.zones}
    for place, many, each in zip(sample.unit_zone[unit], size, total, strict=True):
        entry = int(many), round(float(each), KEPT_DIGITS)
        found[sample.zones[place].pk][entry] += 1
    return found


@dataclass(frozen=True)
class Past:
    """The means in the releases of a round so far, by code."""

    told: Mapping[str, list[Told]]
    """The oldest first."""
    former: Mapping[str, Mapping[int | None, MeanEstimate]]
    """What the last release says, by zone."""

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Past:
        releases = Release.objects.filter(observation_set=observation_set)
        last = releases.latest_first().first()
        told: dict[str, list[Told]] = defaultdict(list)
        rows = FamilyCounts.objects.filter(
            release__in=releases, content__has_key="mean"
        )
        for row in rows.order_by("release__number"):
            told[row.family].append(_read(row.content["mean"]))
        former: dict[str, dict[int | None, MeanEstimate]] = defaultdict(dict)
        for said in MeanEstimate.objects.of_release(last) if last else ():
            former[said.indicator][said.zone_id] = said
        return cls(told, former)


def _read(content: Mapping[str, Any]) -> Told:
    return Told(
        content["version"],
        {
            int(zone): Counter({(size, each): many for size, each, many in entries})
            for zone, entries in content["contents"].items()
        },
        frozenset(content["fresh"]),
        content["town"],
    )


def means_of(
    sample: Sample, indicators: Sequence[MeanIndicator], past: Past
) -> list[Mean]:
    if not indicators:
        return []
    estimator = Estimator(sample)
    return [Mean.of(estimator, each, past) for each in indicators]


def store_means(release: Release, means: Sequence[Mean]) -> None:
    """The figures, and what the next release is compared with."""
    municipality = release.municipality
    MeanEstimate.objects.bulk_create(
        MeanEstimate(municipality=municipality, release=release, **_columns(figure))
        for each in means
        for figure in each.figures()
    )
    FamilyCounts.objects.bulk_create(
        FamilyCounts(
            municipality=municipality,
            release=release,
            family=each.indicator.code,
            content=each.counts(),
        )
        for each in means
    )


def _columns(figure: MeanFigure) -> dict[str, Any]:
    return {
        name: getattr(figure, name) for name in (each.name for each in fields(figure))
    }
