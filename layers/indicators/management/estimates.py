"""What `estimate` and `contrast` share: a statistic of a sample, by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layers.indicators.estimation import statistics
from layers.indicators.estimation.design import Design, Floats
from layers.indicators.estimation.intervals import Interval
from layers.indicators.estimation.statistics import Estimates, Statistic, Yardstick
from layers.indicators.estimation.summary import (
    Bounds,
    Flag,
    plain_bounds,
    plain_flags,
    share_bounds,
    share_flags,
)
from layers.indicators.management.columns import zeros_and_ones
from layers.indicators.management.data import DataError, DataTable
from layers.indicators.management.sample import (
    Sample,
    SampleSpec,
    read_sample,
    refused,
)
from layers.indicators.management.specification import Keys

ANSWER = ("estimate", "se", "low", "high", "df", "deff", "n", "flag")


@dataclass(frozen=True)
class EstimateSpec:
    statistic: Statistic
    numerator: str
    denominator: str | None
    interval: Interval
    level: float
    yardstick: Yardstick
    definition: str | None
    """Column with the version of the definition behind each row."""
    sample: SampleSpec

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> EstimateSpec:
        """Raises DataError for unknown keys and for values that make no sense."""
        keys = Keys(given)
        found = cls(
            statistic=keys.choice("statistic", Statistic, None),
            numerator=keys.needed("numerator"),
            denominator=keys.column("denominator"),
            interval=keys.choice("interval", Interval, Interval.LOGIT),
            level=keys.share("level", 0.95),
            yardstick=keys.choice("deff", Yardstick, Yardstick.SRS),
            definition=keys.column("definition"),
            sample=SampleSpec.read(keys),
        )
        keys.done()
        found._check(keys)
        return found

    def _check(self, keys: Keys) -> None:
        if self.statistic == Statistic.RATIO and not self.denominator:
            raise DataError('A ratio needs "denominator": the name of a column.')
        if self.statistic in (Statistic.TOTAL, Statistic.MEDIAN) and self.denominator:
            raise keys.error("denominator", f"has no place in a {self.statistic}")
        if self.statistic == Statistic.PROPORTION and self.interval == Interval.T:
            raise keys.error(
                "interval", "is t, which leaves 0 to 1; a proportion takes logit"
            )
        if taken := [name for name in self.sample.domain if name in (*ANSWER, *MORE)]:
            raise keys.error(
                "domain", f'names "{taken[0]}", a column of the answer; rename it'
            )


MORE = ("interval", "missing", "se_without_fpc")


@dataclass(frozen=True)
class Answer:
    """A statistic of every domain, with what is said beside it; (D,) each."""

    spec: EstimateSpec
    sample: Sample
    found: Estimates
    bounds: Bounds
    flags: list[Flag]
    missing: np.ndarray
    """Rows left out because a value isn't known."""
    without_fpc: Floats | None
    """Standard error as if the frames were endless, where there are frames."""

    def rows(self) -> list[dict[str, Any]]:
        columns: dict[str, Any] = {
            "estimate": self.found.estimate,
            "se": self.found.se,
            "low": self.bounds.low,
            "high": self.bounds.high,
            "df": self.found.df,
            "deff": self.found.deff,
            "n": self.found.n,
            "flag": [str(flag) for flag in self.flags],
            "interval": self.bounds.method,
            "missing": self.missing,
        }
        if self.without_fpc is not None:
            columns["se_without_fpc"] = self.without_fpc
        return [
            values | {name: column[place] for name, column in columns.items()}
            for place, values in enumerate(self.sample.domains)
        ]


def answer(table: DataTable, spec: EstimateSpec) -> Answer:
    """Raises DataError with the line, the column or the stratum at fault."""
    numerator, denominator = _values(table, spec)
    sample = read_sample(table, spec.sample)
    numerator = numerator[sample.rows]
    denominator = None if denominator is None else denominator[sample.rows]
    with refused():
        found = _estimated(spec, sample.design, numerator, denominator, sample)
        endless = None
        if spec.sample.fpc:
            design = sample.design.with_replacement()
            endless = _estimated(spec, design, numerator, denominator, sample).se
    bounds, flags = _summary(spec, sample, found, numerator, denominator)
    return Answer(
        spec=spec,
        sample=sample,
        found=found,
        bounds=bounds,
        flags=flags,
        missing=_missing(sample, numerator, denominator),
        without_fpc=endless,
    )


def _values(table: DataTable, spec: EstimateSpec) -> tuple[Floats, Floats | None]:
    """The columns of numerator and denominator, checked for the statistic."""
    share = spec.statistic == Statistic.PROPORTION
    if share:
        numerator = zeros_and_ones(table, spec.numerator)
    else:
        numerator = table.numbers(spec.numerator, missing=True)
    if spec.denominator is None:
        return numerator, None
    if spec.statistic == Statistic.RATIO:
        denominator = table.numbers(spec.denominator, missing=True)
    else:
        denominator = zeros_and_ones(table, spec.denominator)
    if not np.nan_to_num(denominator).any():
        raise DataError(f'Column "{spec.denominator}" is zero in every row.')
    return numerator, denominator


def _estimated(
    spec: EstimateSpec,
    design: Design,
    numerator: Floats,
    denominator: Floats | None,
    sample: Sample,
) -> Estimates:
    domain, domains = sample.domain, len(sample.domains)
    if spec.statistic == Statistic.MEDIAN:
        return statistics.median(design, numerator, domain, domains, level=spec.level)
    if spec.statistic == Statistic.TOTAL:
        return statistics.total(
            design, numerator, domain, domains, yardstick=spec.yardstick
        )
    if spec.statistic == Statistic.RATIO and denominator is not None:
        return statistics.ratio(
            design, numerator, denominator, domain, domains, yardstick=spec.yardstick
        )
    # Whom the denominator leaves out is in no domain; an unknown answer stays in its own.
    if denominator is not None:
        domain = np.where(denominator == 1, domain, -1)
    return statistics.mean(design, numerator, domain, domains, yardstick=spec.yardstick)


def _summary(
    spec: EstimateSpec,
    sample: Sample,
    found: Estimates,
    numerator: Floats,
    denominator: Floats | None,
) -> tuple[Bounds, list[Flag]]:
    if spec.interval == Interval.T or not _is_share(spec, numerator, denominator):
        return plain_bounds(found, spec.level), plain_flags(found)
    whole = np.where(sample.domain >= 0, 0, -1)
    one = replace(sample, domain=whole, domains=[{}])
    plain = replace(spec, yardstick=Yardstick.REPLACE)
    pooled = _estimated(plain, sample.design, numerator, denominator, one).deff[0]
    effect = float(np.nan_to_num(pooled, nan=1.0))
    bounds = share_bounds(found, spec.interval, spec.level, effect)
    at_95 = share_bounds(found, spec.interval, 0.95, effect)
    return bounds, share_flags(found, at_95, effect)


def _is_share(
    spec: EstimateSpec, numerator: Floats, denominator: Floats | None
) -> bool:
    """Whether the estimate can't leave 0 to 1: no numerator is above its denominator."""
    if spec.statistic in (Statistic.TOTAL, Statistic.MEDIAN):
        return False
    whole = np.ones_like(numerator) if denominator is None else denominator
    known = ~(np.isnan(numerator) | np.isnan(whole))
    part, whole = numerator[known], whole[known]
    if spec.statistic != Statistic.RATIO:
        part = part[whole == 1]
        whole = np.ones_like(part)
    return bool(((part >= 0) & (part <= whole)).all())


def _missing(
    sample: Sample, numerator: Floats, denominator: Floats | None
) -> np.ndarray:
    """(D,) rows whose value isn't known; those that don't count aren't missed."""
    lost = np.isnan(numerator)
    if denominator is not None:
        lost = (lost & (denominator != 0)) | np.isnan(denominator)
    lost &= sample.domain >= 0
    return np.bincount(sample.domain[lost], minlength=len(sample.domains))
