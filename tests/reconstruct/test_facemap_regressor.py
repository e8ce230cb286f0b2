"""FaceMap's position maps: which faces it takes for some, at any roll, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.geometry.crop import cut
from facelab.geometry.pose import estimate
from facelab.reconstruct import load_reconstructor
from facelab.types import Box, Crop
from tests.synthetic import FACES, photograph, smooth

SLEEVE = Box(5, 304, 216, 515)  # of the astronaut's suit: folds that look a little like a face


@pytest.fixture(scope="module")
def reconstructor():
    return load_reconstructor()


@pytest.mark.parametrize("name", FACES)
def test_the_samples_have_one_face_each(reconstructor, name):
    x, y, side, _ = FACES[name]
    (face,) = reconstructor(photograph(name))
    assert face.score > 0.9
    np.testing.assert_allclose(face.box.centre, (x, y), atol=0.2 * side)


def test_what_is_no_face_is_refused(reconstructor):
    assert reconstructor(photograph("astronaut.png"), [SLEEVE]) == []
    image = smooth(300, 300)
    boxes = [Box(x, y, x + 120, y + 120) for x in (20, 150) for y in (20, 150)]
    assert reconstructor(image, boxes) == []


@pytest.mark.parametrize("roll", [-55, -20, 20, 55])
def test_a_box_does_not_tell_the_roll_but_the_network_does(reconstructor, roll):
    image = photograph("astronaut.png")
    x, y, side, _ = FACES["astronaut.png"]
    crop = Crop((x, y), 3.0 * side, float(roll), 360)
    half = 0.5 * 360 / 3.0
    (face,) = reconstructor(cut(image, crop), [Box(180 - half, 180 - half, 180 + half, 180 + half)])
    (upright,) = reconstructor(image)
    found, own = estimate(face.positions), estimate(upright.positions)
    assert found.roll == pytest.approx(own.roll - roll, abs=3)
    assert found.yaw == pytest.approx(own.yaw, abs=3)
