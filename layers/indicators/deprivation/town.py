"""What the town's children of one band lack: every cutoff, each thing, and overlaps.

All of these are sums of the same atoms, the children who lack exactly certain things, and
are protected as one linked table.

Shapes: N children, J indicators, C cells, A = 2^J atoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from layers.indicators import maths
from layers.indicators.deprivation import measures as deprivation
from layers.indicators.deprivation.domains import Domains, as_share
from layers.indicators.deprivation.measures import Booleans, Figure, Floats, Integers
from layers.indicators.deprivation.scores import Band, Scored, step_of
from layers.indicators.disclosure import protection
from layers.indicators.disclosure.audit import LinkedTable
from layers.indicators.disclosure.suppression import SMALLEST_GROUP
from layers.indicators.models import DeprivationFigure, Estimate

Measure = DeprivationFigure.Measure
FLAG, REASON = Estimate.Flag, Estimate.Reason
MOST_CUTOFFS, MOST_OVERLAPS = 15, 20
LISTED_FROM = 2 * SMALLEST_GROUP
"""Children from which a combination of dimensions is told apart from the others."""
OTHER, NONE = "other", "none"
Cell = tuple[tuple[str, str], Booleans]
"""Measure and part, and the atoms (A,) that it counts."""
# What is withheld rather than something else, the dearest last.
COST = {
    Measure.OVERLAP: 1.0,
    Measure.CENSORED: 2.0,
    Measure.CUTOFF: 3.0,
    Measure.INDICATOR: 4.0,
    Measure.DIMENSION: 4.0,
}


@dataclass(frozen=True)
class Detail:
    """One band of the town; `hidden` (C,) are the cells that are withheld."""

    scored: Scored
    place: int
    cells: list[tuple[str, str]]
    """(C,) measure and part."""
    members: Booleans
    """(C, A)"""
    pattern: Integers
    """(N,) the atom of each child."""
    hidden: Booleans
    table: LinkedTable
    need: protection.Need

    @property
    def name(self) -> str:
        return list(self.scored.bands)[self.place]

    def given_away(self) -> tuple[str, str] | None:
        """The first withheld cell that the published ones pin to less than they may."""
        size = len(self.cells)
        hidden = np.append(self.hidden, False)
        narrow = protection.too_narrow(self.table, self.need, hidden)
        found = [cell for cell in narrow.tolist() if cell < size]
        return self.cells[found[0]] if found else None

    def figures(self) -> Iterator[dict[str, Any]]:
        """Columns of DeprivationFigure. A combination that is withheld is not listed:
        that there is one would say that some children have it.
        """
        domains = self.scored.domains(self.place)
        step = step_of(int(domains.count[0]))
        shown: dict[tuple[str, str], float] = {}
        for cell, (measure, part) in enumerate(self.cells):
            if self.hidden[cell]:
                if measure != Measure.OVERLAP:
                    yield self._row(measure, part, None)
                continue
            # The headcount at the cutoff in use is rounded as in the table of zones.
            own = (measure, part) == (Measure.CUTOFF, str(self._band.needed))
            affected = self.members[cell][self.pattern]
            values = _share(domains, affected, 0.01 if own else step)
            shown[measure, part] = values["estimate"]
            yield self._row(measure, part, values)
        yield from self._adjusted(domains, shown)
        yield from self._contributions(domains, shown)

    @property
    def _band(self) -> Band:
        return self.scored.bands[self.name]

    def _row(
        self, measure: str, part: str, values: dict[str, Any] | None
    ) -> dict[str, Any]:
        row = {"band": self.name, "zone": None, "measure": str(measure), "part": part}
        if values is None:
            flag, reason = FLAG.WITHHELD, REASON.PROTECTS_OTHERS
            return row | {"flag": str(flag), "reason": str(reason)}
        solid = values.pop("solid")
        flag = FLAG.RELIABLE if solid else FLAG.UNCERTAIN
        reason = REASON.NONE if solid else REASON.SMALL_SAMPLE
        return row | {"flag": str(flag), "reason": str(reason), **values}

    def _adjusted(
        self, domains: Domains, shown: dict[tuple[str, str], float]
    ) -> Iterator[dict[str, Any]]:
        """M0 at the cutoffs whose headcount is shown."""
        index = self._band.index
        points, total = index.structure.scores(index.deprived), index.structure.total
        step = step_of(int(domains.count[0]) * total)
        for measure, part in self.cells:
            if measure != Measure.CUTOFF:
                continue
            values = None
            if (measure, part) in shown:
                score = np.where(points >= int(part), points / total, 0.0)
                found = deprivation.three(domains, score > 0, score)[2]
                values = _rounded(found, step) | {"solid": True}
            yield self._row(str(Measure.CUTOFF_ADJUSTED), part, values)

    def _contributions(
        self, domains: Domains, shown: dict[tuple[str, str], float]
    ) -> Iterator[dict[str, Any]]:
        """From the shares as they are shown, so that they tell nothing more."""
        band = self._band
        structure = band.index.structure
        parts = {
            code: float(points) * share
            for code, points in zip(structure.indicators, structure.points, strict=True)
            if (share := shown.get((str(Measure.CENSORED), code))) is not None
        }
        total = sum(parts.values())
        whole = len(parts) == len(structure.indicators) and total > 0
        errors = deprivation.measures(
            structure, band.index.deprived, band.needed, domains
        )
        for code, found in zip(structure.indicators, errors.contributions, strict=True):
            values = _part(parts[code] / total, found) if whole else None
            yield self._row(Measure.CONTRIBUTION, code, values)
        for place, found in enumerate(errors.by_dimension):
            codes = np.flatnonzero(structure.dimension == place)
            own = sum(parts.get(structure.indicators[int(at)], 0.0) for at in codes)
            values = _part(own / total, found) if whole else None
            yield self._row(Measure.DIMENSION_PART, structure.dimensions[place], values)


def detail_of(scored: Scored, place: int) -> Detail:
    """Protects the cells of a band whose headcount in the town may be shown."""
    name = list(scored.bands)[place]
    band = scored.bands[name]
    structure, size = band.index.structure, len(band.index.structure.indicators)
    inside = scored.inside(place)
    pattern = band.index.deprived @ (1 << np.arange(size))
    atoms = np.bincount(pattern[inside], minlength=1 << size).astype(np.float64)
    lacks = (np.arange(1 << size)[:, None] >> np.arange(size)) & 1 > 0
    listed = _cells(band.needed, structure, lacks, atoms)
    cells = [key for key, _ in listed]
    members = np.array([row for _, row in listed])
    # How many children there are is published in any case.
    everyone = np.ones((1, 1 << size))
    table = LinkedTable.of(csr_array(np.vstack([members, everyone])), atoms)
    need = _need(scored, cells, table, str(band.needed))
    found = replace(
        Detail(scored, place, cells, members, pattern, need.primary, table, need),
        hidden=_pattern(table, need)[: len(cells)],
    )
    return found


def _cells(
    needed: int, structure: deprivation.Structure, lacks: Booleans, atoms: Floats
) -> list[Cell]:
    points = structure.scores(lacks)
    poor = points >= needed
    columns = structure.by_dimension(lacks)
    found: list[Cell] = [
        ((str(Measure.CUTOFF), str(cutoff)), points >= cutoff)
        for cutoff in cutoffs_of(points, needed)
    ]
    for place, code in enumerate(structure.indicators):
        found.append(((str(Measure.INDICATOR), code), lacks[:, place]))
        found.append(((str(Measure.CENSORED), code), lacks[:, place] & poor))
    for place, name in enumerate(structure.dimensions):
        found.append(((str(Measure.DIMENSION), name), columns[:, place]))
    return [*found, *_overlaps(structure.dimensions, columns, atoms)]


def cutoffs_of(points: Integers, needed: int) -> list[int]:
    """Those that make a difference; of many, some spread evenly, the own one among them."""
    possible = np.unique(points[points > 0])
    if len(possible) > MOST_CUTOFFS:
        at = np.linspace(0, len(possible) - 1, MOST_CUTOFFS - 1).round().astype(int)
        possible = possible[at]
    return sorted({int(each) for each in possible} | {needed})


def _overlaps(
    names: tuple[str, ...], columns: Booleans, atoms: Floats
) -> Iterator[Cell]:
    """The most frequent combinations of dimensions, and all others as one."""
    kinds, kind = np.unique(columns, axis=0, return_inverse=True)
    count = np.bincount(kind, weights=atoms, minlength=len(kinds))
    order = np.argsort(-count, kind="stable")
    listed = [place for place in order if count[place] >= LISTED_FROM]
    listed = listed[:MOST_OVERLAPS]
    while listed and 0 < count.sum() - count[listed].sum() < SMALLEST_GROUP:
        listed.pop()
    for place in listed:
        own = [names[at] for at in np.flatnonzero(kinds[place])]
        yield (str(Measure.OVERLAP), "+".join(own) or NONE), kind == place
    rest = ~np.isin(kind, listed)
    if atoms[rest].sum():
        yield (str(Measure.OVERLAP), OTHER), rest


def _need(
    scored: Scored, cells: list[tuple[str, str]], table: LinkedTable, headline: str
) -> protection.Need:
    size = len(table.count)
    count, everyone = table.count[:-1], table.count[-1]
    least = 0 if scored.sensitive else 1
    small = ((count >= least) & (count < SMALLEST_GROUP)) | (
        (everyone - count >= least) & (everyone - count < SMALLEST_GROUP)
    )
    # The headcount itself was found safe in the table of bands and zones.
    own = np.array([key == (Measure.CUTOFF, headline) for key in cells])
    return protection.Need(
        primary=np.append(small & ~own, False),
        width=np.full(size, float(SMALLEST_GROUP - 1)),
        cost=np.append([_cost(*key) for key in cells], 1.0),
        may_hide=np.append(~own, False),
    )


def _cost(measure: str, part: str) -> float:
    """Of the cutoffs the highest go first: fewest look at them."""
    less = 1 / (1 + int(part)) if measure == Measure.CUTOFF else 0.0
    return COST[Measure(measure)] + less


def _pattern(table: LinkedTable, need: protection.Need) -> Booleans:
    """No time is given to look for fewer, so that the same answers hide the same cells."""
    try:
        return protection.protect(table, need, seconds=0.0).hidden
    except protection.Unprotectable:
        return need.may_hide.copy()


def _share(domains: Domains, affected: Booleans, step: float) -> dict[str, Any]:
    found = deprivation.share(domains, affected)
    ratio = as_share(domains, affected, found.estimate, found.variance)
    solid = maths.reliable(ratio, found.low[None], found.high[None])[0, 0]
    return _rounded(found, step) | {"solid": bool(solid)}


def _rounded(found: Figure, step: float) -> dict[str, Any]:
    def nearest(values: Floats) -> float | None:
        if np.isnan(values[0]):
            return None
        return round(min(round(float(values[0]) / step) * step, 1.0), 3)

    return {
        "estimate": nearest(found.estimate) or 0.0,
        "se": None if np.isnan(found.se[0]) else round(float(found.se[0]), 3),
        "low": nearest(found.low),
        "high": nearest(found.high),
    }


def _part(share: float, found: Figure) -> dict[str, Any]:
    error = None if np.isnan(found.se[0]) else round(float(found.se[0]), 3)
    return {"estimate": round(share, 2), "se": error, "solid": True}
