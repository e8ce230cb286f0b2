"""Pictures on skin: how they are resampled, and how paint takes on the face's shading."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from facelab.edits.blend_modes import MODES
from facelab.edits.edit import Picture
from facelab.face.skin import learn
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709, of encoded colours
_DEEPEST, _BRIGHTEST = 0.4, 1.6  # how far paint is darkened and lightened by what it lies on


def resampled(picture: Picture, step: Callable[[Float], Float]) -> Picture:
    """A picture after a linear `step` on its four channels, taken with colours premultiplied.

    So the colour of transparent pixels reaches no others.
    """
    colour, alpha = picture.colour, picture.alpha[..., None]
    out = np.clip(step(np.concatenate([colour * alpha, alpha], axis=2)), 0, 1)
    opacity = out[..., 3]
    straight = out[..., :3] / np.maximum(opacity, 1e-6)[..., None]
    return Picture(np.clip(straight, 0, 1), np.ascontiguousarray(opacity))


def scaled(values: Float, width: int, height: int) -> Float:
    """A map ``(h, w, c)`` at another size: by area where it shrinks, else bicubic."""
    shrinks = width < values.shape[1] or height < values.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    out: Float = cv2.resize(values, (width, height), interpolation=method)
    return out


def shaded(paint: Float, face: Face, amount: float) -> Float:
    """Paint in the light that falls on a face, with the relief of the skin below.

    Parameters
    ----------
    paint : (S, S, 3) float32
        RGB in [0, 1], of an even light.
    face : Face
        Of texture side S.
    amount : float
        0 leaves the paint as it is, 1 shades it as the skin is shaded.

    Returns
    -------
    (S, S, 3) float32
        In [0, 1]: the paint times the face's luminance over the mean of its skin's.
    """
    texture = face.texture
    skin = learn(texture, face.positions.atlas)
    tone = skin.tone @ _LUMA
    mean = np.average(tone, weights=skin.likelihood + np.float32(1e-6))
    level = resized(tone, texture.size)
    # Pores, wrinkles and brows, where they were seen; half, since paint fills them.
    relief = (product(texture.colour, _LUMA) - level) * np.minimum(2 * texture.confidence, 1) / 2
    light = np.clip((level + relief) / max(float(mean), 1e-3), _DEEPEST, _BRIGHTEST)
    out: Float = np.clip(paint * (light ** np.float32(amount))[..., None], 0, 1)
    return out


def mixed(paint: Float, face: Face, blend: str, shading: float) -> Float:
    """A face's colours under paint ``(S, S, 3)``, by a key of `facelab.edits.blend_modes.MODES`.

    Only the normal mode shades the paint: the others keep the face's shading by themselves.
    """
    if blend == "normal" and shading > 0:
        paint = shaded(paint, face, shading)
    return np.asarray(MODES[blend](face.texture.colour, paint), np.float32)
