from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.face.blend import METHODS
from facelab.face.composite import composite, render, unchanged
from facelab.face.texture import unwrap
from facelab.geometry.visibility import disocclusion
from facelab.geometry.warp import fill_disoccluded
from facelab.types import Face, PositionMap, Texture
from tests.reference import warp
from tests.synthetic import (
    ATLAS,
    canonical,
    frozen,
    noise,
    painted,
    patch,
    plain,
    plain_face,
    plane,
    ramp,
    sheets,
    texture,
)

FEW = settings(max_examples=12, deadline=None)
ALL_METHODS = pytest.mark.parametrize("method", METHODS)
SHAPE = (150, 160)
FLAT = plane((15, 5), 0.5)  # 128 px of the image
TURNED = canonical(yaw=35, roll=20, scale=7, origin=(80, 75, 0))
CHANNELS = st.tuples(*[st.floats(0, 1)] * 3)
OPAQUE = frozen(np.ones((256, 256)))


def oval(positions, shape=SHAPE, room=1):
    """The pixels that a face can reach: the hull of its texels, `room` px wider."""
    outline = positions.values[ATLAS.face][:, :2]
    out = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(out, cv2.convexHull(np.rint(outline).astype(np.int32)), 1)
    return cv2.dilate(out, np.ones((2 * room + 1, 2 * room + 1), np.uint8)).astype(bool)


def core(positions, shape=SHAPE):
    """The pixels well inside of the oval."""
    size = round(0.15 * positions.box.size) * 2 + 1
    return cv2.erode(oval(positions, shape).astype(np.uint8), np.ones((size, size))).astype(bool)


def recolour(image, positions, colour, method, opacity=OPAQUE, mask=None):
    before, after = plain_face(positions, (0.5, 0.5, 0.5)), plain_face(positions, colour)
    return composite(image, before, after, opacity, method, mask)


@ALL_METHODS
def test_unchanged_face_returns_the_image_itself(method):
    image = noise(*SHAPE)
    face = plain_face(FLAT)
    again = plain_face(plane((15, 5), 0.5))
    assert unchanged(face, again)
    assert composite(image, face, again, OPAQUE, method) is image


def test_a_change_of_one_texel_or_place_is_a_change():
    face = plain_face(FLAT)
    speck = np.zeros((256, 256), bool)
    speck[128, 128] = True
    assert not unchanged(face, Face(FLAT, painted(texture(), speck, (0.8, 0.6, 0.4))))
    assert not unchanged(face, plain_face(plane((15, 5.01), 0.5)))


@ALL_METHODS
@pytest.mark.parametrize("positions", [FLAT, TURNED], ids=["flat", "turned"])
@FEW
@given(colour=CHANNELS, seed=st.integers(0, 99))
def test_pixels_outside_the_oval_stay_bit_for_bit(method, positions, colour, seed):
    image = noise(*SHAPE, seed)
    out = recolour(image, positions, colour, method)
    outside = ~oval(positions)
    np.testing.assert_array_equal(out[outside], image[outside])
    assert out.dtype == np.float32
    assert 0 <= out.min() <= out.max() <= 1


@ALL_METHODS
@pytest.mark.parametrize("positions", [FLAT, TURNED], ids=["flat", "turned"])
def test_inside_of_the_oval_changes(method, positions):
    image = plain(SHAPE, (0.5, 0.5, 0.5))
    grain = noise(256, 256)
    after = Face(positions, type(texture())(grain, OPAQUE))
    out = composite(image, plain_face(positions), after, OPAQUE, method)
    assert np.abs(out - image)[core(positions)].mean() > 0.05


@ALL_METHODS
def test_opacity_0_changes_nothing(method):
    image = noise(*SHAPE)
    out = recolour(image, FLAT, (1, 0, 0), method, frozen(np.zeros((256, 256))))
    np.testing.assert_allclose(out, image, atol=1 / 1000)


@ALL_METHODS
def test_mask_0_changes_nothing(method):
    image = noise(*SHAPE)
    out = recolour(image, FLAT, (1, 0, 0), method, mask=frozen(np.zeros(SHAPE)))
    np.testing.assert_allclose(out, image, atol=1 / 1000)


@ALL_METHODS
def test_image_changes_only_inside_the_mask(method):
    image = cv2.GaussianBlur(noise(*SHAPE), (0, 0), 3)
    mask = np.zeros(SHAPE, np.float32)
    mask[:, 80:] = 1
    out = recolour(frozen(image), FLAT, (1, 0, 0), method, mask=frozen(mask))
    np.testing.assert_array_equal(out[mask == 0], image[mask == 0])
    if method != "mixed":  # one colour has no gradient as strong as the image's
        assert np.abs(out - image)[core(FLAT) & (mask > 0)].mean() > 0.01


def test_constant_face_gives_its_colour_in_the_middle():
    out = recolour(noise(*SHAPE), FLAT, (0.2, 0.7, 0.4), "alpha")
    middle = core(FLAT)
    assert middle.sum() > 1000
    np.testing.assert_allclose(out[middle], plain(SHAPE, (0.2, 0.7, 0.4))[middle], atol=1e-5)


def test_half_an_opacity_is_half_way():
    image, middle = noise(*SHAPE), core(FLAT)
    half = recolour(image, FLAT, (0.2, 0.7, 0.4), "alpha", frozen(OPAQUE / 2))
    expected = (image + plain(SHAPE, (0.2, 0.7, 0.4))) / 2
    np.testing.assert_allclose(half[middle], expected[middle], atol=1e-5)


@ALL_METHODS
def test_edge_of_the_face_is_soft(method):
    image, step = plain(SHAPE), 0.04
    out = recolour(image, FLAT, (0.5 + step,) * 3, method)
    steps = max(np.abs(np.diff(out, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.7 * step
    assert steps > 0 or method != "alpha"  # cloned, a step of tone is evened out


def test_opacity_lies_where_the_texture_does():
    left = patch(256, (0, 1), (0, 0.5))
    out = recolour(plain(SHAPE), FLAT, (1, 0, 0), "alpha", frozen(left))
    changed = np.abs(out - 0.5).max(axis=2) > 0.25
    columns = np.nonzero(changed)[1]
    assert columns.max() < 15 + 64 + 1
    assert changed[core(FLAT) & (np.arange(SHAPE[1]) < 15 + 63)].all()


def test_poisson_takes_on_the_images_tone():
    """One colour has no gradient: what is around flows in."""
    image, colour = plain(SHAPE, (0.5, 0.5, 0.5)), (0.54, 0.5, 0.46)
    poisson, alpha = (recolour(image, FLAT, colour, method) for method in ("poisson", "alpha"))
    strange = [np.abs(out - image)[core(FLAT)].mean() for out in (poisson, alpha)]
    assert strange[0] < 0.6 * strange[1]


def test_a_face_of_the_right_tone_takes_on_the_images_at_its_border_alone():
    image = plain(SHAPE, (0.5, 0.5, 0.5))
    before = photographed(image, FLAT)
    after = Face(FLAT, Texture(plain((256, 256), (0.54, 0.5, 0.46)), before.texture.confidence))
    sure, unsure = (composite(image, before, after, OPAQUE, toned=toned) for toned in (1, 0))
    middle = core(FLAT)
    rows, columns = np.nonzero(middle)
    centre = int(rows.mean()), int(columns.mean())
    assert np.abs(sure[centre] - (0.54, 0.5, 0.46)).max() < 0.012
    assert np.abs(sure - image)[middle].mean() > 1.3 * np.abs(unsure - image)[middle].mean()
    step = np.abs(np.diff(sure, axis=1)).max()
    assert step < 0.01  # and no seam


@pytest.mark.parametrize("size", [64, 256, 400])
def test_texture_is_drawn_where_its_texels_lie(size):
    """A texture whose colours are its places, at every size."""
    places = ramp(size, size)
    face = Face(FLAT, type(texture())(places, frozen(np.ones((size, size)))))
    layer = render(face, frozen(np.ones((size, size))), SHAPE)
    y, x = np.indices(SHAPE)
    u, v = ((p - o) / 0.5 for p, o in ((x, 15), (y, 5)))
    texel = (np.dstack([u, v]) + 0.5) * size / 256 - 0.5
    inside = core(FLAT)[layer.window]
    drawn = layer.colour[inside][:, :2] * (size - 1)
    # OpenCV's bicubic kernel ripples on a ramp, by a twentieth of a texel of the level read.
    np.testing.assert_allclose(drawn, texel[layer.window][inside], atol=0.1 * max(1, size / 256))


def test_layer_is_soft_at_the_oval_and_full_inside():
    layer = render(plain_face(FLAT), OPAQUE, SHAPE)
    assert (layer.oval[core(FLAT)[layer.window]] == 1).all()
    assert not layer.oval[~oval(FLAT)[layer.window]].any()
    steps = max(np.abs(np.diff(layer.oval, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.7  # a smoothstep over 2.6 px rises by 0.59 at most along an axis
    assert layer.opacity.max() <= 1


@ALL_METHODS
@pytest.mark.parametrize("corner", [(-60, 5), (100, 5), (15, -60), (15, 90), (-64, -64)])
def test_face_cut_by_the_border(method, corner):
    positions = plane(corner, 0.5)
    image = noise(*SHAPE)
    out = recolour(image, positions, (0.9, 0.1, 0.1), method)
    outside = ~oval(positions)
    np.testing.assert_array_equal(out[outside], image[outside])
    assert not np.array_equal(out, image)


@ALL_METHODS
def test_face_larger_than_the_image(method):
    image = plain(SHAPE, (0.5, 0.5, 0.5))
    out = recolour(image, plane((-300, -300), 3.0), (0.55, 0.5, 0.45), method)
    np.testing.assert_allclose(out, np.broadcast_to((0.55, 0.5, 0.45), out.shape), atol=0.02)


@ALL_METHODS
@pytest.mark.parametrize("corner", [(-400, 5), (15, 400), (5000, 5000)])
def test_face_outside_leaves_the_image(method, corner):
    image = noise(*SHAPE)
    np.testing.assert_array_equal(recolour(image, plane(corner, 0.5), (1, 0, 0), method), image)


def test_face_turned_away_is_not_drawn():
    image = noise(*SHAPE)
    back = canonical(yaw=180, scale=7, origin=(80, 75, 0))
    out = recolour(image, back, (1, 0, 0), "alpha")
    assert np.abs(out - image).mean() < 0.01


@pytest.mark.parametrize(
    ("image", "opacity", "name"),
    [
        (noise(9, 9)[..., 0], OPAQUE, "image"),
        (noise(9, 9), frozen(np.ones((128, 128))), "opacity"),
    ],
)
def test_what_does_not_fit_is_named(image, opacity, name):
    with pytest.raises(ValueError, match=f"{name} must have shape"):
        recolour(image, FLAT, (1, 0, 0), "alpha", opacity)


# --- A face that moves ---------------------------------------------------------------------------


def moved(positions, x=0.0, y=0.0):
    return PositionMap(frozen(positions.values + np.float32([x, y, 0])), ATLAS)


def photographed(image, positions):
    return Face(positions, unwrap(image, positions))


@ALL_METHODS
def test_a_moved_face_takes_the_photograph_with_it(method):
    """With its grain, which a texture does not hold: the middle is the image itself, shifted."""
    image = frozen(0.5 + 0.2 * (noise(*SHAPE) - 0.5))
    before = photographed(image, FLAT)
    after = Face(moved(FLAT, 3, -2), before.texture)
    out = composite(image, before, after, OPAQUE, method)
    middle = core(FLAT)
    shifted = np.roll(image, (-2, 3), axis=(0, 1))
    assert np.abs(out - shifted)[middle].mean() < 0.2 * np.abs(image - shifted)[middle].mean()


def test_a_moved_face_of_the_same_colours_is_the_warped_photograph():
    image = frozen(cv2.GaussianBlur(noise(*SHAPE), (0, 0), 3))
    before = photographed(image, FLAT)
    after = Face(moved(FLAT, 4), before.texture)
    out = composite(image, before, after, OPAQUE, "alpha")
    np.testing.assert_allclose(out, warp(image, FLAT, after.positions), atol=2 / 255)


def test_a_moved_face_leaves_what_is_far_from_it():
    image = noise(300, 300)
    before = photographed(image, plane((90, 90), 0.4))
    after = Face(moved(before.positions, 5), before.texture)
    out = composite(image, before, after, OPAQUE, "alpha")
    far = ~oval(before.positions, (300, 300), room=60)
    assert far.sum() > 20_000
    np.testing.assert_array_equal(out[far], image[far])


def test_a_moved_and_painted_face_shows_the_paint_in_its_new_place():
    image = plain(SHAPE)
    before = photographed(image, FLAT)
    spot = patch(before.texture.size, (0.4, 0.6), (0.4, 0.6))
    after = Face(moved(FLAT, 10), painted(before.texture, spot, (1, 0, 0)))
    out = composite(image, before, after, OPAQUE, "alpha")
    columns = np.nonzero(out[..., 1] < 0.25)[1]
    assert abs(columns.min() - (15 + 10 + 0.4 * 128)) < 2
    assert abs(columns.max() - (15 + 10 + 0.6 * 128)) < 2


def test_a_mask_keeps_the_photograph_where_the_face_moves():
    image = noise(*SHAPE)
    mask = np.zeros(SHAPE, np.float32)
    mask[:, 80:] = 1
    before = photographed(image, FLAT)
    after = Face(moved(FLAT, 4), before.texture)
    out = composite(image, before, after, OPAQUE, "alpha", frozen(mask))
    np.testing.assert_array_equal(out[mask == 0], image[mask == 0])
    assert not np.array_equal(out, image)


def test_hair_at_the_rim_lends_its_tone_to_an_edit_and_not_to_another_face():
    image = np.full((*SHAPE, 3), 0.6, np.float32)
    image[:, : SHAPE[1] // 2] = 0.1
    before = photographed(frozen(image), FLAT)
    size = before.texture.size
    light = frozen(np.full((size, size, 3), 0.55))
    own = Face(FLAT, Texture(light, before.texture.confidence))
    other = Face(FLAT, Texture(light, frozen(0.9 * before.texture.confidence)))
    every = frozen(np.ones((size, size)))
    inner = core(FLAT, SHAPE)
    edited = composite(frozen(image), before, own, every)[inner]
    swapped = composite(frozen(image), before, other, every, toned=1.0)[inner]
    assert swapped.mean() > 0.5
    assert edited.mean() < swapped.mean() - 0.1


def test_where_the_warp_cannot_follow_the_texture_is_drawn():
    """A sheet that lay over another: at its edge no smooth warp shows both in their places."""
    image = frozen(cv2.GaussianBlur(noise(270, 270), (0, 0), 4))
    before = photographed(image, sheets(50))
    after = Face(plane(), before.texture)
    every = frozen(np.ones((before.texture.size,) * 2))
    out = composite(image, before, after, every, "alpha")
    seen = before.texture.confidence > 0.9
    error = np.abs(out[:256, :256] - cv2.resize(before.texture.colour, (256, 256)))
    known = cv2.resize(seen.astype(np.uint8), (256, 256)) * core(plane(), (256, 256)) > 0
    assert known.sum() > 5000
    assert error[known].mean() < 0.005


def turned_back():
    """A red face before blue, turned far away and back: the image, both faces, what comes new."""
    away, back = (canonical(yaw=yaw, scale=7, origin=(80, 75, 0)) for yaw in (35, 20))
    image = frozen(np.where(oval(away, room=0)[..., None], np.float32([0.8, 0.2, 0.2]), [0, 0, 1]))
    before = photographed(image, away)
    skin = fill_disoccluded(before, disocclusion(away, back))
    side = cv2.erode(oval(back, room=0).astype(np.uint8), np.ones((7, 7))).astype(bool)
    side &= np.arange(SHAPE[1]) > 80  # where the far cheek comes into view
    return image, before, Face(back, Texture(skin, before.texture.confidence)), side


def test_what_a_turn_reveals_is_the_photograph_stretched():
    image, before, after, side = turned_back()
    every = frozen(np.ones((after.texture.size,) * 2))
    out = composite(image, before, after, every, "alpha")
    expected = warp(image, before.positions, after.positions)
    assert np.abs(out - expected)[side].max() < 2 / 255


def test_paint_on_what_a_turn_reveals_lies_on_skin():
    image, before, after, side = turned_back()
    darker = Texture(frozen(after.texture.colour * 0.5), after.texture.confidence)
    every = frozen(np.ones((after.texture.size,) * 2))
    out = composite(image, before, Face(after.positions, darker), every, "alpha")
    np.testing.assert_allclose(np.median(out[side], axis=0), [0.4, 0.1, 0.1], atol=0.03)
    assert np.quantile(out[side][:, 2], 0.95) < 0.15  # no blue
