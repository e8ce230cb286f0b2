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
from facelab.benchmark.evaluation import WAYS, look
from facelab.benchmark.measures import Errors, errors_of
from facelab.benchmark.outcomes import Outcome
from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor
from facelab.types import Crop, PositionMap


class Change(Protocol):
    """Something done to a square picture, whose effect on a face can be taken back."""

    @property
    def name(self) -> str:
        """What means are taken over."""
        ...

    def forward(self, plain: Scene) -> Scene:
        """The picture changed, with the place of the face in it."""
        ...

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """A face of the changed picture, in pixels of the plain one."""
        ...


@dataclass(frozen=True)
class Seen:
    """The picture turned about its middle (degrees, counter-clockwise), with other pixels."""

    name: str
    roll: float = 0.0
    scale: float = 1.0

    def forward(self, plain: Scene) -> Scene:
        """The picture from the camera turned the other way."""
        crop = self._crop(plain)
        positions = _moved(plain.positions, crop.apply(_rows(plain.positions)))
        image = cut(plain.image, crop)
        return Scene(image, positions, np.zeros(image.shape[:2], np.float32))

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """Exactly."""
        return _moved(positions, self._crop(plain).invert(_rows(positions)))

    def _crop(self, plain: Scene) -> Crop:
        side = plain.image.shape[0]
        middle = (side - 1) / 2
        return Crop((middle, middle), float(side), -self.roll, round(side * self.scale))


@dataclass(frozen=True)
class Done:
    """A step of augmentation that moves nothing, or the mirror."""

    name: str
    step: Augmentation

    def forward(self, plain: Scene) -> Scene:
        """The step done."""
        return self.step(plain)

    def back(self, positions: PositionMap, plain: Scene) -> PositionMap:
        """The face as it is, or mirrored back: left is left again."""
        if isinstance(self.step, Mirror):
            return self.step(replace(plain, positions=positions)).positions
        return positions


CHANGES: tuple[Change, ...] = (
    *(Seen(f"turned {abs(roll)} degrees", roll=roll) for roll in (-15, 15, -30, 30, -60, 60)),
    *(Seen(f"{scale} of the size", scale=scale) for scale in (0.5, 0.25)),
    Done("mirrored", Mirror()),
    *(Done(f"blur {sigma}", Blur(sigma=float(sigma))) for sigma in (2, 4)),
    *(Done(f"exposure {stops}", Camera(exposure=float(stops))) for stops in (-1, -2)),
    *(Done(f"JPEG quality {quality}", Jpeg(quality=quality)) for quality in (30, 10)),
    Done("grey", Camera(saturation=-1.0)),
)


def outcomes(scene: Scene, key: int, methods: Mapping[str, Reconstructor]) -> Iterator[Outcome]:
    """How far every method's faces after each change are from its own without.

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
        own = {name: _look(scene, method, way) for name, method in methods.items()}
        for number, (change, after) in enumerate(changed):
            for name, method in methods.items():
                errors = _errors(_look(after, method, way), own[name], change, scene)
                labels = {"change": change.name, "way": way}
                yield Outcome(f"{key:x}, change {number}, {way}", name, labels, errors)


def _look(scene: Scene, method: Reconstructor, way: str) -> PositionMap | None:
    return look(scene.image, scene.positions.box, method, way)


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
