"""``people``: somebody else in the picture, beside the person and partly behind or before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.border import extended
from facelab.augment.classes import COVERED
from facelab.augment.scene import Composition, Scene
from facelab.augment.steps.background import foreground
from facelab.edits.parameters import number, reference, switch, whole
from facelab.errors import UsageError
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs, Person
from facelab.types import PositionMap

_BESIDE = 0.65, 1.35  # sizes of the face between the middles of two
_HIGHER = 0.15  # deviation, in sizes of the face
_SIZE = 0.9, 0.12  # of the other face over the person's: mean and deviation
_TURN = 5.0  # degrees, deviation
_MARGIN = 0.35  # of the other photograph's side, by which it is carried on beyond its border


@dataclass(frozen=True, kw_only=True)
class People(Composition):
    """Another person, cut out of their photograph; their face is labelled, too."""

    name: ClassVar[str] = "people"
    needs_matte: ClassVar[bool] = True
    source: str = reference("who it is: other, other2, other3, or photographs of somebody")
    size: float = number(1.0, 0.3, 2.0, "of the other face, over what it would be")
    right: float = number(0.0, -2.0, 2.0, "from where they would be, in sizes of the face")
    down: float = number(0.0, -2.0, 2.0, "from where they would be, in sizes of the face")
    before: bool = switch(False, "whether they are in front of the person")
    seed: int = whole(0, 0, 2**32 - 1, "of where they are, how large and how they lean")

    def compose(self, scene: Scene, inputs: Inputs) -> Scene:
        """Put the other person into the scene.

        Raises
        ------
        ValueError
            If the scene or the other photograph has no matte.
        UsageError
            If the source is no person.
        """
        person = inputs.get(self.source)
        if not isinstance(person, Person):
            raise UsageError(f"people: {self.source} is no person; give photographs of somebody")
        if scene.matte is None or person.matte is None:
            raise ValueError("people cannot be put into a scene without mattes")
        seen = person.observations[0]
        matrix = self._matrix(scene, seen.positions)
        colour, opacity = _cut_out(seen.image, person.matte, matrix, scene.image.shape[:2])
        colour = foreground(colour, opacity, scene.positions.box.size)
        return self._placed(scene, colour, opacity, _moved(seen.positions, matrix))

    def _matrix(self, scene: Scene, positions: PositionMap) -> NDArray[np.float64]:
        """The similarity ``(2, 3)`` that takes the other photograph's pixels to the scene's."""
        rng, own, other = np.random.default_rng(self.seed), scene.positions.box, positions.box
        side = -1 if rng.random() < 0.5 else 1
        away = side * rng.uniform(*_BESIDE) + self.right, rng.normal(0, _HIGHER) + self.down
        grown = float(np.clip(rng.normal(*_SIZE), 0.5, 1.5)) * self.size
        scale = own.size / max(other.size, 1e-6) * grown
        matrix = cv2.getRotationMatrix2D(other.centre, float(rng.normal(0, _TURN)), scale)
        matrix[:, 2] += np.array(own.centre) + own.size * np.array(away) - np.array(other.centre)
        return np.asarray(matrix, np.float64)

    def _placed(self, scene: Scene, colour: Float, opacity: Float, face: PositionMap) -> Scene:
        """The scene with the other person, of these colours and opacity."""
        assert scene.matte is not None
        hidden = np.maximum(scene.matte, scene.occlusion)
        shown = opacity if self.before else opacity * (1 - hidden)
        image = scene.image + shown[..., None] * (colour - scene.image)
        occlusion = np.maximum(scene.occlusion, shown) if self.before else scene.occlusion
        truth = scene.truth and scene.truth.joined(face, shown > COVERED)
        matte = np.asarray(1 - (1 - scene.matte) * (1 - shown), np.float32)
        scene = scene.with_image(np.clip(image, 0, 1).astype(np.float32))
        return replace(scene, occlusion=occlusion, matte=matte, truth=truth)


def _cut_out(
    image: Float, matte: Float, matrix: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[Float, Float]:
    """A photograph and its matte in another picture's pixels, carried on beyond its border."""
    scale = float(np.hypot(*matrix[:, 0]))
    shrink = min(max(scale, 0.05), 1.0)
    size = max(int(image.shape[1] * shrink), 1), max(int(image.shape[0] * shrink), 1)
    small = cv2.resize(np.dstack([image, matte]), size, interpolation=cv2.INTER_AREA)
    step = np.array([image.shape[1] / size[0], image.shape[0] / size[1]])
    margin = int(_MARGIN * max(size))
    wide = np.dstack([extended(part, margin) for part in (small[..., :3], small[..., 3:])])
    turn = matrix[:, :2] * step
    corner = product((step - 1) / 2, matrix[:, :2].T) - margin * turn.sum(axis=1)
    start = matrix[:, 2] + corner
    out = cv2.warpAffine(
        wide,
        np.column_stack([turn, start]),
        shape[::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    out = np.clip(out, 0, 1)
    return np.ascontiguousarray(out[..., :3]), np.ascontiguousarray(out[..., 3])


def _moved(positions: PositionMap, matrix: NDArray[np.float64]) -> PositionMap:
    """A face where a similarity takes it; depth grows with it."""
    values, scale = positions.values, np.float32(np.hypot(*matrix[:, 0]))
    places = cv2.transform(np.ascontiguousarray(values[..., :2]), matrix)
    out = np.dstack([places, values[..., 2] * scale]).astype(np.float32)
    return PositionMap(
        np.where(positions.atlas.valid[..., None], out, np.float32(0)), positions.atlas
    )
