from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab.atlas.layout import sample
from facelab.constants import PARTS
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture
from tests.eyed import IRIS, PUPIL, RADIUS, WHITE, eyed, mirrored
from tests.synthetic import ATLAS, frozen

LAYERS = ("opening", "iris", "pupil", "sclera")


def masks(face, layer):
    eyes = eyes_of(face)
    return over_texture(eyes, [getattr(eye, layer) for eye in eyes], face.texture.size)


def painted(face, *colours):
    """Which texels have one of some colours."""
    own = face.texture.colour
    return np.any([np.abs(own - np.float32(one)).max(axis=2) < 1e-3 for one in colours], axis=0)


@pytest.mark.parametrize("aside", [(0, 0), (0.5, 0.1), (-0.6, -0.1)])
@pytest.mark.parametrize("told", [True, False])
def test_the_layers_are_where_the_eyes_are_drawn(aside, told):
    face = eyed(aside=aside, told=told)
    for layer, colours, found in (
        ("opening", (WHITE, IRIS, PUPIL), 0.8),
        ("iris", (IRIS, PUPIL), 0.8 if told else 0.7),
        ("sclera", (WHITE,), 0.6),  # it keeps away from the blurred rim of the iris
    ):
        drawn, said = painted(face, *colours), masks(face, layer) > 0.5
        assert (drawn & said).sum() > found * drawn.sum(), layer
        assert (drawn & said).sum() > 0.95 * said.sum() if told else 0.85 * said.sum(), layer


def test_sclera_and_iris_share_no_texel_and_lie_between_the_lids():
    face = eyed()
    opening, iris, sclera = (masks(face, name) for name in ("opening", "iris", "sclera"))
    assert (iris + sclera <= opening + 1e-5).all()
    assert not (masks(face, "pupil") > iris + 1e-6).any()
    assert not opening[ATLAS.region("face", 512) == 0].any()


@pytest.mark.parametrize("layer", LAYERS)
def test_the_layers_are_the_same_at_any_size(layer):
    small, large = (masks(eyed(size), layer) for size in (384, 1024))
    # An edge is as wide as a pixel of the photograph, and no narrower than a texel.
    assert np.abs(resized(large, 384) - small)[small > 0].mean() < 0.06


@pytest.mark.parametrize("layer", LAYERS)
def test_a_mirror_image_has_mirrored_layers(layer):
    face = eyed(aside=(0.3, 0.1))
    other = masks(mirrored(face), layer)[:, ::-1]
    assert np.abs(other - masks(face, layer)).max() < 0.02


def test_the_distance_from_the_lids_is_that_of_the_polygon():
    """To first order: near the edge, away from the corners."""
    face = eyed()
    eye = eyes_of(face)[0]
    contour = eye.lids.astype(np.float32)
    along = np.linspace(-1.2, 1.2, 41)
    places = np.dstack(np.meshgrid(along, along))
    exact = np.array(
        [cv2.pointPolygonTest(contour, tuple(map(float, p)), True) for p in places.reshape(-1, 2)]
    ).reshape(41, 41)
    near = np.abs(exact) < 0.4
    np.testing.assert_allclose(eye.within_lids(places)[near], exact[near], atol=0.08)


def test_a_place_is_shown_by_the_texel_that_shows_it():
    eye = eyes_of(eyed())[1]
    places = np.dstack(np.meshgrid(np.linspace(-1.5, 1.5, 9), np.linspace(-0.6, 0.6, 5)))
    texels = eye.texels(places)
    shown = sample(np.ascontiguousarray(eye.positions.values[..., :2]), texels)
    np.testing.assert_allclose(eye.in_frame(shown), places, atol=0.01)


def test_the_rim_is_found_where_the_points_are_off():
    face = eyed(aside=(0.2, 0.0))
    points = eyed().texture.eyes
    texture = replace(face.texture, eyes=points)
    for eye, (pupil, *_) in zip(
        eyes_of(Face(face.positions, texture)), face.texture.eyes.irises, strict=True
    ):
        np.testing.assert_allclose(eye.centre, pupil[:2], atol=0.12 * RADIUS)


def test_closed_lids_show_no_eye():
    face = eyed()
    points = face.texture.eyes
    middle = points.lids.mean(axis=1, keepdims=True)[..., 1]
    lids = points.lids.copy()
    lids[..., 1] = middle + 0.03 * (lids[..., 1] - middle)
    closed = replace(face.texture, eyes=replace(points, lids=lids))
    for layer in LAYERS:
        assert not masks(Face(face.positions, closed), layer).any()


def test_lids_that_show_skin_between_them_are_closed():
    face = eyed()
    for shown, opened in ((0.1, 0), (0.9, 1)):
        parts = np.zeros((256, 256, len(PARTS)), np.float32)
        parts[..., PARTS.index("eyes")] = shown
        texture = replace(face.texture, parts=parts)
        assert [eye.opened for eye in eyes_of(Face(face.positions, texture))] == [opened] * 2


def test_a_hidden_eye_is_none():
    face = eyed()
    points = replace(face.texture.eyes, shown=np.array([False, True]))
    (left,) = eyes_of(Face(face.positions, replace(face.texture, eyes=points)))
    assert left.side == 1 and left.centre[0] > 200


def test_points_go_with_a_texture_to_other_sizes():
    texture = eyed().texture
    assert texture.reduced(256).eyes is texture.with_parts(None).eyes is texture.eyes
    plain = Texture(frozen(texture.colour), frozen(texture.confidence))
    assert plain.eyes is None


def test_lids_that_fold_and_irises_without_size_give_numbers():
    face = eyed()
    points = face.texture.eyes
    folded = points.lids.copy()
    folded[0, 1:4] = folded[0, 4]
    folded[0, 2, 0] -= 3
    flat = points.irises.copy()
    flat[1] = flat[1, :1]
    texture = replace(face.texture, eyes=replace(points, lids=folded, irises=flat))
    (right,) = eyes_of(Face(face.positions, texture))
    assert right.side == 0
    assert np.isfinite(right.lid).all()
