"""Project: a picture placed somewhere on the face, as a sticker or a tattoo is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits import paint
from facelab.edits.blend_modes import MODES
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, number, reference
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

# Where it is placed: texture coordinates of the canonical atlas.
_PLACES = {
    "forehead": (0.5, 0.18),
    "left-cheek": (0.7, 0.55),
    "right-cheek": (0.3, 0.55),
    "nose": (0.5, 0.48),
    "chin": (0.5, 0.85),
}
_PLANE = 0.08  # widths of the face: how far around its plane is told from
_FAR = 100.0  # widths of the face


@dataclass(frozen=True, kw_only=True)
class Project(TextureEdit):
    """A picture with alpha, placed on the face without the stretching of its layout."""

    name: ClassVar[str] = "project"
    needs_picture: ClassVar[bool] = True
    reference: str = reference("the input picture")
    at: str = choice("left-cheek", tuple(_PLACES), "where its middle lies; left is the person's")
    right: float = number(0.0, -0.5, 0.5, "moves it to the right as seen, in widths of the face")
    up: float = number(0.0, -0.5, 0.5, "moves it up, in widths of the face")
    size: float = number(0.2, 0.02, 1.0, "its width, in widths of the face")
    angle: float = number(0.0, -180.0, 180.0, "counter-clockwise as seen", "degrees")
    blend: str = choice("normal", tuple(MODES), "how paint and skin mix")
    shading: float = number(
        0.7, 0.0, 1.0, "how far paint is shaded as the face is; with blend normal only"
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The face under opaque paint, and the alpha of the placed picture."""
        picture = self.picture_of(references, self.reference)
        places = self._places(face.positions.atlas)
        laid = paint.resampled(picture, lambda values: _read(values, places, face.texture.size))
        return paint.mixed(laid.colour, face, self.blend, self.shading), laid.alpha

    def _places(self, atlas: Atlas) -> Float:
        """Right and down from the picture's middle, in its widths; of the position map's side."""
        frame = _around(atlas, self.at, self.right, self.up)
        angle = np.deg2rad(self.angle)
        turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
        return np.asarray(product(frame, turn) / self.size, np.float32)


def _read(values: Float, places: Float, size: int) -> Float:
    """A picture ``(h, w, 4)`` where `places` say, in a texture ``(size, size, 4)``.

    Reduced first to about a pixel a texel, so that it does not alias; transparent outside.
    """
    texel = _step(places) * len(places) / size
    ratio = min(1.0, 1 / (texel * values.shape[1]))
    width, height = (max(1, round(side * ratio)) for side in values.shape[1::-1])
    small = paint.scaled(values, width, height)
    x, y = cv2.split(resized(places * np.float32(width), size))
    x, y = x + np.float32((width - 1) / 2), y + np.float32((height - 1) / 2)
    out: Float = cv2.remap(small, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    return out


def _step(places: Float) -> float:
    """How far one texel lies from the next in the middle of the picture, in its widths."""
    v, u = np.unravel_index(np.linalg.norm(places, axis=2).argmin(), places.shape[:2])
    v, u = (int(np.clip(index, 1, len(places) - 2)) for index in (v, u))
    along_u, along_v = places[v, u + 1] - places[v, u - 1], places[v + 1, u] - places[v - 1, u]
    return float(min(np.linalg.norm(along_u), np.linalg.norm(along_v))) / 2


@lru_cache(maxsize=16)
def _around(atlas: Atlas, at: str, right: float, up: float) -> Float:
    """Right and up from a place of the face, ``(256, 256, 2)`` in its widths; far off it is far."""
    frame = _tangent(atlas, _nearest(atlas.canonical_uv(atlas.size), _PLACES[at], atlas.valid))
    if right or up:
        frame = _tangent(atlas, _nearest(frame, (right, up), atlas.valid))
    return frame


def _nearest(values: Float, wanted: tuple[float, float], valid: Bool) -> tuple[int, int]:
    """The valid texel (v, u) whose value ``(256, 256, 2)`` comes nearest to the wanted one."""
    off = np.where(valid, np.linalg.norm(values - np.array(wanted, np.float32), axis=2), np.inf)
    v, u = np.unravel_index(off.argmin(), off.shape)
    return int(v), int(u)


def _tangent(atlas: Atlas, texel: tuple[int, int]) -> Float:
    """Right and up from a texel along the surface, ``(256, 256, 2)`` in widths of the face.

    In the plane that touches it, with every place as far out as it lies in space.
    """
    points, valid = atlas.canonical_positions, atlas.valid
    width = np.ptp(points[valid & (atlas.region("oval", atlas.size) > 0.5), 0])
    offset = (points - points[texel]) / width
    distance = np.linalg.norm(offset, axis=2)
    flat = product(offset, _axes(offset[valid & (distance < _PLANE)]).T)
    stretch = distance / np.maximum(np.linalg.norm(flat, axis=2), 1e-6)
    out: Float = np.where(valid[..., None], flat * stretch[..., None], np.float32(_FAR))
    return out


def _axes(near: Float) -> Float:
    """Right and up in the plane through points ``(n, 3)``, as seen from outside: ``(2, 3)``."""
    away = (near - near.mean(axis=0)).astype(np.float64)
    normal = np.linalg.eigh(product(away.T, away))[1][:, 0]  # along which they vary the least
    normal = normal * np.sign(normal[2])
    right = np.array([1, 0, 0]) - normal[0] * normal
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(normal, right)]).astype(np.float32)
