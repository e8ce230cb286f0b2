"""``wear``: glasses, hats, scarves, hair across the face: what is worn, fitted to the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.augment.classes import CLASSES
from facelab.augment.occluders import draw, hair, light
from facelab.augment.occluders.glasses import glasses
from facelab.augment.occluders.hats import HATS
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.materials import dye
from facelab.augment.occluders.scarf import scarf
from facelab.augment.scene import Augmentation, Scene
from facelab.edits.parameters import choice, whole

KINDS = ("glasses", "sunglasses", *HATS, "scarf", "hair")
_GIVE, _HAT_GIVE = 0.15, 3.0  # cm that things may sink into the head, which is known roughly


@dataclass(frozen=True, kw_only=True)
class Wear(Augmentation):
    """Something worn on the head, of a shape and material by the seed; hands stay before it."""

    name: ClassVar[str] = "wear"
    needs_matte: ClassVar[bool] = True  # a hat takes the place of hair
    kind: str = choice("glasses", KINDS, "what it is")
    seed: int = whole(0, 0, 2**32 - 1, "of its shape, its material and how it sits")

    def __call__(self, scene: Scene) -> Scene:
        """Put it on; but whoever has a hat keeps that."""
        rng, give = np.random.default_rng(self.seed), _GIVE
        frame, lit = HeadFrame.of(scene.positions), light.estimate(scene)
        if self.kind in HATS:
            if scene.truth is not None and (scene.truth.classes == CLASSES["hat"]).any():
                return scene  # nobody wears two
            hat, give = HATS[self.kind](frame, rng, dye(rng)), _HAT_GIVE
            scene = hair.without_hair(scene, frame, hat.rim, hat.up, hat.beside)
            surfaces = hat.surfaces
        elif self.kind == "scarf":
            surfaces = scarf(frame, rng, dye(rng))
        elif self.kind == "hair":
            surfaces = hair.strands(frame, rng, hair.colour_of(scene, frame, lit))
        else:
            surfaces = glasses(frame, rng, dark=self.kind == "sunglasses")
        return draw.draw(scene, frame, surfaces, lit, worn=True, give=give, seed=self.seed)
