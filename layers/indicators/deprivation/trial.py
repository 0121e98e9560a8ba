"""What a scheme would say of a round, and how much its weights and limit decide.

Of the whole town only, rounded so that two trials that differ by one to four children look
alike; what would be a group of one to four is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from layers.indicators.definitions.indicator import Indicator
from layers.indicators.deprivation import measures as deprivation
from layers.indicators.deprivation.measures import Booleans, Floats, Structure
from layers.indicators.deprivation.release import variables_of
from layers.indicators.deprivation.schemes import Scheme
from layers.indicators.deprivation.scores import Scored, scored, step_of
from layers.indicators.deprivation.town import cutoffs_of
from layers.indicators.disclosure.suppression import SMALLEST_GROUP, USUAL, shown_count
from layers.indicators.models import ObservationSet
from layers.indicators.samples.sample import has_units, read_sample

FEWEST = 50
"""Children of a band from which it is tried at all."""
STABLE, SHAKY = 0.8, 0.6
"""Kendall's tau: the order of zones hardly changes, or changes a lot below."""


@dataclass(frozen=True)
class At:
    """H and M0 between 0 and 1, None where they are not told."""

    headcount: float | None
    adjusted: float | None


@dataclass(frozen=True)
class Other:
    """The same children under other weights."""

    weights: str
    """A key of `deprivation.alternatives`."""
    at: At
    agreement: float | None
    """Kendall's tau of the zones' order by M0 beside that of the scheme."""


@dataclass(frozen=True)
class Trial:
    band: str
    children: int
    """That have all answers, rounded."""
    dropped: int
    """Left out because of a missing answer, rounded."""
    total: int
    cutoff: int
    unasked: tuple[str, ...]
    cutoffs: list[tuple[int, At]]
    others: list[Other]

    @property
    def told(self) -> bool:
        return bool(self.cutoffs)

    @property
    def stability(self) -> str:
        """ "stable", "mixed" or "shaky": the least agreement; empty where none is known."""
        known = [each.agreement for each in self.others if each.agreement is not None]
        if not known:
            return ""
        least = min(known)
        return "stable" if least >= STABLE else "mixed" if least >= SHAKY else "shaky"


def try_scheme(
    *, scheme: Scheme, known: Mapping[str, Indicator], observation_set: ObservationSet
) -> list[Trial]:
    """A trial for each band of which anything was asked; nothing is stored."""
    if not has_units(observation_set):
        return []
    sample = read_sample(observation_set, variables_of(scheme, known))
    children = scored(sample, scheme, known)
    return [_trial(children, place) for place in range(len(children.bands))]


def _trial(children: Scored, place: int) -> Trial:
    name = list(children.bands)[place]
    band = children.bands[name]
    structure, inside = band.index.structure, children.inside(place)
    trial = Trial(
        band=name,
        children=int(shown_count(int(inside.sum()))),
        dropped=int(shown_count(int((children.lost == place).sum()))),
        total=structure.total,
        cutoff=band.needed,
        unasked=band.index.unasked,
        cutoffs=[],
        others=[],
    )
    if inside.sum() < FEWEST:
        return trial
    size = len(structure.indicators)
    lacks = (np.arange(1 << size)[:, None] >> np.arange(size)) & 1 > 0
    for needed in cutoffs_of(structure.scores(lacks), band.needed):
        trial.cutoffs.append((needed, _at(children, place, structure, needed)))
    usual = _by_zone(children, place, structure, band.needed)
    share = band.needed / structure.total
    for weights, other in deprivation.alternatives(structure).items():
        own = dict(zip(structure.indicators, structure.weights, strict=True))
        if dict(zip(other.indicators, other.weights, strict=True)) == own:
            continue
        # The same share of the points, in the other weights' own points.
        needed = max(int(np.ceil(share * other.total - 1e-9)), 1)
        found = _by_zone(children, place, other, needed)
        tau = deprivation.agreement(usual, found)
        trial.others.append(
            Other(
                weights,
                _at(children, place, other, needed),
                None if np.isnan(tau) else round(tau, 1),
            )
        )
    return trial


def _scores(
    children: Scored, place: int, structure: Structure, needed: int
) -> tuple[Booleans, Floats]:
    """(N,) poor, and the share of points of the poor."""
    index = children.bands[list(children.bands)[place]].index
    order = [index.structure.indicators.index(code) for code in structure.indicators]
    points = structure.scores(index.deprived[:, order])
    poor = points >= needed
    return poor, np.where(poor, points / structure.total, 0.0)


def _at(children: Scored, place: int, structure: Structure, needed: int) -> At:
    domains = children.domains(place)
    poor, score = _scores(children, place, structure, needed)
    everyone = int(domains.count[0])
    affected = int(poor[children.inside(place)].sum())
    least = 0 if children.sensitive else 1
    small = [least <= part < SMALLEST_GROUP for part in (affected, everyone - affected)]
    if any(small):
        return At(None, None)
    whole = domains.totals(np.ones(len(poor)))
    share = float((domains.totals(poor.astype(np.float64)) / whole)[0])
    mean = float((domains.totals(score) / whole)[0])
    return At(
        _near(share, step_of(everyone)),
        _near(mean, step_of(everyone * structure.total)),
    )


def _by_zone(children: Scored, place: int, structure: Structure, needed: int) -> Floats:
    """(zones,) M0, NaN where a figure would be withheld."""
    domains = children.domains(place, by_zone=True)
    _poor, score = _scores(children, place, structure, needed)
    found, _variance = domains.ratio(score, np.ones(len(score)))
    return np.where(domains.count >= USUAL.children, found, np.nan)


def _near(value: float, step: float) -> float:
    return round(min(round(value / step) * step, 1.0), 3)
