"""Pigment on skin: the light it is in, and a veil of it through which pores and shading show."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.numerics.arrays import Float

# By finish: contrast of what is darker and what is lighter than the skin's tone.
FINISHES = {"matte": (1.0, 0.75), "satin": (1.0, 1.1), "shimmer": (1.0, 1.6)}
_BLACK = np.array([-16, 0, 0], np.float32)  # where CIELAB's cube roots meet
_LIT = 70.0  # lightness of skin from which it counts as fully lit
_DIMMEST = 0.6  # of a pigment's CIELAB
_OPAQUE = 0.8  # how much more pigment black skin takes than fully lit skin, to show as much
_ASHEN = 6.0  # the most by which a veil may lighten skin: pale powder on dark skin looks ashen


def in_light(pigment: Float, skin: Float) -> Float:
    """CIELAB of a pigment in the light that skin is in.

    Less light shrinks CIELAB toward black, by the cube root of the light. Dark skin and dim light
    look alike: the root of what would darken light skin so stands between them.

    Parameters
    ----------
    pigment : (3,) float32
        CIELAB in full light.
    skin : (...) float32
        Lightness of the skin.
    """
    light = np.clip(np.sqrt((skin + 16) / (_LIT + 16)), _DIMMEST, 1)[..., None]
    return np.asarray(_BLACK + light * (pigment - _BLACK), np.float32)


def powdered(
    colour: Float, tone: Float, pigment: Float, finish: str, hide: tuple[float, float]
) -> Float:
    """Skin under a veil of pigment.

    The skin's tone moves toward the pigment, and every texel moves with it, so that pores and
    spots stay as far from the tone as they were. The less light skin reflects, the thicker the veil
    is: the same powder would not show on dark skin.

    Parameters
    ----------
    colour : (H, W, 3) float32
        RGB in [0, 1].
    tone : (H, W, 3) float32
        CIELAB of the skin without features.
    pigment : (3,) float32
        CIELAB in full light.
    finish : str
        A key of `FINISHES`.
    hide : (lightness, hue)
        How much of the tone's lightness and of its hue the veil hides on light skin, [0, 1].
    """
    planes, tones = cv2.split(to_lab(colour)), cv2.split(tone)
    covered = cv2.split(in_light(pigment, tones[0]))
    thicker = 1 + np.float32(_OPAQUE) * np.clip(1 - tones[0] / np.float32(_LIT), 0, 1)
    lightness, a, b = (
        np.minimum(np.float32(hiding) * thicker, 1) * (there - skin)
        for hiding, there, skin in zip((hide[0], hide[1], hide[1]), covered, tones, strict=True)
    )
    lightness = np.minimum(lightness, _ASHEN)
    # Shaded skin is less colourful, and so is pigment on it.
    lit = np.clip(planes[0] / np.maximum(tones[0], 1), 0.3, 1.2)
    fine = planes[0] - tones[0]
    below, above = FINISHES[finish]
    lightness += np.float32(below - 1) * np.minimum(fine, 0)
    lightness += np.float32(above - 1) * np.maximum(fine, 0)
    veil = lightness, a * lit, b * lit
    return to_rgb(cv2.merge([was + more for was, more in zip(planes, veil, strict=True)]))
