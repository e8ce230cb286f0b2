from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from crops import CORNER, KEPT, ROOM, SIDE, Crops, crop, errors, labelled_photographs, read_labels

from facelab.errors import UsageError
from facelab.export.mat import encode
from tests.commands import picture

SHOWN = np.ones(68, bool)


def landmarks(middle: tuple[float, float], width: float, height: float) -> np.ndarray:
    """68 points that span a box."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.5, 0.5, (68, 2))
    points[:2] = (-0.5, -0.5), (0.5, 0.5)
    return (points * (width, height) + middle).astype(np.float32)


def test_the_box_of_the_landmarks_lies_in_the_middle_with_room_around() -> None:
    found = crop(np.zeros((300, 400, 3), np.float32), landmarks((210, 140), 60, 90), 12.5, SHOWN)
    seen = found.landmarks[0] - CORNER
    low, high = seen.min(axis=0), seen.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, (SIDE - 1) / 2, atol=1e-3)
    np.testing.assert_allclose(high - low, [60 * SIDE / ROOM / 90, SIDE / ROOM], rtol=1e-4)
    assert found.yaw == np.float32(12.5)


@pytest.mark.parametrize("middle", [(120, 100), (20, 15), (230, 199)])  # in, and over the border
def test_pixels_move_with_the_landmarks(middle: tuple[float, float]) -> None:
    points = landmarks(middle, 64, 64)
    image = np.zeros((200, 240, 3), np.float32)
    column, row = np.rint(points[2:40]).astype(int).T
    inside = (column >= 2) & (column < 238) & (row >= 2) & (row < 198)
    for x, y in zip(column[inside], row[inside], strict=True):
        image[y - 1 : y + 2, x - 1 : x + 2] = 1
    found = crop(image, points, 0, SHOWN)
    assert found.images.shape == (1, KEPT, KEPT, 3)
    x, y = np.rint(found.landmarks[0, 2:40][inside]).astype(int).T
    assert found.images[0, y, x].min() > 100


def test_errors_are_in_percent_of_the_root_of_the_area() -> None:
    points = landmarks((50, 50), 20, 45)  # the root of whose area is 30
    faces = Crops(np.zeros((1, KEPT, KEPT, 3), np.uint8), points[None], np.zeros(1), SHOWN[None])
    off = points - np.float32(CORNER) + np.float32([1.8, 2.4])
    assert errors(off[None].astype(np.float32), faces) == pytest.approx([10], rel=1e-4)


def labels(name: str, axes: int, yaw: float) -> dict[str, np.ndarray]:
    points = landmarks((60, 50), 40, 50).T
    deep = np.concatenate([points, np.zeros((1, 68), np.float32)])[:axes]
    return {name: deep, "Pose_Para": np.array([[0.1, np.deg2rad(yaw), 0, 0, 0, 0, 1]], np.float32)}


def test_a_folder_of_labelled_photographs_is_read(tmp_path: Path) -> None:
    for name, content in {"a": labels("pt3d_68", 3, -70), "b": labels("pt2d", 2, 20)}.items():
        picture(tmp_path / f"{name}.png", seed=1, height=100, width=120)
        (tmp_path / f"{name}.mat").write_bytes(encode(content))
    found = labelled_photographs(tmp_path, first=0)
    np.testing.assert_allclose(found.yaw, [-70, 20], atol=1e-3)
    np.testing.assert_allclose(found.landmarks[0], found.landmarks[1])
    assert len(found) == 2


def test_pixels_may_count_from_one(tmp_path: Path) -> None:
    file = tmp_path / "a.mat"
    file.write_bytes(encode(labels("pt3d_68", 3, 190)))
    from_0, yaw = read_labels(file, 0)
    from_1, _ = read_labels(file, 1)
    np.testing.assert_allclose(from_0 - from_1, 1, atol=1e-5)
    assert yaw == pytest.approx(-170, abs=1e-3)


@pytest.mark.parametrize("missing", ["pt3d_68", "Pose_Para"])
def test_labels_without_landmarks_or_pose_are_refused(tmp_path: Path, missing: str) -> None:
    file = tmp_path / "a.mat"
    given = labels("pt3d_68", 3, 0)
    file.write_bytes(encode({name: given[name] for name in given if name != missing}))
    with pytest.raises(UsageError, match="needs pt3d_68"):
        read_labels(file, 0)


def test_the_21_landmarks_of_aflw_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.mat"
    given = labels("pt2d", 2, 0)
    file.write_bytes(encode({**given, "pt2d": given["pt2d"][:, :21]}))
    with pytest.raises(UsageError, match="pt2d \\(2, 68\\)"):
        read_labels(file, 0)
