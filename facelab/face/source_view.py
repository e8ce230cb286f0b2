"""The face of a person in one photograph, as swaps take it for one target after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from facelab.face.eyelids import even_lids
from facelab.face.mouth import MARGIN, Lips, fit_lips, with_lips, without_teeth
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.recent import Recent
from facelab.types import Face, PositionMap

_WIDER = 0.02  # of the width: by how much a mouth is open wider than another
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
    _unwrapped: Recent[tuple[int, bool], Face] = field(
        default_factory=lambda: Recent(_SIZES), init=False, repr=False
    )

    @cached_property
    def place(self) -> PositionMap:
        """The positions, with the lips where the photograph has them."""
        return fit_lips(self.image, self.positions, self.parsing)

    def opens_wider(self, drawn: Lips) -> bool:
        """Whether its mouth is open wider than the one over which its lips are `drawn`."""
        return bool(Lips.of(self.place).opening > drawn.opening + _WIDER)

    def unwrapped(self, size: int, wider: bool) -> Face:
        """Return the face with its lips and lids where the photograph has them, without teeth.

        Parameters
        ----------
        size : int
            Of the texture.
        wider : bool
            Whether it `opens_wider`. What may be teeth is no lip then: nothing will cover it.
        """
        return self._unwrapped.of((size, wider), lambda: self._made(size, wider))

    def _made(self, size: int, wider: bool) -> Face:
        if wider:
            place = fit_lips(self.image, self.positions, self.parsing, MARGIN)
        else:
            place = with_lips(self.place, Lips.of(self.place).narrowed(MARGIN))
        return without_teeth(self.image, even_lids(place), size, self.parsing)
