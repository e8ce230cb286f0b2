from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.constants import PARTS
from facelab.numerics.arrays import require, require_image
from facelab.numerics.smoothing import resized
from facelab.types import Box, Crop, Detection, Mesh, Pose, PositionMap, Texture
from tests.synthetic import ATLAS, frozen, plane

FEW = settings(max_examples=20, deadline=None)
COORDINATES = st.floats(-2000, 2000, width=32)
CROPS = st.builds(
    Crop,
    centre=st.tuples(COORDINATES, COORDINATES),
    side=st.floats(10, 3000),
    roll=st.floats(-180, 180),
    size=st.integers(16, 512),
)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 4), np.float32), r"points must have shape \(n, 3\).*\(2, 4\)"),
        (np.zeros(3, np.float32), r"points must have shape \(n, 3\).*\(3,\)"),
        (np.zeros((2, 3)), "points .*dtype float32, not .*float64"),
    ],
)
def test_require_names_what_it_wants_and_got(array, message):
    with pytest.raises(ValueError, match=message):
        require("points", array, ("n", 3), np.float32)


def textured(size, seed=0):
    rng = np.random.default_rng(seed)
    colour = rng.random((size, size, 3), dtype=np.float32)
    parts = rng.random((32, 32, len(PARTS)), dtype=np.float32)
    return Texture(colour, colour[..., 0].copy(), parts)


@pytest.mark.parametrize("size", [32, 128, 256, 300])
def test_a_reduced_texture_is_a_resized_one(size):
    texture = textured(416)
    small = texture.reduced(size)
    np.testing.assert_allclose(small.colour, resized(texture.colour, size), atol=1e-6)
    np.testing.assert_allclose(small.confidence, resized(texture.confidence, size), atol=1e-6)
    assert small.parts is texture.parts


def test_a_texture_is_reduced_once_and_its_reductions_are_read_only():
    texture = textured(416)
    small = texture.reduced(128)
    assert texture.reduced(128) is small
    assert texture.reduced(416) is texture
    assert not small.colour.flags.writeable
    assert not small.confidence.flags.writeable
    assert replace(texture, colour=1 - texture.colour).reduced(128).colour is not small.colour


def test_a_texture_with_other_parts_keeps_its_reductions():
    texture = textured(64)
    small, parts = texture.reduced(32), np.zeros_like(texture.parts)
    other = texture.with_parts(parts)
    assert other.colour is texture.colour
    assert other.reduced(32).colour is small.colour
    assert other.parts is parts
    assert other.reduced(32).parts is parts
    assert texture.reduced(32).parts is texture.parts


def test_require_takes_what_fits():
    for rows in (0, 1, 7):
        require("points", np.zeros((rows, 3), np.float32), ("n", 3), np.float32)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 4)])
def test_image_needs_three_channels(shape):
    with pytest.raises(ValueError, match=r"image must have shape \(H, W, 3\)"):
        require_image("image", np.zeros(shape, np.float32))


def test_image_of_bytes_is_refused():
    with pytest.raises(ValueError, match="uint8"):
        require_image("image", np.zeros((4, 5, 3), np.uint8))


def test_box_measures():
    box = Box(1, 2, 5, 12)
    assert (box.width, box.height, box.size, box.centre) == (4, 10, 7, (3, 7))


@pytest.mark.parametrize(
    "corners", [(2, 0, 1, 1), (0, 2, 1, 1), (0, 0, np.nan, 1), (0, 0, 1, np.inf)]
)
def test_box_is_checked(corners):
    with pytest.raises(ValueError, match="Box needs finite"):
        Box(*corners)


@FEW
@given(arrays(np.float32, (5, 3), elements=COORDINATES))
def test_box_around_points_is_the_smallest(points):
    box = Box.around(points)
    x, y = points[:, 0], points[:, 1]
    assert (box.x0, box.y0, box.x1, box.y1) == (x.min(), y.min(), x.max(), y.max())


@FEW
@given(CROPS, arrays(np.float32, (4, 3), elements=COORDINATES))
def test_crop_there_and_back(crop, points):
    reach = np.abs([*crop.centre, *points.ravel()]).max() + crop.side
    back = crop.invert(crop.apply(points))
    np.testing.assert_allclose(back, points, atol=1e-5 * reach)
    assert back.dtype == np.float32


@FEW
@given(CROPS)
def test_crop_shows_its_centre_in_the_middle_at_its_scale(crop):
    middle = (crop.size - 1) / 2
    shown = crop.apply(np.array([[*crop.centre, crop.side]], np.float32))
    tolerance = 1e-3 + 1e-6 * np.abs(crop.centre).max() * crop.size / crop.side
    np.testing.assert_allclose(shown, [[middle, middle, crop.size]], rtol=1e-5, atol=tolerance)


def test_crop_levels_a_head_turned_counter_clockwise():
    # Counter-clockwise as seen with y down: the eye at the image's right is the higher one.
    right_eye, left_eye = [80, 120], [120, 80]
    crop = Crop((100, 100), 100, 45, 100)
    level = crop.apply(np.array([right_eye, left_eye], np.float32))
    assert level[0, 1] == pytest.approx(level[1, 1], abs=1e-3)
    assert level[0, 0] < level[1, 0]


@pytest.mark.parametrize(
    ("centre", "side", "roll"), [((0, 0), 0, 0), ((np.nan, 0), 1, 0), ((0, 0), 1, np.inf)]
)
def test_crop_is_checked(centre, side, roll):
    with pytest.raises(ValueError, match="Crop needs"):
        Crop(centre, side, roll, 192)


def test_position_map_is_checked():
    with pytest.raises(ValueError, match="values must have shape"):
        PositionMap(np.zeros((128, 128, 3), np.float32), ATLAS)
    broken = plane().values.copy()
    broken[10, 20, 2] = np.nan
    with pytest.raises(ValueError, match="finite"):
        PositionMap(broken, ATLAS)


def test_box_of_a_position_map_is_that_of_the_face_alone():
    rows, columns = np.nonzero(ATLAS.face)
    box = plane(corner=(7, 9), step=2).box
    assert (box.x0, box.x1) == (7 + 2 * columns.min(), 7 + 2 * columns.max())
    assert (box.y0, box.y1) == (9 + 2 * rows.min(), 9 + 2 * rows.max())


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Texture(np.zeros((8, 9, 3), np.float32), np.zeros((8, 8), np.float32)), "colour"),
        (
            lambda: Texture(np.zeros((8, 8, 3), np.float32), np.zeros((8, 9), np.float32)),
            "confidence",
        ),
        (lambda: Detection(Box(0, 0, 1, 1), 1.0, np.zeros((5, 2), np.float32)), "points"),
        (
            lambda: Mesh(
                np.zeros((4, 3), np.float32), np.zeros((2, 3), np.int32), np.zeros((3, 2), "f4")
            ),
            "uv",
        ),
        (
            lambda: Pose(0, 0, 0, np.eye(3), 1, np.zeros(3, np.float32)),
            "rotation",
        ),
    ],
)
def test_what_does_not_fit_is_named(make, name):
    with pytest.raises(ValueError, match=f"{name} must have shape"):
        make()


def test_values_are_frozen():
    held = Texture(frozen(np.zeros((8, 8, 3))), frozen(np.zeros((8, 8))))
    assert held.size == 8
    with pytest.raises(FrozenInstanceError):
        held.colour = held.colour


def test_overlap_is_intersection_over_union():
    box = Box(0, 0, 4, 2)
    assert box.overlap(box) == 1
    assert box.overlap(Box(2, 0, 6, 2)) == pytest.approx(4 / 12)
    assert box.overlap(Box(2, 1, 6, 5)) == Box(2, 1, 6, 5).overlap(box) == pytest.approx(2 / 22)
    assert box.overlap(Box(4, 0, 8, 2)) == 0
    assert box.overlap(Box(5, 3, 8, 9)) == 0
