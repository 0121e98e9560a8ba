"""The children of a sample with the points that a scheme gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from layers.indicators.definitions.indicator import Indicator, asked
from layers.indicators.deprivation.age_bands import BANDS, Index, index_of
from layers.indicators.deprivation.domains import Domains
from layers.indicators.deprivation.measures import Booleans, Floats, Integers
from layers.indicators.deprivation.schemes import BandScheme, Scheme
from layers.indicators.disclosure.suppression import SMALLEST_GROUP
from layers.indicators.estimation.design import Design, Stage
from layers.indicators.samples.sample import Sample


@dataclass(frozen=True)
class Scored:
    """N children; `bands` are those of the scheme that the round asked about."""

    sample: Sample
    design: Design
    bands: dict[str, Band]
    zone: Integers
    """(N,)"""
    band: Integers
    """(N,) place in `bands`, -1 for children outside or left out."""
    lost: Integers
    """(N,) place in `bands` of children left out because of a missing answer, else -1."""
    poor: Booleans
    """(N,)"""
    score: Floats
    """(N,) share of the points of the poor, 0 for the others."""
    sensitive: bool

    def inside(self, place: int | None) -> Booleans:
        """(N,) of one band, or of any."""
        return self.band >= 0 if place is None else self.band == place

    def domains(self, place: int | None, *, by_zone: bool = False) -> Domains:
        where = self.zone if by_zone else np.zeros_like(self.zone)
        domain = np.where(self.inside(place), where, -1)
        size = len(self.sample.zones) if by_zone else 1
        return Domains(self.design, domain, size)


@dataclass(frozen=True)
class Band:
    index: Index
    needed: int
    """Points from which a child is poor, of those that were asked."""

    def as_data(self) -> dict[str, object]:
        """The scheme as it was used, for those who read the figures."""
        structure = self.index.structure
        homes: dict[str, dict[str, int]] = {name: {} for name in structure.dimensions}
        for place, code in enumerate(structure.indicators):
            home = structure.dimensions[int(structure.dimension[place])]
            homes[home][code] = int(structure.points[place])
        return {
            "cutoff": self.needed,
            "total": structure.total,
            "dimensions": homes,
            "unasked": list(self.index.unasked),
        }


def scored(sample: Sample, scheme: Scheme, known: Mapping[str, Indicator]) -> Scored:
    """A band is left out where nothing of its scheme was asked."""
    size = len(sample.child_unit)
    band, lost = np.full(size, -1), np.full(size, -1)
    poor, score = np.zeros(size, dtype=bool), np.zeros(size)
    bands: dict[str, Band] = {}
    for name, chosen in scheme.bands.items():
        if (found := _band(sample, name, chosen, known)) is None:
            continue
        index = found.index
        points = index.structure.scores(index.deprived)
        place, age = len(bands), sample.columns["age_months"]
        present = (age >= BANDS[name].first) & (age < BANDS[name].after)
        band[index.inside], lost[present & ~index.inside] = place, place
        here = index.inside & (points >= found.needed)
        poor |= here
        score[here] = points[here] / index.structure.total
        bands[name] = found
    return Scored(
        sample=sample,
        design=_design(sample),
        bands=bands,
        zone=sample.unit_zone[sample.child_unit],
        band=band,
        lost=lost,
        poor=poor,
        score=score,
        sensitive=any(known[code].sensitive for code in scheme.codes & set(known)),
    )


def _band(
    sample: Sample, name: str, chosen: BandScheme, known: Mapping[str, Indicator]
) -> Band | None:
    """An indicator that was retired since counts as one that was not asked."""
    dimensions = {
        home: kept
        for home, codes in chosen.dimensions.items()
        if (kept := tuple(code for code in codes if code in known))
    }
    if not any(
        asked(known[code].judge(sample.columns).answers)
        for codes in dimensions.values()
        for code in codes
    ):
        return None
    try:
        index = index_of(sample.columns, name, known, dimensions, chosen.weights)
    except ValueError:
        # Asked, but of no child of these ages.
        return None
    total = index.structure.total
    needed = -(-chosen.cutoff * total // chosen.total)
    return Band(index, max(needed, 1))


def _design(sample: Sample) -> Design:
    """Children as rows; households without children stay in as sampling units.

    Where the weights were drawn to known totals the design remembers them, so that errors
    are those of residuals, as those of indicators.
    """
    drawn, calibration = sample.design, sample.calibration
    stage = Stage(
        unit=sample.unit_psu[sample.child_unit],
        stratum=drawn.psu_stratum,
        sampled=drawn.psus,
        fraction=drawn.fraction,
        reach=np.ones(len(drawn.fraction)),
    )
    if calibration is None:
        return Design(sample.child_weight, (stage,))
    margins = [each - each.min() for each in calibration.margins]
    design = Design(calibration.before, (stage,))
    return design.calibrated(calibration.after, margins)


def step_of(children: int) -> float:
    """To what shares are rounded: whole percents, and never finer than five children (or,
    for M0, than five of the points that `children` have together).

    The same children stand in many of these figures, and in another release under other
    weights; what differs by one to four of them looks alike.
    """
    return max(0.01, SMALLEST_GROUP / max(children, 1))
