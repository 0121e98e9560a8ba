"""How a sample was drawn: strata, units of each stage, what each frame holds.

N rows, U units and H strata of one stage. Within a stage, strata are those of the first
stage at the first, and the units of the stage before at every later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from layers.indicators.estimation.errors import DesignError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class SinglePSU(StrEnum):
    """What a stratum with a single sampled unit adds to the variance."""

    ADJUST = "adjust"
    """Its squared distance from the mean of all units."""
    AVERAGE = "average"
    """The mean of the other strata's contributions."""
    CERTAINTY = "certainty"
    """Nothing: it was sure to be drawn."""
    FAIL = "fail"
    """The design is refused."""


@dataclass(frozen=True)
class Factor:
    """A column of the sample as codes with their names."""

    codes: Integers
    """(N,)"""
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[object] | NDArray[np.generic]) -> Factor:
        """Codes in the sorted order of the values."""
        names, codes = np.unique(np.asarray(values), return_inverse=True)
        return cls(codes.astype(np.int64), tuple(str(name) for name in names))

    @classmethod
    def single(cls, rows: int) -> Factor:
        """All rows alike."""
        return cls(np.zeros(rows, dtype=np.int64), ("",))

    @classmethod
    def each(cls, rows: int) -> Factor:
        """Every row by itself; named by its number, counted from 1."""
        return cls(np.arange(rows), tuple(str(row + 1) for row in range(rows)))


@dataclass(frozen=True)
class Stage:
    """One stage of sampling; units are numbered stratum after stratum."""

    unit: Integers
    """(N,) the unit of each row."""
    stratum: Integers
    """(U,) the stratum of each unit."""
    sampled: Integers
    """(H,) units drawn."""
    fraction: Floats
    """(H,) share of the frame that was drawn; 0 where the frame is taken as endless."""
    reach: Floats
    """(H,) product of the fractions of the stages before."""

    @property
    def lonely(self) -> Booleans:
        """(H,) a single unit of a frame that holds more."""
        return np.asarray((self.sampled == 1) & (self.fraction < 1.0))


@dataclass(frozen=True)
class Design:
    """A sample of N rows. Raises DesignError where it contradicts itself."""

    weight: Floats
    """(N,) at least 0; a row of weight 0 is outside the population."""
    stages: tuple[Stage, ...]
    single: SinglePSU = SinglePSU.ADJUST
    margins: tuple[Integers, ...] = ()
    """Categories (N,) of each margin to which the weights were calibrated."""
    before: Floats | None = None
    """(N,) the weights before that."""

    @classmethod
    def of(
        cls,
        *,
        weight: Floats | None = None,
        strata: Factor | None = None,
        clusters: Sequence[Factor] = (),
        frames: Sequence[Floats] = (),
        single: SinglePSU = SinglePSU.ADJUST,
        rows: int | None = None,
    ) -> Design:
        """`frames` (N,) each count the units of one stage in the row's stratum or unit.

        Without clusters every row is a unit. Without frames the first stage alone counts, as
        if drawn with replacement; frames of the first stages only take later ones as
        endless. Without weights these are the inverse of the product of fractions, or 1.
        """
        rows = _rows(rows, weight, strata, clusters, frames)
        if strata and clusters:
            _refuse_two_strata(strata, clusters[0])
        above = strata or Factor.single(rows)
        reach = np.ones(len(above.names))
        stages: list[Stage] = []
        for place, cluster in enumerate(list(clusters) or [Factor.each(rows)]):
            frame = frames[place] if place < len(frames) else None
            if place > 0 and not frames:
                break
            stage, names = _stage(above, cluster, frame, reach, place + 1)
            _refuse_lonely(stage, above, single, place + 1)
            reach = (stage.reach * stage.fraction)[stage.stratum]
            above = Factor(stage.unit, names)
            stages.append(stage)
        if weight is None:
            weight = _inverse_fractions(stages) if frames else np.ones(rows)
        return cls(_checked(weight), tuple(stages), single)

    def __len__(self) -> int:
        return len(self.weight)

    def with_replacement(self) -> Design:
        """The same sample as if its frames were endless: error of the process behind it."""
        first = self.stages[0]
        endless = replace(first, fraction=np.zeros_like(first.fraction))
        return replace(self, stages=(endless,))

    @cached_property
    def explaining(self) -> tuple[list[Integers], Floats]:
        """Categories (N,) of each margin, numbered through, and the inverse (C, C) of their
        cross products with the weights from before the calibration.
        """
        before = self.weight if self.before is None else self.before
        sizes = [int(margin.max()) + 1 for margin in self.margins]
        starts = np.cumsum([0, *sizes[:-1]])
        columns = [
            margin + start for margin, start in zip(self.margins, starts, strict=True)
        ]
        width = sum(sizes)
        cross = np.zeros((width, width))
        for one in columns:
            for other in columns:
                pairs = np.bincount(one * width + other, before, width * width)
                cross += pairs.reshape(width, width)
        # The margins share their total, so the system is singular by design.
        inverse = np.linalg.pinv(cross, rcond=1e-12, hermitian=True)
        return columns, np.asarray(inverse, dtype=np.float64)

    def calibrated(self, weight: Floats, margins: Sequence[Integers]) -> Design:
        """The same sample with weights (N,) that meet known totals by `margins` (N,) each."""
        return replace(self, weight=weight, margins=tuple(margins), before=self.weight)


def _rows(
    rows: int | None,
    weight: Floats | None,
    strata: Factor | None,
    clusters: Sequence[Factor],
    frames: Sequence[Floats],
) -> int:
    columns = [factor.codes for factor in (strata, *clusters) if factor]
    lengths = {
        len(column) for column in (weight, *columns, *frames) if column is not None
    }
    if rows is not None:
        lengths.add(rows)
    if len(lengths) != 1:
        raise DesignError(f"the columns differ in length: {sorted(lengths)}")
    return int(lengths.pop())


def _stage(
    above: Factor, cluster: Factor, frame: Floats | None, reach: Floats, number: int
) -> tuple[Stage, tuple[str, ...]]:
    """The units of `cluster` within each stratum of `above`, and their names."""
    width = len(cluster.names)
    keys, unit = np.unique(above.codes * width + cluster.codes, return_inverse=True)
    stratum, code = np.divmod(keys, width)
    sampled = np.bincount(stratum, minlength=len(above.names))
    fraction = np.zeros(len(above.names))
    if frame is not None:
        fraction = sampled / _frame(above, frame, sampled, number)
    names = tuple(cluster.names[each] for each in code)
    return Stage(unit.astype(np.int64), stratum, sampled, fraction, reach), names


def _frame(above: Factor, frame: Floats, sampled: Integers, number: int) -> Floats:
    """(H,) units in the frame of each stratum. Raises DesignError."""
    found = np.full(len(above.names), np.nan)
    found[above.codes] = frame
    if (lost := np.flatnonzero(np.isnan(frame))).size:
        place = _place(above, int(above.codes[lost[0]]), number)
        raise DesignError(f"{place} has no frame count (fpc) in some of its rows")
    if (other := np.flatnonzero(found[above.codes] != frame)).size:
        place = _place(above, int(above.codes[other[0]]), number)
        raise DesignError(
            f"{place} has two frame counts (fpc): {frame[other[0]]:g} and "
            f"{found[above.codes[other[0]]]:g}"
        )
    if (short := np.flatnonzero(found < sampled)).size:
        place = _place(above, int(short[0]), number)
        raise DesignError(
            f"{place} has {sampled[short[0]]} sampled units but a frame (fpc) of "
            f"{found[short[0]]:g}; the frame counts units and is no fraction"
        )
    return found


def _place(above: Factor, code: int, number: int) -> str:
    if number == 1:
        return f'Stratum "{above.names[code]}"' if above.names[code] else "The sample"
    return f'Stage {number}: unit "{above.names[code]}"'


def _refuse_lonely(stage: Stage, above: Factor, single: SinglePSU, number: int) -> None:
    lonely = np.flatnonzero(stage.lonely)
    if single == SinglePSU.FAIL and lonely.size:
        place = _place(above, int(lonely[0]), number)
        raise DesignError(f"{place} has a single sampling unit")


def _refuse_two_strata(strata: Factor, cluster: Factor) -> None:
    home = np.zeros(len(cluster.names), dtype=np.int64)
    home[cluster.codes] = strata.codes
    if (moved := np.flatnonzero(home[cluster.codes] != strata.codes)).size:
        code = cluster.codes[moved[0]]
        names = sorted(
            strata.names[each] for each in (strata.codes[moved[0]], home[code])
        )
        raise DesignError(
            f'Cluster "{cluster.names[code]}" is in two strata, "{names[0]}" and '
            f'"{names[1]}"; give its parts names of their own'
        )


def _inverse_fractions(stages: Sequence[Stage]) -> Floats:
    last = stages[-1]
    chance = (last.reach * np.where(last.fraction > 0, last.fraction, 1.0))[
        last.stratum
    ]
    return np.asarray(1.0 / chance[last.unit])


def _checked(weight: Floats) -> Floats:
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        raise DesignError(f"row {bad[0] + 1} has the weight {weight[bad[0]]:g}")
    if not weight.any():
        raise DesignError("all weights are zero")
    return weight
