"""Textures of faces of one tone, as if unwrapped from photographs."""

import numpy as np

from facelab.atlas import canonical
from facelab.edits.cielab import to_rgb
from facelab.face.skin import features
from facelab.types import Texture

SIZE = 128
ATLAS = canonical()
FEATURES = (("brows", (15, 2, 3)), ("eyes", (20, 0, 0)), ("lips", (45, 30, 12)))


def portrait(tone, light=0.0, size=SIZE, more=()):
    """Of one tone with dark brows and eyes and red lips, in light from one side."""
    lab = np.tile(np.array(tone, np.float32), (size, size, 1))
    for where, colour in (*FEATURES, *more):
        mask = ATLAS.region(where, size) if isinstance(where, str) else where
        lab += mask[..., None] * (np.array(colour, np.float32) - lab)
    lab[..., 0] *= 1 + light * np.linspace(-1, 1, size, dtype=np.float32)
    return Texture(to_rgb(lab), ATLAS.region("face", size))


def mirrored(texture):
    """The same the other way round."""
    return Texture(
        np.ascontiguousarray(texture.colour[:, ::-1]),
        np.ascontiguousarray(texture.confidence[:, ::-1]),
    )


def plain(size=SIZE):
    """Well within the oval above the mouth, without features."""
    v, u = (np.indices((size, size)) + 0.5) / size
    inside = np.hypot((u - 0.5) / 0.4, (v - 0.5) / 0.36) < 1
    return inside & (features(ATLAS, size) < 0.1) & (v < 0.5)
