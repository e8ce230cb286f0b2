"""The teacher of a network: FaceMesh's points, Landmarker's eyes and lips, a fitted head's depth.

FaceMesh says well where a face's points lie in a picture seen from the front; Landmarker, which has
more pixels for it, says it better of lids, brows and lips. Both know less well how far these are
from the viewer, which is what shows once the head is turned. The depth is that of the morphable
head that fits the points, where a model of heads is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from facelab.atlas.canonical import canonical
from facelab.augment.portrait_cache import with_head_depth
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.errors import NoFaceError
from facelab.face.texture import unwrap
from facelab.geometry.head import POINTS, HeadModel
from facelab.geometry.landmarks import points468, position_map
from facelab.numerics.arrays import Float
from facelab.types import Face, PositionMap

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor
    from facelab.reconstruct.landmarker import FaceLandmarker
    from facelab.reconstruct.segmentation import PersonSegmenter

SIDE, ROOM = 256, 2.1  # of the scene: pixels, sizes of the face
_FINER = ("eye areas", "brow areas", "mouth area")  # where Landmarker is asked
_IN_THE_PICTURE = np.array([1, 1, 0], np.float32)
_SOFT = 0.05  # of the atlas' side, over which the two are mixed around that


@dataclass(frozen=True, eq=False)
class Teacher:
    """Makes the scene of a photograph, with labels that are taken for true.

    Parameters
    ----------
    reconstructor : Reconstructor
        FaceMesh's.
    landmarker : FaceLandmarker
    segmenter : PersonSegmenter
    model : HeadModel, optional
        Without it the depth is FaceMesh's, and heads have no more than a face.
    side : int
        Of the scene, pixels, and of the face's texture, texels.
    """

    reconstructor: Reconstructor
    landmarker: FaceLandmarker
    segmenter: PersonSegmenter
    model: HeadModel | None = None
    side: int = SIDE

    def __call__(self, image: Float) -> Scene:
        """Make the scene of the largest face in ``(H, W, 3)``: a square around it.

        Raises
        ------
        NoFaceError
            If there is none.
        """
        found = self.reconstructor.largest(image)
        if not found:
            raise NoFaceError("no face found")
        positions, head = self._finer(image, found[0].positions), None
        if self.model is not None:
            positions, head = with_head_depth(positions, self.model)
        face = Face(positions, unwrap(image, positions, self.side))
        scene = Scene.of(image, face, self.side, self.segmenter(image))
        return Frame(size=self.side, room=ROOM)(replace(scene, head=head))

    def _finer(self, image: Float, positions: PositionMap) -> PositionMap:
        """The positions with Landmarker's places in the picture of lids, brows and lips."""
        away = self.landmarker(image, positions).points[:POINTS] - points468(positions)
        away *= _share()[:, None] * _IN_THE_PICTURE
        return PositionMap(positions.values + position_map(away, canonical()).values, canonical())


@cache
def _share() -> Float:
    """How much of each point's place ``(468,)`` is Landmarker's, [0, 1]."""
    atlas = canonical()
    masks = [atlas.soft_region(name, atlas.size, _SOFT) for name in _FINER]
    share = atlas.read(np.maximum.reduce(masks)[..., None], atlas.uv)[:, 0]
    return np.clip(share, 0, 1)
