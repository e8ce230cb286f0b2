"""The mouth of a layout in which closed lips touch: a slit, which an open mouth tears open."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Slit:
    """The edges of the lips, less than a texel apart.

    Parameters
    ----------
    upper, lower : (k, 2) float32
        Polylines in texels from the mouth's corner at small u to the other one.
    """

    upper: Float = field(repr=False)
    lower: Float = field(repr=False)

    @cached_property
    def columns(self) -> Ints:
        """The columns of texels that the slit crosses, ``(n,)``."""
        return np.arange(np.ceil(self.upper[0, 0] + 1e-3), self.upper[-1, 0] - 1e-3).astype(np.intp)

    @cached_property
    def upper_rows(self) -> Float:
        """Rows ``(n,)`` at which the upper lip's edge crosses the columns."""
        return np.interp(self.columns, *self.upper.T).astype(np.float32)

    @cached_property
    def lower_rows(self) -> Float:
        """Rows ``(n,)`` at which the lower lip's edge crosses the columns."""
        return np.interp(self.columns, *self.lower.T).astype(np.float32)

    @cached_property
    def upper_texels(self) -> Ints:
        """The last row of the upper lip in each column, ``(n,)``."""
        return np.floor(self.upper_rows).astype(np.intp)

    @cached_property
    def lower_texels(self) -> Ints:
        """The first row of the lower lip in each column, ``(n,)``."""
        return np.ceil(self.lower_rows).astype(np.intp)

    def sides(self, size: int) -> Int:
        """Side of the slit ``(size, size)``: -1 above it and 1 below in its columns, else 0."""
        rows = np.arange(size)[:, None]
        out = np.zeros((size, size), np.int32)
        below, above = rows >= self.lower_rows, rows <= self.upper_rows
        out[:, self.columns] = below.astype(np.int32) - above
        return out

    def moved(self, grid: Float) -> Float:
        """Texel coordinates ``(size, size, 2)`` with the lips' last texels moved onto the edges."""
        out = grid.copy()
        out[self.upper_texels, self.columns, 1] = self.upper_rows
        out[self.lower_texels, self.columns, 1] = self.lower_rows
        return out

    def read(self, values: Float) -> Float:
        """Read a map ``(size, size, c)`` so that the lips' last texels are as it is on the edges.

        Each lip is read from its own side, straight on from its last two texels; texels between
        the edges are halfway.
        """
        out, u = values.copy(), self.columns
        above = _straight_on(values, u, self.upper_texels, -1, self.upper_rows)
        below = _straight_on(values, u, self.lower_texels, 1, self.lower_rows)
        out[self.upper_texels, u], out[self.lower_texels, u] = above, below
        between = self.lower_texels - self.upper_texels == 2
        halfway = (above + below) / 2
        out[self.upper_texels[between] + 1, u[between]] = halfway[between]
        return out


def _straight_on(values: Float, u: Ints, last: Ints, inward: int, rows: Float) -> Float:
    """The values at `rows` from those of the `last` texels and of the ones next to them."""
    share = np.abs(rows - last)[:, None]
    out: Float = values[last, u] + share * (values[last, u] - values[last + inward, u])
    return out
