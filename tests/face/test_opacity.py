from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab import atlas as atlases
from facelab.face.opacity import TAKEN, eyeballs, opacity
from facelab.numerics.smoothing import resized, smoothstep
from tests.synthetic import ATLAS, frozen

SIZES = pytest.mark.parametrize("size", [256, 300, 512])
CHEEKS = (50, 280, 205, 425)


def at(mask, *vertices):
    """The mask's values at vertices of the mesh."""
    scale = len(mask) / ATLAS.size
    column, row = np.rint((ATLAS.uv[list(vertices)] + 0.5) * scale - 0.5).astype(int).T
    return mask[row, column]


def eye_centres(mask):
    scale = len(mask) / ATLAS.size
    centres = [ATLAS.uv[list(atlases.CONTOURS[f"{side} eye"][0])].mean(axis=0) for side in
               ("left", "right")]  # fmt: skip
    return np.array([mask[round(float(v * scale)), round(float(u * scale))] for u, v in centres])


@SIZES
def test_all_that_was_seen_is_painted(size):
    mask = opacity(frozen(np.ones((size, size))), ATLAS)
    assert mask.dtype == np.float32
    assert (mask == 1).all()


def test_what_the_source_did_not_show_is_the_targets():
    seen = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
    shown = opacity(frozen(seen), ATLAS)
    assert shown[:, seen[0] < 0.05].max() < 0.01
    assert shown[:, seen[0] > 0.5].min() == 1
    assert (np.diff(shown, axis=1) >= -1e-6).all()


def test_a_confidence_of_the_maps_side_tells_a_larger_textures_opacity():
    """A sharp edge moves by a part of a texel of the map, and is feathered over several."""
    seen = np.ones((832, 832), np.float32)
    seen[:, 400:600] = np.linspace(0, 1, 200)
    seen[300:500, :300] = 0
    finely, coarsely = opacity(seen, ATLAS), opacity(resized(seen, 256), ATLAS, 832)
    assert coarsely.shape == (832, 832)
    assert np.abs(coarsely - finely).max() < 1e-6
    feathered = cv2.GaussianBlur(smoothstep(seen, *TAKEN), (0, 0), 2.5 * 832 / 256)
    assert np.abs(coarsely - feathered).max() < 0.12


@SIZES
def test_eyeballs_are_the_eyes_alone(size):
    mask = eyeballs(ATLAS, size)
    assert mask.shape == (size, size)
    assert not mask.flags.writeable
    assert eye_centres(mask).min() > 0.95
    assert at(mask, *CHEEKS).max() == 0
    # The mesh's UVs are symmetric to a third of a texel.
    assert np.abs(mask - mask[:, ::-1]).mean() < 2e-3
