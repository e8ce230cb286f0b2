"""Poisson editing beside OpenCV, fpie, pyamg and a sparse direct solver: time, error and memory.

Run `python benchmarks/bench_blend.py`; needs the `bench` extra. Errors are grey levels of 255
inside the mask, against the direct solution of Pérez's equation. OpenCV and fpie work on 8-bit
images, and what they return is rounded (0.25 levels of the mean error). Memory is what one call
adds to a fresh process.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyamg
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from facelab.face import blend

os.environ |= {"ENABLE_TAICHI_HEADER_PRINT": "0", "TI_LOG_LEVEL": "error"}
import fpie.process  # reads them on import

SIZES = ((256, 256), (512, 512), (700, 560), (1024, 1024))  # bounding box of the mask
LARGE = (5900, 7900)  # fills a photograph of 48 megapixels; not for the slower peers
MARGIN = 32
FPIE_ITERATIONS = 5000  # its command line's default

Floats = NDArray[np.float32]


class Scene(NamedTuple):
    source: Floats
    target: Floats
    mask: NDArray[np.bool_]


def scene(height: int, width: int) -> Scene:
    """A face-like mask with a wavy edge; the images differ in tone, shading and texture."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = np.arctan2(y, x)
    edge = 0.93 + 0.03 * np.sin(5 * angle + 1) + 0.02 * np.sin(13 * angle)
    mask = np.pad(np.hypot(x, y) < edge + 0.015 * np.sin(41 * angle), MARGIN)
    rows, columns = mask.shape
    target = texture(rows, columns, seed=1)
    v, u = np.mgrid[:rows, :columns] / np.array([rows, columns]).reshape(2, 1, 1)
    shading = 0.25 * np.sin(7 * u) * np.cos(5 * v) + 0.15 * (u > 0.6)
    source = texture(rows, columns, seed=2) + shading[..., np.newaxis] * (1, 0.8, 0.6)
    return Scene(eight_bit(source), eight_bit(target), mask)


def texture(rows: int, columns: int, seed: int) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(size=(rows, columns, 3))
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    return 0.5 + soft / soft.std() * 0.1 + noise * 0.03


def eight_bit(image: NDArray[np.float64]) -> Floats:
    return (np.round(image.clip(0, 1) * 255) / 255).astype(np.float32)


def as_bytes(image: Floats) -> NDArray[np.uint8]:
    return np.round(image * 255).astype(np.uint8)


def facelab_poisson(case: Scene) -> Floats:
    return blend.poisson(*case)


def facelab_mixed(case: Scene) -> Floats:
    return blend.mixed(*case)


def seamless_clone(case: Scene) -> Floats:
    mask = case.mask.astype(np.uint8) * 255  # a fresh one: the call changes it
    left, top, width, height = cv2.boundingRect(mask)
    centre = (left + width // 2, top + height // 2)
    source, target = as_bytes(case.source), as_bytes(case.target)
    result = cv2.seamlessClone(source, target, mask, centre, cv2.NORMAL_CLONE)
    return result.astype(np.float32) / 255


def fpie_jacobi(case: Scene) -> Floats:
    processor = fpie.process.EquProcessor("src")
    mask = case.mask.astype(np.uint8) * 255
    processor.reset(as_bytes(case.source), mask, as_bytes(case.target), (0, 0), (0, 0))
    processor.sync()
    result, _ = processor.step(FPIE_ITERATIONS)
    return np.asarray(result, np.float32) / 255


def equations(case: Scene) -> tuple[scipy.sparse.csc_array, NDArray[np.float64]]:
    """Matrix and right sides of equation 7 for h; the mask does not touch the image border."""
    rows, columns = np.nonzero(case.mask)
    number = np.full(case.mask.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    difference = case.target.astype(float) - case.source
    right, entries = np.zeros((len(rows), 3)), []
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        neighbour = number[rows + down, columns + across]
        known = neighbour < 0
        right[known] += difference[rows + down, columns + across][known]
        entries.append((np.flatnonzero(~known), neighbour[~known]))
    pairs = np.concatenate(entries, axis=1)
    shape = (len(rows), len(rows))
    neighbours = scipy.sparse.csc_array((np.ones(pairs.shape[1]), pairs), shape)
    return 4 * scipy.sparse.eye_array(len(rows), format="csc") - neighbours, right


def cloned(case: Scene, height: NDArray[np.float64]) -> Floats:
    result = case.target.astype(float)
    result[case.mask] = case.source[case.mask] + height
    return result


def direct(case: Scene) -> Floats:
    """Sparse LU."""
    matrix, right = equations(case)
    factors = scipy.sparse.linalg.splu(matrix, permc_spec="MMD_AT_PLUS_A")
    return cloned(case, factors.solve(right))


def algebraic_multigrid(case: Scene) -> Floats:
    """Conjugate gradients with Ruge and Stüben's multigrid."""
    matrix, right = equations(case)
    solver = pyamg.ruge_stuben_solver(matrix.tocsr())
    solved = [solver.solve(side, tol=1e-4, accel="cg") for side in right.T]
    return cloned(case, np.stack(solved, axis=1))


METHODS: dict[str, tuple[Callable[[Scene], Floats], int]] = {  # and rounds
    "facelab poisson": (facelab_poisson, 15),
    "facelab mixed": (facelab_mixed, 15),
    "cv2.seamlessClone": (seamless_clone, 5),
    f"fpie {fpie.process.DEFAULT_BACKEND}, {FPIE_ITERATIONS}": (fpie_jacobi, 1),
    "pyamg": (algebraic_multigrid, 1),
    "scipy splu": (direct, 1),
}


def peak_memory(name: str, size: tuple[int, int]) -> float:
    """MB that one call adds to the resident set; to be run in a process of its own (Linux)."""
    case = scene(*size)
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark to what is in use
    before = high_water_mark()
    METHODS[name][0](case)
    return high_water_mark() - before


def high_water_mark() -> float:
    """Largest resident size in MB; getrusage would report the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def seconds(method: Callable[[Scene], Floats], case: Scene) -> float:
    start = time.perf_counter()
    method(case)
    return time.perf_counter() - start


def measured_memory(name: str, size: tuple[int, int]) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(peak_memory, name, size).result()


def report(size: tuple[int, int]) -> None:
    case = scene(*size)
    exact = direct(case)
    print(f"\n{size[0]} x {size[1]}, {np.count_nonzero(case.mask)} pixels in the mask")
    print(f"{'':24}{'ms':>9}{'ratio':>8}{'mean':>8}{'max':>8}{'outside':>9}{'MB':>7}")
    base = 0.0
    for name, (method, rounds) in METHODS.items():
        result = method(case)  # also warms up
        elapsed = 1000 * statistics.median(seconds(method, case) for _ in range(rounds))
        base = base or elapsed
        error = np.abs(result - exact) * 255
        inside, outside = error[case.mask], error[~case.mask].max()
        accuracy = f"{inside.mean():8.3f}{inside.max():8.2f}"
        if method is facelab_mixed:  # solves another equation
            accuracy = f"{'-':>8}{'-':>8}"
        memory = measured_memory(name, size)
        print(f"{name:24}{elapsed:9.1f}{elapsed / base:8.1f}{accuracy}{outside:9.2f}{memory:7.0f}")


def report_large() -> None:
    case = scene(*LARGE)
    print(f"\n{LARGE[0]} x {LARGE[1]}, {np.count_nonzero(case.mask)} pixels in the mask")
    for name in ("facelab poisson", "cv2.seamlessClone"):
        elapsed = [seconds(METHODS[name][0], case) for _ in range(3)]
        memory = measured_memory(name, LARGE)
        print(f"{name:24}{1000 * statistics.median(elapsed):9.1f}{memory:40.0f}")


if __name__ == "__main__":
    for size in SIZES:
        report(size)
    report_large()
