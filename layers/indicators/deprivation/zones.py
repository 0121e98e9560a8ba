"""H, A and M0 of every zone and age band, and which of them may be said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.deprivation import measures as deprivation
from layers.indicators.deprivation.domains import Domains, as_share
from layers.indicators.deprivation.measures import Booleans, Figure, Integers
from layers.indicators.deprivation.scores import Scored, step_of
from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.differencing import Issued
from layers.indicators.figures import shown_total
from layers.indicators.models import AgeBand, DeprivationFigure, Estimate

Measure = DeprivationFigure.Measure
FLAG, REASON = Estimate.Flag, Estimate.Reason
ALL = str(AgeBand.ALL)
Key = tuple[str, str | None]
"""Band and code of the zone; None for the town."""


@dataclass(frozen=True)
class Table:
    """Rows are the bands, then all of them; columns the zones, then the town."""

    scored: Scored
    cells: suppression.Table
    reasons: np.ndarray
    """(rows x columns,) empty where a figure may be shown."""
    issued: Issued

    @property
    def rule(self) -> suppression.Rule:
        return rule_of(self.scored)

    @property
    def keys(self) -> list[Key]:
        return [key for key in self.issued.cells if isinstance(key, tuple)]

    def shown(self, key: Key) -> bool:
        return not str(self.reasons[self.keys.index(key)])

    def figures(self) -> Iterator[dict[str, Any]]:
        """Columns of DeprivationFigure, three rows to a cell, in the order of cells."""
        zones: tuple[Zone | None, ...] = (*self.scored.sample.zones, None)
        reasons = self.reasons.reshape(-1, len(zones))
        for row, name in enumerate((*self.scored.bands, ALL)):
            place = None if name == ALL else row
            parts = [
                _measured(self.scored, place, by_zone) for by_zone in (True, False)
            ]
            for column, zone in enumerate(zones):
                town = zone is None
                values = parts[town].at(0 if town else column)
                yield from _rows(name, zone, str(reasons[row, column]), values)


def rule_of(scored: Scored) -> suppression.Rule:
    return suppression.SENSITIVE if scored.sensitive else suppression.USUAL


def table_of(scored: Scored) -> Table:
    """Protected as the tables of indicators are: bands and zones add up."""
    bands = len(scored.bands)
    membership = np.vstack([np.eye(bands), np.ones(bands)])
    count, affected = (
        _counts(scored, scored.band >= 0),
        _counts(scored, (scored.band >= 0) & scored.poor),
    )
    cells = suppression.zone_table(
        membership=membership,
        count=_with_sums(count),
        affected=_with_sums(affected),
        households=_households(scored, membership),
    )
    reasons = suppression.withheld(cells, rule_of(scored))
    return Table(scored, cells, reasons, _issued(scored, cells, reasons))


def _counts(scored: Scored, among: Booleans) -> Integers:
    """(bands, zones) children, unweighted."""
    zones, bands = len(scored.sample.zones), len(scored.bands)
    at = scored.band[among] * zones + scored.zone[among]
    return np.bincount(at, minlength=bands * zones).reshape(bands, zones)


def _with_sums(counts: Integers) -> Integers:
    below = np.vstack([counts, counts.sum(axis=0)])
    return np.hstack([below, below.sum(axis=1, keepdims=True)])


def _households(scored: Scored, membership: maths.Floats) -> Integers:
    sample = scored.sample
    everywhere = np.zeros_like(sample.unit_zone)
    return maths.units_with_children(
        unit=sample.child_unit,
        places=[(sample.unit_zone, len(sample.zones)), (everywhere, 1)],
        group=scored.band,
        membership=membership,
        eligible=scored.band >= 0,
    )


def _issued(scored: Scored, cells: suppression.Table, reasons: np.ndarray) -> Issued:
    open_ones = ["", suppression.NO_DATA]
    return issued(
        zones=[(zone.pk, zone.code) for zone in scored.sample.zones],
        bands=list(scored.bands),
        count=cells.count,
        affected=cells.affected,
        fresh=np.isin(reasons, open_ones),
        secret=~np.isin(reasons, [*open_ones, suppression.PROTECTS_OTHERS]),
    )


def issued(*, zones: list[tuple[int, str]], bands: list[str], **counts: Any) -> Issued:
    """The counts of a release (`count`, `affected`, `fresh`, `secret`) with their names."""
    membership = np.vstack([np.eye(len(bands)), np.ones(len(bands))])
    return Issued(
        atoms=[(pk, band) for pk, _code in zones for band in bands],
        cells=[
            (band, code)
            for band in (*bands, ALL)
            for code in (*(code for _pk, code in zones), None)
        ],
        membership=suppression.zone_membership(membership, len(zones)),
        **counts,
    )


@dataclass(frozen=True)
class _Measured:
    """H, A and M0 of one band in some domains, with what stands beside them."""

    domains: Domains
    figures: dict[str, Figure]
    solid: Booleans
    households: Integers
    dropped: Integers
    affected: Integers
    points: int
    """That a child of the band can have; the fewest where there are several bands."""

    def at(self, place: int) -> dict[str, Any]:
        population = int(shown_total(self.domains.totals(self._ones)[place]))
        steps = self._steps(place)
        rows = {}
        for name, found in self.figures.items():
            near = partial(_rounded, step=steps[name])
            rows[name] = {
                "estimate": near(found.estimate[place]),
                "se": _plain(np.round(found.se[place], 3)),
                "low": near(found.low[place]),
                "high": near(found.high[place]),
                "df": int(self.domains.df[place]),
            }
        share = rows[Measure.HEADCOUNT]["estimate"]
        rows[Measure.HEADCOUNT] |= {
            "n": int(suppression.shown_count(self.domains.count[place])),
            "households": int(suppression.shown_count(self.households[place])),
            "dropped": int(suppression.shown_count(self.dropped[place])),
            "population": population,
            "total": int(shown_total(np.array((share or 0.0) * population))),
        }
        return {"solid": bool(self.solid[place]), "rows": rows}

    def _steps(self, place: int) -> dict[str, float]:
        """Whole percents; A and M0 besides never finer than five points of a child."""
        children = int(self.domains.count[place])
        poor = int(self.affected[place])
        return {
            Measure.HEADCOUNT: 0.01,
            Measure.ADJUSTED: step_of(children * self.points),
            Measure.INTENSITY: step_of(poor * self.points),
        }

    @property
    def _ones(self) -> maths.Floats:
        return np.ones(len(self.domains.domain))


def _measured(scored: Scored, place: int | None, by_zone: bool) -> _Measured:
    domains = scored.domains(place, by_zone=by_zone)
    headcount, intensity, adjusted = deprivation.three(
        domains, scored.poor, scored.score
    )
    figures = {Measure.HEADCOUNT: headcount, Measure.ADJUSTED: adjusted}
    # The mean of what the poor of several bands lack has no meaning: their lists differ.
    if place is not None:
        figures[Measure.INTENSITY] = intensity
    found = as_share(domains, scored.poor, headcount.estimate, headcount.variance)
    lost = scored.lost >= 0 if place is None else scored.lost == place
    where = scored.zone if by_zone else np.zeros_like(scored.zone)
    inside = scored.inside(place)
    pairs = np.unique(
        np.stack([where[inside], scored.sample.child_unit[inside]]), axis=1
    )
    return _Measured(
        domains=domains,
        figures={str(name): figure for name, figure in figures.items()},
        solid=maths.reliable(found, headcount.low[None], headcount.high[None])[0],
        households=np.bincount(pairs[0], minlength=domains.size),
        dropped=np.bincount(where[lost], minlength=domains.size),
        affected=found.affected[0],
        points=min(
            each.index.structure.total
            for at, each in enumerate(scored.bands.values())
            if place in (None, at)
        ),
    )


def _rows(
    band: str, zone: Zone | None, reason: str, values: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    flag = FLAG.NO_DATA if reason == suppression.NO_DATA else FLAG.WITHHELD
    if not reason:
        flag = FLAG.RELIABLE if values["solid"] else FLAG.UNCERTAIN
        reason = REASON.NONE if values["solid"] else REASON.SMALL_SAMPLE
    elif reason == suppression.FEW_AFFECTED:
        # Who knows which figures hide one to four children has bounds to reckon with.
        reason = REASON.PROTECTS_OTHERS
    said = flag in (FLAG.RELIABLE, FLAG.UNCERTAIN)
    for measure, numbers in values["rows"].items():
        yield {
            "band": band,
            "zone": zone,
            "measure": measure,
            "part": "",
            "flag": str(flag),
            "reason": str(reason),
            **(numbers if said else {}),
        }


def _rounded(value: float, step: float) -> float | None:
    return None if np.isnan(value) else round(min(round(value / step) * step, 1.0), 2)


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
