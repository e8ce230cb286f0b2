"""The scene of a photograph, of which the pictures of the benchmark are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from facelab.augment.plan import Item
from facelab.augment.portrait_cache import with_head_depth
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.face.texture import unwrap
from facelab.geometry.head import HeadModel
from facelab.images import read
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.face_selection import no_face
from facelab.reconstruct.segmentation import PersonSegmenter
from facelab.types import Face

SIDE = 448  # pixels of a picture, about as many as AFLW2000-3D's have
ROOM = 2.5  # its side in sizes of the face


@dataclass(frozen=True, eq=False)
class SceneBuilder:
    """Makes scenes of photographs.

    Parameters
    ----------
    reconstructor : Reconstructor
        Gives the geometry that is taken for the truth.
    segmenter : PersonSegmenter, optional
        Without it there are no mattes.
    model : HeadModel, optional
        Gives the depth, and other shapes.
    """

    reconstructor: Reconstructor
    segmenter: PersonSegmenter | None = None
    model: HeadModel | None = None

    def __call__(self, item: Item) -> Scene:
        """A square of `SIDE` pixels around the largest face of a photograph.

        Raises
        ------
        ImageError
            If the photograph cannot be read.
        NoFaceError
            If it has no face.
        """
        image = read(item.file).srgb
        found = self.reconstructor.largest(image)
        if not found:
            raise no_face(str(item.file))
        positions, head = found[0].positions, None
        if self.model is not None:
            positions, head = with_head_depth(positions, self.model)
        face = Face(positions, unwrap(image, positions))
        matte = None if self.segmenter is None else self.segmenter(image)
        scene = replace(Scene.of(image, face, matte=matte), head=head)
        return Frame(size=SIDE, room=ROOM)(scene)
