"""The labels of rendered heads: where the face is and how it is turned, after the picture was."""

from __future__ import annotations

import numpy as np
import pytest
from render_ict import SIZE, turned_in_plane

from facelab.augment.formats.w300lp import pose_parameters
from facelab.benchmark.label_files import rotation_of
from facelab.geometry import pose
from tests.synthetic import canonical


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_and_its_labels_turn_together(seed):
    level = canonical(yaw=40.0, pitch=10.0, scale=6.0, origin=(90.0, 80.0, 0.0))
    image = np.zeros((SIZE, SIZE, 3), np.float32)
    x, y = np.rint(level.landmarks[8, :2]).astype(int)
    image[y - 1 : y + 2, x - 1 : x + 2] = 1
    out, turned = turned_in_plane(image, level, np.random.default_rng(seed))
    assert np.abs(turned.landmarks - level.landmarks).max() > 0.5
    bright = np.argwhere(out[..., 0] > 0.5).mean(axis=0)[::-1]
    np.testing.assert_allclose(bright, turned.landmarks[8, :2], atol=1)
    parameters = pose_parameters(pose.estimate(turned), SIZE)
    pitch, yaw, roll = np.rad2deg(parameters[0, :3])
    truth = pose.estimate(turned).rotation
    np.testing.assert_allclose(rotation_of(yaw, pitch, roll), truth, atol=1e-4)
    assert yaw < 0
