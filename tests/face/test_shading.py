"""What of a lightness is shading, on a face's shape and on none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.shading import shading
from facelab.geometry.visibility import normals
from tests.synthetic import canonical, frozen, plane

SIDE = 128
FACE = canonical()
ON_FACE = frozen(cv2.erode(np.float32(FACE.atlas.face[::2, ::2]), np.ones((9, 9), np.uint8)))


def lit(direction, depth):
    """L* of a face in light from a direction, which falls by `depth` to the sides."""
    facing = normals(FACE)[::2, ::2] @ np.float32(direction)
    return frozen(np.float32(depth) * facing)


def band_passed(lightness):
    weight = ON_FACE + np.float32(1e-3)
    total, support = (
        cv2.GaussianBlur(one, (0, 0), 0.1 * SIDE) for one in (lightness * weight, weight)
    )
    return cv2.GaussianBlur(lightness - total / support, (0, 0), 0.02 * SIDE)


def likeness(found, wanted):
    inside = ON_FACE > 0.5
    return float(np.corrcoef(found[inside], wanted[inside])[0, 1])


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (-0.6, 0.8, 0)])
def test_light_from_a_side_is_found(direction):
    lightness = lit(direction, 40)
    found, sure = shading(lightness, ON_FACE, FACE)
    assert sure > 0.8
    assert likeness(found, band_passed(lightness)) > 0.9
    opposite, _ = shading(-lightness, ON_FACE, FACE)
    np.testing.assert_allclose(opposite, -found, atol=1e-4)


def test_little_shading_is_left_to_relief():
    strong, weak = lit((1, 0, 0), 40), lit((1, 0, 0), 2)
    assert shading(weak, ON_FACE, FACE)[1] < 0.1
    ratio = np.abs(shading(weak, ON_FACE, FACE)[0]).max()
    assert ratio < 0.1 / 20 * np.abs(shading(strong, ON_FACE, FACE)[0]).max()


def test_patches_are_no_shading():
    """What does not go by the way the surface looks is hardly explained."""
    rng = np.random.default_rng(0)
    patches = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)).astype(np.float32), (0, 0), 5)
    patches *= np.float32(8) / patches.std()
    found, _ = shading(frozen(patches), ON_FACE, FACE)
    inside = ON_FACE > 0.5
    assert found[inside].std() < 0.3 * band_passed(patches)[inside].std()


def test_without_shape_or_skin_nothing_is_shading():
    lightness = lit((1, 0, 0), 40)
    nothing = frozen(np.zeros((SIDE, SIDE), np.float32))
    for weight, positions in ((ON_FACE, plane()), (nothing, FACE)):
        found, sure = shading(lightness, weight, positions)
        assert np.isfinite(found).all()
        assert np.abs(found[ON_FACE > 0.5]).max() < 0.1
        assert 0 <= sure < 0.1
