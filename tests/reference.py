"""Slow, obvious implementations that the fast ones are compared with."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from facelab.geometry.warp import motion

# --- Poisson editing ---------------------------------------------------------------------------


def own_gradient(of_source, of_target):
    """Guidance of Pérez et al. 2003, equation 11."""
    return of_source


def stronger_gradient(of_source, of_target):
    """Guidance of equations 12 and 13, channel by channel."""
    return np.where(np.abs(of_target) > np.abs(of_source), of_target, of_source)


def poisson(source, target, region, guidance):
    """Equations 7 and 8, one row per pixel of the region, solved directly in float64.

    source, target (H, W, 3), region (H, W) bool; neighbours beyond the image do not exist.
    """
    source, target = source.astype(float), target.astype(float)
    pixels = [tuple(pixel) for pixel in np.argwhere(region)]
    number = {pixel: i for i, pixel in enumerate(pixels)}
    matrix = scipy.sparse.lil_matrix((len(pixels), len(pixels)))
    right = np.zeros((len(pixels), 3))
    for p, i in number.items():
        for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            q = (p[0] + step[0], p[1] + step[1])
            if not (0 <= q[0] < region.shape[0] and 0 <= q[1] < region.shape[1]):
                continue
            matrix[i, i] += 1
            right[i] += guidance(source[p] - source[q], target[p] - target[q])
            if q in number:
                matrix[i, number[q]] = -1
            else:
                right[i] += target[q]
    result = target.copy()
    if pixels:
        result[region] = scipy.sparse.linalg.splu(matrix.tocsc()).solve(right)
    return result


# --- Rasterization -----------------------------------------------------------------------------


def snapped(vertices):
    """x and y in units of 1/256 px, as Python-sized integers; (n, 2) int64."""
    return np.rint(vertices[:, :2].astype(float) * 256).astype(np.int64)


def edge_function(start, end, x, y):
    """Positive on the inner side of an edge of a triangle that is counter-clockwise as seen."""
    return (end[1] - start[1]) * (x - start[0]) - (end[0] - start[0]) * (y - start[1])


def owns_its_points(start, end):
    """Whether an edge is a left or a top one: those own the points that lie on them."""
    run, rise = end - start
    return rise > 0 or (rise == 0 and run < 0)


def covers(a, b, c, x, y):
    """Whether a triangle covers each point, and three edge functions; all in 1/256 px."""
    edges = [(b, c), (c, a), (a, b)]
    values = np.stack([edge_function(start, end, x, y) for start, end in edges])
    owned = np.array([owns_its_points(start, end) for start, end in edges])
    inside = (values > 0) | ((values == 0) & owned.reshape(3, *[1] * np.ndim(x)))
    return inside.all(0) & (values.sum(0) > 0), values


def rasterize(vertices, triangles, shape):
    """Every pixel against every triangle in int64: triangle, barycentric, depth."""
    y, x = 256 * np.indices(shape)
    points, z = snapped(vertices), vertices[:, 2].astype(float)
    seen = np.full(shape, -1)
    barycentric, depth = np.zeros((*shape, 3)), np.full(shape, -np.inf)
    for index, corners in enumerate(triangles):
        inside, values = covers(*points[corners], x, y)
        area = np.where(inside, values.sum(0), 1)
        here = np.float32(np.tensordot(z[corners], values, 1) / area)
        nearer = inside & (here > depth)
        seen[nearer], depth[nearer] = index, here[nearer]
        barycentric[nearer] = np.moveaxis(values / area, 0, -1)[nearer]
    return seen, barycentric, np.where(seen < 0, 0, depth)


def warp(image, before, after):
    """A photograph ``(H, W, 3)`` that goes along as its face goes from one place to another."""
    moved = motion(before, after, image.shape[:2])
    return image if moved is None else moved.apply(image)
