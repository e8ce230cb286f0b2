"""Light on a face at the middle scales: sockets, highlights, cast shadows, without its features.

The tone of `facelab.face.skin` varies over a tenth of the side. Between it and the features lies
what light does to the relief, and it is only in part the person's: where two faces differ little
there, each keeps its own, which recognition needs; where they differ much, as hard light and soft
do, that is light, and goes with the tone.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.face.skin import SIZE, Skin
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, spread
from facelab.types import Texture

_ALIKE = np.float32(13)  # CIELAB distance of two bands at which half goes with the tone
_LINES = 7  # texels: the window of the median, which drops lines of less than half its width
_SIGMA = 0.02 * SIZE  # texels: what is finer is feature
_SURE = 4  # over the smoothed likelihood of skin: 1 from a quarter on, as between brow and eye
_LEAST = np.array([0, -64, -64], np.float32)  # of CIELAB, in the 8 bits that a median takes
_STEPS = np.array([2.55, 2, 2], np.float32)  # of them, in a unit of CIELAB


def lit_tones(source: Texture, own: Skin, target: Texture, other: Skin) -> tuple[Float, Float]:
    """Return the tone of two faces with the light by which they differ at the middle scales.

    Parameters
    ----------
    source, target : Texture
        Of any side.
    own, other : Skin
        The source's and the target's.

    Returns
    -------
    two of (128, 128, 3) float32
        RGB in [0, 1], as `Skin.tone`; the tones themselves where either does not show its skin.
    """
    bands = [middle(texture, skin) for texture, skin in ((source, own), (target, other))]
    fourth = cv2.transform((bands[0] - bands[1]) ** 2, np.ones((1, 3), np.float32)) ** 2
    both = np.minimum(_known(own), _known(other))
    share = (both * fourth / (fourth + _ALIKE**4))[..., None]
    first, second = (
        np.asarray(np.clip(_to_rgb(_to_lab(skin.tone) + share * band), 0, 1), np.float32)
        for skin, band in zip((own, other), bands, strict=True)
    )
    return first, second


def middle(texture: Texture, skin: Skin) -> Float:
    """CIELAB of the skin over its tone at 2 to 9 % of the side, ``(128, 128, 3)``.

    A median drops folds, strands and the shadow's edge beside a nose but keeps the step from a
    lit half to a dark one.
    """
    lab = spread(_to_lab(resized(texture.colour, SIZE)), skin.likelihood)
    steps = np.clip(np.round((lab - _LEAST) * _STEPS), 0, 255).astype(np.uint8)
    coarse = cv2.medianBlur(steps, _LINES) / _STEPS + _LEAST
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), _SIGMA) - _to_lab(skin.tone), np.float32)


def _known(skin: Skin) -> Float:
    near = cv2.GaussianBlur(skin.likelihood, (0, 0), _SIGMA)
    return np.asarray(np.minimum(_SURE * near, 1), np.float32)


def _to_lab(colour: Float) -> Float:
    lab: Float = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    return lab


def _to_rgb(lab: Float) -> Float:
    colour: Float = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return colour
