"""The teacher of a network: FaceMesh's points, with a fitted head's depth.

FaceMesh says well where a face's points lie in a picture seen from the front, and less well how far
they are from the viewer, which is what shows once the head is turned. The depth is that of the
morphable head that fits the points, where a model of heads is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facelab.augment.portrait_cache import with_head_depth
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.errors import NoFaceError
from facelab.face.texture import unwrap
from facelab.geometry.head import HeadModel
from facelab.numerics.arrays import Float
from facelab.types import Face

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor
    from facelab.reconstruct.segmentation import PersonSegmenter

SIDE, ROOM = 256, 2.1  # of the scene: pixels, sizes of the face


@dataclass(frozen=True, eq=False)
class Teacher:
    """Makes the scene of a photograph, with labels that are taken for true.

    Parameters
    ----------
    reconstructor : Reconstructor
        FaceMesh's.
    segmenter : PersonSegmenter
    model : HeadModel, optional
        Without it the depth is FaceMesh's, and heads have no more than a face.
    side : int
        Of the scene, pixels, and of the face's texture, texels.
    """

    reconstructor: Reconstructor
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
        positions, head = found[0].positions, None
        if self.model is not None:
            positions, head = with_head_depth(positions, self.model)
        face = Face(positions, unwrap(image, positions, self.side))
        scene = Scene.of(image, face, self.side, self.segmenter(image))
        return Frame(size=self.side, room=ROOM)(replace(scene, head=head))
