"""PRNet's network and atlas in use: crops, position maps, and all that is done with them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import facelab
from facelab import FaceModel, FaceObservation, Image
from facelab.geometry.pose import estimate
from facelab.geometry.visibility import visible
from facelab.reconstruct.prn_regressor import PRNRegressor, crop_of
from facelab.reconstruct.reconstructor import View
from facelab.train.loss import loss_weights
from facelab.types import Box, Detection, Reconstruction
from tests.commands import facelab_
from tests.prnet import laid_out
from tests.synthetic import canonical as canonical_face
from tests.synthetic import frozen, noise, photograph

BOX = Box(1, 1, 8, 8)


def prnet_similarity(box, lower=0.0, times=1.6):
    """PRNet's own way to its crop: three corners of a square to (0, 0), (0, 255) and (255, 0)."""
    old = (box.width + box.height) / 2
    x, y = box.centre[0], box.centre[1] + lower * old
    half = int(old * times) / 2
    corners = np.float32([[x - half, y - half], [x - half, y + half], [x + half, y - half]])
    return cv2.getAffineTransform(corners, np.float32([[0, 0], [0, 255], [255, 0]]))


@settings(max_examples=20, deadline=None)
@given(
    st.floats(-50, 900), st.floats(-50, 900), st.floats(10, 400), st.floats(10, 400), st.booleans()
)
def test_crop_is_prnets(x, y, width, height, detected):
    box = Box(x, y, x + width, y + height)
    if detected:
        place = Detection(box, 0.8, np.zeros((6, 2), np.float32))
        expected = prnet_similarity(box, 0.14, 1.58)
    else:
        place, expected = box, prnet_similarity(box)
    np.testing.assert_allclose(crop_of(place).matrix, expected, rtol=1e-3, atol=2e-2)


class Drawn:
    """A runner whose network finds the given face, whatever the crop shows."""

    description = "by hand"

    def __init__(self, positions, views):
        self.maps = np.stack(
            [
                crop_of(view.place).apply(positions.values.reshape(-1, 3)).reshape(256, 256, 3)
                for view in views
            ]
        )

    def __call__(self, crops):
        self.crops = crops
        return (self.maps,)


def test_map_comes_back_into_the_photograph(atlas):
    face = laid_out(canonical_face(yaw=20), atlas)
    image = photograph("astronaut.png")
    found = Detection(Box(80, 90, 170, 180), 0.7, np.zeros((6, 2), np.float32))
    views = [View(image, Box(70, 80, 170, 190)), View(image, found)]
    runner = Drawn(face, views)
    one, other = PRNRegressor(runner)(views)
    assert runner.crops.shape == (2, 256, 256, 3)
    assert (one.score, other.score) == (1, 0.7)
    for result in (one, other):
        assert result.positions.atlas is atlas
        np.testing.assert_allclose(result.positions.values, face.values, atol=1e-2)
        assert not result.positions.values[~atlas.valid].any()


def test_loss_weights_are_the_published_ones(atlas):
    weights = loss_weights(atlas)
    assert set(np.unique(weights)) == {0, 3, 16}  # the hand-made mask has no 4
    u, v = np.rint(atlas.landmarks68).astype(int).T
    assert (weights[v, u] == 16).all()
    assert not weights[~atlas.face].any()


def test_no_views_need_no_network(atlas):
    assert (
        PRNRegressor(Drawn(laid_out(canonical_face(), atlas), [View(noise(9, 9), BOX)]))([]) == []
    )


@pytest.mark.parametrize("pose", [{}, {"yaw": 40}, {"yaw": -25, "pitch": 15, "roll": 30}])
def test_both_atlases_mean_the_same_pose(atlas, pose):
    face = canonical_face(**pose)
    one, other = estimate(face), estimate(laid_out(face, atlas))
    np.testing.assert_allclose(
        [one.yaw, one.pitch, one.roll], [other.yaw, other.pitch, other.roll], atol=0.5
    )
    assert one.scale == pytest.approx(other.scale, rel=0.01)


def test_landmarks_and_visibility_are_those_of_the_face(atlas):
    face = canonical_face(yaw=30)
    own_marks = laid_out(face, atlas).landmarks
    np.testing.assert_allclose(own_marks[17:60], face.landmarks[17:60], atol=2)
    turned = visible(laid_out(canonical_face(yaw=70), atlas))
    assert turned[:, :128].sum() > 1.3 * turned[:, 128:].sum()


def test_mesh_is_closed_and_faces_the_viewer(atlas):
    places, triangles = atlas.mesh
    assert len(places) == atlas.face.sum()
    a, b, c = (places[corner] for corner in triangles.T)
    (bx, by), (cx, cy) = (b - a).T, (c - a).T
    assert (by * cx - bx * cy > 0).all()


def test_swap_in_prnets_atlas(atlas):
    image = photograph("mona-lisa.jpg", slice(100, 500), slice(170, 570))
    face = laid_out(canonical_face(scale=9, origin=(180, 200, 0)), atlas)

    class One:
        description = "one face"

        def __call__(self, _image, boxes=None):
            return [Reconstruction(face, 0.9)]

        largest = __call__

    def swapped(source):
        seen = FaceObservation(Image(source), Reconstruction(face, 0.9))
        result = facelab.swap(image, seen, model=FaceModel(One()), texture_size=256)
        return result.image.pixels

    result = swapped(noise(400, 400))
    changed = np.abs(result - image).max(axis=2) > 1e-3
    assert changed.mean() > 0.1
    x, y = face.values[atlas.region("oval", 256) > 0][:, :2].T
    x, y = np.maximum(x, 2), np.maximum(y, 2)  # the hand-made map is wild at its border
    outside = np.ones(changed.shape, bool)
    outside[int(y.min()) - 1 : int(y.max()) + 3, int(x.min()) - 1 : int(x.max()) + 3] = False
    assert not changed[outside].any()
    same = swapped(image)
    assert np.abs(same - image).mean() < 1 / 255


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_commands_work_with_the_imported_network(atlas, tmp_path, monkeypatch, runtime):
    monkeypatch.chdir(tmp_path)
    picture = (frozen(photograph("astronaut.png", slice(0, 256), slice(96, 352))) * 255).round()
    cv2.imwrite("a.png", picture.astype(np.uint8)[..., ::-1])
    result = facelab_("reconstruct", "a.png", "-o", "out", "--backend", "prn", "--runtime", runtime,
                      "--box", "70,40,190,190", "--write", "all")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "PRN by" in result.stderr
    report = json.loads((tmp_path / "out" / "a.json").read_text())
    assert {"prn", "prn_atlas"} <= set(report["weights"])
    vertices = np.load(tmp_path / "out" / "a_0.npz", allow_pickle=False)["vertices"]
    assert len(vertices) == atlas.face.sum()
