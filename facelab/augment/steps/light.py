"""``light``: bad light of all kinds, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.kinds import KINDS
from facelab.augment.light.lighting import FLAT, grainy, lit
from facelab.augment.light.tone import curved, uneven
from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import choices, number, whole
from facelab.numerics.arrays import Float

_TONE, _LAMP, _GRAIN = range(3)  # streams of random numbers: a change of one leaves the others
_BESIDE = 0.5  # of exposure and field where a lamp gives its own


@dataclass(frozen=True, kw_only=True)
class Light(Photometric):
    """Other light: exposure, cast and curve of the whole picture, and lamps that light the head.

    What is drawn is drawn from `seed`; the other keys say how far it may go, so that the step
    without any key is the whole range.
    """

    name: ClassVar[str] = "light"
    needs_matte: ClassVar[bool] = True  # what is behind the person is lit otherwise
    strength: float = number(1.0, 0.0, 1.0, "how much of it shows; 0 changes nothing")
    lamp: float = number(0.5, 0.0, 1.0, "how likely a lamp lights the head")
    kind: tuple[str, ...] = choices(tuple(KINDS), tuple(KINDS), "of lamps, one of which is drawn")
    exposure: float = number(1.2, 0.0, 4.0, "how much brighter or darker it may be", "stops")
    gain: float = number(0.6, 0.0, 3.0, "how much each channel may differ: a cast", "stops")
    field: float = number(1.2, 0.0, 4.0, "how uneven the light may be, in colours too", "stops")
    gamma: float = number(0.8, 0.0, 2.0, "how far the curve's exponent may go", "octaves")
    contrast: float = number(0.5, 0.0, 0.9, "how much more or less it may be")
    grey: float = number(0.3, 0.0, 1.0, "how likely the picture is grey")
    seed: int = whole(0, 0, 2**32 - 1, "of everything that is drawn")

    def apply(self, image: Float, seen: Seen) -> Float:
        """The picture in the light that the seed draws."""
        if self.strength == 0:
            return image
        light, person, share, lamp = FLAT, None, self.strength, self._rng(_LAMP)
        if lamp.random() < self.lamp:
            surface = seen.surface
            kind = self.kind[int(lamp.integers(len(self.kind)))]
            light, person = KINDS[kind](surface, lamp).faded(self.strength), surface.person
            share *= _BESIDE
        tone = self._rng(_TONE)
        gain = self.gain * self.strength
        light = light.through(uneven(tone, self.exposure * share, gain, self.field * share))
        image = lit(image, person, light)
        if light.grain > 0:
            image = grainy(image, light.grain, self._rng(_GRAIN))
        gamma, contrast = self.gamma * share, self.contrast * self.strength
        return curved(image, tone, gamma, contrast, self.grey * self.strength)

    def _rng(self, stream: int) -> Rng:
        return np.random.default_rng([self.seed, stream])
