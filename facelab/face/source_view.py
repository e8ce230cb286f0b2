"""The face of a person in one photograph, as swaps take it for one target after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from facelab.face.eyelids import even_lids
from facelab.face.mouth import fit_lips, with_margin
from facelab.face.teeth import without_teeth
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.recent import Recent
from facelab.types import Face, PositionMap

_SIZES = 4  # of textures that are kept: the faces of a folder or of a group are much of one size


@dataclass(frozen=True, eq=False)
class SourceView:
    """A face whose texture is put on other faces; what they share is worked out once.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    positions : PositionMap
        Of the face, pixels of the image.
    parsing : Parsing, optional
        What the image shows around it, with the rims of its glasses.
    """

    image: Float
    positions: PositionMap
    parsing: Parsing | None
    _unwrapped: Recent[int, Face] = field(
        default_factory=lambda: Recent(_SIZES), init=False, repr=False
    )

    @cached_property
    def place(self) -> PositionMap:
        """The positions, with lips and lids where the photograph has them."""
        return even_lids(with_margin(fit_lips(self.image, self.positions, self.parsing)))

    def unwrapped(self, size: int) -> Face:
        """Return the face with its lips and lids where the photograph has them, without teeth.

        Parameters
        ----------
        size : int
            Of the texture.
        """
        return self._unwrapped.of(
            size, lambda: without_teeth(self.image, self.place, size, self.parsing)
        )
