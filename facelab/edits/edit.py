"""The base of edits: functions from a face to a face, with named and checked settings.

It knows nothing of images, networks or rendering.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.parameters import checked, number
from facelab.errors import UsageError
from facelab.numerics.arrays import Float, require
from facelab.types import Face, Texture


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture laid out in the atlas, or to be placed on a face.

    Parameters
    ----------
    colour : (H, W, 3) float32
        RGB in [0, 1].
    alpha : (H, W) float32
        Opacity, [0, 1].
    """

    colour: Float
    alpha: Float

    def __post_init__(self) -> None:
        require("colour", self.colour, ("H", "W", 3), np.float32)
        require("alpha", self.alpha, self.colour.shape[:2], np.float32)


Reference = Face | Picture
References = Mapping[str, Reference]


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One step of a recipe; its fields are the keys.

    Raises
    ------
    UsageError
        If a value is not allowed; it names the step, the key, the value and what is allowed.
    """

    name: ClassVar[str]
    needs_picture: ClassVar[bool] = False  # whether its inputs are pictures, not people

    def __post_init__(self) -> None:
        for key in fields(self):
            try:
                object.__setattr__(self, key.name, checked(key, getattr(self, key.name)))
            except ValueError as error:
                raise UsageError(f"{self.name}: {error}") from None

    @property
    def needs(self) -> list[tuple[str, str]]:
        """The inputs it is made with: key and name of each."""
        found = []
        for key in fields(self):
            if key.metadata["kind"] in ("reference", "references"):
                value = getattr(self, key.name)
                names = (value,) if isinstance(value, str) else value
                found += [(key.name, name) for name in names]
        return found


@dataclass(frozen=True, kw_only=True)
class Edit(Step):
    """An edit: a function ``Face -> Face``, whose fields are its settings.

    Raises
    ------
    UsageError
        As any `Step`.
    """

    strength: float = number(1.0, 0.0, 1.0, "how much of it shows; 0 changes nothing")

    def __call__(self, face: Face, references: References) -> Face:
        """The face changed; with strength 0 the face itself.

        Raises
        ------
        UsageError
            If a reference is missing or of the wrong kind.
        """
        return face if self.strength == 0 else self.apply(face, references)

    @abstractmethod
    def apply(self, face: Face, references: References) -> Face:
        """The face changed by `strength`, which is above 0."""

    def hides(self, atlas: Atlas, size: int) -> Float:
        """Where something lies over the face, and over hair and beard, ``(size, size)``, [0, 1]."""
        return np.zeros((size, size), np.float32)

    def face_of(self, references: References, name: str) -> Face:
        """The face of a reference, in any atlas and texture size."""
        found = self._of(references, name)
        if not isinstance(found, Face):
            raise UsageError(f"{self.name}: {name} is a picture; give a photograph with a face")
        return found

    def face_like(self, references: References, name: str, face: Face) -> Face:
        """The face of a reference, laid out in the atlas of `face`."""
        found = self.face_of(references, name)
        own, other = face.positions.atlas, found.positions.atlas
        if other is not own:
            raise UsageError(
                f"{self.name}: {name} is laid out in the atlas {other.name}, the face in "
                f"{own.name}; read both with one network"
            )
        return found

    def picture_of(self, references: References, name: str) -> Picture:
        """The picture of a reference."""
        found = self._of(references, name)
        if not isinstance(found, Picture):
            raise UsageError(f"{self.name}: {name} is a photograph's face; give a picture")
        return found

    def _of(self, references: References, name: str) -> Reference:
        if name not in references:
            known = ", ".join(references) or "none"
            raise UsageError(f"{self.name}: no input is called {name!r}; there are {known}")
        return references[name]


@dataclass(frozen=True, kw_only=True)
class TextureEdit(Edit):
    """An edit that changes colours, each texel by itself or by its surroundings."""

    @abstractmethod
    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The colours at full strength ``(S, S, 3)`` and where they show ``(S, S)``, [0, 1]."""

    def apply(self, face: Face, references: References) -> Face:
        """The face in its new colours; texels where they do not show stay bit for bit."""
        colour, mask = self.recolour(face, references)
        was = face.texture.colour
        share = np.float32(self.strength) * mask[..., None]
        changed = np.where(share > 0, was + share * (colour - was), was)
        return Face(face.positions, Texture(np.clip(changed, 0, 1), face.texture.confidence))
