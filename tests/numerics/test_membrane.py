from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.numerics import membrane as module
from facelab.numerics.membrane import membrane
from tests import reference

GREY_LEVEL = 1 / 255
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def heights_of(region, known):
    """The membrane as one array, 0 outside the region."""
    flat = known.reshape(-1, 3)
    inside = region.astype(np.uint8)
    rows, parts = zip(*membrane(inside, lambda places: flat[places]), strict=True)
    assert [row for part in rows for row in range(part.start, part.stop)] == list(
        range(len(region))
    )
    return np.concatenate(parts) * inside[..., None]


def direct(region, known):
    solved = reference.poisson(np.zeros_like(known), known, region, reference.own_gradient)
    return solved * region[..., None]


def error_of(region, known):
    return np.abs(heights_of(region, known) - direct(region, known))[region] / GREY_LEVEL


def frame_like(shape, seed):
    """Differences of two photographs: smooth, with grain."""
    noise = np.random.default_rng(seed).normal(size=(*shape, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 5) + noise / 20


def scattered(shape, density, seed):
    """Pixels of a region by chance: lone ones, holes, necks and what the image border cuts."""
    region = np.random.default_rng(seed).random(shape) < density
    region[seed % shape[0], seed % shape[1]] = False
    return region


def disc(size, radius=0.93):
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return np.hypot(x, y) < radius


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 45), st.integers(1, 45)),
    density=st.sampled_from([0.1, 0.5, 0.8, 0.95, 0.99, 0.998]),
    seed=st.integers(0, 2**31),
)
def test_agrees_with_a_direct_solve_on_any_region_after_few_cycles(shape, density, seed):
    region = scattered(shape, density, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_CYCLES", 12)
        error = error_of(region, frame_like(shape, seed)) if region.any() else np.zeros(1)
    assert error.max() < 1
    assert error.mean() < 0.3


@pytest.mark.parametrize("size", [60, 131, 200])
def test_agrees_with_a_direct_solve_where_grids_are_many(size):
    region = disc(size)
    region[size // 3, : size // 2] = False  # a wall of one pixel,
    region[size // 2 + 3, size // 2 + 4] = False  # a hole
    region[size // 2, -size // 4 :] = True  # and a neck to the image border
    error = error_of(region, frame_like(region.shape, size))
    assert error.max() < 0.5
    assert error.mean() < 0.1


@pytest.mark.parametrize(("contrast", "most"), [(0.1, 2), (1.0, 4)])
def test_cycles_end_once_too_little_is_left_to_see(monkeypatch, contrast, most):
    counted, cycle = [], module._cycle
    monkeypatch.setattr(
        module, "_cycle", lambda *given: counted.append(len(given)) or cycle(*given)
    )
    region = disc(200)
    known = np.float32(contrast) * frame_like(region.shape, 0)
    found = heights_of(region, known)
    assert sum(given == 2 for given in counted) <= most  # those of the finest grid, after the start
    monkeypatch.setattr(module, "_TOLERANCE", 1e-6)
    left = np.abs(found - heights_of(region, known))[region] / GREY_LEVEL
    assert left.max() < 0.2


def test_approaches_the_direct_solution_where_every_node_is_solved_for(monkeypatch):
    monkeypatch.setattr(module, "_TOLERANCE", 1e-6)
    monkeypatch.setattr(module, "_DEPTH", 40)
    region = disc(67)
    region[30, :40] = False
    assert error_of(region, frame_like(region.shape, 1)).max() < 0.001


def test_a_wall_of_one_pixel_parts_what_lies_on_its_sides():
    known = np.zeros((64, 64, 3), np.float32)
    region = np.zeros((64, 64), bool)
    region[1:63, 1:32] = region[1:63, 33:63] = True
    known[:, 33:] = 1
    known[:, 32] = 0
    found = heights_of(region, known)
    np.testing.assert_allclose(found[:, :32], 0, atol=1e-6)
    assert found[32, 60].min() > 0.9


def test_a_plane_stays_a_plane():
    y, x = np.mgrid[:150, :120].astype(np.float32)
    plane = np.dstack([x / 120, y / 150, (x - 2 * y) / 200])
    region = disc(150, 0.75)[:, 15:135]
    found = heights_of(region, plane)
    np.testing.assert_allclose(found[region], plane[region], atol=0.1 * GREY_LEVEL)


def test_a_flat_frame_gives_a_flat_membrane():
    region = scattered((90, 70), 0.9, 3)
    found = heights_of(region, np.full((90, 70, 3), 0.7, np.float32))
    np.testing.assert_allclose(found[region], 0.7, atol=GREY_LEVEL / 10)


def test_heights_lie_between_those_of_the_frame():
    region = disc(150)
    known = np.random.default_rng(0).random((150, 150, 3)).astype(np.float32)
    found = heights_of(region, known)[region]
    assert -GREY_LEVEL / 2 < found.min() < found.max() < 1 + GREY_LEVEL / 2


def test_the_frame_is_the_pixels_next_to_the_region():
    region = scattered((40, 50), 0.7, 1)
    asked = []

    def frame(places):
        asked.append(places)
        return np.zeros((len(places), 3), np.float32)

    list(membrane(region.astype(np.uint8), frame))
    ring = cv2.dilate(region.astype(np.uint8), CROSS).astype(bool) & ~region
    np.testing.assert_array_equal(np.unique(np.concatenate(asked)), np.flatnonzero(ring))


def test_unknowns_are_as_many_as_the_frame_is_long():
    def unknowns(size):
        grids, _ = module._grids(disc(size).astype(np.uint8), lambda p: np.zeros((len(p), 3)))
        return sum(grid.nodes.halo.start for grid in grids)

    assert unknowns(800) < 2.3 * unknowns(400)


@pytest.mark.parametrize("size", [101, 128])
def test_strips_change_nothing(size, monkeypatch):
    region, known = disc(size), frame_like((size, size), 0)
    whole = heights_of(region, known)
    monkeypatch.setattr(module, "_STRIP", 7 * size)
    np.testing.assert_array_equal(heights_of(region, known), whole)


def test_threads_change_nothing():
    region, known = disc(300), frame_like((300, 300), 0)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = heights_of(region, known)
        cv2.setNumThreads(4)
        np.testing.assert_array_equal(heights_of(region, known), one)
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("wavelengths", [(30,), (16, 45, 130, 700)])
def test_agrees_with_harmonic_functions_over_the_whole_range_of_contrast(wavelengths):
    """Waves along x that fade with y meet the 5-point equation where 2 cos a + 2 cosh b = 4."""
    side = 700
    y, x = np.mgrid[:side, :side].astype(float)
    exact = np.zeros((side, side))
    for wavelength in wavelengths:
        a = 2 * np.pi / wavelength
        b = np.arccosh(2 - np.cos(a))
        fading = np.exp(-b * y) + np.exp(-b * (side - 1 - y))
        exact += np.cos(a * x + wavelength) * fading / len(wavelengths)
    known = np.repeat(exact[..., None], 3, axis=2).astype(np.float32)
    region = np.zeros((side, side), bool)
    region[1:-1, 1:-1] = True
    error = np.abs(heights_of(region, known) - known)[region] / GREY_LEVEL
    assert error.max() < 1
    assert error.mean() < 0.3
