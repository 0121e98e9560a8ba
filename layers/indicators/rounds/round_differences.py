"""Change of a share between two rounds, zone by zone.

Where the same households are asked twice their answers resemble each other, so the error
of the difference is smaller than that of two samples without a household in common.

Shapes: Z zones, judged together; NaN where a figure is missing.

Sources: Kish, Survey Sampling (1965), 12.4, for the difference of two samples;
Satterthwaite, Biometrics Bulletin 2 (1946), for its degrees of freedom; Benjamini and
Hochberg, Journal of the Royal Statistical Society B 57 (1995), for many zones at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from layers.indicators.estimation.contrasts import benjamini_hochberg

Floats = NDArray[np.float64]

LEVEL = 0.05
"""The share of false alarms among the zones that are called changed."""


@dataclass(frozen=True)
class Differences:
    """Later share less former one, each of shape (Z,)."""

    difference: Floats
    se: Floats
    low: Floats
    """95 % bounds of this zone alone."""
    high: Floats
    p: Floats
    """Two-sided, adjusted by Benjamini and Hochberg over the zones."""

    @property
    def changed(self) -> NDArray[np.bool_]:
        return self.p < LEVEL


@dataclass(frozen=True)
class Shares:
    """Published figures of one round, each of shape (Z,)."""

    estimate: Floats
    se: Floats
    df: Floats
    """NaN where it is unknown; the normal distribution is then taken."""


def differences(
    former: Shares, latter: Shares, correlation: Floats | float = 0.0
) -> Differences:
    """`correlation` (Z,) is that of the two estimates, 0 for independent samples."""
    difference = latter.estimate - former.estimate
    variances = former.se**2, latter.se**2
    se = np.sqrt(sum(variances) - 2.0 * correlation * former.se * latter.se)
    df = _satterthwaite(variances, (former.df, latter.df))
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.abs(difference) / np.where(se > 0, se, np.nan)
    p = 2.0 * stdtr(df, -score)
    half = stdtrit(df, 1.0 - LEVEL / 2.0) * se
    return Differences(
        difference,
        se,
        np.maximum(difference - half, -1.0),
        np.minimum(difference + half, 1.0),
        benjamini_hochberg(p),
    )


def _satterthwaite(
    variances: tuple[Floats, Floats], dfs: tuple[Floats, Floats]
) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [
            v**2 / np.maximum(df, 1.0) for v, df in zip(variances, dfs, strict=True)
        ]
        df = sum(variances) ** 2 / sum(parts)
    # Beyond this many the t distribution is the normal one to the twelfth digit.
    return np.asarray(np.nan_to_num(df, nan=1e12, posinf=1e12))
