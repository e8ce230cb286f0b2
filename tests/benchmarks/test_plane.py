from __future__ import annotations

import numpy as np
import plane
from crops import CORNER, KEPT, SIDE, Crops
from plane import augmented, upright


def faces(count: int) -> Crops:
    """White dots at most landmarks, on black."""
    rng = np.random.default_rng(1)
    points = rng.uniform(30, KEPT - 30, (count, 68, 2)).astype(np.float32)
    images = np.zeros((count, KEPT, KEPT, 3), np.uint8)
    for image, places in zip(images, np.rint(points).astype(int), strict=True):
        for x, y in places:
            image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return Crops(images, points, np.zeros(count, np.float32), np.ones((count, 68), bool))


def test_upright_faces_are_the_middle_of_what_is_kept() -> None:
    given = faces(2)
    images, landmarks = upright(given)
    assert images.shape == (2, SIDE, SIDE, 3)
    at = int(CORNER)
    assert (images == given.images[:, at : at + SIDE, at : at + SIDE]).all()
    np.testing.assert_allclose(landmarks, given.landmarks - CORNER)


def test_landmarks_move_with_the_pixels_and_left_stays_left() -> None:
    rng, given = np.random.default_rng(2), faces(3)
    for _ in range(20):
        image, landmarks = plane._moved(given, 1, rng)
        x, y = np.rint(landmarks).astype(int).T
        inside = (x > 0) & (x < SIDE - 1) & (y > 0) & (y < SIDE - 1)
        assert np.median(image[y[inside], x[inside]]) > 200


def test_a_batch_is_decided_by_its_random_numbers() -> None:
    given = faces(4)
    rows = np.array([0, 2, 2])
    one, again = (augmented(given, rows, np.random.default_rng(7)) for _ in range(2))
    assert one[0].shape == (3, SIDE, SIDE, 3)
    assert one[0].dtype == np.uint8
    assert (one[0] == again[0]).all()
    assert (one[1] == again[1]).all()
    assert (one[1][1] != one[1][2]).any()  # the same face, drawn twice
