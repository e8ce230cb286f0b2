"""The teacher: whose places in the picture its points have."""

from types import SimpleNamespace

import numpy as np
import pytest

from facelab.atlas.canonical import CONTOURS, OVAL
from facelab.errors import NoFaceError
from facelab.geometry.landmarks import points468
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.train.teacher import Teacher
from tests.synthetic import photograph

SHIFT = np.array([3, -2, 5], np.float32)
NOSE_TIP = 4


def shifted(image, positions):
    """A landmarker that sees everything beside where it is."""
    points = np.concatenate([points468(positions), np.zeros((10, 3), np.float32)])
    return SimpleNamespace(points=points + SHIFT)


def taught(landmarker):
    scene = Teacher(load_reconstructor(backend="mesh"), landmarker, load_segmenter())(
        photograph("james-right.jpg")
    )
    return points468(scene.positions) / scene.positions.box.size


def test_the_landmarker_says_where_lids_and_lips_are_and_nothing_else():
    def nothing(image, positions):
        return SimpleNamespace(points=points468(positions))

    away = taught(shifted) - taught(nothing)
    away -= away[NOSE_TIP]  # the square around the face is another
    for part in ("right eye", "left eye", "lips"):
        unit = away[CONTOURS[part][0], :2] / SHIFT[:2]
        np.testing.assert_allclose(unit, unit.mean(), rtol=0.1)
        assert unit.mean() > 0.001
    np.testing.assert_allclose(away[list(OVAL)], 0, atol=1e-3)
    np.testing.assert_allclose(away[:, 2], 0, atol=1e-3)  # of depth it says nothing


def test_a_picture_of_nobody():
    with pytest.raises(NoFaceError):
        Teacher(load_reconstructor(backend="mesh"), shifted, load_segmenter())(
            np.full((128, 128, 3), 0.5, np.float32)
        )
