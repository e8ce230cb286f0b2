"""Which of several faces counts as the largest."""

import numpy as np
import pytest

from facelab import atlas
from facelab.reconstruct.reconstructor import distinct
from facelab.types import PositionMap, Reconstruction


def face(x, size, score):
    layout = atlas.canonical()
    values = np.zeros((*layout.valid.shape, 3), np.float32)
    values[layout.valid] = layout.canonical_positions[layout.valid]
    values = values * np.float32(size / np.ptp(values[layout.face][:, 0])) + np.float32([x, 0, 0])
    return Reconstruction(PositionMap(values, layout), score)


@pytest.mark.parametrize(
    ("faces", "order"),
    [
        ([(0, 50, 0.95), (300, 90, 0.99)], [1, 0]),  # both sure: by size
        ([(0, 200, 0.52), (500, 50, 0.97)], [1, 0]),  # folds of cloth beside a face
        ([(0, 60, 0.8), (300, 80, 0.55)], [0, 1]),  # both doubtful: 48 against 44
        ([(0, 100, 0.6), (5, 95, 0.95)], [1]),  # one on the other
    ],
)
def test_sure_faces_come_by_size_and_doubtful_ones_after_them(faces, order):
    made = [face(*one) for one in faces]
    assert distinct(made) == [made[i] for i in order]
