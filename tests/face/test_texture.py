from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.face.texture import (
    LARGEST,
    SMALLEST,
    _bands,
    _filtered,
    _halved,
    complete,
    texture_size,
    unwrap,
)
from facelab.numerics.smoothing import resized, spread
from facelab.types import SEEN, Texture
from tests.synthetic import (
    ATLAS,
    canonical,
    checkerboard,
    frozen,
    noise,
    patch,
    plain,
    plane,
    ramp,
    sheets,
    texture,
)

FEW = settings(max_examples=20, deadline=None)
FACE = ATLAS.face
UNITS = st.floats(0, 1, width=32)


def inner(mask, texels=6):
    """The mask without its rim."""
    kernel = np.ones((2 * texels + 1, 2 * texels + 1), np.uint8)
    return cv2.erode(mask.astype(np.uint8), kernel, borderValue=0).astype(bool)


def places(corner, step, size):
    """Where the texels of a texture of a `plane` lie: x, y."""
    texel = (np.arange(size) + 0.5) * ATLAS.size / size - 0.5
    return corner[0] + step * texel, corner[1] + step * texel


# --- Size --------------------------------------------------------------------------------------


def test_texture_has_a_texel_for_a_pixel():
    for step in (1.3, 2, 4.1):
        size = texture_size(plane(step=step))
        assert size % 64 == 0
        assert 0 <= size - ATLAS.size * step < 64 + 2 * step


def test_texture_size_has_bounds():
    assert texture_size(plane(step=0.1)) == SMALLEST
    assert texture_size(plane(step=50)) == LARGEST


@pytest.mark.parametrize("size", [15, 8193, -1])
def test_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match=f"from 16 to 8192, not {size}"):
        unwrap(plain((300, 300)), plane(), size)


def test_chosen_size_is_the_default():
    positions = plane(step=1.5)
    assert unwrap(plain((400, 400)), positions).size == texture_size(positions)


# --- Colour ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [256, 300, 512])
def test_finer_texture_is_sampled_by_bicubic(size):
    image = frozen(cv2.GaussianBlur(noise(330, 340), (0, 0), 1.5))
    corner = (20.3, 11.6)
    x, y = np.meshgrid(*(p.astype(np.float32) for p in places(corner, 1, size)))
    expected = cv2.remap(image, x, y, cv2.INTER_CUBIC)
    colour = unwrap(image, plane(corner), size).colour
    inside = ATLAS.region("face", size) == 1
    np.testing.assert_allclose(colour[inside], expected[inside], atol=5e-3)


@pytest.mark.parametrize("step", [0.4, 1.0, 1.9, 3.3])
@pytest.mark.parametrize("size", [64, 256, 300])
def test_texels_show_their_places_at_every_size_and_step(size, step):
    """On a ramp a texel's colour is its place."""
    image, corner = ramp(900, 910), (20.25, 11.75)
    colour = unwrap(image, plane(corner, step), size).colour
    x, y = places(corner, step, size)
    inside, middle = slice(size // 6, -size // 6), size // 2
    rate = max(1.0, step * ATLAS.size / size)
    np.testing.assert_allclose(colour[middle, inside, 0] * 909, x[inside], atol=0.06 * rate)
    np.testing.assert_allclose(colour[inside, middle, 1] * 909, y[inside], atol=0.06 * rate)


@pytest.mark.parametrize(("size", "cell"), [(100, 1), (64, 1), (64, 2), (256, 1)])
def test_finer_photograph_is_averaged(size, cell):
    """A checkerboard of one pixel becomes grey where a texel holds two or more."""
    positions = plane((5.2, 3.7), 512 / ATLAS.size * (2 if size == 256 else 1))
    colour = unwrap(checkerboard(1100, cell), positions, size).colour
    seen = inner(resized(FACE.astype(np.float32), size) > 0.99, 2)
    np.testing.assert_allclose(colour[seen], 0.5, atol=0.08)


def test_each_texel_lies_between_the_two_levels_of_its_footprint():
    """Levels that are sampled only where they are needed give what all of them everywhere do."""
    rng = np.random.default_rng(4)
    image = frozen(cv2.GaussianBlur(noise(180, 170), (0, 0), 0.8))
    x, y = (rng.uniform(20, 140, (40, 40)).astype(np.float32) for _ in range(2))
    levels = rng.uniform(-1, 3, (40, 40)).astype(np.float32)
    smaller = [np.array(image)]
    for _ in range(3):
        smaller.append(_halved(smaller[-1]))
    read = [
        np.clip(
            cv2.remap(one, (x + 0.5) / 2**k - 0.5, (y + 0.5) / 2**k - 0.5, cv2.INTER_CUBIC), 0, 1
        )
        for k, one in enumerate(smaller)
    ]
    level = np.clip(levels, 0, 3)
    shares = np.maximum(1 - np.abs(level[..., None] - np.arange(4)), 0)
    expected = sum(shares[..., k, None] * one for k, one in enumerate(read))
    np.testing.assert_allclose(
        _filtered(image, x, y, levels, 3, [(slice(40), slice(40))]), expected, atol=0.02
    )


def test_no_overshoot_at_edges():
    image = plain((300, 300), (1, 1, 1)).copy()
    image[:, 150:] = 0
    colour = unwrap(frozen(image), plane((10.3, 10.3)), 512).colour
    assert colour.min() >= 0
    assert colour.max() <= 1
    assert colour.dtype == np.float32


def test_image_beyond_a_tiny_photograph_is_its_border():
    colour = unwrap(plain((1, 1), (0.2, 0.4, 0.6)), plane((-100, -100)), 256).colour
    np.testing.assert_allclose(colour[FACE], plain((256, 256), (0.2, 0.4, 0.6))[FACE], atol=1e-5)


@pytest.mark.parametrize("size", [256, 333, 500])
@pytest.mark.parametrize("corner", [(20.3, 11.6), (-90, 60), (130, -70), (-30, -30)])
def test_texels_near_the_face_are_those_of_a_texture_that_is_sampled_everywhere(size, corner):
    """Wherever the photograph ends; beyond that its border goes on."""
    image, step = frozen(cv2.GaussianBlur(noise(300, 310), (0, 0), 2)), 1.1
    x, y = np.meshgrid(*(p.astype(np.float32) for p in places(corner, step, size)))
    everywhere = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    colour = unwrap(image, plane(corner, step), size).colour
    near = cv2.dilate(ATLAS.region("face", size), np.ones((3, 3), np.uint8)) > 0
    np.testing.assert_allclose(colour[near], everywhere[near], atol=5e-3)
    sampled = np.zeros((size, size), np.bool_)
    for rows, columns in _bands(ATLAS, size):
        sampled[rows, columns] = True
    assert not colour[~sampled].any()
    assert not ATLAS.region("face", size)[~sampled].any()
    assert sampled.mean() < 0.85


# --- Confidence --------------------------------------------------------------------------------


def test_confidence_of_a_frontal_face_is_full_inside_it_and_none_outside():
    confidence = unwrap(plain((700, 700)), plane((10, 10), 2), 256).confidence
    assert confidence.dtype == np.float32
    np.testing.assert_allclose(confidence[inner(FACE)], 1, atol=1e-3)
    assert not confidence[~cv2.dilate(FACE.astype(np.uint8), np.ones((3, 3))).astype(bool)].any()


def test_confidence_is_less_where_the_photo_is_coarse():
    fine, coarse = (
        unwrap(plain((300, 300)), plane((5, 5), step), 256).confidence for step in (1, 0.3)
    )
    assert (coarse[inner(FACE)] < fine[inner(FACE)] - 0.1).all()
    assert (coarse[inner(FACE)] > 0).all()


def test_no_confidence_outside_the_image():
    confidence = unwrap(plain((300, 128)), plane(), 256).confidence
    assert not confidence[:, 129:].any()
    assert confidence[inner(FACE) & (np.arange(256) < 126)].all()
    rows = unwrap(plain((100, 300)), plane(), 256).confidence
    assert not rows[101:].any()
    assert not unwrap(plain((100, 100)), plane((500, 500)), 256).confidence.any()


def test_confidence_falls_with_the_angle():
    angles = [0, 60, 70, 85]
    image = plain((300, 300))
    means = [
        unwrap(image, plane((10, 10), tilt=tilt), 256).confidence[inner(FACE)].mean()
        for tilt in angles
    ]
    assert means[0] > means[1] > means[2] > 0
    assert means[3] == 0


def test_back_of_a_face_is_not_seen():
    confidence = unwrap(plain((300, 300)), canonical(yaw=180), 256).confidence
    assert not confidence[inner(FACE, 12)].mean() > 0.05


@pytest.mark.parametrize("sign", [-1, 1])
def test_turned_head_hides_its_far_cheek(sign):
    # Positive yaw: the nose points to image right, the subject's left cheek (large u) is far.
    confidence = unwrap(plain((300, 300)), canonical(yaw=60 * sign), 256).confidence
    near = confidence[:, :70] if sign > 0 else confidence[:, -70:]
    far = confidence[:, -70:] if sign > 0 else confidence[:, :70]
    cheek = slice(100, 170)
    assert near[cheek][near[cheek] > 0].mean() > 0.5
    assert near[cheek].mean() > 0.3
    assert far[cheek].mean() < 0.1


def test_what_is_hidden_has_no_confidence():
    v, u = np.indices(FACE.shape)
    behind = inner(FACE) & (v > 35) & (v < 105) & (np.abs(u - 127.5) < 50)
    confidence = unwrap(plain((300, 300)), sheets(50), 256).confidence
    assert not confidence[behind].any()


# --- Completion --------------------------------------------------------------------------------


@FEW
@given(arrays(np.float32, (24, 24), elements=UNITS), st.integers(0, 99))
def test_completion_never_changes_a_seen_texel(confidence, seed):
    before = Texture(noise(24, 24, seed), frozen(confidence))
    mask = noise(24, 24, seed + 1)[..., 0] > 0.3
    after = complete(before, mask)
    kept = (confidence >= SEEN) | ~mask
    np.testing.assert_array_equal(after.colour[kept], before.colour[kept])
    np.testing.assert_array_equal(after.confidence, before.confidence)
    assert np.isfinite(after.colour).all()
    assert after.colour.min() >= 0
    assert after.colour.max() <= 1


def holed(colour, hole):
    """A texture in which `hole` was not seen and shows green."""
    shown = np.where(hole[..., None], np.float32([0, 1, 0]), colour)
    return Texture(frozen(shown), frozen(~hole))


@pytest.mark.parametrize("size", [128, 256, 400])
def test_one_side_is_mirrored(size):
    left = noise(size, size // 2)
    whole = np.hstack([left, left[:, ::-1]])
    hole = patch(size, (0.2, 0.8), (0.55, 0.9))
    after = complete(holed(whole, hole), np.ones((size, size), bool))
    np.testing.assert_allclose(after.colour, whole, atol=2e-3)


def test_mirrored_side_takes_the_tone_of_its_neighbours():
    size = 128
    left = 0.3 + 0.2 * noise(size, size // 2)
    darker = np.hstack([left, left[:, ::-1] - np.float32(0.15)])
    hole = patch(size, (0.3, 0.7), (0.6, 0.85))
    after = complete(holed(darker, hole), np.ones((size, size), bool)).colour
    assert np.abs(after - darker)[hole].mean() < 0.03


def test_what_neither_side_shows_is_filled_smoothly():
    size = 256
    image = ramp(size, size)
    hole = patch(size, (0.4, 0.6), (0.3, 0.7))
    after = complete(holed(image, hole), np.ones((size, size), bool)).colour
    rim = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5))).astype(bool) & ~hole
    assert after[hole].min() >= image[rim].min() - 0.02
    assert after[hole].max() <= image[rim].max() + 0.02
    steps = max(np.abs(np.diff(after, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.06
    assert np.abs(after - image)[hole].mean() < 0.05


def test_only_the_mask_is_filled():
    size = 64
    hole = patch(size, (0.2, 0.8), (0.2, 0.8))
    before = holed(plain((size, size)), hole)
    mask = patch(size, (0, 0.5), (0, 1))
    after = complete(before, mask).colour
    np.testing.assert_allclose(after[mask], 0.5, atol=1e-5)
    np.testing.assert_array_equal(after[~mask], before.colour[~mask])


def test_without_holes_or_without_anything_seen_nothing_is_done():
    everything = np.ones((32, 32), bool)
    for confidence in (0.0, 1.0):
        before = texture(32, confidence=confidence)
        assert complete(before, everything) is before


def test_mask_is_checked():
    with pytest.raises(ValueError, match=r"mask must have shape \(32, 32\)"):
        complete(texture(32), np.ones((16, 16), bool))


# --- Spreading ---------------------------------------------------------------------------------


@FEW
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99), st.floats(0.05, 0.95))
def test_spread_keeps_what_is_known_and_stays_between(height, width, seed, share):
    values = noise(height, width, seed)
    known = np.random.default_rng(seed).random((height, width)) < share
    known[0, 0] = True
    out = spread(values, frozen(known, np.bool_))
    if max(height, width) > 2:
        np.testing.assert_allclose(out[known], values[known], atol=1e-5)
    assert out.min() >= values[known].min() - 1e-4
    assert out.max() <= values[known].max() + 1e-4


@FEW
@given(st.integers(0, 99), st.floats(0, 1))
def test_spread_of_a_constant_is_constant(seed, share):
    weight = noise(19, 31, seed)[..., 0]
    weight = np.where(weight > max(share, 0.01), weight, 0)
    out = spread(plain((19, 31), (0.2, 0.5, 0.9)), weight)
    expected = plain((19, 31), (0.2, 0.5, 0.9)) * bool(weight.max() > 0)
    np.testing.assert_allclose(out, expected, atol=1e-4)


def test_spread_reaches_across_the_map():
    weight = np.zeros((200, 90), np.float32)
    weight[3, 4] = 1
    np.testing.assert_allclose(spread(plain((200, 90)), weight), 0.5, atol=1e-4)


def test_spread_of_nothing_is_zero():
    assert not spread(noise(20, 20), np.zeros((20, 20), np.float32)).any()


def test_resizing_keeps_places():
    """Texel i of one side lies at (i + 0.5) S / 256 - 0.5 of the other, up and down."""
    values = ramp(256, 256)
    for size in (128, 512, 300):
        x, _ = places((0, 0), 1, size)
        inside = slice(2, -2)
        np.testing.assert_allclose(resized(values, size)[5, inside, 0] * 255, x[inside], atol=0.02)
