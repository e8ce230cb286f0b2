"""The base of edits: functions from a face to a face, with named and checked settings.

It knows nothing of images, networks or rendering.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.parameters import checked, number
from facelab.errors import UsageError
from facelab.face.quality import SURFACE, clear_lenses, share
from facelab.face.temple import Worn
from facelab.face.texture import at_size
from facelab.numerics.arrays import Float, require
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import mixed, window_of
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


SKIN = ("skin", "ears", "neck")
"""The bare skin of a face, and that beside it, which looks the same."""

FACE = tuple(part for part in SURFACE if part != "mouth")
"""All of a face's own but what shows between its lips."""

_PAINTED = 0.1, 0.5  # share of a texel from which paint takes, and takes wholly

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

    Attributes
    ----------
    paints : tuple of str
        Of `facelab.constants.PARTS`, those whose colours it changes where a face knows its parts;
        by default all that is the face's own. All else it leaves, whatever `apply` returns. With
        the mouth among them it is asked for what shows `between_lips`.
    looks_at_eyes : bool
        Whether it asks where eyes are (`facelab.face.eye_layer`), which a network then tells.
    continues : bool
        Whether it is a change of light or colour that does not end at the oval: where a face knows
        its parts, it goes on over forehead, ears and neck (`facelab.face.continuation`), and the
        edit's own mask should not fade there (`facelab.edits.complexion.ending`).

    Raises
    ------
    UsageError
        As any `Step`.
    """

    paints: ClassVar[tuple[str, ...]] = FACE
    looks_at_eyes: ClassVar[bool] = False
    continues: ClassVar[bool] = False
    strength: float = number(1.0, 0.0, 1.0, "how much of it shows; 0 changes nothing")

    def __call__(self, face: Face, references: References) -> Face:
        """The face changed, no further than `paints` says; with strength 0 the face itself.

        Raises
        ------
        UsageError
            If a reference is missing or of the wrong kind.
        """
        if self.strength == 0:
            return face
        after = self.apply(face, references)
        texture = self._within_parts(face, after.texture)
        return after if texture is after.texture else Face(after.positions, texture)

    @property
    def goes_on(self) -> bool:
        """Whether it changes the skin around a face, too."""
        return self.continues and self.strength > 0

    @abstractmethod
    def apply(self, face: Face, references: References) -> Face:
        """The face changed by `strength`, which is above 0."""

    def hides(self, atlas: Atlas, size: int) -> Float:
        """Where something lies over the face, and over hair and beard, ``(size, size)``, [0, 1]."""
        return np.zeros((size, size), np.float32)

    def between_lips(self, colour: Float, shown: Float) -> Float:
        """What shows between the lips, in the image itself: no texture holds it.

        Parameters
        ----------
        colour : (h, w, 3) float32
            RGB of the pixels around a mouth, [0, 1].
        shown : (h, w) float32
            How much of each pixel lies between the lips, [0, 1].

        Returns
        -------
        (h, w, 3) float32
            The colours between the lips; what it says of other pixels does not count.
        """
        return colour

    def worn(self, face: Face) -> tuple[Worn, ...]:
        """What it puts on a face, which knows its parts, and is drawn in the image."""
        return ()

    def painted(self, texture: Texture) -> tuple[str, ...]:
        """The parts of which it may change texels.

        Lenses are among them where the face is seen through them, and the mouth, since texels are
        of lips alone: what lies between them is told in the image (`facelab.face.mouth`).
        """
        also = {"mouth", "lenses"} if clear_lenses(texture) else {"mouth"}
        return (*self.paints, *sorted(also - set(self.paints)))

    def _within_parts(self, face: Face, changed: Texture) -> Texture:
        """A texture of `face` changed where this may paint or hides what is there."""
        if face.texture.parts is None or changed is face.texture:
            return changed
        own, size = at_size(face.texture, changed.size), changed.size
        window = window_of(own.colour != changed.colour)
        shown = smoothstep(share(own, size, *self.painted(own))[window], *_PAINTED)
        shown = np.maximum(shown, self.hides(face.positions.atlas, size)[window])
        colour = own.colour.copy()
        colour[window] = mixed(own.colour[window], changed.colour[window], shown)
        return replace(changed, colour=colour, parts=own.parts)

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
        window, was = window_of(mask), face.texture.colour
        changed = was.copy()
        shown = np.float32(self.strength) * mask[window]
        changed[window] = np.clip(mixed(was[window], colour[window], shown), 0, 1)
        return Face(face.positions, replace(face.texture, colour=changed))
