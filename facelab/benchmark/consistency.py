"""Whether a method says the same of a photograph and of what is done to it; no truth is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from facelab.augment.scene import Augmentation, Scene
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.jpeg import Jpeg
from facelab.augment.steps.mirror import Mirror
from facelab.benchmark.evaluation import WAYS, find_face_at
from facelab.benchmark.measures import Errors, errors_of
from facelab.benchmark.outcomes import MethodOutcome
from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor
from facelab.types import Crop, PositionMap


class Change(Protocol):
    """Something done to a square picture, whose effect on a face can be taken back."""

    @property
    def name(self) -> str:
        """The name, which is also the label over which means are taken."""
        ...

    def forward(self, plain: Scene) -> Scene:
        """Change the picture, and the place of the face with it."""
        ...

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """Take a face of the changed picture back to pixels of the plain one."""
        ...


@dataclass(frozen=True)
class ViewChange:
    """A turn of the picture about its middle (degrees, counter-clockwise), or another size."""

    name: str
    roll: float = 0.0
    scale: float = 1.0

    def forward(self, plain: Scene) -> Scene:
        """Resample the picture as a camera turned the other way would see it."""
        crop = self._crop(plain)
        positions = _moved(plain.positions, crop.apply(_rows(plain.positions)))
        image = cut(plain.image, crop)
        return Scene(image, positions, np.zeros(image.shape[:2], np.float32))

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """Take a face back, exactly."""
        return _moved(positions, self._crop(plain).invert(_rows(positions)))

    def _crop(self, plain: Scene) -> Crop:
        side = plain.image.shape[0]
        middle = (side - 1) / 2
        return Crop((middle, middle), float(side), -self.roll, round(side * self.scale))


@dataclass(frozen=True)
class StepChange:
    """A step of augmentation that moves nothing, or the mirror."""

    name: str
    step: Augmentation

    def forward(self, plain: Scene) -> Scene:
        """Apply the step."""
        return self.step(plain)

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """Return the face as it is, or mirrored back: left is left again."""
        if isinstance(self.step, Mirror):
            return self.step(replace(plain, positions=positions)).positions
        return positions


CHANGES: tuple[Change, ...] = (
    *(ViewChange(f"turned {abs(roll)} degrees", roll=roll) for roll in (-15, 15, -30, 30, -60, 60)),
    *(ViewChange(f"{scale} of the size", scale=scale) for scale in (0.5, 0.25)),
    StepChange("mirrored", Mirror()),
    *(StepChange(f"blur {sigma}", Blur(sigma=float(sigma))) for sigma in (2, 4)),
    *(StepChange(f"exposure {stops}", Camera(exposure=float(stops))) for stops in (-1, -2)),
    *(StepChange(f"JPEG quality {quality}", Jpeg(quality=quality)) for quality in (30, 10)),
    StepChange("grey", Camera(saturation=-1.0)),
)


def outcomes(
    scene: Scene, key: int, methods: Mapping[str, Reconstructor]
) -> Iterator[MethodOutcome]:
    """Measure how far every method's faces after each change are from its own without.

    The label ``change`` says what was done. A face that was lost without a change is lost with it.

    Parameters
    ----------
    scene : Scene
        A square picture.
    key : int
        Names the photograph.
    methods : mapping of str to Reconstructor
    """
    changed = [(change, change.forward(scene)) for change in CHANGES]
    for way in WAYS:
        own = {name: _find_face(scene, method, way) for name, method in methods.items()}
        for number, (change, after) in enumerate(changed):
            for name, method in methods.items():
                errors = _errors(_find_face(after, method, way), own[name], change, scene)
                labels = {"change": change.name, "way": way}
                yield MethodOutcome(f"{key:x}, change {number}, {way}", name, labels, errors)


def _find_face(scene: Scene, method: Reconstructor, way: str) -> PositionMap | None:
    return find_face_at(scene.image, scene.positions.box, method, way)


def _errors(
    found: PositionMap | None, own: PositionMap | None, change: Change, plain: Scene
) -> Errors | None:
    if found is None or own is None:
        return None
    return errors_of(change.back(found, plain), own)


def _rows(positions: PositionMap) -> Float:
    return positions.values.reshape(-1, 3)


def _moved(positions: PositionMap, rows: Float) -> PositionMap:
    return PositionMap(rows.reshape(positions.values.shape), positions.atlas)
