"""The light on a face, estimated from its own shading, for what is put before it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.augment.occluders.surface import unit
from facelab.augment.scene import Scene
from facelab.numerics.algebra import Floats, combined, product, solve
from facelab.types import PositionMap

_GAMMA = np.float32(2.2)
_STEP = 8  # texels between the places that are looked at
_GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)
_USUAL = np.array([0.0, 0.45, 0.9], np.float32)  # where light comes from if nothing tells it
_PRIOR = 0.012  # how strongly, against one place of the face
_MOST = 0.5  # ambient light: in less direct light a thing would look flat
_ROUNDS = 3
_STRANGE = 0.25  # of the light: a place that differs so much is no skin
_SKIN = 0.32  # linear luminance of a face in good light
_DARKEST = 0.4  # of the mean light: no side gets less


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Light from all sides and from one, by the cosine.

    Parameters
    ----------
    level : float
        Mean brightness, 1 is a well lit photograph.
    ambient : float
        Share of the light on a surface that looks at the viewer which has no direction.
    direction : (3,) float32
        Toward the light times its strength over the mean; x right, y up, z toward the viewer.
    tone : (3,) float32
        Mean colour of the face, linear RGB.
    """

    level: float
    ambient: float
    direction: Floats
    tone: Floats

    def on(self, normals: Floats) -> Floats:
        """The light on surfaces with unit normals ``(..., 3)``, 1 is the mean on the face."""
        found = np.float32(self.ambient) + product(normals, self.direction)
        # Smoothly no darker than the darkest: light bounces.
        over = found - np.float32(_DARKEST)
        return np.asarray(_DARKEST + 0.5 * (over + np.sqrt(over * over + 0.02)), np.float32)

    @property
    def toward(self) -> Floats:
        """The unit vector to where most light comes from, in front of the face."""
        leaning = self.direction + np.float32(0.2) * _USUAL
        return unit(np.array([leaning[0], leaning[1], max(leaning[2], 0.35)], np.float32))


def estimate(scene: Scene) -> Light:
    """The light on the face of a scene: luminance as a linear function of the normal.

    The first spherical harmonics (Ramamoorthi & Hanrahan, "An efficient representation for
    irradiance environment maps", SIGGRAPH 2001), fitted by least squares to places of the face
    that are seen; what is no skin drops out as its luminance does not fit.
    """
    places, normals = _places(scene.positions)
    x, y = (np.ascontiguousarray(places[:, axis : axis + 1]) for axis in (0, 1))
    seen = np.dstack([scene.image, scene.occlusion])
    read = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
    x, y = x[:, 0], y[:, 0]
    height, width = scene.occlusion.shape
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    weight = (inside & (read[:, 3] < 0.5)) * np.maximum(normals[:, 2], 0)
    linear = np.maximum(read[:, :3], 0) ** _GAMMA
    if weight.sum() < 1:
        return Light(1.0, 0.65, np.float32(0.35) * unit(_USUAL), np.full(3, _SKIN, np.float32))
    weight, found = _fitted(product(linear, _GREY), normals, weight)
    tone = combined(weight, linear) / max(float(weight.sum()), 1e-6)
    level = float(np.clip((product(tone, _GREY) / _SKIN) ** 0.5, 0.2, 1.3))
    ambient = min(float(found[0]), _MOST)
    direction = found[1:] + (found[0] - ambient) * unit(_USUAL)
    return Light(level, ambient, np.asarray(direction, np.float32), tone)


def _fitted(luminance: Floats, normals: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weights of what fits, and the light's share without direction and its direction."""
    terms = np.column_stack([np.ones(len(normals)), normals]).astype(np.float64)
    prior = np.diag([1e-3, 1, 1, 1]) * _PRIOR * len(normals)
    usual = np.concatenate([[0.6], 0.4 * unit(_USUAL)])
    mean = 1.0
    for _ in range(_ROUNDS):
        mean = max(float(np.sum(luminance * weight) / max(weight.sum(), 1e-6)), 1e-4)
        target = luminance / mean
        weighted = terms * weight[:, None]
        matrix = product(weighted.T, terms) + prior
        found = solve(
            matrix, product(weighted.T, target.astype(np.float64)) + product(prior, usual)
        )
        away = np.abs(target - product(terms, found)) / _STRANGE
        weight = np.where(weight > 0, weight / (1 + away**4), 0)
    return weight.astype(np.float32), found


def _places(positions: PositionMap) -> tuple[Floats, Floats]:
    """Places on the face, pixels, and their normals; x right, y up, z toward the viewer."""
    coarse = positions.values[::_STEP, ::_STEP]
    face = positions.atlas.face[::_STEP, ::_STEP]
    down, right = (np.gradient(coarse, axis=axis) for axis in (0, 1))
    normals = np.cross(right, down) * np.array([1, -1, 1], np.float32)
    inner = cv2.erode(face.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    return coarse[inner], unit(normals[inner])
