"""A face's colours brought to another skin: hair, eyes and lips on it keep looking like themselves.

In CIELAB. A texel as light as its skin gets the other skin's lightness and colour; black stays
black and white stays white, and what lies between goes on a curve. So brows are no paler on light
skin than they were on dark, and no bluer, as they would be if each channel were scaled by itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized

_STEEPEST = np.float32(1.15)  # how much contrast may grow next to the skin's own tone
_WHITE = np.float32(100)  # lightness


def retoned(colour: Float, own: Float, wanted: Float) -> Float:
    """Colours moved from one skin tone to another.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    own, wanted : (n, n, 3) float32
        RGB fields of skin tone, n <= S, as of `facelab.face.skin.Skin`; equal ones change nothing.

    Returns
    -------
    (S, S, 3) float32
        In [0, 1].
    """
    size = len(colour)
    lab = to_lab(colour)
    before, after = (resized(to_lab(np.clip(tone, 0, 1)), size) for tone in (own, wanted))
    upper = lab[..., 0] >= before[..., 0]
    light, was, now = (np.where(upper, _WHITE - one[..., 0], one[..., 0])
                       for one in (lab, before, after))  # fmt: skip
    was, now = np.maximum(was, 1), np.maximum(now, 1)
    share = np.minimum(light / was, 1)
    change = share[..., None] * (after - before)
    # Contrast of colour shrinks as that of lightness does, or cheeks would turn orange on light
    # skin and lips magenta on dark.
    change += (np.minimum(now / was, 1) - 1)[..., None] * (lab - share[..., None] * before)
    change[..., 0] = np.where(upper, -1, 1) * _further(share, was, now)
    out: Float = cv2.add(colour, cv2.subtract(to_rgb(lab + change), to_rgb(lab)))
    return np.clip(out, 0, 1)


def _further(share: Float, was: Float, now: Float) -> Float:
    """The growth of `share` of a lightness, counted from black or from white.

    On a straight line, or where that is too steep, a parabola: with ``u = 1 - share`` the curve
    ``now (1 - k u - (1 - k) u^2)`` has the slope ``k now / was`` at the skin's own tone.
    """
    k = np.minimum(_STEEPEST * was / now, 1)
    out: Float = share * (now - was) + now * (1 - k) * share * (1 - share)
    return out
