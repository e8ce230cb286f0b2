"""The UV layout of the face: which texels belong to it, how they connect and what they are called.

Convention
----------
The map is square, u runs right and v down. Texel coordinates have texel centres at integers, so a
point at (u, v) in [0, 1] lies at ``(u * S - 0.5, v * S - 0.5)`` in a texture of side S, whatever
S. The subject's right is at small u, as in a photograph seen from the front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import weights

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bool = NDArray[np.bool_]

SIZE = 256
MARGIN = 3  # texels by which positions are extrapolated past the face's oval

# Contours of the canonical face mesh by vertex (MediaPipe face mesh, Apache-2.0).
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
CONTOURS: dict[str, tuple[tuple[int, ...], ...]] = {
    "lips": ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39,
              40, 185),),
    "mouth": ((78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81,
               80, 191),),
    "right eye": ((33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),),
    "left eye": ((263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),),
    "right brow": ((46, 53, 52, 65, 55, 107, 66, 105, 63, 70),),
    "left brow": ((276, 283, 282, 295, 285, 336, 296, 334, 293, 300),),
}  # fmt: skip
CONTOURS["eyes"] = CONTOURS["right eye"] + CONTOURS["left eye"]
CONTOURS["brows"] = CONTOURS["right brow"] + CONTOURS["left brow"]
CONTOURS["face"] = (OVAL,)

# Landmarks 18-68 of the 300-W order are vertices of the mesh; the jaw is drawn along the oval.
INNER51 = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 75, 97, 2, 326, 305,
           33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
           61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
           78, 82, 13, 312, 308, 317, 14, 87)  # fmt: skip
JAW = (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
       377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356)  # fmt: skip
UPPER_INNER_LIP, LOWER_INNER_LIP = [61, 62, 63], [65, 66, 67]


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """A UV layout with its grid topology.

    Parameters
    ----------
    name : str
        What weights and recipes call it.
    uv : (n, 2) float32
        Texel coordinates of the mesh's vertices in a map of side 256.
    vertices : (n, 3) float32
        The mesh in the canonical face frame: x image right, y up, z out of the face.
    contours : dict
        Region name to closed polygons of vertices.
    landmarks68 : (68, 2) float32
        Texel coordinates of the 300-W landmarks.
    face : (256, 256) bool
        Texels of the face.
    valid : (256, 256) bool
        Texels with a position: the face and a margin around it.
    triangles : (m, 3) int32
        The grid's triangles as rows of ``valid`` texels in scan order; counter-clockwise as seen
        where the face looks at the viewer.
    """

    name: str
    uv: Float
    vertices: Float
    contours: dict[str, tuple[tuple[int, ...], ...]] = field(repr=False)
    landmarks68: Float = field(repr=False)
    face: Bool = field(repr=False)
    valid: Bool = field(repr=False)
    triangles: Int = field(repr=False)

    @property
    def size(self) -> int:
        """The side of the position map, texels."""
        return len(self.face)

    @property
    def places(self) -> Float:
        """Texel coordinates (u, v) of the valid texels in scan order, ``(n, 2)``."""
        v, u = np.nonzero(self.valid)
        return np.column_stack([u, v]).astype(np.float32)

    def spread(self, rows: Float) -> Float:
        """Rows of valid texels ``(n, c)`` laid out as a map ``(256, 256, c)``, zero elsewhere."""
        out = np.zeros((*self.valid.shape, rows.shape[1]), np.float32)
        out[self.valid] = rows
        return out

    def read(self, values: Float, places: Float) -> Float:
        """A map ``(256, 256, c)`` read at texel coordinates ``(k, 2)``: ``(k, c)``, bicubic."""
        u, v = places[None, :, 0], places[None, :, 1]
        out: Float = cv2.remap(values, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)[0]
        return out

    def region(self, name: str, size: int) -> Float:
        """A named region as a mask ``(size, size)`` float32 in [0, 1].

        Parameters
        ----------
        name : str
            A key of ``contours``.
        size : int
            The texture's side.

        Raises
        ------
        ValueError
            If there is no such region.
        """
        if name not in self.contours:
            raise ValueError(f"no region {name!r}; there are {', '.join(sorted(self.contours))}")
        return _region(self, name, size)


@lru_cache(maxsize=64)
def _region(atlas: Atlas, name: str, size: int) -> Float:
    """Drawn once; not writeable, since all callers share it."""
    polygons = [atlas.uv[list(polygon)] for polygon in atlas.contours[name]]
    mask = _fill(polygons, atlas.size, size)
    mask.flags.writeable = False
    return mask


def _fill(polygons: Sequence[Float], size: int, wanted: int) -> Float:
    """Polygons in texels of a map of side `size`, filled with 4x4 samples a texel."""
    fine = wanted * 4
    mask = np.zeros((fine, fine), np.uint8)
    corners = [np.rint(((p + 0.5) * (fine / size) - 0.5) * 16).astype(np.int32) for p in polygons]
    cv2.fillPoly(mask, corners, 255, shift=4)
    small = cv2.resize(mask, (wanted, wanted), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def grid_triangles(valid: Bool) -> Int:
    """Each full quad of valid texels split in two: ``(m, 3)`` int32 rows of valid texels."""
    index = np.cumsum(valid).reshape(valid.shape).astype(np.int32) - 1
    full = valid[:-1, :-1] & valid[:-1, 1:] & valid[1:, :-1] & valid[1:, 1:]
    a, b = index[:-1, :-1][full], index[:-1, 1:][full]
    c, d = index[1:, :-1][full], index[1:, 1:][full]
    return np.stack([a, c, b, b, c, d], axis=1).reshape(-1, 3)


def _jaw(uv: Float, vertices: Float) -> Float:
    """17 points evenly along the oval from ear to ear, in texels."""
    line = list(JAW)
    steps = np.linalg.norm(np.diff(vertices[line], axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], 17)
    return np.column_stack([np.interp(wanted, along, uv[line, axis]) for axis in range(2)])


@cache
def canonical() -> Atlas:
    """The atlas of the canonical face mesh (468 vertices) of MediaPipe and ARCore, Apache-2.0."""
    mesh: dict[str, NDArray[Any]] = weights.load("canonical_face")
    uv = (mesh["uv"] * SIZE - 0.5).astype(np.float32)
    landmarks = np.concatenate([_jaw(uv, mesh["vertices"]), uv[list(INNER51)]])
    # The slit between the inner lips is under a texel high: read the rows just outside of it,
    # or an open mouth's landmarks would lie in its middle.
    landmarks[UPPER_INNER_LIP, 1] = np.floor(landmarks[UPPER_INNER_LIP, 1])
    landmarks[LOWER_INNER_LIP, 1] = np.ceil(landmarks[LOWER_INNER_LIP, 1])
    face = _fill([uv[list(OVAL)]], SIZE, SIZE) >= 0.5
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN + 1, 2 * MARGIN + 1))
    valid = cv2.dilate(face.astype(np.uint8), around).astype(bool)
    return Atlas(
        name="canonical",
        uv=uv,
        vertices=mesh["vertices"].astype(np.float32),
        contours=CONTOURS,
        landmarks68=landmarks.astype(np.float32),
        face=face,
        valid=valid,
        triangles=grid_triangles(valid),
    )
