"""Parts follow the head that they are bound to."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facelab.heads import HeadFamily, Part

FAMILY = HeadFamily.load()
KINDS = ("eyes", "lashes", "brows", "hair", "hat")


def reference(part, head):
    """The binding as MakeHuman's documents say it, vertex by vertex."""
    scale = np.ones(3)
    for axis, (first, second) in enumerate(part.scale_ends):
        if first != second:
            scale[axis] = abs(head[first, axis] - head[second, axis]) / part.scale_lengths[axis]
    out = np.zeros((len(part.corners), 3))
    for v, (corners, weights, offset) in enumerate(
        zip(part.corners, part.weights, part.offsets, strict=True)
    ):
        out[v] = sum(w * head[c].astype(float) for c, w in zip(corners, weights, strict=True))
        out[v] += offset * scale
    return out


def triangle_part():
    """A vertex in the middle of a triangle, half a centimetre before it."""
    return Part(
        name="hand-made",
        corners=np.array([[0, 1, 2]], np.int32),
        weights=np.full((1, 3), 1 / 3, np.float32),
        offsets=np.array([[0, 0, 0.5]], np.float32),
        scale_ends=np.array([[0, 1], [0, 2], [3, 0]], np.int32),
        scale_lengths=np.array([3, 3, 2], np.float32),
        uv=np.zeros((1, 2), np.float32),
        triangles=np.zeros((0, 3), np.int32),
        png=np.zeros(0, np.uint8),
    )


HEAD = np.array([[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 2]], np.float32)


def test_by_hand():
    np.testing.assert_allclose(triangle_part().vertices(HEAD), [[1, 1, 0.5]], atol=1e-6)


def test_the_offset_grows_with_the_head():
    taller = HEAD * np.float32([1, 1, 3])
    np.testing.assert_allclose(triangle_part().vertices(taller), [[1, 1, 1.5]], atol=1e-6)


def test_the_same_end_twice_leaves_the_scale():
    plain = dataclasses.replace(triangle_part(), scale_ends=np.zeros((3, 2), np.int32))
    taller = HEAD * np.float32([1, 1, 3])
    np.testing.assert_allclose(plain.vertices(taller), [[1, 1, 0.5]], atol=1e-6)


@pytest.mark.parametrize("name", ["eyes-brown", "hair-short02", "brows-1", "upper teeth"])
def test_like_the_reference(name):
    part = FAMILY.parts[name]
    head = FAMILY.vertices(FAMILY.person((1, 1, 0), 0.7, 0.4, 0.5))
    np.testing.assert_allclose(part.vertices(head), reference(part, head), atol=1e-4)


@pytest.mark.parametrize("name", FAMILY.parts)
def test_every_part_is_whole_and_near_the_head(name):
    part = FAMILY.parts[name]
    count = len(part.corners)
    assert part.weights.shape == part.offsets.shape == (count, 3)
    assert part.uv.shape == (count, 2)
    assert 0 <= part.triangles.min() <= part.triangles.max() < count
    assert part.corners.max() < len(FAMILY.base)
    np.testing.assert_allclose(part.weights.sum(axis=1), 1, atol=0.05)
    placed = part.vertices(FAMILY.base)
    assert np.abs(placed[:, 0]).max() < 15
    assert -70 < placed[:, 1].min() < placed[:, 1].max() < 22


@pytest.mark.parametrize("name", FAMILY.parts)
def test_every_picture_is_in_range(name):
    picture = FAMILY.parts[name].picture
    assert picture.dtype == np.float32
    assert 0 <= picture.min() < picture.max() <= 1
    grey = name.split("-")[0] in ("hair", "brows", "lashes", "hat")
    assert picture.shape[2] == (2 if grey else 4 if "teeth" in name else 3)


def test_the_mean_brightness_of_hair_is_a_half():
    for part in FAMILY.kin("hair"):
        brightness, alpha = part.picture[..., 0], part.picture[..., 1]
        assert abs(np.average(brightness, weights=alpha) - 0.5) < 0.06


def test_every_kind_has_kin():
    assert all(FAMILY.kin(kind) for kind in KINDS)
    assert {part.name for part in FAMILY.kin("hat")} == {"hat-fedora", "hat-fedora_cocked"}


def test_eyes_turn_with_the_gaze():
    eyes = FAMILY.parts["eyes-brown"]
    up = FAMILY.vertices(FAMILY.coefficients({"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0}))
    was, now = eyes.vertices(FAMILY.base), eyes.vertices(up)
    front = was[:, 2] > np.quantile(was[:, 2], 0.9)
    assert (now - was)[front, 1].mean() > 0.15
