from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.cielab import to_lab
from facelab.edits.red_eye import RedEye
from facelab.face.eye_layer import eyes_of
from tests.editing import change, recoloured
from tests.eyed import eyed

GLOW = (0.75, 0.1, 0.12)


def flashed(size=512):
    """Eyes whose pupils are red, with a lamp in each."""
    face = eyed(size)
    colour = face.texture.colour.copy()
    for eye in eyes_of(face):
        part = colour[eye.box]
        part[(eye.radius < 0.5) & (eye.lid > 0)] = GLOW
        part[np.hypot(eye.places[..., 0] + 0.2, eye.places[..., 1]) < 0.12] = 1
    return recoloured(face, colour)


@pytest.mark.parametrize("size", [384, 768])
def test_red_pupils_become_dark_and_grey(size):
    face = flashed(size)
    after = to_lab(RedEye()(face, {}).texture.colour)
    for eye in eyes_of(eyed(size)):
        lab, pupil = after[eye.box], (eye.radius < 0.45) & (eye.lid > 0.05)
        lamp = np.hypot(eye.places[..., 0] + 0.2, eye.places[..., 1]) < 0.08
        alone = pupil & (np.hypot(eye.places[..., 0] + 0.2, eye.places[..., 1]) > 0.2)
        assert lab[alone][:, 0].max() < 30
        assert np.abs(lab[alone][:, 1:]).max() < 6
        assert lab[lamp][:, 0].min() > 90


def test_the_rest_of_the_face_stays():
    by = np.abs(change(RedEye(), flashed())).max(axis=2)
    for eye in eyes_of(eyed()):
        outside = (eye.radius > 1.3) | (eye.lid < -0.4)
        assert not by[eye.box][outside].any()
        by[eye.box] = 0
    assert not by.any()


@pytest.mark.parametrize("iris", [(0.35, 0.22, 0.14), (0.55, 0.35, 0.15), (0.1, 0.06, 0.05)])
def test_eyes_without_a_flash_stay(iris):
    face = eyed(iris=iris)
    assert not change(RedEye(), face).any()
