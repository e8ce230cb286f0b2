"""What surfaces show of the light on them, at their vertices: skin, cloth, hair, eyes, teeth.

Each function gives, in linear RGB, the light that takes the surface's own colour and the gloss that
does not. Everything is in one frame, x right, y up, z toward the viewer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab.heads.light import Light, open_transfer
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.vectors import dot, unit

# How far light goes on under the skin past the terminator, as a share of facing it: red goes
# farthest (Jimenez et al., "Screen-Space Perceptual Rendering of Human Skin", 2009, figure 2).
_UNDER = np.array([0.36, 0.16, 0.10], np.float32)
_SHADE = np.array([0.75, 1.0, 1.08], np.float32)  # exponents: shadows' edges are red, too
_LOBES = ((14.0, 0.7), (55.0, 0.3))  # sharpness and share: the skin's oil is rough
_FRESNEL = 0.028  # of what is wet or oily, seen from the front (Schlick 1994)
_GRAZING = np.float32(0.06)  # more of it at a grazing angle; a smooth surface would have 1
_CLOTH = 0.3  # how far light goes round threads


class Lit(NamedTuple):
    """Light and gloss, each ``(n, 3)`` float32."""

    light: Float
    gloss: Float


class Place(NamedTuple):
    """Where vertices are before the light.

    Parameters
    ----------
    normals : (n, 3) float32
    toward : (n, 3) float32
        Unit vectors to the camera.
    openness : (n, 9) float32
        What reaches them of the light around, see `light.open_transfer`.
    reached : (n,) float32
        How much reaches them of the key light, [0, 1].
    """

    normals: Float
    toward: Float
    openness: Float
    reached: Float


def skin(place: Place, light: Light, oil: float = 1.0) -> Lit:
    """Return the light on skin, of which some passes under its surface."""
    facing = _facing(place.normals, light)[:, None]
    under = np.clip((facing + _UNDER) / (1 + _UNDER), 0, 1) ** (1 + _UNDER)
    reached = np.maximum(place.reached, 1e-4)[:, None] ** _SHADE
    lit = light.soft(place.openness) + under * reached * _key(light)
    return Lit(_single(lit), _single(np.float32(oil) * _shine(place, light, _LOBES)))


def cloth(place: Place, light: Light) -> Lit:
    """Return the light on what is matte and a little furry."""
    facing = np.clip((_facing(place.normals, light) + _CLOTH) / (1 + _CLOTH), 0, 1)
    lit = light.soft(place.openness) + (facing * place.reached)[:, None] * _key(light)
    return Lit(_single(lit), np.zeros_like(place.normals))


def wet(place: Place, light: Light, sharpness: float, share: float) -> Lit:
    """Return the light on what is smooth and wet, such as teeth and eyes."""
    facing = np.maximum(_facing(place.normals, light), 0)
    lit = light.soft(place.openness) + (facing * place.reached)[:, None] * _key(light)
    return Lit(_single(lit), _single(_shine(place, light, ((sharpness, share),))))


def hair(place: Place, light: Light, tangents: Float, colour: Float) -> Lit:
    """Return the light on strands (Kajiya & Kay, "Rendering Fur with Three Dimensional Textures").

    With two highlights, a white one shifted to the root and one in the hair's colour to the tip
    (Marschner et al., "Light Scattering from Human Hair Fibers", SIGGRAPH 2003).

    Parameters
    ----------
    tangents : (n, 3) float32
        Along the strands, toward their tips.
    colour : (3,) float32
        Of the hair, linear RGB.
    """
    along = product(tangents, light.toward.astype(np.float32))
    across = np.sqrt(np.maximum(1 - along * along, 0))
    round_ = np.clip((_facing(place.normals, light) + 0.4) / 1.4, 0, 1)
    direct = (np.float32(0.75) * across * round_ * place.reached)[:, None] * _key(light)
    lit = light.soft(place.openness) + direct
    white = _strand(place, light, tangents, -0.12, 60.0)
    tinted = _strand(place, light, tangents, 0.14, 18.0)
    shine = np.float32(0.06) * white + np.float32(0.35) * tinted * np.sqrt(colour)
    sky = np.float32(0.04) * light.soft(place.openness)
    gloss = shine * (place.reached * round_)[:, None] * _key(light) + sky * np.sqrt(colour)
    return Lit(_single(lit), _single(gloss))


def _strand(place: Place, light: Light, tangents: Float, shift: float, sharpness: float) -> Float:
    """A highlight across strands whose tangents are tilted by `shift`, ``(n, 1)``."""
    tilted = unit(tangents + np.float32(shift) * place.normals)
    half = unit(place.toward + light.toward.astype(np.float32))
    along = dot(tilted, half)
    out: Float = np.power(np.maximum(1 - along * along, 0), np.float32(sharpness / 2))[:, None]
    return out


def _shine(place: Place, light: Light, lobes: tuple[tuple[float, float], ...]) -> Float:
    """What a smooth surface mirrors: the key light in lobes (Blinn 1977) and the light around."""
    half = unit(place.toward + light.toward.astype(np.float32))
    between = np.maximum(dot(half, place.normals), 0)
    glance = np.maximum(dot(place.toward, place.normals), 0)
    facing = np.clip(_facing(place.normals, light) * 4, 0, 1) * place.reached
    peak = sum(
        np.float32(share * (sharp + 8) / 8) * between ** np.float32(sharp) for sharp, share in lobes
    )
    mirrored = _FRESNEL + _GRAZING * (1 - dot(half, place.toward)) ** 5
    grazing = _FRESNEL + _GRAZING * (1 - glance) ** 5
    away = 2 * glance[:, None] * place.normals - place.toward
    covered = (place.openness[:, :1] / open_transfer(place.normals)[:, :1]).clip(0, 1)
    around = light.soft(open_transfer(away)) * covered * grazing[:, None]
    return _single((peak * mirrored * facing)[:, None] * _key(light) + around)


def _facing(normals: Float, light: Light) -> Float:
    return product(normals, light.toward.astype(np.float32))


def _key(light: Light) -> Float:
    return light.key.astype(np.float32)


def _single(values: NDArray[np.floating]) -> Float:
    return np.ascontiguousarray(values, np.float32)
