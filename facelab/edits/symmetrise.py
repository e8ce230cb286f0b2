"""Symmetrise: one half of a face mirrored onto the other, in the light that falls there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.complexion import faded
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import choice
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.face.relight import relight
from facelab.face.skin import learn
from facelab.face.swap import reject_non_skin
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Face

_MIDDLE = 0.02  # of the side: half the width over which the halves meet
_WELL_SEEN = 0.3, 0.6  # confidence from which and with which a texel meets its mirror image
_BESIDE = 0.02  # of the side: how far from what is not
_LASHES = -0.5, -0.2  # radii of the iris beyond the lids over which they pass into each other
_RIM = 0.06  # of the side, over which it fades toward the oval


@dataclass(frozen=True, kw_only=True)
class Symmetrise(TextureEdit):
    """Features made alike on both sides; shading, shape and the eyes between lids stay."""

    name: ClassVar[str] = "symmetrise"
    looks_at_eyes: ClassVar[bool] = True
    paints: ClassVar[tuple[str, ...]] = FACE
    half: str = choice(
        "both", ("both", "left", "right"), "whose features both halves get, as the person has it"
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Each texel with its mirror image, relit, where that was seen."""
        texture, atlas = face.texture, face.positions.atlas
        skin = learn(texture, atlas)
        tone = skin.tone
        mirrored = relight(
            np.ascontiguousarray(texture.colour[:, ::-1]), np.ascontiguousarray(tone[:, ::-1]), tone
        )
        share = self._share(atlas.canonical_uv(texture.size)[..., 0])
        seen = _well_seen(reject_non_skin(texture, skin, atlas).confidence)
        lips = 1 - resized(atlas.soft_region("mouth", 256, 0.01), texture.size)
        share = share * seen * seen[:, ::-1] * lips * faded(atlas, texture.size, _RIM)
        eyes = _eyes(face)
        return mirrored, share * (1 - np.maximum(eyes, eyes[:, ::-1]))

    def _share(self, u: Float) -> Float:
        """How much of the mirror image shows, by the place across the face."""
        if self.half == "both":
            return np.full_like(u, 0.5)
        inside = u - 0.5 if self.half == "right" else 0.5 - u
        share = np.clip((inside + _MIDDLE) / (2 * _MIDDLE), 0, 1)
        return np.asarray(share, np.float32)


def _eyes(face: Face) -> Float:
    """What lies between the lids and at their edges, ``(S, S)`` in [0, 1].

    Two eyes are mirror images only if they look into the camera from a face that does.
    """
    eyes = eyes_of(face)
    masks = [smoothstep(eye.lid, *_LASHES) for eye in eyes]
    return over_texture(eyes, masks, face.texture.size)


def _well_seen(confidence: Float) -> Float:
    """Texels fit to meet their mirror images: neither at a grazing angle nor beside hair."""
    least, well = _WELL_SEEN
    seen = np.clip((confidence - least) / (well - least), 0, 1)
    reach = (2 * max(round(_BESIDE * len(seen)), 1) + 1,) * 2
    return np.asarray(cv2.blur(cv2.erode(seen, np.ones(reach, np.uint8)), reach))
