"""Colours told apart by the colour-blind, simulated after Machado and others (2009)."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from layers.maps import palettes

# Full severity, on linear sRGB; then what a greyscale print leaves.
EYES = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def seen(colour: str, eye: str) -> np.ndarray:
    """The colour in OKLab as that eye sees it."""
    linear = np.clip(EYES[eye] @ np.array(palettes._linear(colour)), 0, 1)
    return LAB @ np.cbrt(LMS @ linear)


def distance(first: str, second: str, eye: str) -> float:
    return float(np.linalg.norm(seen(first, eye) - seen(second, eye)))


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", palettes.THEMES)
@pytest.mark.parametrize("palette", palettes.SEQUENTIAL)
@pytest.mark.parametrize("count", [3, 5, 7])
def test_classes_that_follow_each_other_are_told_apart(palette, count, theme, eye):
    found = palettes.colours(palette, count, theme)
    for first, second in pairwise(found):
        assert distance(first, second, eye) > 0.05


@pytest.mark.parametrize("theme", palettes.THEMES)
@pytest.mark.parametrize("palette", palettes.SEQUENTIAL)
def test_sequential_colours_go_one_way_in_grey(palette, theme):
    grey = [palettes.luminance(x) for x in palettes.colours(palette, 7, theme)]
    assert grey == sorted(grey, reverse=theme == "light")


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", palettes.THEMES)
@pytest.mark.parametrize("palette", ["change", "clusters", "bivariate"])
def test_every_two_colours_of_the_fixed_palettes_are_told_apart(palette, theme, eye):
    for first, second in combinations(palettes.colours(palette, 0, theme), 2):
        assert distance(first, second, eye) > 0.055, (first, second)


@pytest.mark.parametrize("theme", palettes.THEMES)
def test_names_are_read_on_every_colour(theme):
    for palette in (*palettes.SEQUENTIAL, "change", "clusters", "bivariate"):
        for colour in palettes.colours(palette, 7, theme):
            assert palettes.contrast(palettes.ink_on(colour), colour) >= 3.0
