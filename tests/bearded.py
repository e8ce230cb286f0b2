"""Faces of one tone with hair where it is wanted."""

from __future__ import annotations

import numpy as np

from facelab.atlas import canonical
from facelab.constants import PARTS
from facelab.face.beard import Beard, _whole
from facelab.types import Texture
from tests.synthetic import frozen

ATLAS, SIZE = canonical(), 256
SKIN, BEARD = PARTS.index("skin"), PARTS.index("beard")
FACE = ATLAS.region("face", SIZE)
NONE = Beard(np.zeros_like(FACE), np.zeros_like(FACE))
CHIN = _whole(ATLAS)["chin"]


def textured(hair=0.0, where=None, tone=0.7, parsed=0.0, seen=FACE):
    """Skin of one tone, darker by `hair` in two of five rows and columns of a mask."""
    where = np.zeros((SIZE, SIZE), np.float32) if where is None else where
    dots = np.zeros((SIZE, SIZE), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            dots[row::5, column::5] = 1
    colour = tone * (1 - hair * dots * where)[..., None] * np.array([1, 0.8, 0.7], np.float32)
    parts = np.zeros((SIZE, SIZE, len(PARTS)), np.float32)
    parts[..., BEARD] = parsed * where
    parts[..., SKIN] = 1 - parts[..., BEARD]
    return Texture(frozen(colour.astype(np.float32)), frozen(seen.copy()), frozen(parts))


def zone(*names):
    """All that a beard covers in some zones, ``(256, 256)`` in [0, 1]."""
    return np.maximum.reduce([_whole(ATLAS)[name] for name in names])
