"""Triangle rasterization in NumPy: which triangle each pixel sees, and what it carries there.

Rendering is a chain of pure functions, after nvdiffrast (Laine et al., "Modular primitives for
high-performance differentiable rendering", ACM TOG 2020): `rasterize` finds the nearest triangle
of every pixel, `interpolate` carries vertex attributes to pixels, and `sample` reads a texture with
proper minification. Depths are compared only where several triangles cover a pixel.

Convention
----------
Pixel centres lie at integers, x right, y down; larger z is nearer. A triangle is a front face
when its vertices run counter-clockwise as seen on the screen; back faces are not drawn. Vertices
are snapped to 1/256 px, and what is covered is decided exactly (`facelab.numerics.scanline`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics import scanline
from facelab.numerics.compiled import drawer
from facelab.numerics.parallel import side_by_side

__all__ = [
    "Fragments",
    "carried",
    "footprint",
    "fragments",
    "interpolate",
    "rasterize",
    "sample",
    "sample_sharply",
    "steps",
    "trilinear",
]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

SUBPIXELS = 256
_SHARP = np.float32(1.4)  # texels a pixel may step over before a bicubic sample aliases visibly
_SQUARE = np.ones((2, 2), np.uint8)
_IN_CACHE = 1 << 14  # places at a time, so that what is read of them stays in the cache
FARTHEST = np.float32(1e18)  # squared texels, which no step within a texture comes to
_NOWHERE = np.float32(1e18)  # texels; its square is a number
REACH = 2.0**16  # px; beyond it the exact products would outgrow float64


@dataclass(frozen=True, eq=False)
class Fragments:
    """The nearest triangle at each pixel of a window.

    Parameters
    ----------
    triangle : (H, W) int32
        Index of the nearest triangle at the pixel's centre, -1 where there is none.
    x, y, z : (n,) float64
        The vertices, as of `screen`.
    corners : (3, m) intp
        Vertex indices of each triangle, as of `corners_of`.
    """

    triangle: NDArray[np.int32]
    x: Doubles = field(repr=False)
    y: Doubles = field(repr=False)
    z: Doubles = field(repr=False)
    corners: Indices = field(repr=False)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(H, W) bool: where a triangle is seen."""
        return self.triangle >= 0

    @cached_property
    def barycentric(self) -> Floats:
        """(H, W, 3) float32 in [0, 1]: the weights of its vertices; 0 where there is none."""
        count = self.corners.shape[1]
        own = np.arange(3 * count).reshape(count, 3).T
        weights = _carried(self, own, np.tile(np.eye(3, dtype=np.float32), (count, 1)))
        return np.clip(weights, 0, 1, out=weights)

    @cached_property
    def depth(self) -> Floats:
        """(H, W) float32: its z, in the unit of the vertices; 0 where there is none."""
        return _carried(self, self.corners, self.z[:, None])[..., 0]


def rasterize(vertices: Floats, triangles: NDArray[np.int32], shape: tuple[int, int]) -> Fragments:
    """Find the nearest front face at every pixel centre of a window.

    Exact and watertight: two triangles that share an edge cover each pixel centre on it once
    (top-left rule). Depths are compared as float32; at equal depth the lowest index wins.

    Parameters
    ----------
    vertices : (n, 3) float32
        x and y in px of the window, within 65536 of its origin; z of any unit, larger is nearer.
    triangles : (m, 3) int32
        Vertex indices, counter-clockwise as seen.
    shape : (H, W)
        Size of the window in px. The cost grows with it: pass the box of the mesh, and
        vertices relative to that box, rather than a whole photograph.

    Returns
    -------
    Fragments

    Raises
    ------
    ValueError
        If a shape is wrong, a coordinate is not finite or too far away, or an index is out of
        range.
    """
    x, y, z = screen(vertices)
    corners = corners_of(triangles, len(vertices))
    draw = drawer() or _draw
    return Fragments(draw(x, y, z, corners, shape), x, y, z, corners)


def _draw(
    x: Doubles, y: Doubles, z: Doubles, corners: Indices, shape: tuple[int, int]
) -> NDArray[np.int32]:
    """Draw front faces; `facelab.numerics.compiled.draw` has the arguments."""
    triangle, several = scanline.sole(x, y, corners, shape)
    if several.any():
        _draw_nearest(x, y, z, corners, several, triangle)
    return triangle


def _draw_nearest(
    x: Doubles,
    y: Doubles,
    z: Doubles,
    corners: Indices,
    wanted: NDArray[np.bool_],
    triangle: NDArray[np.int32],
) -> None:
    """Draw the nearest of several front faces by a z-buffer, where wanted ``(H, W)``."""
    near = np.flatnonzero(scanline.holding(x, y, corners, wanted))
    faces = near[scanline.doubled_area(x, y, corners.take(near, axis=1)) > 0][::-1]
    depth, seen = np.where(wanted, -np.inf, np.inf).astype(np.float32).ravel(), triangle.ravel()
    for pixel, face, _, _, nearness in fragments(x, y, z, corners, faces, wanted.shape):
        np.maximum.at(depth, pixel, nearness)
        nearest = np.flatnonzero(nearness == depth[pixel])
        seen[pixel[nearest]] = face[nearest]


def interpolate(fragments: Fragments, triangles: NDArray[np.int32], attributes: Floats) -> Floats:
    """Carry vertex attributes to pixels with the barycentric weights.

    Parameters
    ----------
    fragments : Fragments
        Of a (H, W) window.
    triangles : (m, 3) int32
        Those that were rasterized.
    attributes : (n, c) float32
        One row per vertex, finite.

    Returns
    -------
    (H, W, c) float32
        0 where there is no triangle.

    Raises
    ------
    ValueError
        If `attributes` does not have two axes.
    """
    if attributes.ndim != 2:
        raise ValueError(f"Input `attributes` must have shape (n, c), got {attributes.shape}")
    return _carried(fragments, corners_of(triangles, len(attributes)), attributes)


def _carried(
    fragments: Fragments, corners: Indices, attributes: NDArray[np.floating[Any]]
) -> Floats:
    """`interpolate` where the corners ``(3, m)`` of the triangles are known to be in range."""
    triangle = fragments.triangle
    height, width = triangle.shape
    step = max(1, _IN_CACHE // max(width, 1))
    strips = [slice(top, top + step) for top in range(0, height, step)]
    seen = np.zeros(corners.shape[1] + 1, np.bool_)  # the last is what -1 refers to
    for strip in strips:
        seen[triangle[strip].astype(np.intp)] = True
    faces, number = np.flatnonzero(seen[:-1]), np.cumsum(seen) - 1
    number[-1] = len(faces)
    planes = _planes_of(fragments, faces, corners, attributes)
    values = np.empty((height, width, attributes.shape[1]), np.float32)
    column, row = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[:, None]
    for strip in strips:
        plane = number.take(triangle[strip])
        for channel, (start, across, down) in enumerate(planes):
            value = across.take(plane)
            value *= column
            value += start.take(plane)
            lower = down.take(plane)
            lower *= row[strip]
            value += lower
            values[strip, :, channel] = value
    return values


def _planes_of(
    fragments: Fragments,
    faces: Indices,
    corners: Indices,
    attributes: NDArray[np.floating[Any]],
) -> Doubles:
    """Attributes ``(n, c)`` of faces ``(k,)`` as linear functions of the pixel, ``(c, 3, k + 1)``.

    Each is its value at pixel (0, 0) and its change across and down; the last one is 0.
    """
    x, y = fragments.x, fragments.y
    planes = np.zeros((attributes.shape[1], 3, len(faces) + 1))
    for begin in range(0, len(faces), scanline.BLOCK):
        block = faces[begin : begin + scanline.BLOCK]
        a, b, c = fragments.corners.take(block, axis=1)
        left, top = x[a], y[a]
        bx, by, cx, cy = x[b] - left, y[b] - top, x[c] - left, y[c] - top
        area = by * cx - bx * cy
        bx, by, cx, cy = bx / area, by / area, cx / area, cy / area
        a, b, c = corners.take(block, axis=1)
        here = planes[..., begin : begin + len(block)]
        for values, (start, across, down) in zip(attributes.T, here, strict=True):
            origin = values[a].astype(np.float64)
            to_b, to_c = values[b] - origin, values[c] - origin
            across[:] = to_c * by - to_b * cy
            down[:] = to_b * cx - to_c * bx
            start[:] = origin - left * across - top * down
    return planes


def carried(attributes: Floats, corners: NDArray[np.integer], weights: Floats) -> Floats:
    """Carry vertex attributes to places in triangles.

    Parameters
    ----------
    attributes : (n, c) float32
    corners : (k, 3) integer
        The vertices of each place's triangle.
    weights : (k, 3) float32
        Barycentric.

    Returns
    -------
    (k, c) float32
    """
    out = np.zeros((len(corners), attributes.shape[1]), np.float32)
    for start in range(0, len(corners), _IN_CACHE):
        strip = slice(start, start + _IN_CACHE)
        columns = np.ascontiguousarray(corners[strip].T, np.intp)
        _add_carried(attributes, columns, weights[strip], out[strip])
    return out


def _add_carried(attributes: Floats, corners: Indices, weights: Floats, out: Floats) -> None:
    """Add vertex attributes at corners ``(3, k)``, times weights ``(k, 3)``, to ``out (k, c)``."""
    for corner, share in zip(corners, weights.T, strict=True):
        out += attributes.take(corner, axis=0) * share[:, None]


def sample(texture: Floats, uv: Floats, covered: NDArray[np.bool_] | None = None) -> Floats:
    """Read a texture at every pixel: bilinear, and trilinear in area-reduced levels.

    A pixel that steps over more than one texel reads the two levels whose texels are nearest to
    its step in size (Williams, "Pyramidal parametrics", SIGGRAPH 1983). The step along each axis
    is the smaller of those to the two neighbours, so that a jump of `uv` at an occlusion or at
    the silhouette blurs neither side.

    Parameters
    ----------
    texture : (S, T, C) float32, C at most 4
        Texel centres at integers; the border is replicated. S and T below 32768.
    uv : (H, W, 2) float32
        Texel coordinates (u right, v down) of each pixel, finite.
    covered : (H, W) bool, optional
        Where `uv` means something; everywhere by default.

    Returns
    -------
    (H, W, C) float32
        Unspecified where not covered.

    Raises
    ------
    ValueError
        If `texture` or `uv` does not have its shape.
    """
    if texture.ndim != 3 or texture.shape[2] > 4 or uv.ndim != 3 or uv.shape[2] != 2:
        raise ValueError(
            "Inputs `texture` and `uv` must have shapes (S, T, C <= 4) and (H, W, 2), "
            f"got {texture.shape} and {uv.shape}"
        )
    if covered is None:
        covered = np.ones(uv.shape[:2], np.bool_)
    return trilinear(texture, uv, footprint(*steps(uv, covered)))


def trilinear(texture: Floats, uv: Floats, squared: Floats) -> Floats:
    """`sample` where the `footprint` of the pixels ``(H, W)`` is known already."""
    result = _bilinear(texture, uv)
    squared = squared.ravel()
    finer = np.flatnonzero(squared > 1)  # mostly few: only these read the smaller levels
    level = np.asarray(np.log2(squared[finer]) / 2, np.float32)
    flat, places = result.reshape(-1, texture.shape[2]), uv.reshape(-1, 2)
    flat[finer] = _trilinear(texture, places[finer].T, level, flat[finer])
    return result


def steps(uv: Floats, covered: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Squared texels from each pixel to the next.

    Parameters
    ----------
    uv : (H, W, 2) float32
        Texel coordinates of each pixel, finite.
    covered : (H, W) bool
        Where `uv` means something.

    Returns
    -------
    across : (H, W - 1) float32
    down : (H - 1, W) float32
        More than `FARTHEST` from what is covered to what is not; 0 where neither is.
    """
    u, v = (np.where(covered, axis, _NOWHERE) for axis in cv2.split(uv))
    across, down = np.diff(u, axis=1), np.diff(u, axis=0)
    for step, rise in ((across, np.diff(v, axis=1)), (down, np.diff(v, axis=0))):
        step *= step
        rise *= rise
        step += rise
    return across, down


def footprint(across: Floats, down: Floats) -> Floats:
    """Squared texels that a pixel step moves, along whichever axis moves further: ``(H, W)``.

    Along each axis it is the step to the nearer of the covered neighbours, 0 if neither is.

    Parameters
    ----------
    across, down : (H, W - 1), (H - 1, W) float32
        As of `steps`.
    """
    nearer = np.full((2, *np.maximum(across.shape, down.shape)), np.inf, np.float32)
    for one, step, axis in zip(nearer, (across, down), (1, 0), strict=True):
        before, after = ((slice(None),) * axis + (part,) for part in (slice(-1), slice(1, None)))
        one[after] = step
        np.minimum(one[before], step, out=one[before])
        np.copyto(one, 0, where=one > FARTHEST)
    out: Floats = nearer.max(axis=0)
    return out


def _reduced(texture: Floats, level: int) -> Floats:
    """Make texels 2**level as wide, each the mean of those it replaces."""
    height, width, channels = texture.shape
    size = max(width >> level, 1), max(height >> level, 1)
    small = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(*size[::-1], channels)


def _trilinear(texture: Floats, uv: Floats, level: Floats, finest: Floats) -> Floats:
    """Blend the two reduced textures around each level.

    Parameters
    ----------
    texture : (S, T, C) float32
    uv : (2, n) float32
    level : (n,) float32
        At least 0.
    finest : (n, C) float32
        The texture itself at `uv`.

    Returns
    -------
    (n, C) float32
    """
    height, width = texture.shape[:2]
    half = np.float32(0.5)
    result = finest * np.maximum(1 - level, 0)[:, None]
    for step in range(1, int(np.ceil(level.max(initial=0))) + 1):
        share = 1 - np.abs(level - step)
        near = np.flatnonzero(share > 0)
        if not near.size:
            continue
        small = _reduced(texture, step)
        scales = np.float32(small.shape[1] / width), np.float32(small.shape[0] / height)
        for begin in range(0, near.size, scanline.BATCH):
            batch = near[begin : begin + scanline.BATCH]
            u, v = (
                (axis[batch] + half) * scale - half for axis, scale in zip(uv, scales, strict=True)
            )
            values = cv2.remap(small, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            result[batch] += values.reshape(len(batch), -1) * share[batch, None]
    return result


def _bilinear(texture: Floats, uv: Floats) -> Floats:
    u, v = uv[..., 0], uv[..., 1]
    values = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32).reshape(*u.shape, -1)


def sample_sharply(texture: Floats, uv: Floats, squared: Floats) -> Floats:
    """Read a texture at every pixel: bicubic, and from reduced levels where it would alias.

    Of the finest contrast of a photograph that was unwrapped and is drawn in its place again, it
    keeps more than 0.9 where `sample` keeps 0.7 to 0.8. Cubic convolution overshoots at an edge
    (Keys, "Cubic convolution interpolation", 1981); that is cut off at the four texels around.

    Parameters
    ----------
    texture : (S, T, C) float32, C at most 4
        In [0, 1], texel centres at integers; the border is replicated. S and T below 32768.
    uv : (H, W, 2) float32
        Texel coordinates (u right, v down) of each pixel, finite.
    squared : (H, W) float32
        The pixels' `footprint` in texels of the texture.

    Returns
    -------
    (H, W, C) float32
        In [0, 1].
    """
    u, v = cv2.split(uv)
    result = _bicubic(texture, u, v)
    squared = squared.ravel()
    coarser = np.flatnonzero(squared > _SHARP**2)
    level = np.asarray(np.log2(squared[coarser] / _SHARP**2) / 2, np.float32)
    flat, places = result.reshape(-1, texture.shape[2]), uv.reshape(-1, 2).take(coarser, axis=0)
    half, small = np.float32(0.5), texture
    for step in range(1, int(np.ceil(level.max(initial=0))) + 1):
        chosen = np.flatnonzero(level > step - 1)
        small = _reduced(small, 1)
        scale = np.divide(small.shape[1::-1], texture.shape[1::-1]).astype(np.float32)
        width = min(len(chosen), scanline.BATCH)  # OpenCV takes at most 32767 in a row
        rows = np.resize(
            (places[chosen] + half) * scale - half, (-(-len(chosen) // width), width, 2)
        )
        values = _bicubic(small, *cv2.split(rows)).reshape(-1, texture.shape[2])[: len(chosen)]
        at, share = coarser[chosen], np.minimum(level[chosen] - (step - 1), 1)[:, None]
        finer = flat.take(at, axis=0)
        flat[at] = finer + share * (values - finer)
    return result


def _bicubic(texture: Floats, u: Floats, v: Floats) -> Floats:
    """Read a texture between four texels, no higher and no lower than they are."""
    low, high = (extreme(texture, _SQUARE, anchor=(0, 0)) for extreme in (cv2.erode, cv2.dilate))
    values = np.empty((*u.shape, *texture.shape[2:]), np.float32)
    step = max(1, _IN_CACHE // u.shape[1])

    def read(top: int) -> None:
        across, down, out = (rows[top : top + step] for rows in (u, v, values))
        cv2.remap(texture, across, down, cv2.INTER_CUBIC, out, cv2.BORDER_REPLICATE)
        corner = np.floor(across), np.floor(down)
        bound = cv2.remap(low, *corner, cv2.INTER_NEAREST, None, cv2.BORDER_REPLICATE)
        cv2.max(out, bound, out)
        cv2.remap(high, *corner, cv2.INTER_NEAREST, bound, cv2.BORDER_REPLICATE)
        cv2.min(out, bound, out)

    side_by_side(read, range(0, len(u), step))
    return values


def screen(vertices: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """Return x and y as multiples of 1/256 px, and z; each (n,) float64."""
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"Input `vertices` must have shape (n, 3), got {vertices.shape}")
    if not np.isfinite(vertices).all():
        raise ValueError("Input `vertices` must be finite")
    x, y, z = vertices.T.astype(np.float64)
    if any(max(axis.max(initial=0), -axis.min(initial=0)) > REACH for axis in (x, y)):
        raise ValueError(f"Input `vertices` must lie within {REACH:.0f} px of the window's origin")
    return np.rint(x * SUBPIXELS) / SUBPIXELS, np.rint(y * SUBPIXELS) / SUBPIXELS, z


def corners_of(triangles: NDArray[np.int32], count: int) -> Indices:
    """Return the vertex indices of each triangle as (3, m), one contiguous row per corner."""
    _require_corners(triangles, count)
    return np.ascontiguousarray(triangles.T, dtype=np.intp)


def _require_corners(triangles: NDArray[np.int32], count: int) -> None:
    """Raise ``ValueError`` unless triangles ``(m, 3)`` are of so many vertices."""
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"Input `triangles` must have shape (m, 3), got {triangles.shape}")
    if triangles.size and not 0 <= triangles.min() <= triangles.max() < count:
        raise ValueError(f"Input `triangles` must index {count} vertices")


def fragments(
    x: Doubles, y: Doubles, z: Doubles, corners: Indices, chosen: Indices, shape: tuple[int, int]
) -> Iterator[tuple[Indices, Indices, Doubles, Doubles, Floats]]:
    """Yield what each of the chosen triangles covers, in their order.

    Parameters
    ----------
    x, y, z : (n,) float64
        Vertices as of `screen`.
    corners : (3, m) intp
        Vertex indices of each triangle, as of `corners_of`.
    chosen : (k,) intp
        Triangles, in either orientation, but none without area. `rasterize` gives them
        descending, so that of equally near fragments the lowest index is written last.
    shape : (H, W)
        Size of the window in px.

    Yields
    ------
    pixel, triangle : (f,) intp
        Flat pixel index and triangle of each fragment of a batch.
    second, third : (f,) float64
        Weights of the triangle's corners b and c.
    depth : (f,) float32
    """
    for triangle in scanline.blocks(chosen):
        faces = corners.take(triangle, axis=1)
        planes = _planes(x, y, z, faces)
        for pixel, row, face in scanline.pixels(x, y, faces, shape):
            at_pixel = _evaluate(planes.take(face, axis=1), pixel - row * shape[1], row)
            yield pixel, triangle.take(face), *at_pixel


def _planes(x: Doubles, y: Doubles, z: Doubles, corners: Indices) -> Doubles:
    """Corner a, sides a-b and a-c (x, y, z of each), and twice the area; (10, faces)."""
    a, b, c = corners
    planes = np.empty((10, a.size))
    for axis, values in enumerate((x, y, z)):
        origin = values[a]
        planes[axis] = origin
        planes[axis + 3] = values[b] - origin
        planes[axis + 6] = values[c] - origin
    planes[9] = scanline.doubled_area(x, y, corners)
    return planes


def _evaluate(planes: Doubles, x: Indices, y: Indices) -> tuple[Doubles, Doubles, Floats]:
    """Weights of corners b and c, and depth, at one pixel of each face.

    One division at the end keeps equal depths equal, whatever the order of the corners.
    """
    ax, ay, az, bx, by, bz, cx, cy, cz, area = planes
    dx, dy = x - ax, y - ay
    second = dy * cx - dx * cy
    third = dx * by - dy * bx
    depth = (az * area + second * bz + third * cz) / area
    return second / area, third / area, depth.astype(np.float32)
