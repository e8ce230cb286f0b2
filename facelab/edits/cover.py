"""Things worn on the face, drawn on its surface: for training on occlusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.atlas.layout import fill
from facelab.edits.cielab import rgb_of
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choice, colour, number
from facelab.skin import learn
from facelab.texture import resized
from facelab.types import Face, Float

_SOFT = 0.0015  # of the side: sigma of the edges
_PLEATS = 4
_SHADING = 0.8  # how far cloth takes on the light of the skin below
_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)


@dataclass(frozen=True, kw_only=True)
class Cover(TextureEdit):
    """A surgical mask, glasses or a patch over an eye, in the light of the face."""

    name: ClassVar[str] = "cover"
    item: str = choice("mask", ("mask", "glasses", "patch"), "what is worn")
    colour: str = colour("#9fc4dc", "of it")
    opacity: float = number(1.0, 0.0, 1.0, "of the cloth; glasses have clear lenses")
    height: float = number(0.5, 0.0, 1.0, "how far up the nose a mask reaches")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The cloth or frame, shaded as the skin below."""
        atlas, size = face.positions.atlas, face.texture.size
        draw = {"mask": self._mask, "glasses": _glasses, "patch": _patch}[self.item]
        mask, relief = draw(atlas, size)
        paint = relief[..., None] * rgb_of(self.colour)
        soft: Float = cv2.GaussianBlur(mask, (0, 0), max(_SOFT * size, 0.4))
        soft = soft * atlas.region("face", size) * np.float32(self.opacity)
        return paint * _light(face)[..., None], soft

    def _mask(self, atlas: Atlas, size: int) -> tuple[Float, Float]:
        """From the bridge of the nose over the cheeks to below the chin, pleated."""
        marks = atlas.landmarks68
        top = marks[27] + (0.15 + 0.7 * (1 - self.height)) * (marks[30] - marks[27])
        sides = [marks[k] for k in range(2, 15)]
        cheeks = [0.55 * marks[a] + 0.45 * marks[b] for a, b in ((14, 45), (2, 36))]
        below = [down(point, atlas) for point in sides]
        outline = np.array([*below, cheeks[0], top, cheeks[1]], np.float32)
        v = atlas.canonical_uv(size)[..., 1]
        first, last = (float(row) / atlas.size for row in (marks[30, 1], marks[57, 1]))
        down_cloth = (v - first) / (last - first) * _PLEATS
        pleated = (down_cloth > 0) & (down_cloth < _PLEATS)
        folds = 1 - 0.2 * np.exp(-(down_cloth % 1) / 0.16) * pleated
        return fill([curved(outline)], atlas.size, size), folds.astype(np.float32)


def _light(face: Face) -> Float:
    """How bright the skin's tone is over its mean: cloth lies over features and hides them."""
    skin = learn(face.texture, face.positions.atlas)
    luma = skin.tone.mean(axis=2)
    mean = float(np.average(luma, weights=skin.likelihood + np.float32(1e-6)))
    light = np.clip(luma / max(mean, 1e-3), 0.35, 1.3) ** np.float32(_SHADING)
    return resized(light, face.texture.size)


def down(point: Float, atlas: Atlas) -> Float:
    """A jaw point moved out beyond the oval, so that cloth reaches under it."""
    centre = atlas.landmarks68[27:36].mean(axis=0)
    return np.asarray(centre + 1.15 * (point - centre), np.float32)


def point(u: float, v: float) -> Float:
    """A place or a step in texels, ``(2,)``."""
    return np.array([u, v], np.float32)


def curved(polygon: Float) -> Float:
    """A closed polygon with its corners rounded by Chaikin's cutting, twice."""
    for _ in range(2):
        after = np.roll(polygon, -1, axis=0)
        cut = np.stack([0.75 * polygon + 0.25 * after, 0.25 * polygon + 0.75 * after], axis=1)
        polygon = cut.reshape(-1, 2).astype(np.float32)
    return polygon


def ring(centre: Float, half: tuple[float, float], power: float = 2.8) -> Float:
    """A superellipse around a centre, texels ``(64, 2)``."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    cosine, sine = np.cos(angle), np.sin(angle)
    shape = np.stack(
        [np.sign(a) * np.abs(a) ** (2 / power) * r for a, r in ((cosine, half[0]), (sine, half[1]))]
    )
    return np.asarray(centre + shape.T, np.float32)


def _eyes(atlas: Atlas) -> tuple[Float, Float, float]:
    """The centres of the eyes in texels, and the distance between them."""
    right, left = (atlas.landmarks68[eye].mean(axis=0) for eye in (_RIGHT_EYE, _LEFT_EYE))
    return right, left, float(np.linalg.norm(left - right))


def _glasses(atlas: Atlas, size: int) -> tuple[Float, Float]:
    """Two rims, a bridge and the beginning of the temples."""
    right, left, gap = _eyes(atlas)
    thick = 0.045 * gap
    half = 0.38 * gap, 0.30 * gap
    outer = [ring(eye + point(0, 0.04 * gap), half) for eye in (right, left)]
    inner = [
        ring(eye + point(0, 0.04 * gap), (half[0] - thick, half[1] - thick))
        for eye in (right, left)
    ]
    frame = fill(outer, atlas.size, size) - fill(inner, atlas.size, size)
    sides = [
        bar(right + point(half[0] - thick / 2, -0.06 * gap),
            left + point(thick / 2 - half[0], -0.06 * gap), thick),
        bar(right - point(half[0], 0.08 * gap), right - point(gap, 0.1 * gap), thick),
        bar(left + point(half[0], -0.08 * gap), left + point(gap, -0.1 * gap), thick),
    ]  # fmt: skip
    frame = np.maximum(frame, fill(sides, atlas.size, size))
    return np.clip(frame, 0, 1), np.ones((size, size), np.float32)


def _patch(atlas: Atlas, size: int) -> tuple[Float, Float]:
    """Over the person's right eye, with its band."""
    right, left, gap = _eyes(atlas)
    cloth = ring(right + point(0, 0.05 * gap), (0.4 * gap, 0.36 * gap), 2.2)
    slope = point(1.2 * gap, -0.62 * gap)
    bands = [
        bar(right, left + slope, 0.05 * gap),
        bar(right, right - slope, 0.05 * gap),
    ]
    drawn = np.maximum(fill([cloth], atlas.size, size), fill(bands, atlas.size, size))
    return np.clip(drawn, 0, 1), np.ones((size, size), np.float32)


def bar(start: Float, end: Float, thick: float) -> Float:
    """A straight bar as a polygon of four corners, texels."""
    along = end - start
    across = point(-along[1], along[0]) * np.float32(thick / 2 / np.linalg.norm(along))
    return np.array([start + across, end + across, end - across, start - across], np.float32)
