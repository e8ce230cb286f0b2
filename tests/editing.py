"""A hand-made portrait, and what holds for every edit that recolours."""

from __future__ import annotations

from functools import cache

import numpy as np

from facelab.edits.cielab import to_lab
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture
from tests.synthetic import ATLAS, SKIN, frozen, plane

SKINS = {"light": SKIN, "dark": (0.34, 0.21, 0.15)}


def portrait(skin=SKIN, size=256, positions=None):
    """Skin with shading and pores, darker brows, redder lips, eyes with an iris, no hair."""
    return Face(plane() if positions is None else positions, _painted(tuple(skin), size))


@cache
def _painted(skin, size):
    v, u = (np.indices((size, size)) + 0.5) / size
    shading = 1 + 0.25 * (u - 0.5) - 0.2 * (v - 0.5)
    pores = 0.02 * np.sin(u * 190) * np.sin(v * 170)
    colour = np.float32(skin) * (shading + pores)[..., None]
    for name, other in (("brows", (0.3, 0.3, 0.3)), ("lips", (0.95, 0.6, 0.65))):
        mask = ATLAS.region(name, size)[..., None]
        colour = colour * (1 - mask * (1 - np.float32(other)))
    for name in ("left eye", "right eye"):
        mask = ATLAS.region(name, size)
        rows, columns = np.nonzero(mask > 0.5)
        middle = (columns.mean() + 0.5) / size, (rows.mean() + 0.5) / size
        iris = np.hypot(u - middle[0], v - middle[1]) < 0.022
        white = np.where(iris[..., None], np.float32((0.15, 0.1, 0.08)), (0.75, 0.71, 0.61))
        colour = np.where(mask[..., None] > 0.5, white, colour)
    return Texture(frozen(np.clip(colour, 0, 1)), frozen(ATLAS.region("face", size)))


def recoloured(face, colour):
    """The face with other colours."""
    return Face(face.positions, Texture(frozen(colour), face.texture.confidence))


def change(edit, face, references=None):
    """By how much an edit changes each texel, ``(S, S, 3)``."""
    return edit(face, references or {}).texture.colour - face.texture.colour


def lab(face):
    return to_lab(face.texture.colour)


def mean_lab(face, region):
    return lab(face)[ATLAS.region(region, face.texture.size) > 0.99].mean(axis=0)


def holds(kind, references=None, skin=SKIN, **keys):
    """What every edit promises: identity at 0, linear, in range, nothing outside the face."""
    face = portrait(skin)
    references = references or {}
    assert kind(**keys, strength=0)(face, references) is face
    whole = change(kind(**keys), face, references)
    half = change(kind(**keys, strength=0.5), face, references)
    np.testing.assert_allclose(half, whole / 2, atol=2e-6)
    assert np.abs(whole).max() > 0.003  # or the rest says nothing
    outside = ATLAS.region("face", 256) == 0
    assert not whole[outside].any()
    after = kind(**keys)(face, references)
    assert after.positions is face.positions
    assert after.texture.confidence is face.texture.confidence
    assert after.texture.colour.dtype == np.float32
    assert after.texture.colour.min() >= 0 and after.texture.colour.max() <= 1


def same_at_any_size(kind, references=None, size=256, mean=0.003, **keys):
    """The changes of a texture of twice the side are the same, reduced."""
    small, large = (
        change(kind(**keys), portrait(size=side), references) for side in (size, 2 * size)
    )
    difference = np.abs(resized(large, size) - small)
    touched = np.abs(small).max(axis=2) > 0
    assert difference[touched].mean() < mean
