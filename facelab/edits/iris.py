"""Iris: another colour of the eyes, with their own pattern, pupils and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import colour, number
from facelab.face.eye_layer import Eye, eyes_of
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_RING = 0.55, 0.9  # radii between which an iris shows its colour alone
_LIMBUS = 0.72, 1.0  # radii in which the limbal ring darkens
_REFLECTED = 14.0, 34.0  # lightness over the iris's from which reflections begin, and are whole
_WHITE = 88.0  # lightness of sclera in full light
_SHADED, _SHADE = 0.5, 0.35  # radii below the upper lid, and how much of the light it takes
_DARK = 18.0, 38.0  # lightness of an iris in which no pupil is seen, and where one is
_GAIN = 1.3  # contrast of a pattern of which little is seen
_KEPT = 0.25  # of the iris's own differences of colour


@dataclass(frozen=True, kw_only=True)
class Iris(TextureEdit):
    """Coloured irises; catchlights, pupils and the whites of the eyes stay."""

    name: ClassVar[str] = "iris"
    looks_at_eyes: ClassVar[bool] = True
    colour: str = colour("#647f90", "of the iris in daylight")
    ring: float = number(0.5, 0.0, 1.0, "how dark the limbal ring is")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The pigment with the iris's own pattern, on the irises."""
        colour = face.texture.colour.copy()
        mask = np.zeros(colour.shape[:2], np.float32)
        for eye in eyes_of(face):
            colour[eye.box], mask[eye.box] = self._coloured(colour[eye.box], eye)
        return colour, mask

    def _coloured(self, colour: Float, eye: Eye) -> tuple[Float, Float]:
        """The window of an eye in the pigment, and where it shows."""
        lab = to_lab(colour)
        own = _own(lab, eye)
        fine = lab - own
        dark = 1 - float(smoothstep(own[0], *_DARK))
        pigment = _lit(lab_of(self.colour), lab[..., 0], eye)
        ring = np.float32(1 - 0.6 * self.ring * smoothstep(eye.radius, *_LIMBUS))
        lightness = (pigment[0] + np.float32(1 + (_GAIN - 1) * dark) * fine[..., 0]) * ring
        below = smoothstep(eye.below_upper_lid(eye.places), 0, _SHADED)
        lightness *= 1 - np.float32(_SHADE * dark) * (1 - below)
        chroma = pigment[1:] + np.float32(_KEPT) * fine[..., 1:]
        reflected = smoothstep(fine[..., 0], *_REFLECTED)
        mask = eye.iris * (1 - reflected) * (1 - np.float32(dark) * eye.pupil)
        return to_rgb(np.dstack([np.clip(lightness, 0, 100), chroma])), mask


def _lit(pigment: Float, lightness: Float, eye: Eye) -> Float:
    """A pigment, CIELAB ``(3,)``, in the light that the white of the eye is in.

    Less light shrinks CIELAB toward black.
    """
    white = lightness[eye.sclera > 0.8]
    light = float(np.quantile(white, 0.7)) if white.size else _WHITE
    black = np.array([-16, 0, 0], np.float32)
    share = np.clip((light + 16) / (_WHITE + 16), 0, 1)
    return np.asarray(black + np.float32(share) * (pigment - black), np.float32)


def _own(lab: Float, eye: Eye) -> Float:
    """The colour of an iris, CIELAB ``(3,)``: the median of what shows it alone."""
    low, high = _RING
    alone = (eye.radius > low) & (eye.radius < high) & (eye.opening > 0.9)
    if not alone.any():
        return np.zeros(3, np.float32)
    return np.asarray(np.median(lab[alone], axis=0), np.float32)
