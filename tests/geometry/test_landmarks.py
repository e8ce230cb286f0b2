"""Landmarks that are given: what is read, and what is refused in a line."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.io

from facelab.errors import UsageError
from facelab.geometry.landmarks import read_landmarks

POINTS = np.random.default_rng(0).uniform(10, 200, (68, 3))


def write(path, array):
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        scipy.io.savemat(path, array)
    return path


@pytest.mark.parametrize("array", [POINTS, POINTS.T, POINTS[:, :2], POINTS.astype(np.int16)])
def test_rows_or_columns_of_two_or_three_numbers(tmp_path, array):
    found = read_landmarks(write(tmp_path / "a.npy", array))
    rows = array if len(array) == 68 else array.T
    np.testing.assert_allclose(found, rows[:, :2], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("a.npy", POINTS.astype(str), "no landmarks in it (an array of <U"),
        ("a.npy", POINTS[:5], "an array of (5, 3) is no landmarks; give "),
        ("a.npy", np.where(POINTS > 190, np.nan, POINTS), "a landmark is not a number; give "),
        ("a.npy", POINTS * 1e9, "a landmark is no place in a photograph; give pixels"),
        ("a.mat", {"other": POINTS}, "no landmarks in it (none of "),
    ],
)
def test_what_is_refused(tmp_path, name, array, why):
    path = write(tmp_path / name, array)
    with pytest.raises(UsageError, match=rf"^{re.escape(f'{path}: {why}')}.*$"):
        read_landmarks(path)
