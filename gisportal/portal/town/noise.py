"""Smooth random fields and hand-drawn lines."""

import numpy as np


class SmoothField:
    """A stationary Gaussian field with mean 0 and variance 1, as random Fourier features.

    Evaluating at any point needs no grid, so neighbours built separately still agree.
    """

    def __init__(
        self, rng: np.random.Generator, length: float, features: int = 96
    ) -> None:
        self.waves = rng.normal(size=(features, 2)) / length
        self.phases = rng.uniform(0, 2 * np.pi, features)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        points = np.asarray(points, dtype=float).reshape(-1, 2)
        phase = points @ self.waves.T + self.phases
        return np.cos(phase).sum(axis=1) * np.sqrt(2 / len(self.phases))


class Warp:
    """Displaces points by a smooth field; lines displaced from shared points stay shared."""

    def __init__(
        self, rng: np.random.Generator, length: float, amplitude: float
    ) -> None:
        self.east, self.north = SmoothField(rng, length), SmoothField(rng, length)
        self.amplitude = amplitude

    def __call__(self, points: np.ndarray) -> np.ndarray:
        shift = np.column_stack([self.east(points), self.north(points)])
        return points + self.amplitude * shift


def wander(
    rng: np.random.Generator,
    start: np.ndarray,
    end: np.ndarray,
    amplitude: float,
    step: float = 22.0,
) -> np.ndarray:
    """A road from start to end that bends like one drawn along the ground, not with a ruler."""
    length = float(np.hypot(*(end - start)))
    along = np.linspace(0, 1, max(4, int(length / step)))
    ahead = (end - start) / max(length, 1e-9)
    aside = np.array([-ahead[1], ahead[0]])
    sway = np.zeros_like(along)
    for wave in (1, 2, 3, 5):
        sway += rng.normal() / wave**1.1 * np.sin(np.pi * wave * along)
    offset = amplitude * length * sway
    return start + np.outer(along, end - start) + np.outer(offset, aside)


def closed_loop(
    rng: np.random.Generator,
    centre: np.ndarray,
    radius: float,
    roughness: float,
    points: int = 72,
) -> np.ndarray:
    """A ring round `centre` whose radius wanders by about `roughness` of itself."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    swell = np.zeros(points)
    for wave in range(2, 7):
        swell += rng.normal() / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    reach = radius * np.clip(1 + roughness * swell, 0.6, 1.5)
    return centre + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
