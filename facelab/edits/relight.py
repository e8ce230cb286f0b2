"""Relight: other light on a face, by spherical harmonics.

Under distant light a convex matt surface shows nine numbers of it: its irradiance is a quadratic
polynomial in the normal (Basri & Jacobs, "Lambertian reflectance and linear subspaces", PAMI 2003;
Ramamoorthi & Hanrahan, "An efficient representation for irradiance environment maps", SIGGRAPH
2001). They are fitted to the tone of the skin, whose albedo is taken as one colour; other light is
then the ratio of two such polynomials.

Frame: normals have x image right, y up, z toward the viewer. Light is linear, not sRGB-encoded.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.edits.cielab import decoded, encoded
from facelab.edits.complexion import ending
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import number, reference
from facelab.face.relight import relight
from facelab.face.skin import SIZE, Skin, learn
from facelab.face.swap import reject_non_skin
from facelab.geometry import pose
from facelab.geometry.visibility import normals
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

Array = NDArray[np.float64]

_PRIOR = np.array([0] + [1e-5] * 3 + [1e-4] * 5)  # of the weight: what the fit holds against light
_ROUNDS, _SPREAD = 6, 0.15  # of robust fitting; residual, of the mean, that counts as an outlier
_DARKEST, _BRIGHTEST = 0.5, 1.8  # the least and the most that light may be multiplied by
_LEAST_FACING = 0.35  # the least cosine between a normal and the direction to the viewer
_FLOOR = 0.15  # of the mean irradiance: what ambient light gives everywhere
_KEY = np.array([np.pi, 2 * np.pi / 3, np.pi / 4])  # by order: the clamped cosine's coefficients
_HARDEST = 0.7  # share of a lamp beside light from everywhere: more needs cast shadows
_ORDER = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])
_NONE = 1e-30  # less light than there is anywhere: nothing is divided by the 0 of a black face
_RIM = 0.1  # of the side, over which it fades toward the oval: neck and hair keep their light
_WARM = np.array([0.14, 0.0, -0.16])  # of the light, linear RGB: the tint of full warmth


def harmonics(directions: Float | Array) -> Array:
    """The nine real spherical harmonics up to order 2 at unit vectors ``(..., 3)``: ``(..., 9)``.

    In the order (0, 0), (1, -1), (1, 0), (1, 1), (2, -2), ..., (2, 2) with y, z, x for order 1.
    """
    x, y, z = np.moveaxis(np.asarray(directions, np.float64), -1, 0)
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3 * z * z - 1),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        axis=-1,
    )


def estimate(tone: Float, directions: Float, weight: Float) -> Array:
    """The light on a surface of one albedo.

    Least squares with a small prior against directional light, which what was not seen of the
    sphere of normals leaves open; iterated with Tukey's biweight, so that cast shadows and beards
    do not count as shading.

    Parameters
    ----------
    tone : (h, w, 3) float32
        Linear RGB.
    directions : (h, w, 3) float32
        Unit normals.
    weight : (h, w) float32
        How sure it is that a texel shows the surface, [0, 1].

    Returns
    -------
    (9, 3) float64
        Coefficients of the irradiance times the albedo, by harmonic and channel; 0 where no
        surface shows.
    """
    used = weight > 0.05
    if not used.any():
        return np.zeros((9, 3))
    basis, values = harmonics(directions[used]), tone[used].astype(np.float64)
    certain = weight[used].astype(np.float64)
    share: Array = certain
    light: Array = np.zeros((9, 3))
    for _ in range(_ROUNDS):
        normal = product(basis.T, share[:, None] * basis) + np.diag(_PRIOR * share.sum())
        light = np.linalg.solve(normal, product(basis.T, share[:, None] * values))
        residual = np.abs(values - product(basis, light)).mean(axis=1) / max(values.mean(), 1e-6)
        share = certain * np.maximum(1 - (residual / (3 * _SPREAD)) ** 2, 0.01) ** 2
    return light


def turned(light: Array, rotation: Array) -> Array:
    """Coefficients ``(9, c)`` of light that a rotation ``(3, 3)`` has turned.

    Order by order a rotation is linear: it is read off at a few directions.
    """
    probes = _probes()
    there = product(harmonics(product(probes, rotation)), light)
    return np.asarray(np.linalg.lstsq(harmonics(probes), there)[0], np.float64)


def lamp(azimuth: float, elevation: float) -> Array:
    """The irradiance ``(9,)`` of one distant lamp, 1 where a surface faces it.

    Parameters
    ----------
    azimuth, elevation : float
        Degrees: where it stands, to the image's right of and above the viewer.
    """
    toward = pose.matrix(azimuth, -elevation, 0) @ [0, 0, 1]
    out: Array = _KEY[_ORDER] * harmonics(toward)
    return out


@dataclass(frozen=True, kw_only=True)
class _Relit(TextureEdit):
    """An edit that puts other light on the skin."""

    paints: ClassVar[tuple[str, ...]] = FACE
    continues: ClassVar[bool] = True

    @abstractmethod
    def light(self, own: Array, face: Face, references: References) -> Array:
        """The new light ``(9, 3)`` in place of `own`; how bright it is does not count."""

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The texture in the new light; it ends softly at hair."""
        atlas, skin = face.positions.atlas, learn(face.texture, face.positions.atlas)
        directions = _directions(face)
        own = _light(skin, directions)
        new = self.light(own, face, references)
        ratio = _ratio(own, new, harmonics(directions), skin.likelihood)
        wanted = encoded(np.asarray(decoded(skin.tone) * ratio, np.float32))
        mask = resized(_reach(face, skin), face.texture.size) * ending(face, _RIM)
        return relight(face.texture.colour, skin.tone, wanted), mask * _outside(atlas, len(mask))


@dataclass(frozen=True, kw_only=True)
class Relight(_Relit):
    """The face lit by one lamp and the room around it."""

    name: ClassVar[str] = "relight"
    azimuth: float = number(45.0, -90.0, 90.0, "the lamp, to the image's right", "degrees")
    elevation: float = number(25.0, -45.0, 90.0, "the lamp, above the viewer", "degrees")
    contrast: float = number(0.7, 0.0, 1.0, "0 for light from everywhere, 1 mostly from the lamp")
    warmth: float = number(0.0, -1.0, 1.0, "a warmer lamp; below 0 a colder one")

    def light(self, own: Array, face: Face, references: References) -> Array:
        """The lamp, and as much light from all around as is left for it."""
        around = np.eye(9)[0] / harmonics(np.array([0.0, 0, 1]))[0]
        share = _HARDEST * self.contrast
        colour = 1 + self.warmth * _WARM
        key = share * lamp(self.azimuth, self.elevation)[:, None] * colour
        new: Array = own[0] * (key + (1 - share) * around[:, None])
        return new


@dataclass(frozen=True, kw_only=True)
class TurnLight(_Relit):
    """The photograph's own light from elsewhere, or softer or harder."""

    name: ClassVar[str] = "turn-light"
    turn: float = number(0.0, -90.0, 90.0, "about the head, to the image's right", "degrees")
    lift: float = number(0.0, -45.0, 45.0, "up", "degrees")
    contrast: float = number(1.0, 0.0, 1.5, "how directional: 0 not at all, 1 as it is")

    def light(self, own: Array, face: Face, references: References) -> Array:
        """The own light turned about the head, its directional part scaled."""
        new = turned(own, pose.matrix(self.turn, -self.lift, 0))
        return np.concatenate([new[:1], self.contrast * new[1:]])


@dataclass(frozen=True, kw_only=True)
class MatchLight(_Relit):
    """The light of another photograph."""

    name: ClassVar[str] = "match-light"
    reference: str = reference("the photograph whose light it shall be")

    def light(self, own: Array, face: Face, references: References) -> Array:
        """The reference's light on the own albedo."""
        other = self.face_of(references, self.reference)
        skin = learn(other.texture, other.positions.atlas)
        light = _light(skin, _directions(other))
        # Of the albedo nothing is known but its product with the light: the mean stays.
        new: Array = light * (own[0] / np.maximum(light[0], 1e-6))
        return new


def _directions(face: Face) -> Float:
    """Unit normals at the side of `facelab.face.skin`, smoothed, none of them turned away.

    What lies at the rim has hair, ears and a silhouette beside it: the polynomial would be
    extrapolated to it from the rest.
    """
    smooth = resized(cv2.GaussianBlur(normals(face.positions), (0, 0), 3), SIZE)
    smooth[..., 2] = np.maximum(smooth[..., 2], _LEAST_FACING)
    unit: Float = smooth / np.linalg.norm(smooth, axis=2, keepdims=True)
    return unit


def _light(skin: Skin, directions: Float) -> Array:
    """The light on a skin, of the albedo's colour: skin itself reddens toward its shadows.

    The colour is that of what is lit: where half a face is seen, no harmonic alone tells it.
    """
    light = estimate(decoded(skin.tone), directions, skin.likelihood)
    lit = product(harmonics(directions), light)
    colour = np.average(lit, axis=(0, 1), weights=skin.likelihood + 1e-9)
    grey: Array = light.mean(axis=1, keepdims=True) * (colour / max(colour.mean(), _NONE))
    return grey


def _ratio(own: Array, new: Array, basis: Array, weight: Float) -> Float:
    """The quotient of the new light and the old, ``(128, 128, 3)``; the skin stays as bright."""
    old, wanted = (_lit(basis, light) for light in (own, new))
    mean = [np.average(lit, axis=(0, 1), weights=weight + 1e-9) for lit in (old, wanted)]
    ratio = wanted / old * (mean[0].sum() / mean[1].sum())
    return np.asarray(np.clip(ratio, _DARKEST, _BRIGHTEST), np.float32)


def _lit(basis: Array, light: Array) -> Array:
    """The irradiance, never below what ambient light gives."""
    floor = _FLOOR * np.maximum(light[0] * basis[..., :1], 1e-4)
    lit = product(basis, light)
    # A smooth maximum: light below the floor would otherwise end in an edge.
    out: Array = 0.5 * (lit + floor + np.sqrt((lit - floor) ** 2 + floor**2))
    return out


def _reach(face: Face, skin: Skin) -> Float:
    """Where the face is lit anew, ``(128, 128)``: not on hair and background."""
    kept = resized(reject_non_skin(face.texture, skin, face.positions.atlas).confidence, SIZE)
    own = resized(face.texture.confidence, SIZE)
    dropped = ((own > 0.02) & (kept < 0.5 * own)).astype(np.float32)
    lit: Float = 1 - cv2.GaussianBlur(dropped, (0, 0), 0.02 * SIZE)
    return lit


@lru_cache(maxsize=8)
def _outside(atlas: Atlas, size: int) -> Float:
    """1 on the face, falling smoothly to 0 at the teeth, ``(size, size)``."""
    reach = 2 * round(0.012 * size) + 1  # the slit between closed lips is hardly a texel high
    mouth = cv2.dilate(atlas.region("mouth", size), np.ones((reach, reach), np.uint8))
    teeth = np.clip(2 * cv2.GaussianBlur(mouth, (0, 0), 0.004 * size), 0, 1)
    soft: Float = np.asarray(1 - teeth, np.float32)
    soft.flags.writeable = False
    return soft


@lru_cache(maxsize=1)
def _probes() -> Array:
    """Directions all around, ``(64, 3)``: the spiral of equal areas."""
    z = 1 - (2 * np.arange(64) + 1) / 64
    angle = np.arange(64) * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), z])
