from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.relight import (
    MatchLight,
    Relight,
    TurnLight,
    _light,
    estimate,
    harmonics,
    lamp,
    turned,
)
from facelab.face.skin import SIZE, Skin
from facelab.geometry import pose
from facelab.geometry.visibility import normals
from facelab.numerics.smoothing import resized
from facelab.types import Face
from tests.synthetic import (
    ATLAS,
    DARK,
    SKIN,
    canonical,
    frozen,
    painted,
    patch,
    plain_face,
    texture,
)

HEAD = canonical(scale=10, origin=(120, 130, 0))
FEW = settings(max_examples=10, deadline=None)
DEGREES = st.floats(-180, 180)
SKINS = pytest.mark.parametrize("skin", [SKIN, DARK], ids=["light", "dark"])
EDITS = [Relight(), TurnLight(turn=60.0, contrast=1.5), MatchLight(reference="other")]
LEFT, RIGHT = patch(256, (0.4, 0.7), (0.15, 0.35)), patch(256, (0.4, 0.7), (0.65, 0.85))


def unit(seed, count):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def encoded(light):
    """Linear to sRGB."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def linear(colour):
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def known_light():
    """Mostly from the upper right, half of it from everywhere."""
    return 0.5 * lamp(50, 30) + np.eye(9)[0] * 0.9


def lit_face(light, skin=SKIN, size=256):
    """The canonical head in one skin colour under a light ``(9,)``."""
    shade = harmonics(normals(HEAD)) @ light
    colour = encoded(linear(np.array(skin)) * shade[..., None] / shade[ATLAS.face].mean())
    own = resized(np.asarray(colour, np.float32), size)
    return Face(HEAD, type(texture())(frozen(own), texture(size).confidence))


def contrast(face):
    """How much brighter the cheek at the image's right is."""
    colour = resized(face.texture.colour, 256)
    return colour[RIGHT].mean() / colour[LEFT].mean()


def test_harmonics_are_orthonormal():
    """Over the sphere, by the mean of many directions."""
    basis = harmonics(unit(0, 200_000))
    np.testing.assert_allclose(4 * np.pi * basis.T @ basis / len(basis), np.eye(9), atol=0.03)


def test_lamp_is_the_cosine():
    """Of which order 2 leaves out less than a tenth (Ramamoorthi & Hanrahan 2001)."""
    toward = pose.matrix(40, -20, 0) @ [0, 0, 1]
    directions = unit(1, 2000)
    cosine = np.maximum(directions @ toward, 0)
    np.testing.assert_allclose(harmonics(directions) @ lamp(40, 20), cosine, atol=0.1)


def test_a_lamp_to_the_right_lights_the_right():
    assert harmonics([1.0, 0, 0]) @ lamp(60, 0) > harmonics([-1.0, 0, 0]) @ lamp(60, 0) + 0.5
    assert harmonics([0, 1.0, 0]) @ lamp(0, 60) > harmonics([0, -1.0, 0]) @ lamp(0, 60) + 0.5


@FEW
@given(DEGREES, DEGREES, DEGREES)
def test_turned_light_is_seen_from_the_turned_direction(yaw, pitch, roll):
    light = np.random.default_rng(2).normal(size=(9, 3))
    rotation, directions = pose.matrix(yaw, pitch, roll), unit(3, 50)
    there = harmonics(directions @ rotation.T) @ turned(light, rotation)
    np.testing.assert_allclose(there, harmonics(directions) @ light, atol=1e-8)


@SKINS
def test_estimate_of_a_head_lit_with_known_coefficients(skin):
    """The irradiance on the head within 5 %, and the coefficients as well."""
    light = known_light()[:, None] * linear(np.array(skin))
    directions = normals(HEAD)
    weight = (ATLAS.face & (directions[..., 2] > 0.2)).astype(np.float32)
    tone = (harmonics(directions) @ light).astype(np.float32)
    found = estimate(tone, directions, weight)
    seen = weight > 0
    np.testing.assert_allclose((harmonics(directions) @ found)[seen], tone[seen], rtol=0.05)
    assert np.linalg.norm(found - light) < 0.05 * np.linalg.norm(light)


def test_estimate_is_not_misled_by_a_beard():
    light, directions = known_light()[:, None] * [0.6, 0.4, 0.3], normals(HEAD)
    weight = (ATLAS.face & (directions[..., 2] > 0.2)).astype(np.float32)
    tone = (harmonics(directions) @ light).astype(np.float32)
    bearded = np.where(patch(256, (0.8, 1), (0.3, 0.7))[..., None], 0.1 * tone, tone)
    found = estimate(bearded, directions, weight)
    assert np.linalg.norm(found - light) < 0.05 * np.linalg.norm(light)


@SKINS
@pytest.mark.parametrize("azimuth", [-60.0, 60.0])
def test_relight_puts_the_light_on_its_side(skin, azimuth):
    after = Relight(azimuth=azimuth)(plain_face(HEAD, skin), {})
    assert np.sign(contrast(after) - 1) == np.sign(azimuth)
    assert abs(np.log(contrast(after))) > 0.1


def test_relight_undoes_the_own_light_first():
    """Light from everywhere evens a face that was lit from the right."""
    face = lit_face(known_light())
    assert contrast(face) > 1.15
    even = Relight(contrast=0.0)(face, {})
    assert abs(contrast(even) - 1) < 0.4 * (contrast(face) - 1)


@SKINS
def test_the_skin_stays_about_as_bright(skin):
    face = plain_face(HEAD, skin)
    inside = ATLAS.region("oval", 256) == 1
    was, now = (f.texture.colour[inside].mean() for f in (face, Relight()(face, {})))
    assert now == pytest.approx(was, rel=0.1)


def test_own_light_as_it_is_changes_hardly_anything():
    face = lit_face(known_light())
    after = TurnLight()(face, {})
    np.testing.assert_allclose(after.texture.colour, face.texture.colour, atol=1e-3)


def test_own_light_turned_to_the_other_side():
    face = lit_face(known_light())
    after = TurnLight(turn=-90.0)(face, {})
    assert contrast(after) < 1 < contrast(face)


def test_contrast_of_the_own_light():
    face = lit_face(known_light())
    soft, hard = (contrast(TurnLight(contrast=c)(face, {})) for c in (0.3, 1.5))
    assert soft < contrast(face) < hard


def test_light_of_another_photograph():
    """The other's light, whatever the other's skin."""
    face, other = plain_face(HEAD), lit_face(known_light(), DARK)
    after = MatchLight(reference="other")(face, {"other": other})
    assert contrast(after) > 1.08


def test_warmth_is_red_against_blue():
    face = plain_face(HEAD)
    warm, cold = (Relight(warmth=w)(face, {}).texture.colour[RIGHT].mean(axis=0) for w in (1, -1))
    assert warm[0] / warm[2] > 1.05 * cold[0] / cold[2]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_strength_0_is_the_face_and_more_changes_more(edit):
    face, references = lit_face(0.7 * known_light()), {"other": lit_face(lamp(-50, 0) + 0.3)}
    kind = type(edit)
    changes = []
    for strength in (0.0, 0.3, 1.0):
        given = {**vars(edit), "strength": strength}
        after = kind(**given)(face, references)
        assert (after is face) == (strength == 0)
        changes.append(np.abs(after.texture.colour - face.texture.colour).mean())
    assert changes[0] < 0.5 * changes[1] < 0.25 * changes[2]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_outside_of_the_oval_nothing_changes(edit):
    face = lit_face(known_light())
    after = edit(face, {"other": lit_face(lamp(-50, 0) + 0.3)})
    outside = ATLAS.region("oval", 256) == 0
    np.testing.assert_array_equal(after.texture.colour[outside], face.texture.colour[outside])
    assert after.positions is face.positions
    assert 0 <= after.texture.colour.min() <= after.texture.colour.max() <= 1


def test_hair_across_the_forehead_keeps_its_light():
    """Dyed, so that it is far from skin and still light enough to show a change."""
    rows = ATLAS.rows("brows", 256)[0] / 256
    hair = patch(256, (0, rows - 0.06), (0, 0.4))
    face = Face(HEAD, painted(texture(), hair, (0.25, 0.4, 0.5)))
    after = Relight(azimuth=-60.0, contrast=1.0)(face, {})
    change = np.abs(after.texture.colour - face.texture.colour).max(axis=2)
    core = cv2.erode(hair.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert change[core].max() < 0.01
    assert change[LEFT].mean() > 0.02


def test_teeth_keep_their_light():
    slit = ATLAS.region("mouth", 512) > 0.5
    face = plain_face(HEAD, size=512)
    after = Relight(contrast=1.0)(face, {})
    change = np.abs(after.texture.colour - face.texture.colour).max(axis=2)
    assert change[slit].max() < 0.02 < change[ATLAS.region("oval", 512) == 1].mean()


@SKINS
def test_half_a_dark_face_stays_plausible(skin):
    """A hard shadow over one half: light from everywhere brings the halves nearer, inverts none."""
    shadow = patch(256, (0, 1), (0.5, 1))
    face = Face(HEAD, painted(texture(colour=skin), shadow, 0.35 * np.float32(skin)))
    after = Relight(contrast=0.0)(face, {})
    assert contrast(face) < contrast(after) < 1.05
    assert after.texture.colour[RIGHT].max() < 1


def test_light_has_the_colour_of_the_skin():
    """Blue fades faster toward the sides than any light may: the light does not turn purple."""
    directions = resized(normals(HEAD), SIZE)
    seen = np.asarray(directions[..., 2] > 0.4, np.float32)
    lit = np.clip(1 + np.array([0.7, 1.0, 1.5]) * (directions[..., 2:] - 1), 0.01, 1)
    tone = np.asarray(encoded(linear(np.array(SKIN)) * lit), np.float32)
    light = _light(Skin(tone, seen, seen), directions)
    colour = np.average(linear(tone), axis=(0, 1), weights=seen)
    wanted = light.mean(axis=1, keepdims=True) * colour / colour.mean()
    np.testing.assert_allclose(light, wanted, atol=0.02 * np.abs(light).max())


def test_resolutions_agree():
    small, large = (
        Relight()(lit_face(known_light(), size=size), {}).texture.colour for size in (256, 512)
    )
    inside = ATLAS.region("oval", 256) == 1
    difference = np.abs(resized(large, 256) - small)[inside]
    assert np.quantile(difference, 0.995) < 0.02  # the edge of the teeth is thinner than a texel
    assert difference.mean() < 0.001
