from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.cielab import lab_of, to_lab
from facelab.edits.iris import Iris
from facelab.edits.tone import Tone
from facelab.edits.whiten import Whiten
from facelab.face.eye_layer import eyes_of
from tests.editing import change, recoloured
from tests.eyed import IRIS, eyed


@pytest.mark.parametrize("colour", ["#4f7f9f", "#5b8a4a", "#8a5a2b"])
@pytest.mark.parametrize("iris", [IRIS, (0.1, 0.07, 0.05)], ids=["brown", "black"])
def test_irises_get_the_hue(colour, iris):
    face = eyed(iris=iris)
    lab = to_lab(Iris(colour=colour)(face, {}).texture.colour)
    for eye in eyes_of(face):
        ring = (eye.radius > 0.5) & (eye.radius < 0.7) & (eye.lid > 0.3)
        a, b = lab[eye.box][ring][:, 1:].mean(axis=0)
        _, wanted_a, wanted_b = lab_of(colour)
        turn = np.rad2deg(np.arctan2(b, a) - np.arctan2(wanted_b, wanted_a))
        assert abs((turn + 180) % 360 - 180) < 12


def test_whites_lids_and_pupils_stay():
    face = eyed()
    by = np.abs(change(Iris(), face)).max(axis=2)
    for eye in eyes_of(face):
        changed = by[eye.box]
        assert not changed[(eye.radius > 1 + 2 * eye.blur) | (eye.lid < 0)].any()
        assert changed[eye.radius < 0.2].max() < changed.max() / 3
    assert by.max() > 0.1


def test_a_reflection_stays():
    face = eyed(light=(0.5, 0.0))
    by = np.abs(change(Iris(), face)).max(axis=2)
    for eye in eyes_of(face):
        lamp = np.hypot(eye.places[..., 0] - 0.5, eye.places[..., 1]) < 0.08
        assert lamp.any() and not by[eye.box][lamp].any()


def test_the_pattern_of_the_iris_stays():
    face = eyed()
    noise = np.random.default_rng(0).normal(0, 0.02, (512, 512, 1)).astype(np.float32)
    texture = np.clip(face.texture.colour + noise, 0, 1)
    lively = recoloured(face, texture)
    eye = eyes_of(face)[0]
    ring = (eye.radius > 0.5) & (eye.radius < 0.7) & (eye.lid > 0.3)
    before, after = (
        to_lab(one.texture.colour)[eye.box][ring][:, 0] for one in (lively, Iris()(lively, {}))
    )
    assert np.corrcoef(before, after)[0, 1] > 0.9


def test_dark_whites_make_darker_irises():
    """They say how much light there is."""
    bright, dim = (to_lab(Iris()(face, {}).texture.colour) for face in (eyed(), _dimmed(eyed())))
    eye = eyes_of(eyed())[0]
    ring = (eye.radius > 0.5) & (eye.radius < 0.7) & (eye.lid > 0.3)
    assert dim[eye.box][ring][:, 0].mean() < 0.8 * bright[eye.box][ring][:, 0].mean()


def _dimmed(face):
    return recoloured(face, face.texture.colour * np.float32(0.5))


def test_whiten_changes_the_whites_alone():
    face = eyed()
    by = np.abs(change(Whiten(part="eyes"), face)).max(axis=2)
    for eye in eyes_of(face):
        changed = by[eye.box]
        assert not changed[(eye.radius < 1) | (eye.lid < 0)].any()
        white = (eye.radius > 1.4) & (eye.lid > 0.25)
        assert white.any() and changed[white].min() > 0.01


@pytest.mark.parametrize(("region", "sides"), [("eyes", {0, 1}), ("left-eye", {1})])
def test_tone_of_eyes_stays_between_the_lids(region, sides):
    face = eyed()
    by = np.abs(change(Tone(regions=(region,), exposure=0.5), face)).max(axis=2)
    for eye in eyes_of(face):
        changed = by[eye.box]
        assert changed.any() == (eye.side in sides)
        assert not changed[eye.lid < 0].any()
    assert not by[300:].any()
