"""Irises, lids and expression of photographs and drawn heads."""

from __future__ import annotations

import numpy as np
import pytest

import facelab
from facelab.constants import ARKIT
from facelab.errors import UsageError, WeightsError
from facelab.geometry.eyes import IRISES
from facelab.heads.person import Looks, person_of
from facelab.heads.shot import Shot, take
from facelab.models.kinds import BLENDSHAPES, LANDMARKER
from facelab.models.runtime import load_runner
from facelab.reconstruct.landmarker import POINTS, FaceLandmarker, load_landmarker
from tests.synthetic import canonical, noise, photograph

TURN = np.array([-1, 1, 1], np.float32)


@pytest.fixture(scope="module")
def model():
    return facelab.load_model()


@pytest.fixture(scope="module")
def astronaut(model):
    return model(photograph("astronaut.png"))[0]


def other_side(name):
    """ARKit's name of what is on the other side."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight"}.get(name, name)


def test_the_points_that_tell_the_expression():
    assert len(POINTS) == len(set(POINTS)) == 146
    assert sorted(POINTS) == list(POINTS)
    assert set(IRISES.ravel()) <= set(POINTS)


def test_a_smile_into_the_camera(astronaut):
    assert list(astronaut.blendshapes) == list(ARKIT)
    assert all(0 <= value <= 1 for value in astronaut.blendshapes.values())
    assert min(astronaut.blendshapes[f"mouthSmile{side}"] for side in ("Left", "Right")) > 0.7
    assert astronaut.blendshapes["tongueOut"] < 0.1
    assert np.abs([astronaut.gaze.yaw, astronaut.gaze.pitch]).max() < 10
    assert (astronaut.openness > 0.5).all()
    assert astronaut.visible_irises[:, 0].all()


def test_irises_are_where_they_are_marked_by_eye(astronaut):
    marked = [[204, 102], [247, 104]]
    np.testing.assert_allclose(astronaut.irises[:, 0, :2], marked, atol=2.5)
    (right, top, left, bottom) = astronaut.irises[:, 1:, :2].swapaxes(0, 1)
    assert (right[:, 0] > left[:, 0]).all()
    assert (top[:, 1] < bottom[:, 1]).all()


def test_a_mirrored_photograph_has_a_mirrored_face(model, astronaut):
    image = photograph("astronaut.png")
    mirrored = model(np.ascontiguousarray(image[:, ::-1]))[0]
    irises = mirrored.irises[::-1][:, [0, 3, 2, 1, 4]] * TURN
    irises[..., 0] += image.shape[1] - 1
    diameter = np.linalg.norm(astronaut.irises[0, 1] - astronaut.irises[0, 3])
    away = np.linalg.norm((irises - astronaut.irises)[..., :2], axis=2)
    assert away.max() < 0.15 * diameter
    vectors = mirrored.gaze.vectors[::-1] * TURN
    assert np.rad2deg(np.arccos((vectors * astronaut.gaze.vectors).sum(axis=1))).max() < 6
    np.testing.assert_allclose(mirrored.openness[::-1], astronaut.openness, atol=0.1)
    for name, value in astronaut.blendshapes.items():
        assert mirrored.blendshapes[other_side(name)] == pytest.approx(value, abs=0.25), name


@pytest.fixture(scope="module")
def heads(model):
    """Three drawn heads: one that looks straight on, one to the image's right, one that sleeps."""
    shots = [{}, {"gaze_right": 25.0}, {"expression": "blink"}]
    person = person_of(Looks(seed=54, hair="short01", eyes="brown"))
    found = []
    for shot in shots:
        picture = take(person, Shot(size=320, room=1.8, light="soft", seed=4, **shot))
        found.append((picture, model(np.clip(picture.image, 0, 1))[0]))
    return found


def test_drawn_heads_look_where_they_were_made_to(heads):
    (_, seen_ahead), (aside, seen_aside), _ = heads
    true = np.rad2deg(np.arctan2(aside.gaze[:, 0], aside.gaze[:, 2]))
    assert (true > 20).all()
    assert (seen_aside.gaze.yaw - seen_ahead.gaze.yaw > 10).all()
    assert seen_aside.blendshapes["eyeLookOutLeft"] > seen_ahead.blendshapes["eyeLookOutLeft"]
    for picture, face in heads[:2]:
        diameter = np.linalg.norm(picture.irises[0, 1] - picture.irises[0, 3])
        away = np.linalg.norm((face.irises - picture.irises)[:, 0, :2], axis=1)
        assert away.max() < 0.5 * diameter


def test_a_sleeper_is_told(heads):
    (_, awake), _, (_, asleep) = heads
    assert (asleep.openness < 0.15).all()
    assert (awake.openness > 0.4).all()
    assert not asleep.visible_irises.any()
    assert np.isnan(asleep.gaze.vectors).all()
    assert asleep.blendshapes["eyeBlinkLeft"] > awake.blendshapes["eyeBlinkLeft"] + 0.2


def test_dark_glasses_cover_the_eyes(model, astronaut):
    image = photograph("astronaut.png").copy()
    assert not astronaut._features.covered
    right, left = astronaut.irises[:, 0, :2]
    rows = slice(int(right[1]) - 9, int(right[1]) + 16)
    image[rows, int(right[0]) - 22 : int(left[0]) + 22] = 0.03
    features = load_landmarker()(image, astronaut.positions)
    assert features.covered
    assert not features.eyes.visible.any()


def test_what_is_no_face_gives_numbers():
    features = load_landmarker()(noise(200, 220), canonical(scale=5, origin=(90, 80, 0)))
    assert np.isfinite(features.points).all()
    assert np.isfinite(features.eyes.irises).all()
    assert np.isfinite(list(features.blendshapes.values())).all()


def test_a_face_beside_the_photograph_gives_numbers():
    features = load_landmarker()(noise(30, 40), canonical(scale=5, origin=(900, -80, 0)))
    assert np.isfinite(features.points).all()


def test_runtimes_agree(astronaut):
    image = photograph("astronaut.png")
    one, other = (load_landmarker(name)(image, astronaut.positions) for name in ("onnx", "torch"))
    np.testing.assert_allclose(one.points, other.points, atol=1e-3)
    np.testing.assert_allclose(
        list(one.blendshapes.values()), list(other.blendshapes.values()), atol=1e-3
    )


def test_networks_are_loaded_when_they_are_needed_and_once(monkeypatch):
    loaded = []

    def load(kind, *where):
        loaded.append(kind)
        return load_runner(kind, *where)

    monkeypatch.setattr("facelab.reconstruct.landmarker.load_runner", load)
    landmarker, face = FaceLandmarker(), canonical(scale=1, origin=(20, 20, 0))
    assert not loaded
    seen = [landmarker(noise(40, 40, seed), face) for seed in range(2)]
    assert all(np.isfinite(one.eyes.irises).all() for one in seen)
    assert loaded == [LANDMARKER]
    assert all(len(one.blendshapes) == len(ARKIT) for one in seen)
    assert loaded == [LANDMARKER, BLENDSHAPES]
    assert load_landmarker() is load_landmarker()


def test_damaged_weights_are_told(monkeypatch):
    broken = np.full((1, 478, 3), np.nan, np.float32), np.ones(1), np.ones(1)
    monkeypatch.setattr("facelab.reconstruct.landmarker.load_runner", lambda *_: lambda _: broken)
    with pytest.raises(WeightsError, match="Landmarker: gives places that are in no photograph"):
        FaceLandmarker()(noise(40, 40), canonical(scale=1, origin=(20, 20, 0)))


def test_an_unknown_runtime_is_refused():
    with pytest.raises(UsageError, match="no runtime 'none'"):
        FaceLandmarker("none")(noise(40, 40), canonical(scale=1, origin=(20, 20, 0)))
