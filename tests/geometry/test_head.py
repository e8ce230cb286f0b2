"""The linear family of heads: what is fitted is what was made, however it lies in the image."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import UsageError
from facelab.geometry.head import POINTS, HeadModel
from facelab.geometry.pose import matrix
from facelab.types import Crop
from tests.heads import DEVIATION, EXPRESSIONS, IDENTITIES, arrays, head_file, head_model
from tests.synthetic import canonical_points, frozen

COUNT = IDENTITIES + EXPRESSIONS
POSES = [(0, 0, 0), (20, -10, 15), (-60, 5, 0), (85, 0, -30)]
PLACED = np.array([150.0, -120.0, 30.0])


@cache
def model():
    return head_model()


def some_shape(seed=1):
    return np.random.default_rng(seed).normal(0, DEVIATION, COUNT)


def made(shape, yaw=10.0, pitch=5.0, roll=-20.0, scale=11.0):
    return model().head(shape, scale, matrix(yaw, pitch, roll), PLACED)


# --- The fit -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pose", POSES)
def test_a_fit_finds_the_head_that_was_made(pose):
    true = made(some_shape(), *pose)
    found = model().fit(true.points)
    width = np.ptp(canonical_points(scale=11.0)[:, 0])
    assert np.linalg.norm(found.points - true.points, axis=1).max() < 0.005 * width
    assert np.linalg.norm(found.vertices - true.vertices, axis=1).max() < 0.01 * width
    np.testing.assert_allclose(found.axes, true.axes, atol=0.01 * 11)


def test_a_fit_finds_the_coefficients():
    shape = some_shape()
    own = made(shape)
    found = model().fit(own.points)
    unturned = (found.points - found.points.mean(0)) @ np.linalg.inv(found.axes).T
    mean = model().points - model().points.mean(0)
    flat = model().point_modes - model().point_modes.mean(axis=1, keepdims=True)
    seen = np.linalg.lstsq(flat.reshape(COUNT, -1).T, (unturned - mean).ravel(), rcond=None)[0]
    np.testing.assert_allclose(seen, shape, atol=0.03)


def test_a_head_is_base_and_modes_placed():
    shape = some_shape()
    head = made(shape)
    own = model().base + sum(c * mode for c, mode in zip(shape, model().modes, strict=True))
    placed = (11.0 * own @ matrix(10, 5, -20).T + PLACED) * [1, -1, 1]
    np.testing.assert_allclose(head.vertices, placed, atol=1e-3)


def test_depth_counts_less_than_the_place_in_the_picture():
    seen = made(np.zeros(COUNT), 0, 0, 0).points
    rng = np.random.default_rng(0)
    off = rng.normal(0, 3, (POINTS, 1))
    across, along = (model().fit(np.float32(seen + off * axis)) for axis in np.eye(3)[[0, 2]])
    errors = [np.linalg.norm(fit.points - seen, axis=1).mean() for fit in (across, along)]
    assert errors[1] < 0.7 * errors[0]


def test_a_fit_of_what_is_no_head_stays_near_the_mean():
    noise = canonical_points() + np.random.default_rng(3).normal(0, 40, (POINTS, 3))
    found = model().fit(noise.astype(np.float32))
    scale = np.cbrt(abs(np.linalg.det(found.axes)))
    own = (found.points - found.points.mean(0)) / scale
    mean = model().points - model().points.mean(0)
    assert np.abs(np.linalg.norm(own, axis=1) - np.linalg.norm(mean, axis=1)).max() < 5


@settings(max_examples=25)
@given(
    st.floats(-80, 80), st.floats(0.3, 4), st.floats(-180, 180),
    st.tuples(*[st.floats(-300, 300)] * 3),
)  # fmt: skip
def test_a_fit_moves_with_the_picture(yaw, scale, roll, shift):
    """Shifted, turned in its plane, or of another size: the same head, where the points went."""
    seen = made(some_shape(), yaw, 8, 0, scale=10.0).points
    seen = np.float32(seen + np.random.default_rng(0).normal(0, 0.5, seen.shape))
    angle = np.deg2rad(roll)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    was = model().fit(seen)
    now = model().fit(np.float32(scale * seen @ turn.T + shift))
    for before, after in ((was.points, now.points), (was.vertices, now.vertices)):
        np.testing.assert_allclose(after, scale * before @ turn.T + shift, atol=0.05 * scale)
    np.testing.assert_allclose(now.axes, scale * turn @ was.axes, atol=0.01 * scale)


# --- A head in an image --------------------------------------------------------------------------


def test_a_head_seen_in_a_crop():
    head = made(some_shape())
    crop = Crop((140.0, 110.0), 230.0, 33.0, 96)
    seen = head.seen_in(crop)
    np.testing.assert_array_equal(seen.points, crop.apply(head.points))
    np.testing.assert_array_equal(seen.vertices, crop.apply(head.vertices))
    by = some_shape(5).astype(np.float32)
    for before, after, places in zip(
        head.offsets(by), seen.offsets(by), (head.points, head.vertices), strict=True
    ):
        moved = crop.apply(places + before) - crop.apply(places)
        np.testing.assert_allclose(after, moved, atol=1e-3)


def test_offsets_are_what_other_coefficients_change():
    shape, by = some_shape(), some_shape(7)
    head, other = made(shape), made(shape + by)
    points, vertices = head.offsets(by.astype(np.float32))
    np.testing.assert_allclose(head.points + points, other.points, atol=1e-3)
    np.testing.assert_allclose(head.vertices + vertices, other.vertices, atol=1e-3)


def test_offsets_are_linear():
    head = made(some_shape())
    a, b = (some_shape(seed).astype(np.float32) for seed in (8, 9))
    for one, other, both in zip(
        head.offsets(a), head.offsets(b), head.offsets(2 * a - b), strict=True
    ):
        np.testing.assert_allclose(both, 2 * one - other, atol=1e-3)
    assert not head.offsets(0 * a)[0].any()


def test_corrected_points_stay_where_they_are_seen():
    head, points = made(some_shape()), canonical_points(yaw=30)
    corrected = head.corrected(points)
    np.testing.assert_array_equal(corrected[:, :2], points[:, :2])
    np.testing.assert_array_equal(corrected[:, 2], head.points[:, 2])
    assert corrected.dtype == np.float32


# --- Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_a_file_is_the_model(tmp_path, precision):
    modes = model().modes.astype(precision)
    read = HeadModel.read(head_file(tmp_path / "head.safetensors", modes=modes))
    for name, array in arrays(model()).items():
        found = np.asarray(getattr(read, name))
        assert found.dtype == array.dtype or name == "expressions"
        np.testing.assert_allclose(found, array, atol=0 if precision == np.float32 else 2e-3)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"point_modes": None}, "KeyError: 'point_modes'"),
        ({"points": np.zeros((68, 3), np.float32)}, "points must have shape"),
        ({"modes": np.zeros((2, 4, 3), np.float32)}, "modes must have shape"),
        ({"expressions": np.array(99)}, "expressions must be 0 to 7, not 99"),
        ({"expressions": np.array([1, 2])}, "TypeError"),
        ({"deviations": np.zeros(COUNT, np.float32)}, "deviations must be greater than 0"),
        ({"deviations": np.full(COUNT, np.nan, np.float32)}, "must be finite"),
        ({"triangles": np.full((5, 3), 10**6, np.int32)}, "triangles must be vertices"),
        ({"triangles": np.full((5, 3), np.nan, np.float32)}, "triangles must be integers"),
        ({"deviations": np.full(COUNT, 1e30, np.float32)}, "a head is not huge"),
        ({"points": np.zeros((468, 3), np.float32)}, "must not lie in a plane"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_a_file_that_is_no_model(tmp_path, changed, reason):
    path = head_file(tmp_path / "head.safetensors", **changed)
    with pytest.raises(UsageError) as error:
        HeadModel.read(path)
    text = str(error.value)
    assert text.startswith(f"{path}: not a head model (")
    assert reason in text
    assert "docs/train.md" in text
    assert "\n" not in text


def test_a_damaged_file_and_none(tmp_path):
    path = head_file(tmp_path / "head.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UsageError, match=r"head\.safetensors: not a head model"):
        HeadModel.read(path)
    with pytest.raises(UsageError, match=r"none\.safetensors: no such file or directory"):
        HeadModel.read(tmp_path / "none.safetensors")


def test_a_model_without_modes_is_one_head():
    rigid = replace(
        model(),
        modes=frozen(model().modes[:0]),
        point_modes=frozen(model().point_modes[:0]),
        deviations=frozen(model().deviations[:0]),
        expressions=0,
    )
    head = rigid.fit(canonical_points(yaw=40, scale=10))
    np.testing.assert_allclose(head.points, canonical_points(yaw=40, scale=10), atol=1e-3)
