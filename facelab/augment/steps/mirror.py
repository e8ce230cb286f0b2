"""``mirror``: the photograph and its labels mirrored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from facelab.augment.scene import Augmentation, Scene
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import spread
from facelab.types import PositionMap, Texture


@dataclass(frozen=True, kw_only=True)
class Mirror(Augmentation):
    """The photograph as in a mirror; the person's left eye becomes the right one."""

    name: ClassVar[str] = "mirror"

    def __call__(self, scene: Scene) -> Scene:
        """The scene mirrored, with a position map in which left is left again.

        The layout is symmetric: texel (u, v) and its mirror image change places.
        """
        width = scene.image.shape[1]
        texture = scene.texture and Texture(
            np.ascontiguousarray(scene.texture.colour[:, ::-1]),
            np.ascontiguousarray(scene.texture.confidence[:, ::-1]),
        )
        matte = None if scene.matte is None else np.ascontiguousarray(scene.matte[:, ::-1])
        return replace(
            scene,
            image=np.ascontiguousarray(scene.image[:, ::-1]),
            positions=_mirrored(scene.positions, width),
            occlusion=np.ascontiguousarray(scene.occlusion[:, ::-1]),
            texture=texture,
            matte=matte,
            dressed=None,
            head=None,  # the family has no mirror images
            truth=scene.truth and scene.truth.mirrored(_mirrored),
        )


def _mirrored(positions: PositionMap, width: int) -> PositionMap:
    """Where the face is in a mirrored image of that width."""
    atlas = positions.atlas
    values: Float = positions.values[:, ::-1] * np.array([-1, 1, 1], np.float32)
    values = values + np.array([width - 1, 0, 0], np.float32)
    known = atlas.valid[:, ::-1]  # but for a few texels at the margin's border that have no twin
    out = np.where(known[..., None], values, spread(values, known))
    return PositionMap(np.where(atlas.valid[..., None], out, np.float32(0)), atlas)
