from __future__ import annotations

import numpy as np
import pytest

from facelab.face.oral_cavity import OralCavity
from facelab.geometry import pose

MODEL = OralCavity.load()
SCALE = 10.0
UPPER = np.float32([100, 80, 5])


def placed(gap=1.0, shown=(0.5, 0.1), angles=(0.0, 0.0, 0.0)):
    rotation = np.asarray(pose.matrix(*angles), np.float32)
    down = -rotation[:2, 1] * [1, -1]
    lower = UPPER + np.float32([*(down / np.linalg.norm(down) * gap * SCALE), 0])
    return MODEL.placed((UPPER, lower), shown, rotation, SCALE), down / np.linalg.norm(down), lower


def teeth(upper):
    pale = MODEL.reflectance[:, 2] > 0.75 * MODEL.reflectance[:, 0]
    front = (np.abs(MODEL.vertices[:, 0]) < 0.5) & (MODEL.vertices[:, 2] > -1.6)
    return pale & (MODEL.upper == upper) & front


def test_the_model_is_whole():
    assert MODEL.triangles.max() < len(MODEL.vertices)
    assert 0.3 < MODEL.upper.mean() < 0.6
    np.testing.assert_allclose(np.linalg.norm(MODEL.normals, axis=1), 1, atol=0.02)
    corners = MODEL.vertices[MODEL.triangles]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    agree = (outward * MODEL.normals[MODEL.triangles].mean(axis=1)).sum(axis=1)
    assert (agree > -1e-4).mean() > 0.95


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (0, 20, 0), (-20, -15, 25)])
@pytest.mark.parametrize("gap", [0.3, 1.5])
def test_incisors_stand_out_of_the_lips_as_far_as_they_are_told(angles, gap):
    (vertices, normals), down, lower = placed(gap, (0.5, 0.1), angles)
    below = (vertices[:, :2] - UPPER[:2]) @ down
    above = (lower[:2] - vertices[:, :2]) @ down
    assert below[teeth(True)].max() == pytest.approx(5, abs=1.5)
    assert above[teeth(False)].max() == pytest.approx(1, abs=2.5)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=0.02)


def test_the_skull_s_teeth_stay_where_the_jaw_goes():
    (shut, _), _, _ = placed(0.0)
    (wide, _), _, _ = placed(2.0)
    np.testing.assert_array_equal(shut[MODEL.upper], wide[MODEL.upper])
    drop = (wide - shut)[~MODEL.upper, 1]
    behind = MODEL.vertices[~MODEL.upper, 2]
    assert drop[behind > -1.5].mean() > drop[behind < -4].mean() > 0


def test_the_model_turns_with_the_head():
    (front, _), _, _ = placed()
    (turned, _), _, _ = placed(angles=(30, 0, 0))
    assert turned[MODEL.upper, 0].mean() < front[MODEL.upper, 0].mean()  # it lies behind the lips
