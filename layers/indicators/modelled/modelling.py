"""Modelled figures of the zones of a release, made from what it publishes and nothing else.

Whoever has the release could reckon them anew, so they give away nothing that its figures
do not. A zone whose figure is withheld takes no part and gets none.

Shapes: m zones with a published figure, in the order of `Direct.zones`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from layers.geography.models import Zone
from layers.indicators.modelled import small_areas
from layers.indicators.modelled.small_areas import Floats
from layers.indicators.models import (
    Estimate,
    ModelledEstimate,
    Release,
    ZoneStatistic,
)

Method = ModelledEstimate.Method
LEAST_ZONES = 6
"""With a published figure; the mean of fewer zones says little of another one."""
TELLING = 3.0
"""A covariate's coefficient over its error, from which it is taken for a real one: more
than for a single test, because several are tried."""
BATCH = 2000


@dataclass(frozen=True)
class Covariate:
    """A statistic of zones from rasters and places, by key of the zone."""

    name: str
    version: int
    value: Mapping[int, float]


@dataclass(frozen=True)
class Direct:
    """An indicator's published figures."""

    indicator: str
    zones: list[Zone]
    share: Floats
    variance: Floats
    n: Floats
    population: Floats
    target: float
    """What the weighted mean of the modelled figures has to be."""


@dataclass(frozen=True)
class Fitted:
    found: small_areas.Modelled
    covariate: Covariate | None = None

    @property
    def method(self) -> str:
        chosen = Method.FAY_HERRIOT if self.covariate else Method.EMPIRICAL_BAYES
        return str(chosen)


def store_modelled(release: Release) -> None:
    """In the transaction that makes the release, after its figures."""
    found = modelled_of(release)
    ModelledEstimate.objects.bulk_create(found, batch_size=BATCH)


def modelled_of(release: Release) -> Iterator[ModelledEstimate]:
    """Of all children, for indicators with an uncertain figure of a zone.

    Fay and Herriot's model where a covariate tells something of the zones, otherwise
    empirical Bayes; none where neither can be fitted.
    """
    rows: dict[str, list[Estimate]] = defaultdict(list)
    published = Estimate.objects.of_release(release).of_breakdown("all")
    known = published.filter(estimate__isnull=False).select_related("zone")
    for row in known.defer("zone__geometry", "zone__geometry_3857"):
        rows[row.indicator].append(row)
    covariates = _covariates(release)
    for code in sorted(rows):
        direct = _direct(code, rows[code])
        fitted = fit(direct, covariates) if direct else None
        if direct and fitted:
            yield from _rows(release, direct, fitted)


def _direct(code: str, rows: list[Estimate]) -> Direct | None:
    town = next((row for row in rows if row.zone is None), None)
    parts = [
        row
        for row in sorted(rows, key=lambda row: row.zone.code if row.zone else "")
        if row.zone is not None and row.population
    ]
    uncertain = any(row.flag == Estimate.Flag.UNCERTAIN for row in parts)
    if town is None or not uncertain or len(parts) < LEAST_ZONES:
        return None
    share, error, n, population = (
        np.array([getattr(row, name) or 0.0 for row in parts], dtype=np.float64)
        for name in ("estimate", "se", "n", "population")
    )
    # Where zones are withheld the others have to agree with their own sum: the rest of
    # the town is not theirs.
    whole = population.sum() >= 0.99 * (town.population or np.inf)
    own = float((population * share).sum() / population.sum())
    target = float(town.estimate) if whole and town.estimate else own
    zones = [row.zone for row in parts if row.zone is not None]
    return Direct(code, zones, share, error**2, n, population, target)


def fit(direct: Direct, covariates: list[Covariate]) -> Fitted | None:
    """Benchmarked, between 0 and 1; None where the figures can't carry a model."""
    try:
        psi = small_areas.smoothed_variance(direct.share, direct.variance, direct.n)
        alone = small_areas.fit(direct.share, psi, _matrix(direct, None))
        chosen, best = None, TELLING
        for each in covariates:
            strength = _strength(direct, psi + alone.sigma2, psi, each)
            if strength > best:
                chosen, best = each, strength
        return Fitted(_fitted(direct, psi, chosen), chosen)
    except small_areas.UnfitModel:
        return None


def _strength(
    direct: Direct, total: Floats, psi: Floats, covariate: Covariate
) -> float:
    """The coefficient over its error, zones differing by `total` (m,) as without any
    covariate; 0 where the model must not be fitted.
    """
    x = _matrix(direct, covariate)
    try:
        small_areas.check(direct.share, psi, x, direct.n)
    except small_areas.UnfitModel:
        return 0.0
    spread = np.linalg.inv((x.T / total) @ x)
    coefficients = spread @ (x.T @ (direct.share / total))
    return float(abs(coefficients[1]) / np.sqrt(spread[1, 1]))


def _fitted(
    direct: Direct, psi: Floats, covariate: Covariate | None
) -> small_areas.Modelled:
    x = _matrix(direct, covariate)
    model = small_areas.fit(direct.share, psi, x)
    found = small_areas.predict(model, direct.share, psi, x)
    return small_areas.benchmark(found, direct.population, direct.target, "difference")


def _matrix(direct: Direct, covariate: Covariate | None) -> Floats:
    """(m, 1 or 2); NaN where the covariate is not known."""
    columns = [np.ones(len(direct.zones))]
    if covariate is not None:
        columns.append(
            np.array([covariate.value.get(zone.pk, np.nan) for zone in direct.zones])
        )
    return np.column_stack(columns)


def _covariates(release: Release) -> list[Covariate]:
    """The newest statistics of the zones, those that are shares or means."""
    used = Estimate.objects.of_release(release).exclude(zone=None).values("zone")
    rows = ZoneStatistic.objects.of(release.municipality).filter(zone__in=used)
    values: dict[str, dict[int, float]] = defaultdict(dict)
    versions: dict[str, int] = {}
    for row in rows.newest():
        if row.value is not None:
            values[row.statistic][row.zone_id] = row.value
            versions[row.statistic] = row.version
    return [
        Covariate(name, versions[name], values[name])
        for name in sorted(values)
        if np.ptp(list(values[name].values())) > 0
    ]


def _rows(
    release: Release, direct: Direct, fitted: Fitted
) -> Iterator[ModelledEstimate]:
    found = fitted.found
    bounded = (
        np.clip(part, 0.0, 1.0) for part in (found.estimate, found.low, found.high)
    )
    estimate, low, high = (np.round(part, 2) for part in bounded)
    rmse = np.sqrt(found.mse)
    covariate = fitted.covariate
    for place, zone in enumerate(direct.zones):
        yield ModelledEstimate(
            municipality=release.municipality,
            release=release,
            indicator=direct.indicator,
            zone=zone,
            method=fitted.method,
            covariate=covariate.name if covariate else "",
            covariate_version=covariate.version if covariate else None,
            estimate=float(estimate[place]),
            rmse=round(float(rmse[place]), 3),
            low=float(low[place]),
            high=float(high[place]),
            own_weight=round(float(found.shrinkage[place]), 2),
        )
