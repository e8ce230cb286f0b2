"""The kinds of light, by name; a new one is a function in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from facelab.augment.distributions import Rng
from facelab.augment.light.back_light import back_light
from facelab.augment.light.flash import flash
from facelab.augment.light.half_dark import half_dark
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.night import night
from facelab.augment.light.pattern import pattern
from facelab.augment.light.surface import Surface

KINDS: Mapping[str, Callable[[Surface, Rng], Lighting]] = {
    "half dark": half_dark,
    "back light": back_light,
    "flash": flash,
    "night": night,
    "pattern": pattern,
}
