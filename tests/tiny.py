"""Small edits, so that recipes and commands are tested without the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits import Edit
from facelab.edits.edit import TextureEdit
from facelab.edits.parameters import choice, choices, colour, number, reference, switch
from facelab.types import Face, PositionMap


@dataclass(frozen=True, kw_only=True)
class Fill(TextureEdit):
    """One colour in some regions."""

    name: ClassVar[str] = "fill"
    colour: str = colour("#ff0000", "which")
    regions: tuple = choices(("face",), ("face", "lips", "eyes"), "where")
    finish: str = choice("flat", ("flat", "dark"), "how")
    inverse: bool = switch(False, "the opposite colour")
    seed: float = number(0, 0, 100, "not used")

    def recolour(self, face, references):
        size = face.texture.size
        rgb = np.array([int(self.colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
        rgb = (1 - rgb if self.inverse else rgb) * np.float32(0.5 if self.finish == "dark" else 1)
        mask = np.maximum.reduce([face.positions.atlas.region(r, size) for r in self.regions])
        return np.broadcast_to(rgb, (size, size, 3)).astype(np.float32), mask


@dataclass(frozen=True, kw_only=True)
class Borrow(TextureEdit):
    """The colours of a reference's face."""

    name: ClassVar[str] = "borrow"
    reference: str = reference("whose colours")

    def recolour(self, face, references):
        other = self.face_of(references, self.reference).texture
        mean = other.colour[other.confidence > 0].mean(axis=0)
        size = face.texture.size
        return np.broadcast_to(mean, (size, size, 3)), np.ones((size, size), np.float32)


@dataclass(frozen=True, kw_only=True)
class Shift(Edit):
    """The face moved to the right."""

    name: ClassVar[str] = "shift"
    by: float = number(0, 0, 100, "how far", "px")

    def apply(self, face, references):
        moved = face.positions.values + np.float32([self.strength * self.by, 0, 0])
        return Face(PositionMap(moved, face.positions.atlas), face.texture)
