"""Severities are told apart by people who see other colours than most.

What they see is simulated after Machado, Oliveira and Fernandes, "A
Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity
1.0, on linear RGB. Distances are those of CIELAB (1976), where 2.3 is just noticeable.
"""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from provisioning.grafana.severity import COLOURS

Floats = NDArray[np.float64]

SEEN = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# IEC 61966-2-1, to XYZ under D65.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Floats:
    encoded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    dark = encoded <= 0.04045
    return np.where(dark, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(rgb: Floats) -> Floats:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    edge = 6 / 29
    bent = ratio / (3 * edge**2) + 4 / 29
    x, y, z = np.where(ratio > edge**3, np.cbrt(ratio), bent)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", SEEN)
def test_any_two_severities_differ_plainly(eyes: str):
    seen = {name: lab(SEEN[eyes] @ linear(each)) for name, each in COLOURS.items()}
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 20, (one, other)


def test_the_distance_is_that_of_published_colours():
    # Lindbloom's calculator gives red of sRGB as L 53.24, a 80.09, b 67.20.
    assert lab(linear("#FF0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize("name", COLOURS)
def test_a_severity_stands_out_from_grafanas_dark_panels(name: str):
    # WCAG 2.1, 1.4.11: graphics need a contrast of 3 to 1.
    light, dark = (TO_XYZ[1] @ linear(one) for one in (COLOURS[name], "#181B1F"))
    assert (light + 0.05) / (dark + 0.05) > 3
