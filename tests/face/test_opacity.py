from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab import atlas as atlases
from facelab.constants import KEEP
from facelab.face.opacity import mouth_opening, opacity
from tests.synthetic import ATLAS, frozen, mouth

CLOSED, OPEN = mouth(-4), mouth(20)  # the canonical mesh's own lips stand a little apart
SIZES = pytest.mark.parametrize("size", [256, 300, 512])


def at(mask, *vertices):
    """The mask's values at vertices of the mesh."""
    scale = len(mask) / ATLAS.size
    column, row = np.rint((ATLAS.uv[list(vertices)] + 0.5) * scale - 0.5).astype(int).T
    return mask[row, column]


def mask_of(target, source, keep, size=256, seen=None):
    seen = np.ones((size, size), np.float32) if seen is None else seen
    return opacity(target, source, frozen(seen), keep)


MIDDLE_OF_MOUTH = (13, 14)
CHEEKS = (50, 280, 205, 425)


def eye_centres(mask):
    scale = len(mask) / ATLAS.size
    centres = [ATLAS.uv[list(atlases.CONTOURS[f"{side} eye"][0])].mean(axis=0) for side in
               ("left", "right")]  # fmt: skip
    return np.array([mask[round(float(v * scale)), round(float(u * scale))] for u, v in centres])


@SIZES
@pytest.mark.parametrize("keep", [(), ("mouth",), ("eyes",), KEEP])
def test_opacity_is_a_mask_of_the_texture(size, keep):
    mask = mask_of(OPEN, CLOSED, keep, size)
    assert mask.shape == (size, size)
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert (at(mask, *CHEEKS) == 1).all()


def test_nothing_kept_paints_all():
    assert (mask_of(OPEN, OPEN, (), 256) == 1).all()


@SIZES
def test_parts_kept_are_not_painted(size):
    kept = mask_of(CLOSED, CLOSED, KEEP, size)
    assert at(kept, *MIDDLE_OF_MOUTH).max() < 0.3
    assert eye_centres(kept).max() < 0.05
    assert eye_centres(mask_of(CLOSED, CLOSED, ("mouth",), size)).min() == 1
    assert at(mask_of(OPEN, OPEN, ("eyes",), size), *MIDDLE_OF_MOUTH).min() == 1


def test_fixtures_are_closed_and_open():
    assert mouth_opening(CLOSED) < mouth_opening(mouth(0)) < mouth_opening(OPEN)


@pytest.mark.parametrize(("target", "source"), [(CLOSED, OPEN), (OPEN, CLOSED), (OPEN, OPEN)])
def test_inner_lips_stay_unless_both_mouths_are_closed(target, source):
    region = (ATLAS.region("mouth", 256) > 0).astype(np.uint8)
    inner = cv2.dilate(region, np.ones((7, 7))) > region
    kept, closed = (mask_of(*faces, ("mouth",)) for faces in ((target, source), (CLOSED, CLOSED)))
    assert (kept <= closed).all()
    assert closed[inner].mean() > kept[inner].mean() + 0.1


def test_what_the_source_did_not_show_is_the_targets():
    seen = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
    shown = mask_of(CLOSED, CLOSED, (), seen=seen)
    assert shown[:, seen[0] < 0.05].max() < 0.01
    assert shown[:, seen[0] > 0.5].min() == 1
    assert (np.diff(shown, axis=1) >= -1e-6).all()


def test_lips_come_and_go_smoothly():
    means = [mask_of(mouth(gap), CLOSED, ("mouth",), 256).mean() for gap in np.linspace(-4, 8, 13)]
    assert (np.diff(means) <= 1e-6).all()
    steps = -np.diff(means)
    assert steps.max() < 0.8 * steps.sum()


def test_opacity_is_symmetric():
    mask = mask_of(OPEN, CLOSED, KEEP, 256)
    # The mesh's UVs are so to a third of a texel.
    assert np.abs(mask - mask[:, ::-1]).mean() < 2e-3
    assert np.abs(mask - mask[:, ::-1]).max() < 0.35


def test_same_question_same_answer():
    first = mask_of(OPEN, CLOSED, KEEP, 256)
    before = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(mask_of(OPEN, CLOSED, KEEP, 256), before)
