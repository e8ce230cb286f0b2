"""Eyeliner: a line along the lashes, with a wing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.strokes import Ints, stroke
from facelab.face.eye_layer import Eye, eyes_of
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

_OUTER, _INNER = 0, 8  # the corners in the 16 points of an eye's contour; the lower lid is between
_RISE = 0.3  # of the wing's length: how far it rises above where the lower lid points
# Thickness from the inner corner outward, of the thickest; the upper line ends in the wing.
_UPPER = np.array([0.35, 0.7, 1.0, 1.0, 0.1], np.float32)
_LOWER = np.array([0.15, 0.35, 0.5, 0.6, 0.5], np.float32)
_THICK = 0.058  # of the width of the eye
_SEEN = 0.1, 0.4  # confidence from which and with which a texel shows a lid, and none behind
_KEPT = 0.12  # of the skin's lightness: what still shows through
# By finish: how far highlights show on it.
_FINISHES = {"matte": 0.0, "gloss": 0.35}


@dataclass(frozen=True, kw_only=True)
class Eyeliner(TextureEdit):
    """A line on the lids, thin at the inner corners and thicker outward."""

    name: ClassVar[str] = "eyeliner"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "eyes")
    looks_at_eyes: ClassVar[bool] = True
    colour: str = colour("#1c1416", "the colour of the line")
    finish: str = choice("matte", tuple(_FINISHES), "how it takes the light")
    lids: str = choice("upper", ("upper", "lower", "both"), "where it is drawn")
    thickness: float = number(1.0, 0.3, 3.0, "of the line; 1 is a pencil's")
    wing: float = number(0.25, 0.0, 0.6, "its length beyond the corner", "widths of the eye")
    softness: float = number(0.3, 0.0, 1.0, "of its edges; 1 is smudged")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The pigment, on the lines."""
        colour, size = face.texture.colour.copy(), face.texture.size
        mask = np.zeros((size, size), np.float32)
        for eye in eyes_of(face):
            lids = eye.texels(_lash_lines(eye)) + np.float32(0.5)
            lids /= np.float32(face.positions.atlas.size)
            for points, thickness in self._lines(lids):
                texels, line = self._drawn(_texels(size), points, thickness)
                mask[texels] = np.maximum(mask[texels], line)
            between = smoothstep(eye.lid, -eye.blur / 2, eye.blur)
            mask[eye.box] *= 1 - np.float32(eye.opened) * between
        mask *= smoothstep(face.texture.confidence, *_SEEN)
        window = window_of(mask)
        colour[window] = self._pigment(colour[window])
        return colour, mask

    def _lines(self, eye: Float) -> list[tuple[Float, Float]]:
        """The points of each line from the inner corner outward, and its thickness there."""
        width = np.linalg.norm(eye[_OUTER] - eye[_INNER])
        upper = np.concatenate([eye[_INNER:], eye[:1]])
        lower = eye[_INNER::-1]
        full = np.float32(_THICK * self.thickness) * width
        lines: list[tuple[Float, Float]] = []
        if self.lids != "lower":
            outward = eye[_OUTER] - eye[_OUTER + 2]
            way = outward / np.linalg.norm(outward) - np.array([0, _RISE], np.float32)
            tip = eye[_OUTER] + way * self.wing * width
            points = np.vstack([upper[:-1], tip]) if self.wing > 0 else upper  # over the corner
            lines.append((points.astype(np.float32), (full * _UPPER).astype(np.float32)))
        if self.lids != "upper":
            lines.append((lower[2:], (full * _LOWER).astype(np.float32)))
        return lines

    def _drawn(
        self, places: Float, points: Float, thickness: Float
    ) -> tuple[tuple[Ints, Ints], Float]:
        """The texels near a line, rows and columns, and how much of it lies on each of them."""
        texel = 1 / len(places)
        edge = max(0.0015 + 0.008 * self.softness, texel)
        near = stroke(places, points, float(thickness.max()) + edge)
        half = np.interp(near.along, np.linspace(0, 1, len(thickness)), thickness) / 2
        drawn = np.maximum(half, texel / 2)  # what is thinner than a texel is fainter instead
        soft = np.maximum(edge * np.minimum(1, 2 * half / thickness.max()), texel)
        line = 1 - smoothstep((np.abs(near.distance) - drawn) / soft, -0.5, 0.5)
        return near.texels, np.asarray(line * half / drawn, np.float32)

    def _pigment(self, colour: Float) -> Float:
        lab, pigment = to_lab(colour), lab_of(self.colour)
        shine = np.float32(_FINISHES[self.finish]) * np.maximum(lab[..., 0] - 60, 0)
        lightness = pigment[0] + np.float32(_KEPT) * (lab[..., 0] - 50) + shine
        chroma = np.broadcast_to(pigment[1:], (*lightness.shape, 2))
        return to_rgb(np.dstack([np.clip(lightness, 0, 100), chroma]))


def _lash_lines(eye: Eye) -> NDArray[np.float64]:
    """The edge of the lids ``(16, 2)`` in the iris's frame; closed lids meet at the lower one."""
    lower = eye.lids[1:_INNER]
    upper = eye.opened * eye.lids[_INNER + 1 :] + (1 - eye.opened) * lower[::-1]
    return np.vstack([eye.lids[: _INNER + 1], upper])


@lru_cache(maxsize=4)
def _texels(size: int) -> Float:
    """The middles of a texture's texels, ``(size, size, 2)``, parts of the side."""
    along = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    return np.asarray(np.dstack(np.meshgrid(along, along)))
