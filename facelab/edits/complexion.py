"""The skin's own tone and where it lies bare, for edits of skin and make-up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab
from facelab.edits.edit import SKIN
from facelab.face.quality import share
from facelab.face.skin import SIZE, Skin, features, learn
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import WHOLE, Window
from facelab.types import Face, Texture

_UNLIKE, _LIKE = 0.2, 0.55  # likelihood of skin from which it begins to count, and fully counts
_LEAST_SEEN = 0.02
_DARKER = 15.0, 30.0  # lightness below the tone from which it is less like skin, and is none


@dataclass(frozen=True, eq=False)
class Complexion:
    """The tone of a face's skin (`facelab.face.skin.learn`), and where it lies bare.

    Each is worked out when it is asked for: most make-up takes one of them.

    Parameters
    ----------
    face : Face
    """

    face: Face

    def tone(self, window: Window = WHOLE) -> Float:
        """CIELAB of the skin without features, pores and spots, at texels ``(h, w, 3)``."""
        return resized(self._lab, self.face.texture.size)[window]

    def rgb(self, window: Window = WHOLE) -> Float:
        """The same, RGB in [0, 1], ``(h, w, 3)``."""
        return resized(self._skin.tone, self.face.texture.size)[window]

    @cached_property
    def bare(self) -> Float:
        """How much of a texel is bare skin, ``(S, S)`` in [0, 1].

        No eye, brow, lip, hair or glasses.
        """
        texture, atlas = self.face.texture, self.face.positions.atlas
        likeness = _likeness(texture, self._skin, self._lab[..., 0])
        likely = cv2.GaussianBlur(smoothstep(likeness, _UNLIKE, _LIKE), (0, 0), 1.0)
        rough = likely * (1 - features(atlas, len(likely)))
        return resized(rough, texture.size) * (texture.confidence > 0)

    @cached_property
    def _skin(self) -> Skin:
        return learn(self.face.texture, self.face.positions.atlas)

    @cached_property
    def _lab(self) -> Float:
        return to_lab(self._skin.tone)


def _likeness(texture: Texture, skin: Skin, tone: Float) -> Float:
    """How surely each texel shows skin, and neither a nostril nor stubble, ``(128, 128)``.

    `tone` is the skin's lightness.
    """
    if texture.parts is None:
        return np.asarray(skin.likelihood / np.maximum(skin.seen, _LEAST_SEEN), np.float32)
    own = to_lab(resized(texture.colour, SIZE))[..., 0]
    return share(texture, SIZE, *SKIN) * (1 - smoothstep(tone - own, *_DARKER))


def blurred(values: Float, weight: Float, sigma: float) -> Float:
    """Weighted values blurred by normalised convolution (Knutsson & Westin 1993).

    Parameters
    ----------
    values : (H, W, c) float32
        c is 3 at most.
    weight : (H, W) float32
        0 for texels that must not reach others.
    sigma : float
        Of the Gaussian, texels.
    """
    height, width = weight.shape
    both = cv2.merge([*(plane * weight for plane in cv2.split(values)), weight])
    fewer = max(1, int(sigma / 4))  # four texels to a deviation hold the Gaussian
    if fewer > 1:
        small = max(width // fewer, 1), max(height // fewer, 1)
        both = cv2.resize(both, small, interpolation=cv2.INTER_AREA)
    both = cv2.GaussianBlur(both, (0, 0), sigma / fewer, borderType=cv2.BORDER_CONSTANT)
    *total, support = cv2.split(both)
    support = np.maximum(support, 1e-4)
    mean = np.asarray(cv2.merge([plane / support for plane in total]), np.float32)
    if fewer > 1:
        mean = np.asarray(cv2.resize(mean, (width, height)), np.float32)
    return mean.reshape(values.shape)


def mean_of(values: Float, weight: Float) -> Float:
    """The weighted mean of ``(S, S, c)``, ``(c,)``; zero without any weight."""
    total = [np.sum(plane * weight, dtype=np.float64) for plane in cv2.split(values)]
    mean = np.array(total) / max(float(weight.sum(dtype=np.float64)), 1e-6)
    return mean.astype(np.float32)


def faded(atlas: Atlas, size: int, width: float) -> Float:
    """The face, falling to 0 at its oval over `width` of the side, ``(size, size)``.

    What is changed all over the face must not stop at a line across the forehead.
    """
    return smoothstep(_depth(atlas, size), 0, max(width, 1 / size))


def ending(face: Face, width: float) -> Float:
    """Where a change that continues over the skin shows on a face, ``(S, S)``.

    All over a face that knows its parts: beyond its oval the change goes on. Else as `faded`.
    """
    size = face.texture.size
    if face.texture.parts is None:
        return faded(face.positions.atlas, size, width)
    return np.ones((size, size), np.float32)


@lru_cache(maxsize=4)
def _depth(atlas: Atlas, size: int) -> Float:
    """How far each texel lies inside the oval, parts of the side; not writeable."""
    depth: Float = distance_within(atlas.region("oval", size) > 0.5) / np.float32(size)
    depth.flags.writeable = False
    return depth
