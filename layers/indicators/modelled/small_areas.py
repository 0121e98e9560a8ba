"""Figures of zones with few children, steadied by the others. All of them are modelled.

Shapes: m areas, p covariates with the constant. A direct estimate of NaN marks an area
that nobody sampled. References: Fay and Herriot, JASA 74 (1979) 269; Prasad and Rao,
JASA 85 (1990) 163; Datta and Lahiri, Statistica Sinica 10 (2000) 613; Marshall, Applied
Statistics 40 (1991) 283; Rao and Molina, Small Area Estimation (2015), chapters 6 and 9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LABEL = "modelled"
LEAST_AREAS, LEAST_N = 12, 10
STEPS, TOLERANCE = 200, 1e-13
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
NORMAL_95 = 1.959963984540054


class UnfitModel(ValueError):
    """The data cannot carry the model; the message says why and what to do."""


def marshall(affected: Floats, asked: Floats, *, shares: bool = True) -> Floats:
    """(m,) rates drawn to the overall one by Marshall's global empirical Bayes.

    `shares` takes the binomial variance b(1 − b)/n; without it counts are Poisson, b/n.
    An area where nobody was asked gets the overall rate. Raises UnfitModel.
    """
    total = asked.sum()
    if (asked < 0).any() or (affected < 0).any() or total <= 0:
        raise UnfitModel("Counts must not be negative, and somebody must be asked.")
    if shares and (affected > asked).any():
        raise UnfitModel("More are affected than were asked in some area.")
    overall = affected.sum() / total
    rate = np.divide(affected, asked, out=np.full(len(asked), overall), where=asked > 0)
    noise = overall * (1 - overall) if shares else overall
    between = (asked * (rate - overall) ** 2).sum() / total - noise / asked.mean()
    between = max(float(between), 0.0)
    own = between * asked
    weight = np.divide(
        own, own + noise, out=np.zeros(len(asked)), where=own + noise > 0
    )
    return np.asarray(weight * rate + (1 - weight) * overall)


def composite(direct: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """(m,) direct estimates drawn to their common mean, and their own weights.

    The variance between areas is the moment estimate, 0 where sampling explains all.
    """
    _check_direct(direct, variance)
    known = np.isfinite(direct)
    y, psi = direct[known], variance[known]
    if len(y) < 2:
        raise UnfitModel("A composite needs two areas with an estimate.")
    w = 1 / psi
    mean = (w * y).sum() / w.sum()
    excess = (w * (y - mean) ** 2).sum() - (len(y) - 1)
    between = max(excess / (w.sum() - (w**2).sum() / w.sum()), 0.0)
    v = 1 / (between + psi)
    mean = (v * y).sum() / v.sum()
    weight = np.zeros(len(direct))
    weight[known] = between * v
    return np.where(known, mean + weight * (direct - mean), mean), weight


def smoothed_variance(share: Floats, variance: Floats, n: Floats) -> Floats:
    """(m,) deff · p(1 − p)/n with one design effect and one p for all areas.

    The generalised variance function: an area's own variance is too unsteady, and is 0
    where all or none are affected. NaN where n is 0.
    """
    known = np.isfinite(share) & (n > 0) & np.isfinite(variance)
    if not known.any():
        raise UnfitModel("No area has an estimate, its variance and its sample size.")
    p = (share[known] * n[known]).sum() / n[known].sum()
    simple = share[known] * (1 - share[known]) / n[known]
    if simple.sum() <= 0 or not 0 < p < 1:
        raise UnfitModel("All shares are 0 or 1, so their variance can't be smoothed.")
    deff = variance[known].sum() / simple.sum()
    return np.where(known, deff * p * (1 - p) / np.where(n > 0, n, 1), np.nan)


@dataclass(frozen=True)
class Model:
    """A Fay–Herriot model: direct = Xβ + u + e, u ~ (0, σ²), e ~ (0, ψ)."""

    coefficients: Floats
    coefficient_se: Floats
    sigma2: float
    iterations: int
    log_likelihood: float
    """Restricted: −½((m − p) log 2π + Σ log v + log|X'V⁻¹X| + r'V⁻¹r)."""


@dataclass(frozen=True)
class Modelled:
    """(m,) each; `estimate` is the EBLUP, or synthetic where shrinkage is 0."""

    estimate: Floats
    mse: Floats
    low: Floats
    high: Floats
    shrinkage: Floats
    """σ²/(σ² + ψ): what the area's own estimate counts for."""


def fit(direct: Floats, variance: Floats, covariates: Floats) -> Model:
    """REML by Fisher scoring inside a bracket; σ² is never negative.

    `covariates` (m, p) begin with the constant. Raises UnfitModel.
    """
    known = np.isfinite(direct)
    y, psi, x = direct[known], variance[known], covariates[known]
    sigma2, iterations = _reml(y, psi, x)
    part = _Likelihood(y, psi, x, sigma2)
    return Model(
        coefficients=part.beta,
        coefficient_se=np.sqrt(np.diag(part.inverse)),
        sigma2=sigma2,
        iterations=iterations,
        log_likelihood=part.value,
    )


class _Likelihood:
    """The restricted likelihood at one σ², without an (m, m) matrix."""

    def __init__(self, y: Floats, psi: Floats, x: Floats, sigma2: float) -> None:
        w = 1 / (sigma2 + psi)
        self.inverse = np.linalg.inv((x.T * w) @ x)
        self.beta: Floats = self.inverse @ (x.T @ (w * y))
        residual = y - x @ self.beta
        m, p = x.shape
        determinant = np.linalg.slogdet(self.inverse)[1]
        self.value = float(
            -0.5
            * (
                (m - p) * np.log(2 * np.pi)
                - np.log(w).sum()
                - determinant
                + (w * residual**2).sum()
            )
        )
        middle = self.inverse @ ((x.T * w**2) @ x)
        trace = w.sum() - np.trace(middle)
        self.score = float(0.5 * (((w * residual) ** 2).sum() - trace))
        cubed = self.inverse @ ((x.T * w**3) @ x)
        self.information = float(
            0.5 * ((w**2).sum() - 2 * np.trace(cubed) + np.trace(middle @ middle))
        )


def _reml(y: Floats, psi: Floats, x: Floats) -> tuple[float, int]:
    """σ² and the steps taken: the best of a grid, then its root of the score."""
    scale = max(float(psi.max()), float(y.var()))
    grid = np.concatenate([[0.0], scale * np.logspace(-7, 3, 61)])
    values = [_Likelihood(y, psi, x, each).value for each in grid]
    best = int(np.argmax(values))
    at_best = _Likelihood(y, psi, x, grid[best])
    if best == 0 and at_best.score <= 0:
        return 0.0, 0
    rising = at_best.score > 0
    low = grid[best] if rising else grid[best - 1]
    high = grid[min(best + 1, len(grid) - 1)] if rising else grid[best]
    sigma2 = 0.5 * (low + high)
    for step in range(1, STEPS + 1):
        part = _Likelihood(y, psi, x, sigma2)
        low, high = (sigma2, high) if part.score > 0 else (low, sigma2)
        reached = sigma2 + part.score / part.information
        reached = reached if low < reached < high else 0.5 * (low + high)
        if abs(reached - sigma2) <= TOLERANCE * scale:
            return float(reached), step
        sigma2 = reached
    return float(sigma2), STEPS


def predict(
    model: Model, direct: Floats, variance: Floats, covariates: Floats
) -> Modelled:
    """EBLUP with the mean squared error of Prasad and Rao for REML: g1 + g2 + 2·g3.

    Areas without a direct estimate get Xβ, with σ² + x'Var(β)x. No transformation.
    """
    known = np.isfinite(direct)
    y, psi, x = direct[known], variance[known], covariates[known]
    sigma2, total = model.sigma2, model.sigma2 + psi
    spread = np.linalg.inv((x.T / total) @ x)
    leverage = np.einsum("ij,jk,ik->i", covariates, spread, covariates)
    synthetic = covariates @ model.coefficients
    gamma = np.zeros(len(direct))
    gamma[known] = sigma2 / total
    estimate, mse = synthetic.copy(), sigma2 + leverage
    own = gamma[known]
    estimate[known] = own * y + (1 - own) * synthetic[known]
    g3 = psi**2 / total**3 * 2 / (1 / total**2).sum()
    mse[known] = own * psi + (1 - own) ** 2 * leverage[known] + 2 * g3
    half = NORMAL_95 * np.sqrt(mse)
    return Modelled(estimate, mse, estimate - half, estimate + half, gamma)


def check(direct: Floats, variance: Floats, covariates: Floats, n: Floats) -> None:
    """Refuse what no such model should be fitted to. Raises UnfitModel.

    `covariates` (m, p) begin with the constant; `n` (m,) are NaN where unknown.
    """
    _check_direct(direct, variance)
    known = np.isfinite(direct)
    fit_for = known & ~(n < LEAST_N)
    if fit_for.sum() < LEAST_AREAS:
        raise UnfitModel(
            f"Only {fit_for.sum()} areas have an estimate from {LEAST_N} or more"
            f" observations; the model needs {LEAST_AREAS}. Merge areas, or keep the"
            " direct estimates."
        )
    if not np.isfinite(covariates).all():
        raise UnfitModel("A covariate is missing in some area. Fill it in.")
    if covariates.shape[1] < 2 or not (np.ptp(covariates[known], axis=0) > 0).any():
        raise UnfitModel(
            "No covariate differs between the areas. Give one that explains the figure."
        )
    x = covariates[known] / np.abs(covariates[known]).max(axis=0, initial=1e-300)
    if np.linalg.matrix_rank(x) < x.shape[1] or len(x) <= x.shape[1] + 1:
        raise UnfitModel(
            "The covariates are too many, or one is the sum of others. Leave one out."
        )


def _check_direct(direct: Floats, variance: Floats) -> None:
    known = np.isfinite(direct)
    if (~(variance[known] > 0) | ~np.isfinite(variance[known])).any():
        raise UnfitModel(
            "An area with an estimate needs a variance above zero. Smooth the variances"
            " (spec: n and smooth), or leave its estimate out."
        )


def benchmark(
    found: Modelled, weight: Floats, target: float, method: str = "ratio"
) -> Modelled:
    """Estimates whose weighted mean is `target`; the mean squared error follows.

    "ratio" multiplies all by one factor, "difference" adds one number.
    """
    if (weight < 0).any() or weight.sum() <= 0:
        raise UnfitModel("Benchmark weights must not be negative or all zero.")
    mean = (weight * found.estimate).sum() / weight.sum()
    if method == "difference":
        step = target - mean
        return replace(
            found,
            estimate=found.estimate + step,
            low=found.low + step,
            high=found.high + step,
        )
    if mean == 0 or target / mean <= 0:
        raise UnfitModel('The modelled mean can\'t be scaled; use "difference".')
    factor = target / mean
    return Modelled(
        estimate=found.estimate * factor,
        mse=found.mse * factor**2,
        low=found.low * factor,
        high=found.high * factor,
        shrinkage=found.shrinkage,
    )


@dataclass(frozen=True)
class Scale:
    """Where a share is modelled: "none", "arcsine" (asin √p) or "logit"."""

    name: str = "none"

    def there(self, share: Floats) -> Floats:
        if self.name == "arcsine":
            return np.arcsin(np.sqrt(share))
        if self.name == "logit":
            return np.log(share / (1 - share))
        return share

    def back(self, value: Floats) -> Floats:
        if self.name == "arcsine":
            return np.sin(np.clip(value, 0, np.pi / 2)) ** 2
        if self.name == "logit":
            return 1 / (1 + np.exp(-value))
        return value

    def variance(self, share: Floats, variance: Floats) -> Floats:
        """Of the transformed share, by the delta method."""
        if self.name == "arcsine":
            return variance / (4 * share * (1 - share))
        if self.name == "logit":
            return variance / (share * (1 - share)) ** 2
        return variance

    def check(self, share: Floats) -> None:
        known = share[np.isfinite(share)]
        if self.name != "none" and ((known <= 0) | (known >= 1)).any():
            raise UnfitModel(
                "A share of 0 or 1 (or beyond) has no variance on this scale. Leave its"
                ' estimate out, or set "transform" to "none" with smoothed variances.'
            )

    def restored(self, found: Modelled, sigma2: float, psi: Floats) -> Modelled:
        """Means of the back-transformed normal, by quadrature, not sin² of a mean.

        The mean takes σ²ψ/(σ² + ψ), what the data leave open (σ² where nobody was
        sampled); the mean squared error takes the whole of it.
        """
        if self.name == "none":
            return found
        left = np.where(found.shrinkage > 0, found.shrinkage * psi, 0.0)
        left = np.where(np.isfinite(psi), left, sigma2)
        estimate = self._mean(found.estimate, left, lambda share: share)
        square = self._mean(
            found.estimate, found.mse, lambda share: (share - estimate[:, None]) ** 2
        )
        return Modelled(
            estimate=estimate,
            mse=square,
            low=self.back(found.low),
            high=self.back(found.high),
            shrinkage=found.shrinkage,
        )

    def _mean(
        self, centre: Floats, variance: Floats, of: Callable[[Floats], Floats]
    ) -> Floats:
        """(m,) expected `of` the share, for a normal value on this scale."""
        nodes = centre[:, None] + np.sqrt(variance)[:, None] * NODES
        return np.asarray(of(self.back(nodes)) @ WEIGHTS / WEIGHTS.sum())
