"""Draws a round's parcels from the frame, with known probabilities. Numpy only.

The same seed and the same frame give the same sample, in whatever order the frame's
rows come: they are put in the order of their codes first.

Source of the estimators' conditions: Särndal, Swensson and Wretman, "Model Assisted
Survey Sampling" (1992), chapters 3 (stratified, systematic, probability proportional to
size) and 4 (two stages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Frame:
    """Parcels to choose from: codes (n,), zones (n,) and positions (n, 2) in metres."""

    codes: NDArray[np.str_]
    zones: NDArray[np.str_]
    positions: Floats

    def sorted(self) -> Frame:
        order = np.argsort(self.codes, kind="stable")
        return Frame(self.codes[order], self.zones[order], self.positions[order])

    def digest(self) -> str:
        """Fingerprint of what was chosen from."""
        text = "\n".join(
            f"{code}\t{zone}" for code, zone in zip(self.codes, self.zones, strict=True)
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Drawn:
    """A parcel of the sample. `weight` is the inverse of its probability;
    `stratum_psus` counts the primary sampling units in its stratum's frame.
    """

    code: str
    stratum: str
    psu: str
    weight: float
    stratum_psus: int


class SampleTooLarge(ValueError):
    """More was asked for than there is."""


def draw_census(frame: Frame) -> list[Drawn]:
    """Every parcel, with certainty; each zone is a stratum."""
    frame = frame.sorted()
    return [
        Drawn(str(code), str(zone), str(code), 1.0, int((frame.zones == zone).sum()))
        for code, zone in zip(frame.codes, frame.zones, strict=True)
    ]


def draw_simple(frame: Frame, *, size: int, seed: int) -> list[Drawn]:
    """Simple random sampling without replacement."""
    frame = frame.sorted()
    everything = np.arange(len(frame.codes))
    return _simple(frame, everything, "all", size, np.random.default_rng(seed))


def draw_stratified(frame: Frame, *, size: int, seed: int) -> list[Drawn]:
    """Zones as strata, each with its proportional share, and two at the least."""
    frame = frame.sorted()
    zones, counts = np.unique(frame.zones, return_counts=True)
    shares = allocate(size, counts, least=2)
    rng = np.random.default_rng(seed)
    return [
        parcel
        for zone, share in zip(zones, shares, strict=True)
        for parcel in _simple(
            frame, np.flatnonzero(frame.zones == zone), str(zone), int(share), rng
        )
    ]


def draw_two_stage(
    frame: Frame, *, segments: int, per_segment: int, segment_size: int, seed: int
) -> list[Drawn]:
    """Segments of neighbouring parcels as primary sampling units, chosen in each zone
    with probability proportional to their parcels; then parcels in each of them.

    A segment that is so large that it would come twice is taken with certainty.
    """
    frame = frame.sorted()
    rng = np.random.default_rng(seed)
    zones, counts = np.unique(frame.zones, return_counts=True)
    shares = allocate(segments, np.maximum(counts // segment_size, 1), least=1)
    drawn: list[Drawn] = []
    for zone, share in zip(zones, shares, strict=True):
        here = np.flatnonzero(frame.zones == zone)
        parts = segments_of(frame.positions[here], segment_size)
        sizes = np.array([len(part) for part in parts], float)
        for index, chance in systematic(sizes, int(share), rng):
            members = here[parts[index]]
            take = min(per_segment, len(members))
            chosen = np.sort(rng.choice(members, take, replace=False))
            weight = len(members) / take / chance
            psu = f"{zone}/{index + 1}"
            drawn += [
                Drawn(str(frame.codes[row]), str(zone), psu, weight, len(parts))
                for row in chosen
            ]
    return drawn


def _simple(
    frame: Frame, rows: Integers, stratum: str, size: int, rng: np.random.Generator
) -> list[Drawn]:
    if size > len(rows):
        raise SampleTooLarge(f"{size} of {len(rows)}")
    chosen = np.sort(rng.choice(rows, size, replace=False))
    weight = len(rows) / size if size else 1.0
    return [
        Drawn(str(frame.codes[row]), stratum, str(frame.codes[row]), weight, len(rows))
        for row in chosen
    ]


def allocate(total: int, sizes: Sequence[int] | Integers, *, least: int) -> Integers:
    """Shares proportional to `sizes`, whole, by the largest remainder; each at least
    `least` where there are so many, and no more than there are. Their sum is `total`,
    or as near as those limits allow.
    """
    counts = np.asarray(sizes, np.int64)
    low = np.minimum(counts, least)
    wanted = min(max(total, int(low.sum())), int(counts.sum()))
    exact = wanted * counts / counts.sum()
    shares = np.clip(np.floor(exact).astype(np.int64), low, counts)
    while shares.sum() != wanted:
        step = 1 if shares.sum() < wanted else -1
        free = shares < counts if step > 0 else shares > low
        gap = np.where(free, (exact - shares) * step, -np.inf)
        shares[int(np.argmax(gap))] += step
    return shares


def segments_of(positions: Floats, size: int) -> list[Integers]:
    """Neighbouring parcels together, about `size` each: cut along a Hilbert curve.

    positions (n, 2) in metres.
    """
    order = np.argsort(hilbert(positions), kind="stable")
    parts = max(1, round(len(order) / size))
    return [np.sort(part) for part in np.array_split(order, parts)]


def hilbert(positions: Floats, order: int = 12) -> Integers:
    """Place of each position (n, 2) along a Hilbert curve over their extent (n,): what
    is near on the curve is near on the ground.
    """
    low = positions.min(axis=0)
    span = max(float((positions.max(axis=0) - low).max()), 1e-9)
    cells = 1 << order
    x, y = np.minimum((positions - low) / span * cells, cells - 1).astype(np.int64).T
    place = np.zeros(len(positions), np.int64)
    side = cells >> 1
    while side:
        right, up = (x & side) > 0, (y & side) > 0
        place += side * side * ((3 * right) ^ up)
        flip = ~up & right
        x = np.where(flip, cells - 1 - x, x)
        y = np.where(flip, cells - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        side >>= 1
    return place


def systematic(
    sizes: Floats, count: int, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """Chooses `count` of the units with probability proportional to size, by systematic
    sampling from a random start. Gives index and probability of each, in order.

    Units beyond the sampling interval are certain and leave the others their chance.
    """
    if count >= len(sizes):
        return [(index, 1.0) for index in range(len(sizes))]
    certain = np.zeros(len(sizes), bool)
    while True:
        left = count - int(certain.sum())
        share = np.where(certain, 0.0, left * sizes / sizes[~certain].sum())
        too_large = (share >= 1) & ~certain
        if not too_large.any():
            break
        certain |= too_large
    chosen = _marked(share, rng)
    return [
        (int(index), 1.0 if certain[index] else float(share[index]))
        for index in np.flatnonzero(certain | chosen)
    ]


def _marked(share: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Units in whose stretch of the cumulated shares one of the marks falls, which stand
    one apart behind a random start.
    """
    ends = np.cumsum(share)
    start = rng.random()
    before = np.concatenate([[0.0], ends[:-1]])
    hits: NDArray[np.bool_] = np.floor(ends - start) > np.floor(before - start)
    return hits
