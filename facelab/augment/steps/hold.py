"""``hold``: hands before the face, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.augment.occluders import draw, gestures, light
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.things import THINGS, held
from facelab.augment.scene import Augmentation, Scene
from facelab.edits.parameters import choice, number, whole

_HEIGHT = 17.7  # cm, of the canonical face


@dataclass(frozen=True, kw_only=True)
class Hold(Augmentation):
    """A hand or two before the face, or something held there, each in its own way by the seed."""

    name: ClassVar[str] = "hold"
    kind: str = choice("hand", ("hand", "hands", *THINGS), "what it is")
    size: float = number(1.0, 0.5, 2.0, "how large, 1 is life-size")
    right: float = number(0.0, -1.0, 1.0, "from where it would be, in sizes of the face")
    down: float = number(0.0, -1.0, 1.0, "from where it would be, in sizes of the face")
    seed: int = whole(0, 0, 2**32 - 1, "of what it is like and where it is")

    def __call__(self, scene: Scene) -> Scene:
        """Put it before everything but what of the head is nearer."""
        rng = np.random.default_rng(self.seed)
        frame, lit = HeadFrame.of(scene.positions), light.estimate(scene)
        shift = np.array([self.right * _HEIGHT, -self.down * _HEIGHT, 0.0])
        if self.kind in THINGS:
            surfaces = held(frame, lit, rng, self.kind, shift, self.size)
        else:
            count = 2 if self.kind == "hands" else 1
            surfaces = gestures.hands(frame, lit, rng, count, shift, self.size)
        return draw.draw(scene, frame, surfaces, lit, worn=False, give=0.2, seed=self.seed)
