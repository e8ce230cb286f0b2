"""The rasterizer, by NumPy and by numba, beside a plain z-buffer (numba) on one face mesh.

Time and peak memory; both rasterizers give the same bytes. Run `python benchmarks/bench_raster.py`;
needs the `bench` extra.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from facelab.numerics import compiled
from facelab.numerics.raster import Fragments, interpolate, rasterize, sample

Floats = NDArray[np.float32]
Triangles = NDArray[np.int32]

SCENES = ((200, 1), (400, 1), (700, 1), (1000, 1), (400, 2), (700, 2))  # face in px, grid stride
ROUNDS = 15
SIZE = 256
YAW = np.deg2rad(20)


def face_mesh(face: int, stride: int) -> tuple[Floats, Triangles, Floats, tuple[int, int]]:
    """Stand-in for a position map: a relief with a nose on the oval part of a regular grid."""
    v, u = np.mgrid[0:SIZE:stride, 0:SIZE:stride]
    x, y = u / (SIZE / 2) - 1, v / (SIZE / 2) - 1
    valid = (x / 0.92) ** 2 + (y / 0.96) ** 2 <= 0.94
    nose = 0.28 * np.exp(-(x**2) / 0.012 - (y - 0.1) ** 2 / 0.05)
    z = 0.7 * np.sqrt(np.maximum(1 - 0.8 * (x**2 + y**2), 0)) + nose
    turned = x * np.cos(YAW) + z * np.sin(YAW), y, z * np.cos(YAW) - x * np.sin(YAW)
    vertices = np.stack(turned, axis=-1)[valid]
    vertices -= vertices.min(0)
    vertices = (vertices * (face / vertices[:, 1].max())).astype(np.float32)
    uv = np.stack((u, v), axis=-1)[valid].astype(np.float32)
    return vertices, grid_triangles(valid), uv, window(vertices)


def grid_triangles(valid: NDArray[np.bool_]) -> Triangles:
    """Two counter-clockwise triangles for each quad whose corners are all valid."""
    index = np.cumsum(valid).reshape(valid.shape) - 1
    whole = valid[:-1, :-1] & valid[1:, :-1] & valid[:-1, 1:] & valid[1:, 1:]
    a, b = index[:-1, :-1][whole], index[:-1, 1:][whole]
    c, d = index[1:, :-1][whole], index[1:, 1:][whole]
    pairs = np.stack((np.stack((a, c, b), -1), np.stack((b, c, d), -1)), axis=1)
    return pairs.reshape(-1, 3).astype(np.int32)


def window(vertices: Floats) -> tuple[int, int]:
    width, height = np.ceil(vertices[:, :2].max(0)).astype(int) + 1
    return int(height), int(width)


@numba.njit(cache=False)
def zbuffer(
    vertices: Floats, triangles: Triangles, height: int, width: int
) -> tuple[Triangles, Floats, Floats]:
    """Plain compiled z-buffer: bounding box, float edge functions, depth test."""
    seen = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), -np.inf, np.float32)
    for t in range(len(triangles)):
        ax, ay, az = vertices[triangles[t, 0]]
        bx, by, bz = vertices[triangles[t, 1]]
        cx, cy, cz = vertices[triangles[t, 2]]
        area = (by - ay) * (cx - ax) - (bx - ax) * (cy - ay)
        if area <= 0:
            continue
        for y in range(
            max(np.ceil(min(ay, by, cy)), 0), min(np.floor(max(ay, by, cy)) + 1, height)
        ):
            for x in range(
                max(np.ceil(min(ax, bx, cx)), 0), min(np.floor(max(ax, bx, cx)) + 1, width)
            ):
                b = ((y - ay) * (cx - ax) - (x - ax) * (cy - ay)) / area
                c = ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / area
                a = 1 - b - c
                if a < 0 or b < 0 or c < 0:
                    continue
                z = a * az + b * bz + c * cz
                if z > depth[y, x]:
                    depth[y, x] = z
                    seen[y, x] = t
                    weights[y, x, 0] = a
                    weights[y, x, 1] = b
                    weights[y, x, 2] = c
    return seen, weights, depth


def rasterized(
    vertices: Floats, triangles: Triangles, shape: tuple[int, int], by_numba: bool = False
) -> Fragments:
    compiled._NUMPY_CALLS = 0 if by_numba else 1 << 30
    return rasterize(vertices, triangles, shape)


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median time of each call in ms; the calls take turns, so that all see the same load."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def peak_megabytes(call: Callable[[], object]) -> float:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def measure(face: int, stride: int) -> str:
    vertices, triangles, uv, shape = face_mesh(face, stride)
    fragments = rasterized(vertices, triangles, shape)
    same = rasterized(vertices, triangles, shape, by_numba=True)
    assert fragments.triangle.tobytes() == same.triangle.tobytes()
    texels = interpolate(fragments, triangles, uv)
    texture = np.random.default_rng(0).random((SIZE, SIZE, 3), dtype=np.float32)
    differ = int((zbuffer(vertices, triangles, *shape)[0] != fragments.triangle).sum())
    ms = medians(
        {
            "plain": lambda: zbuffer(vertices, triangles, *shape),
            "NumPy": lambda: rasterized(vertices, triangles, shape),
            "numba": lambda: rasterized(vertices, triangles, shape, by_numba=True),
            "interpolate": lambda: interpolate(fragments, triangles, uv),
            "sample": lambda: sample(texture, texels, fragments.covered),
        }
    )
    ratio = ms["NumPy"] / ms["plain"]
    columns = "".join(f"{value:12.1f}" for value in ms.values())
    peak = peak_megabytes(lambda: rasterized(vertices, triangles, shape))
    covered = int(fragments.covered.sum())
    return f"{face:5d} {len(triangles):9d} {covered:8d}{columns}{ratio:7.1f}{peak:7.1f}{differ:7d}"


def main() -> None:
    print("milliseconds, medians; ratio = NumPy / plain; peak MB; pixels whose triangle differs")
    print(
        " face triangles   pixels       plain       NumPy       numba interpolate      sample"
        "  ratio   peak differ"
    )
    for face, stride in SCENES:
        print(measure(face, stride), flush=True)


if __name__ == "__main__":
    main()
