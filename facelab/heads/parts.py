"""What is worn on a head: eyes, teeth, tongue, lashes, brows, hair, hats, bound to its vertices."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float, Int


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh of which each vertex lies in a place of three of the head's, and a little off it.

    The binding is MakeHuman's (``.mhclo``): vertex = weights @ corners + offset * scale, where the
    scale of each axis is how far two vertices of the head are apart along it, by how far they were
    apart on the head that the part was made for.

    Parameters
    ----------
    name : str
        Kind and kin, such as ``hair-bob01``.
    corners : (v, 3) int32
        Vertices of the head.
    weights : (v, 3) float32
        Their weights, which sum to about 1.
    offsets : (v, 3) float32
        cm, at scale 1.
    scale_ends : (3, 2) int32
        The two vertices of the head that tell the scale along x, y and z; the same twice: scale 1.
    scale_lengths : (3,) float32
        How far they were apart, cm.
    uv : (v, 2) float32
        Places in its picture, u right, v down, [0, 1].
    triangles : (m, 3) int32
        Counter-clockwise from outside; hair is seen from both sides.
    png : (b,) uint8
        The bytes of its picture.
    """

    name: str
    corners: Int = field(repr=False)
    weights: Float = field(repr=False)
    offsets: Float = field(repr=False)
    scale_ends: Int = field(repr=False)
    scale_lengths: Float = field(repr=False)
    uv: Float = field(repr=False)
    triangles: Int = field(repr=False)
    png: NDArray[np.uint8] = field(repr=False)

    def vertices(self, head: Float) -> Float:
        """The part's vertices ``(v, 3)`` float32 on a head's ``(n, 3)``, cm."""
        placed = self.offsets * self._scales(head)
        for corner in range(3):
            placed = placed + self.weights[:, corner, None] * head[self.corners[:, corner]]
        return np.asarray(placed, np.float32)

    @cached_property
    def picture(self) -> Float:
        """Its picture, ``(h, w, c)`` float32 in [0, 1].

        Two channels: brightness, the mean of which is a half, and alpha, so that any colour can be
        given; three: RGB; four: RGB and alpha.
        """
        decoded = np.asarray(cv2.imdecode(self.png, cv2.IMREAD_UNCHANGED), np.float32)
        own = decoded[..., [2, 1, 0, *range(3, decoded.shape[2])]]  # OpenCV has blue first
        grey = own.shape[2] == 4 and (own[..., :1] == own[..., :3]).all()
        return np.ascontiguousarray(own[..., [0, 3]] if grey else own) / np.float32(255)

    def _scales(self, head: Float) -> Float:
        """The scale of each axis ``(3,)``."""
        first, second = self.scale_ends.T
        axis = np.arange(3)
        apart = np.abs(head[first, axis] - head[second, axis])
        same = first == second
        return np.where(same, 1, apart / self.scale_lengths).astype(np.float32)
