"""The light on a face, from faces that were lit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.augment.occluders.light import estimate
from facelab.augment.occluders.surface import unit
from facelab.face.composite import render
from facelab.geometry.visibility import normals
from facelab.types import Face, Texture
from tests.augment.occluders.scenes import scene
from tests.synthetic import frozen


def lit(toward, ambient=0.5, tone=(0.4, 0.25, 0.2)):
    """A scene whose face is lit from a direction."""
    made = scene()
    toward = unit(np.array(toward, np.float32))
    bright = np.maximum(ambient + (1 - ambient) * (normals(made.positions) @ toward), 0.02)
    colour = np.clip(bright[..., None] * np.float32(tone), 0, 1) ** (1 / 2.2)
    face = Face(made.positions, Texture(frozen(colour), frozen(np.ones(colour.shape[:2]))))
    layer = render(face, np.ones(colour.shape[:2], np.float32), made.image.shape[:2])
    image = made.image.copy()
    covered = layer.fragments.covered
    image[layer.window][covered] = layer.colour[covered]
    return replace(made, image=frozen(image))


@pytest.mark.parametrize("toward", [(-1, 0.2, 0.8), (1, 0.2, 0.8), (0, 1, 0.6), (0.5, -0.8, 0.7)])
def test_it_comes_from_where_it_came(toward):
    found = estimate(lit(toward)).toward
    assert found @ unit(np.array(toward, np.float32)) > 0.75


def test_the_tone_is_the_face_s_and_darker_faces_have_less_light():
    bright, dim = estimate(lit((0, 0.3, 1))), estimate(lit((0, 0.3, 1), tone=(0.1, 0.06, 0.05)))
    assert bright.tone[0] > bright.tone[1] > bright.tone[2]
    np.testing.assert_allclose(dim.tone / bright.tone, [0.25, 0.24, 0.25], atol=0.03)
    assert 0.2 <= dim.level < bright.level <= 1.3


def test_no_side_is_black_and_the_lit_side_is_brightest():
    light = estimate(lit((1, 0, 0.3), ambient=0.2))
    around = unit(np.random.default_rng(0).normal(0, 1, (300, 3)).astype(np.float32))
    found = light.on(around)
    assert found.min() > 0.3
    assert around[found.argmax()] @ light.toward > 0.8


def test_a_face_outside_of_the_picture_has_the_usual_light():
    made = scene()
    values = made.positions.values + np.float32([500, 0, 0])
    light = estimate(replace(made, positions=replace(made.positions, values=frozen(values))))
    assert light.toward[1] > 0
    assert light.level == 1


def test_what_is_in_front_does_not_tell():
    made = lit((0, 0.3, 1))
    covered, image = made.occlusion.copy(), made.image.copy()
    covered[:, :48], image[:, :48] = 1, 0
    hidden = replace(made, image=frozen(image), occlusion=frozen(covered))
    np.testing.assert_allclose(estimate(hidden).tone, estimate(made).tone, rtol=0.15)
