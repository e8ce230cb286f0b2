"""A picture of one iris in its own frame, with the light that its cornea reflects set apart.

Frame: square views ``(SIDE, SIDE, 3)`` that reach `REACH` of the iris's radii from the middle of
the pupil, x to the image's right and y down (`facelab.face.eye_layer`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.face.eye_layer import Eye
from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import smoothstep

SIDE, REACH = 128, 1.4

_CATCHLIGHT = 0.3  # radii: half the width of the widest reflection
_BRIGHTER = 0.04, 0.12  # luminance by which a reflection is lighter than the iris
_RIM = 0.8, 1.0  # radii in which what is bright is white of the eye


def places() -> NDArray[np.float64]:
    """The places of a view's pixels in the iris's frame, ``(SIDE, SIDE, 2)``."""
    along = (np.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
    return np.dstack(np.meshgrid(along, along))


def parted(colour: Float, eye: Eye) -> tuple[Float, Float]:
    """A view of a texture's iris without its catchlights, and one of these alone.

    Small bright spots are what a grey-scale opening takes away (Serra 1982).

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    eye : Eye

    Returns
    -------
    two of (SIDE, SIDE, 3) float32
        They sum to what the texture shows.
    """
    at = places()
    seen = eye.view(colour, at)
    spot = disk(max(1, round(_CATCHLIGHT * SIDE / (2 * REACH))))
    over = seen - cv2.morphologyEx(seen, cv2.MORPH_OPEN, spot)
    radius = np.linalg.norm(at, axis=2).astype(np.float32)
    reflected = smoothstep(cv2.cvtColor(over, cv2.COLOR_RGB2GRAY), *_BRIGHTER)
    reflected *= (1 - smoothstep(radius, *_RIM)) * (eye.within_lids(at) > 0)
    catchlights = over * reflected[..., None]
    return seen - catchlights, catchlights


def read(view: Float, at: Float) -> Float:
    """A view at places ``(h, w, 2)`` of the iris's frame, ``(h, w, 3)``; black beyond it."""
    scale = np.float32(SIDE / (2 * REACH))
    x, y = cv2.split(at * scale + np.float32((SIDE - 1) / 2))
    out: Float = cv2.remap(view, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return out
