"""UV layouts: which texels belong to the face, how they connect, and their named regions.

Convention
----------
The map is square, u runs right and v down. Texel coordinates have texel centres at integers, so a
point at (u, v) in [0, 1] lies at ``(u * S - 0.5, v * S - 0.5)`` in a texture of side S, whatever
S. The subject's right is at small u, as in a photograph seen from the front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas.slit import Slit
from facelab.numerics.algebra import product

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bool = NDArray[np.bool_]

SIZE = 256
_WIDEST = 4096  # places in a row, of which OpenCV takes at most 32767


@dataclass(frozen=True, eq=False)
class Atlas:
    """A UV layout with its grid topology and the canonical face laid out in it.

    Parameters
    ----------
    name : str
        Its name in weights and recipes.
    uv : (n, 2) float32
        Texel coordinates of points whose place on the canonical face is known.
    vertices : (n, 3) float32
        These points in the canonical face frame: centimetres, x image right, y up, z out of the
        face.
    canonical_positions : (256, 256, 3) float32
        The canonical face's own position map, in the canonical face frame.
    landmark_places : (m, 2) float32
        Texel coordinates that the 300-W landmarks are worked out from.
    landmark_weights : (68, m) float32
        How: each row sums to 1, so the landmarks move, turn and scale with the face.
    outline : (k, 2) float32
        The closed polygon around the face, in texels.
    face : (256, 256) bool
        Texels of the face.
    valid : (256, 256) bool
        Texels with a position: the face, and a margin around it where there is one.
    contours : dict
        Region name to closed polygons ``(k, 2)`` in texels of the canonical atlas.
    slit : Slit, optional
        The mouth, where closed lips touch in the layout.
    loss_weights : (256, 256) float32, optional
        How much each texel counts in training, where the layout was published with that.
    chart : (256, 256, 2) float32, optional
        The texel of the canonical atlas that shows the same place of the face, by which regions
        are carried over; None for the canonical atlas itself.
    ict_jaw_weights : (17, m) float32, optional
        As `landmark_weights`, of the jaw that ICT-FaceKit's makers marked.
    """

    name: str
    uv: Float
    vertices: Float
    canonical_positions: Float = field(repr=False)
    landmark_places: Float = field(repr=False)
    landmark_weights: Float = field(repr=False)
    outline: Float = field(repr=False)
    face: Bool = field(repr=False)
    valid: Bool = field(repr=False)
    contours: dict[str, tuple[Float, ...]] = field(repr=False)
    slit: Slit | None = field(default=None, repr=False)
    loss_weights: Float | None = field(default=None, repr=False)
    chart: Float | None = field(default=None, repr=False)
    ict_jaw_weights: Float | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<Atlas {self.name}, {int(self.face.sum())} texels>"

    @property
    def size(self) -> int:
        """The side of the position map, texels."""
        return len(self.face)

    @cached_property
    def triangles(self) -> Int:
        """The triangles of the valid texels, see `grid_triangles`."""
        return grid_triangles(self.valid, self._sides)

    @cached_property
    def places(self) -> Float:
        """Texel coordinates (u, v) of the valid texels in scan order, ``(n, 2)``."""
        return places_of(self.valid)

    @cached_property
    def mesh(self) -> tuple[Float, Int]:
        """The face as a mesh with smooth borders; `at_vertices` reads a map at its vertices.

        Returns
        -------
        places : (n, 2) float32
            Texel coordinates of the vertices: the texels of the face in scan order, those at its
            border moved onto the outline and those along the slit onto the edges of the lips.
        triangles : (m, 3) int32
            Counter-clockwise as seen where the face looks at the viewer.
        """
        grid = places_of(np.ones_like(self.face)).reshape(self.size, self.size, 2)
        places = (self.slit.moved(grid) if self.slit else grid)[self.face]
        border = self._border
        places[border] = _on(self.outline, places[border])
        return places, grid_triangles(self.face, self._sides)

    def at_vertices(self, values: Float) -> Float:
        """Read a map ``(256, 256, c)`` at the vertices of `mesh`: ``(n, c)``."""
        rows = (self.slit.read(values) if self.slit else values)[self.face]
        border = self._border
        rows[border] = self.read(values, self.mesh[0][border])
        return rows

    @cached_property
    def _border(self) -> Bool:
        """Which texels of the face, in scan order, have a neighbour outside of it, ``(n,)``."""
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        inner = cv2.erode(self.face.astype(np.uint8), cross, borderValue=0)
        out: Bool = inner[self.face] == 0
        return out

    @property
    def _sides(self) -> Int | None:
        return self.slit.sides(self.size) if self.slit else None

    @cached_property
    def landmarks68(self) -> Float:
        """Texel coordinates where the 300-W landmarks lie, or come nearest to the face."""
        return nearest_to(self.outline, product(self.landmark_weights, self.landmark_places))

    def spread(self, rows: Float) -> Float:
        """Lay rows of valid texels ``(n, c)`` out as a map ``(256, 256, c)``, zero elsewhere."""
        out = np.zeros((*self.valid.shape, rows.shape[1]), np.float32)
        out[self.valid] = rows
        return out

    def read(self, values: Float, places: Float) -> Float:
        """Read a map ``(256, 256, c)`` at texel coordinates ``(k, 2)``: ``(k, c)``, bicubic."""
        width = min(len(places), _WIDEST)
        rows = np.resize(places, (-(-len(places) // width), width, 2))
        out: Float = sample(values, rows).reshape(-1, *values.shape[2:])[: len(places)]
        return out

    def region(self, name: str, size: int) -> Float:
        """A named region as a mask ``(size, size)`` float32 in [0, 1].

        Parameters
        ----------
        name : str
            ``face`` for all of the face, or a key of ``contours``; ``oval`` is the face without
            ears and neck.
        size : int
            The texture's side.

        Raises
        ------
        ValueError
            If there is no such region.
        """
        if name != "face" and name not in self.contours:
            known = ", ".join(sorted({"face", *self.contours}))
            raise ValueError(f"no region {name!r}; there are {known}")
        return _region(self, name, size)

    def soft_region(self, name: str, size: int, softness: float) -> Float:
        """A named region whose mask rises from 0 to 1 across its edge.

        Parameters
        ----------
        name, size
            As of `region`.
        softness : float
            The width of the rise, a part of the side; half of it lies inside. A region thinner
            than that is nowhere 1.

        Returns
        -------
        (size, size) float32
            In [0, 1], and 0 further than half the softness from the region.
        """
        mask = self.region(name, size)
        return _soft(self, name, size, softness) if softness * size > 0.5 else mask

    def rows(self, name: str, size: int) -> tuple[int, int]:
        """The first row of a region in a texture of side `size`, and the one after its last."""
        inside = np.flatnonzero((self.region(name, size) >= 0.5).any(axis=1))
        return int(inside[0]), int(inside[-1]) + 1

    def canonical_uv(self, size: int) -> Float:
        """Coordinates of each texel in the canonical atlas, ``(size, size, 2)``, [0, 1].

        Places on a face are given in these, so that they hold in every layout.
        """
        middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
        if self.chart is None:
            return _grid(middles / np.float32(size))
        texels = _grid(middles * np.float32(self.size / size) - np.float32(0.5))
        return (sample(self.chart, texels) + np.float32(0.5)) / np.float32(self.size)

    def from_canonical(self, values: Float) -> Float:
        """Lay out a map ``(S, S[, c])`` of the canonical atlas in this one."""
        if self.chart is None:
            return values
        size = len(values)
        return sample(values, self.canonical_uv(size) * size - np.float32(0.5))


def _grid(along: Float) -> Float:
    """All pairs of places along two equal sides, ``(size, size, 2)``: (across, down)."""
    return np.asarray(cv2.merge(np.meshgrid(along, along)), np.float32)


@lru_cache(maxsize=64)
def _region(atlas: Atlas, name: str, size: int) -> Float:
    """The region's mask, drawn once; not writeable, since all callers share it."""
    if name == "face":
        mask = fill([atlas.outline], atlas.size, size)
    else:
        mask = fill(atlas.contours[name], atlas.size, size)
        if atlas.chart is not None:
            mask = np.minimum(atlas.from_canonical(mask).clip(0, 1), _region(atlas, "face", size))
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=64)
def _soft(atlas: Atlas, name: str, size: int, softness: float) -> Float:
    """The region blurred by a Gaussian that is cut off at half the softness, two deviations."""
    reach = softness * size / 2
    side = 2 * int(np.ceil(reach)) - 1
    mask: Float = cv2.GaussianBlur(
        atlas.region(name, size), (side, side), reach / 2, borderType=cv2.BORDER_CONSTANT
    )
    mask = np.clip(mask, 0, 1)
    mask.flags.writeable = False
    return mask


def sample(values: Float, places: Float) -> Float:
    """Bicubic samples of a map ``(h, w[, c])`` at texel coordinates ``(i, j, 2)``."""
    u, v = np.ascontiguousarray(places, np.float32).transpose(2, 0, 1)
    out: Float = cv2.remap(values, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return out


def fill(polygons: Sequence[Float], size: int, wanted: int) -> Float:
    """Fill polygons, in texels of a map of side `size`, with 4x4 samples a texel."""
    fine = wanted * 4
    mask = np.zeros((fine, fine), np.uint8)
    corners = [np.rint(((p + 0.5) * (fine / size) - 0.5) * 16).astype(np.int32) for p in polygons]
    cv2.fillPoly(mask, corners, 255, shift=4)
    small = cv2.resize(mask, (wanted, wanted), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def places_of(texels: Bool) -> Float:
    """Texel coordinates (u, v) of the texels that are true, in scan order, ``(n, 2)``."""
    v, u = np.nonzero(texels)
    return np.column_stack([u, v]).astype(np.float32)


def grid_triangles(texels: Bool, sides: Int | None = None) -> Int:
    """Triangles of a grid: every quad of neighbouring texels in two, every corner of three.

    Parameters
    ----------
    texels : (h, w) bool
    sides : (h, w) int32, optional
        On which side of a tear each texel lies; quads are split so that triangles cross it least.

    Returns
    -------
    (m, 3) int32
        Indices of true texels in scan order, counter-clockwise as seen where the face looks at the
        viewer. The halves of the quads come first, one after the other.
    """
    index = np.cumsum(texels).reshape(texels.shape).astype(np.int32) - 1
    corners = [slice(None, -1), slice(1, None)]
    inside = [texels[v, u] for v in corners for u in corners]  # a b / c d, as in the grid
    a, b, c, d = (index[v, u] for v in corners for u in corners)
    count = np.sum(inside, axis=0)
    quads = [corner[count == 4] for corner in (a, c, b, b, c, d)]
    if sides is not None:
        sa, sb, sc, sd = (sides[v, u][count == 4] for v in corners for u in corners)
        other_way = np.abs(sa - sd) < np.abs(sb - sc)
        other = [corner[count == 4] for corner in (a, c, d, a, d, b)]
        quads = [np.where(other_way, *pair) for pair in zip(other, quads, strict=True)]
    triangles = [np.stack(quads, axis=1).reshape(-1, 3)]
    for missing, ring in enumerate(((c, d, b), (a, c, d), (a, d, b), (a, c, b))):
        alone = (count == 3) & ~inside[missing]
        triangles.append(np.stack([corner[alone] for corner in ring], axis=1))
    return np.concatenate(triangles)


def nearest_to(outline: Float, places: Float) -> Float:
    """Move places ``(k, 2)`` that lie outside of the outline onto it."""
    polygon = np.asarray(outline, np.float32)[:, None]
    distance = [cv2.pointPolygonTest(polygon, tuple(map(float, p)), False) for p in places]
    return np.where(np.array(distance)[:, None] < 0, _on(outline, places), places)


def _on(outline: Float, places: Float) -> Float:
    """The point of a closed polygon nearest to each place."""
    along = np.roll(outline, -1, axis=0) - outline
    offset = places[:, None] - outline
    share = np.sum(offset * along, axis=2) / np.maximum(np.sum(along**2, axis=1), 1e-12)
    points = outline + np.clip(share, 0, 1)[..., None] * along
    nearest = np.linalg.norm(points - places[:, None], axis=2).argmin(axis=1)
    out: Float = points[np.arange(len(places)), nearest].astype(np.float32)
    return out
