from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.geometry.drawing import drawing
from facelab.geometry.visibility import disocclusion, normals, reliably_visible
from facelab.geometry.warp import _both, _drawn_motion, _Grid, motion
from facelab.numerics.raster import interpolate, rasterize
from facelab.numerics.smoothing import spread
from facelab.types import PositionMap
from tests.reference import warp
from tests.synthetic import ATLAS, canonical, frozen, noise, plane, sheets

SHAPE = (240, 240)
HEAD = canonical(scale=7, origin=(120, 120, 0))
MIRROR = cv2.BORDER_REFLECT_101
FEW = settings(max_examples=10, deadline=None)


def shifted(positions, x=0.0, y=0.0):
    return PositionMap(frozen(positions.values + np.float32([x, y, 0])), ATLAS)


def hull(positions, room):
    out = np.zeros(SHAPE, np.uint8)
    points = np.rint(positions.values[ATLAS.valid][:, :2]).astype(np.int32)
    cv2.fillConvexPoly(out, cv2.convexHull(points), 1)
    side = 2 * abs(room) + 1
    grow = cv2.dilate if room > 0 else cv2.erode
    return grow(out, np.ones((side, side), np.uint8)).astype(bool)


def smooth_image():
    return frozen(cv2.GaussianBlur(noise(*SHAPE), (0, 0), 6))


def places(moved):
    rows, columns = moved.window
    y, x = np.mgrid[rows, columns]
    return x + moved.offset[..., 0], y + moved.offset[..., 1]


def smallest_area(moved):
    x, y = places(moved)
    area = np.gradient(x, axis=1) * np.gradient(y, axis=0)
    return (area - np.gradient(x, axis=0) * np.gradient(y, axis=1)).min()


def test_nothing_moves_without_motion():
    image = noise(*SHAPE)
    assert warp(image, HEAD, HEAD) is image
    assert motion(HEAD, shifted(HEAD), SHAPE) is None


def test_depth_alone_moves_nothing():
    deeper = PositionMap(frozen(HEAD.values + np.float32([0, 0, 5])), ATLAS)
    assert motion(HEAD, deeper, SHAPE) is None


def test_the_face_follows_a_shift():
    """The middle of the face shows what was as far away as it moved."""
    image = smooth_image()
    out = warp(image, HEAD, shifted(HEAD, 4, -3))
    inner = hull(HEAD, -25)
    assert inner.sum() > 1000
    np.testing.assert_allclose(
        out[inner], np.roll(image, (-3, 4), axis=(0, 1))[inner], atol=1 / 255
    )


def test_pixels_beyond_the_reach_stay_bit_for_bit():
    image = noise(*SHAPE)
    out = warp(image, HEAD, shifted(HEAD, 3))
    beyond = ~hull(HEAD, 40)
    assert beyond.sum() > 5000
    np.testing.assert_array_equal(out[beyond], image[beyond])
    assert not np.array_equal(out, image)


def test_moving_equals_reading_at_absolute_places():
    """Bicubic, kept within [0, 1], and mirrored at the border; a map linear."""
    moved = motion(HEAD, shifted(HEAD, 7.3, -4.8), SHAPE)
    image, (x, y) = noise(*SHAPE), (axis.astype(np.float32) for axis in places(moved))
    read = cv2.remap(image[moved.window], *local(moved, x, y), cv2.INTER_CUBIC, borderMode=MIRROR)
    expected = image.copy()
    expected[moved.window] = np.clip(read, 0, 1)
    np.testing.assert_allclose(moved.apply(image), expected, atol=1e-4)
    part = slice(90, 140), slice(80, 170)
    values = noise(50, 90)[..., 0].copy()
    rows, columns = moved.window
    inside = (
        slice(90 - rows.start, 140 - rows.start),
        slice(80 - columns.start, 170 - columns.start),
    )
    x, y = x[inside] - 80, y[inside] - 90
    linear = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(moved.carried(values, part), linear, atol=1e-4)


def local(moved, x, y):
    rows, columns = moved.window
    return x - columns.start, y - rows.start


def test_what_is_beside_the_face_is_drawn_along_without_a_jump():
    moved = motion(HEAD, shifted(HEAD, 8, 0), SHAPE)
    steps = [np.abs(np.diff(moved.offset, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.5  # px a pixel
    assert moved.offset[..., 0].min() < -7


@FEW
@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(-15, 15))
def test_no_folds(x, y, turn):
    after = shifted(canonical(scale=7, origin=(120, 120, 0), yaw=turn, roll=-turn), x, y)
    moved = motion(HEAD, after, SHAPE)
    assert moved is None or smallest_area(moved) > 0


def test_a_surface_that_unfolds_does_not_fold_the_photograph():
    """What lay behind a sheet comes from behind it: the way there goes back."""
    shape = (300, 300)
    folded, flat = sheets(50), plane()
    moved = motion(folded, flat, shape)
    assert smallest_area(moved) > 0


@pytest.mark.parametrize("corner", [(-60, 0), (60, 0), (0, -60), (0, 60)])
def test_nothing_comes_from_beyond_the_image(corner):
    cut = shifted(HEAD, *corner)
    moved = motion(cut, shifted(cut, -10 * np.sign(corner[0]), -10 * np.sign(corner[1])), SHAPE)
    x, y = places(moved)
    room = 0.5
    assert x.min() > -room
    assert y.min() > -room
    assert x.max() < SHAPE[1] - 1 + room
    assert y.max() < SHAPE[0] - 1 + room


def test_a_face_outside_moves_nothing():
    image = noise(*SHAPE)
    far = shifted(HEAD, 5000, 0)
    assert warp(image, far, shifted(far, 3)) is image


def test_the_same_motion_at_twice_the_size():
    small, large = (
        motion(
            canonical(scale=7 * k, origin=(120 * k, 120 * k, 0)),
            canonical(scale=7 * k, origin=(124 * k, 120 * k, 0)),
            (240 * k, 240 * k),
        )
        for k in (1, 2)
    )
    whole = [np.zeros((240 * k, 240 * k, 2), np.float32) for k in (1, 2)]
    for out, moved in zip(whole, (small, large), strict=True):
        out[moved.window] = moved.offset
    reduced = cv2.resize(whole[1], (240, 240), interpolation=cv2.INTER_AREA) / 2
    np.testing.assert_allclose(reduced, whole[0], atol=0.3)


@pytest.mark.parametrize("scale", [7, 40])
def test_motion_is_that_of_a_face_drawn_on_the_grid_itself(scale):
    """On a grid of the image's pixels the same; on a coarser one as near as its pixels are."""
    before, after = (canonical(scale=scale, origin=(600, 600, 0), yaw=yaw) for yaw in (30, 24))
    grid = _Grid.around(_both(before, after), 0.3 * before.box.size)
    lost, shape = disocclusion(before, after), (1200, 1200)
    offset, covered = _drawn_motion(before, after, lost, grid, drawing(after, shape))
    finer = rasterize(grid.places(after.values[ATLAS.valid]), ATLAS.triangles, grid.shape)
    nearest = before.values + lost[..., None] * (
        spread(before.values, reliably_visible(before)) - before.values
    )
    moves = (nearest - after.values)[ATLAS.valid, :2]
    expected = interpolate(finer, ATLAS.triangles, np.ascontiguousarray(moves))
    assert (grid.scale == 1) == (scale == 7)
    assert (covered != finer.covered).mean() < (0.01 if grid.scale < 1 else 1e-3)
    inside = cv2.erode((covered & finer.covered).astype(np.uint8), np.ones((5, 5))) > 0
    far = np.abs(offset - expected)[inside]
    assert np.quantile(far, 0.99) < 0.02
    assert inside.mean() > 0.2


def test_a_face_that_is_drawn_already_moves_alike():
    after = shifted(HEAD, 5, -4)
    one, other = motion(HEAD, after, SHAPE), motion(HEAD, after, SHAPE, drawing(after, SHAPE))
    np.testing.assert_array_equal(one.offset, other.offset)


@pytest.mark.parametrize("tilt", [0, 30, -50])
def test_normals_of_a_tilted_plane(tilt):
    angle = np.deg2rad(tilt)
    inner = normals(plane(tilt=tilt))[5:-5, 5:-5]
    expected = np.broadcast_to([-np.sin(angle), 0, np.cos(angle)], inner.shape)
    np.testing.assert_allclose(inner, expected, atol=1e-5)


def test_a_plane_is_shown_until_it_is_seen_from_its_edge():
    assert reliably_visible(plane(tilt=60))[ATLAS.face].all()
    away = ATLAS.face & (cv2.dilate(ATLAS.region("lips", 256), np.ones((5, 5))) == 0)
    assert not reliably_visible(plane(tilt=80))[away].any()


def test_a_turned_head_hides_the_side_it_turns_away():
    """The nose to image right: what is hidden lies at the image's right, large u."""
    face = reliably_visible(canonical(yaw=40)) & ATLAS.face
    assert face[:, :128].sum() > 1.2 * face[:, 128:].sum()


def test_turning_back_reveals_the_hidden_side_and_a_shift_nothing():
    turned = canonical(yaw=40)
    disoccluded = disocclusion(turned, canonical(yaw=25)) * ATLAS.face
    assert disoccluded[:, 128:].sum() > 20 * max(disoccluded[:, :128].sum(), 1)
    assert not disocclusion(turned, shifted(turned, 9, 9)).any()
    assert not disoccluded[reliably_visible(turned)].any()


def test_what_a_turn_reveals_is_skin_stretched_over_it():
    """A red face before blue, some pixels narrower than its positions: no blue gets onto it."""
    before, after = (canonical(yaw=yaw, scale=7, origin=(120, 120, 0)) for yaw in (35, 20))
    image = frozen(np.where(hull(before, -3)[..., None], np.float32([1, 0, 0]), [0, 0, 1]))
    out = warp(image, before, after)
    side = hull(after, -4) & (np.arange(SHAPE[1]) > 120)  # where the far cheek comes into view
    assert side.sum() > 2000
    assert out[side][:, 2].mean() < 0.05
