"""Mattes: the coarse one where colours say nothing, the photograph's own detail where they do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from facelab.models.runtime import RUNTIMES
from facelab.reconstruct import load_segmenter, segmentation
from facelab.reconstruct.segmentation import PersonSegmenter, refined
from tests.synthetic import photograph

HAIR, WALL = np.float32([0.15, 0.1, 0.1]), np.float32([0.8, 0.85, 0.9])
SMALL = (64, 64)
UNIT = st.floats(0, 1, width=32)


def strands():
    """The opacity ``(256, 256)`` of a left half from whose edge hairs two pixels wide stick out."""
    y, x = np.mgrid[:256, :256]
    hairs = (y % 12 < 2) & (x < 138)
    return cv2.GaussianBlur(((x < 128) | hairs).astype(np.float32), (0, 0), 0.7)


def shown(opacity, front, behind):
    return opacity[..., None] * front + (1 - opacity[..., None]) * behind


def coarse(layer):
    return cv2.resize(layer, SMALL, interpolation=cv2.INTER_AREA)


def enlarged(layer):
    return cv2.resize(layer, (256, 256), interpolation=cv2.INTER_LINEAR)


def test_strands_that_the_coarse_matte_lacks_come_out():
    truth = strands()
    image = shown(truth, HAIR, WALL)
    half = (np.arange(64) < 32).astype(np.float32) * np.ones((64, 1), np.float32)
    found = refined(image, coarse(image), half)
    wrong, before = np.abs(found - truth), np.abs(enlarged(half) - truth)
    assert before.mean() > 0.005
    assert wrong.mean() < 0.1 * before.mean()
    assert wrong.max() < 0.1


def test_equal_colours_leave_the_coarse_matte():
    grey = np.full((256, 256, 3), 0.5, np.float32)
    disk = cv2.circle(np.zeros(SMALL, np.float32), (30, 34), 17, (1.0,), -1)
    found = refined(grey, coarse(grey), disk)
    np.testing.assert_allclose(found, np.clip((enlarged(disk) - 0.05) / 0.9, 0, 1), atol=2e-3)


@pytest.mark.parametrize("everywhere", [0, 1])
def test_nothing_to_decide(everywhere):
    image = np.random.default_rng(0).random((100, 60, 3), np.float32)
    opacity = np.full(SMALL, everywhere, np.float32)
    found = refined(image, coarse(image), opacity)
    np.testing.assert_array_equal(found, np.full((100, 60), everywhere, np.float32))


def test_far_from_outlines_colours_do_not_matter():
    half = (np.arange(64) < 32).astype(np.float32) * np.ones((64, 1), np.float32)
    image = shown(enlarged(half), HAIR, WALL)
    image[100:120, 40:60], image[100:120, 200:220] = WALL, HAIR  # a light hand, a dark picture
    found = refined(image, coarse(image), half)
    assert found[:, :96].min() == 1
    assert found[:, 160:].max() == 0


@settings(max_examples=20, deadline=None)
@given(
    colours=arrays.arrays(np.float32, (3, 3), elements=UNIT),
    variances=st.tuples(st.floats(0, 0.1), st.floats(0, 0.1)),
    prior=UNIT,
)
def test_likeliest_opacity_by_search(colours, variances, prior):
    own, other, seen = colours
    side = (np.float32(variance).reshape(1, 1) for variance in variances)
    pair = [(colour[None, None], v) for colour, v in zip((own, other), side, strict=True)]
    slope, offset = segmentation._likeliest(*pair, np.float32([[prior]]))
    got = np.clip(float(slope[0, 0] @ seen + offset[0, 0]), 0, 1)
    share = np.linspace(0, 1, 2001)[:, None]
    off = ((seen - share * own - (1 - share) * other) ** 2).sum(axis=1)
    cost = off / (sum(variances) + segmentation._NOISE) + (share[:, 0] - prior) ** 2
    assert got == pytest.approx(float(share[cost.argmin(), 0]), abs=2e-3)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 90), width=st.integers(1, 90))
def test_any_picture_gives_opacities(seed, height, width):
    rng = np.random.default_rng(seed)
    image = rng.random((height, width, 3), np.float32)
    opacity = (rng.random(SMALL, np.float32) > 0.5).astype(np.float32)
    before = image.copy(), opacity.copy()
    found = refined(image, coarse(image), opacity)
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(opacity, before[1])


class Left:
    """A network to which the left half of everything is a person."""

    description = "nothing"

    def __call__(self, crops):
        assert crops.shape == (1, 256, 256, 3)
        assert crops.dtype == np.float32
        left = np.zeros((1, 256, 256), np.float32)
        left[..., :128] = 1
        return (left,)


def test_photographs_of_any_shape_are_stretched():
    found = PersonSegmenter(Left())(np.full((90, 400, 3), 0.5, np.float32))
    assert found.shape == (90, 400)
    assert found[:, :195].min() == 1
    assert found[:, 205:].max() == 0


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.float32), np.zeros((9, 9, 3))])
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ValueError, match="image must have shape"):
        PersonSegmenter(Left())(image)


def test_astronaut_by_both_runtimes():
    image = photograph("astronaut.png")
    by_torch, by_onnx = (load_segmenter(runtime)(image) for runtime in RUNTIMES)
    np.testing.assert_allclose(by_onnx, by_torch, atol=1e-2)
    assert by_torch[80:140, 210:240].min() > 0.99  # the face
    assert by_torch[300:320, 60:300].min() > 0.99  # the suit
    assert by_torch[20:150, :60].max() == 0  # the flag
    assert by_torch[20:120, 350:400].max() == 0  # the shuttle
