"""What of a photograph is none of a face's surface: hair, glasses, hands, background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion
from facelab.numerics.arrays import Float
from facelab.numerics.guided import guided

_REACH = 2.0  # pixels of the parsing's crop: how far its edges may be off
_SOFTEST = 1e-3  # variance of a colour under which the guided filter sees no edge


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The parts of a photograph that stay as they are, whatever is done to the face.

    Parameters
    ----------
    parsing : Parsing
        What the photograph shows around the face.
    surface : tuple of str
        Of `facelab.constants.PARTS`, those that may be painted; all others stay.
    """

    parsing: Parsing
    surface: tuple[str, ...]

    def over(self, photo: Float, window: tuple[slice, slice], moved: Motion | None) -> Float:
        """How much of each pixel of a window stays, ``(h, w)`` float32 in [0, 1].

        The edges follow the photograph's own, by a guided filter (He, Sun & Tang, PAMI 2013).

        Parameters
        ----------
        photo : (H, W, 3) float32
            As the parsing saw it.
        window : (rows, columns) slices
        moved : Motion, optional
            By which the photograph has been warped since.
        """
        rough = 1 - np.clip(self.parsing.over(window, *self.surface), 0, 1)
        matte = guided_edges(rough, photo[window], self.parsing)
        return matte if moved is None else moved.carried(matte, window)


def guided_edges(rough: Float, photo: Float, parsing: Parsing) -> Float:
    """Return shares of a parsing ``(h, w)``, in [0, 1], with the edges of the photograph there.

    By a guided filter (He, Sun & Tang, PAMI 2013), as far as the parsing's edges may be off.
    """
    radius = max(1, round(_REACH * parsing.crop.side / parsing.crop.size))
    return guided(rough, photo, radius, _SOFTEST)
