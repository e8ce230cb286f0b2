"""Catchlight: the light that eyes reflect, added or put in the place of what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import rgb_of
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, colour, number, switch
from facelab.face import iris_view
from facelab.face.eye_layer import Eye, eyes_of
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import mixed
from facelab.types import Face

_AWAY = 0.42  # radii of the iris from the pupil's middle to the light
_SOFT = 0.5  # of the light's radius, over which it fades
_FRAME = 0.55, 0.85  # of a ring light's radius: its inner edge, and where it is bright


@dataclass(frozen=True, kw_only=True)
class Catchlight(TextureEdit):
    """A light reflected in both eyes, at the same place of each."""

    name: ClassVar[str] = "catchlight"
    looks_at_eyes: ClassVar[bool] = True
    angle: float = number(60.0, -180.0, 180.0, "counter-clockwise from image right", "degrees")
    size: float = number(0.18, 0.05, 0.6, "its radius, a part of the iris's")
    shape: str = choice("round", ("round", "window", "ring"), "of the light")
    colour: str = colour("#fffdf8", "of the light")
    replace: bool = switch(False, "take away the catchlights that are there")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The eyes with the light, between their lids."""
        colour = face.texture.colour.copy()
        mask = np.zeros(colour.shape[:2], np.float32)
        for eye in eyes_of(face):
            own = colour[eye.box]
            if self.replace:
                own = own - iris_view.read(iris_view.parted(colour, eye)[1], eye.places)
            light = np.broadcast_to(rgb_of(self.colour), own.shape)
            colour[eye.box] = mixed(own, light, self._light(eye))
            mask[eye.box] = eye.opening * eye.disk(1.2)
        return colour, mask

    def _light(self, eye: Eye) -> Float:
        """How much of each texel of an eye's window shows the light, ``(h, w)`` in [0, 1]."""
        angle = np.deg2rad(self.angle)
        ring = self.shape == "ring"
        middle = np.zeros(2) if ring else _AWAY * np.array([np.cos(angle), -np.sin(angle)])
        across, down = np.abs(eye.places - middle.astype(np.float32)).transpose(2, 0, 1)
        away = np.maximum(across, down) if self.shape == "window" else np.hypot(across, down)
        edge = max(_SOFT * self.size, eye.blur)
        light = 1 - smoothstep(away, self.size - edge / 2, self.size + edge / 2)
        if ring:
            light *= smoothstep(away / np.float32(self.size), *_FRAME)
        # What is smaller than its blurred edge is fainter instead.
        return light * np.float32(min(1, self.size / edge))
