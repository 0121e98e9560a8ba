"""Cutting many polygons in two at once, along bent lines across their long side."""

from dataclasses import dataclass

import numpy as np
import shapely

CURVE_POINTS = 15


@dataclass(frozen=True)
class Frame:
    """The oriented envelope of each polygon: centre, unit axes, half-lengths."""

    centre: np.ndarray
    ahead: np.ndarray
    aside: np.ndarray
    length: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True)
class Cuts:
    """Where each polygon is cut. `along` is 0..1 of the frame, `bend` a share of the depth."""

    along: np.ndarray
    angle: np.ndarray
    bend: np.ndarray
    lengthwise: np.ndarray


def frames(polygons: np.ndarray) -> Frame:
    corners = shapely.get_coordinates(shapely.oriented_envelope(polygons)).reshape(
        -1, 5, 2
    )
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    first, second = np.hypot(*one.T), np.hypot(*two.T)
    swap = (second > first)[:, None]
    ahead = np.where(swap, two, one) / np.maximum(first, second)[:, None]
    # One of the two directions, always the same one, whatever corner GEOS starts from.
    flip = (ahead[:, 0] < 0) | ((ahead[:, 0] == 0) & (ahead[:, 1] < 0))
    ahead = np.where(flip[:, None], -ahead, ahead)
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    centre = (corners[:, 0] + corners[:, 2]) / 2
    return Frame(
        centre, ahead, aside, np.maximum(first, second), np.minimum(first, second)
    )


def cut_lines(
    frame: Frame, cuts: Cuts, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Curves (n, k, 2) that cross each frame, and the half-planes behind them."""
    along = np.where(cuts.lengthwise[:, None], frame.aside, frame.ahead)
    across = np.where(cuts.lengthwise[:, None], frame.ahead, frame.aside)
    extent = np.where(cuts.lengthwise, frame.depth, frame.length)
    width = np.where(cuts.lengthwise, frame.length, frame.depth)
    cosine, sine = np.cos(cuts.angle)[:, None], np.sin(cuts.angle)[:, None]
    heading = across * cosine + along * sine
    normal = along * cosine - across * sine
    base = frame.centre + along * ((cuts.along - 0.5) * extent)[:, None]
    reach = (width + extent) * 0.75
    steps = np.linspace(-1, 1, CURVE_POINTS)
    sway = np.zeros((len(width), CURVE_POINTS))
    for wave in (0.8, 1.7, 2.9):
        phase = rng.uniform(0, 2 * np.pi, (len(width), 1))
        size = rng.normal(size=(len(width), 1)) / wave
        sway += size * (np.sin(wave * np.pi * steps + phase) - np.sin(phase))
    offset = sway * (cuts.bend * width)[:, None]
    curve = (
        base[:, None, :]
        + heading[:, None, :] * (steps[None, :, None] * reach[:, None, None])
        + normal[:, None, :] * offset[:, :, None]
    )
    back = normal * (3 * (width + extent))[:, None]
    half = np.concatenate(
        [curve, (curve[:, -1] - back)[:, None], (curve[:, 0] - back)[:, None]], 1
    )
    return curve, half


@dataclass(frozen=True)
class Pieces:
    """What a cut gave: the parts, the polygon each came from, and the line that was drawn."""

    parts: np.ndarray
    source: np.ndarray
    curves: np.ndarray


def cut(
    polygons: np.ndarray, frame: Frame, cuts: Cuts, rng: np.random.Generator
) -> Pieces:
    curve, half = cut_lines(frame, cuts, rng)
    halves = shapely.polygons(half)
    # A bend sharp enough to cross itself would make the half-plane invalid.
    broken = ~shapely.is_valid(halves)
    if broken.any():
        halves[broken] = shapely.buffer(halves[broken], 0)
    near = shapely.intersection(polygons, halves)
    far = shapely.difference(polygons, halves)
    parts, source = shapely.get_parts(np.concatenate([near, far]), return_index=True)
    solid = shapely.get_type_id(parts) == 3
    return Pieces(parts[solid], source[solid] % len(polygons), curve)


def acceptable(
    pieces: Pieces,
    count: int,
    smallest: np.ndarray,
    narrowest: np.ndarray,
    fullness: np.ndarray,
) -> np.ndarray:
    """Which of the `count` sources were cut without leaving a scrap or a sliver.

    `fullness` is the least share of its oriented envelope that a part must fill.
    """
    area = shapely.area(pieces.parts)
    hull = shapely.oriented_envelope(pieces.parts)
    corners = shapely.get_coordinates(hull)
    whole = len(corners) == 5 * len(pieces.parts)
    if not whole:
        corners = np.stack([box_corners(shape) for shape in hull]).reshape(-1, 2)
    corners = corners.reshape(-1, 5, 2)
    sides = np.stack(
        [
            np.hypot(*(corners[:, 1] - corners[:, 0]).T),
            np.hypot(*(corners[:, 2] - corners[:, 1]).T),
        ]
    )
    depth, length = sides.min(axis=0), sides.max(axis=0)
    mean_width = area / np.maximum(length, 1e-9)
    poor = (
        (area < smallest[pieces.source])
        | (depth < narrowest[pieces.source])
        | (mean_width < 0.55 * narrowest[pieces.source])
        | (area < fullness[pieces.source] * depth * length)
    )
    bad = np.zeros(count, dtype=bool)
    bad[pieces.source[poor]] = True
    halves = np.bincount(pieces.source, minlength=count)
    return ~bad & (halves >= 2)


def box_corners(shape: shapely.Geometry) -> np.ndarray:
    """Five corners; all at one point for a part so thin that it has no envelope."""
    corners = shapely.get_coordinates(shape)
    return corners if len(corners) == 5 else np.zeros((5, 2))
