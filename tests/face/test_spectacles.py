"""Rims of glasses are closed, however little of them the parser saw."""

from __future__ import annotations

from itertools import pairwise, product

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.face.spectacles import _BEND, _circular_paths, with_whole_rims
from facelab.geometry.parsing import SIDE, Parsing
from facelab.types import Crop
from tests.synthetic import canonical, frozen

CROP = Crop((127.5, 127.5), 256.0, 0.0, SIDE)
FACE = canonical(scale=9.0, origin=(128.0, 128.0, 0.0))
EYES = np.stack([FACE.landmarks[36:42, :2].mean(axis=0), FACE.landmarks[42:48, :2].mean(axis=0)])
WIDE = float(np.linalg.norm(FACE.landmarks[39, :2] - FACE.landmarks[36, :2]))
AXES = 0.95 * WIDE, 0.75 * WIDE  # of lenses


def ring(image, eye, colour, first=0, last=360, thickness=2):
    centre, axes = (tuple(np.rint(values).astype(int).tolist()) for values in (eye, AXES))
    cv2.ellipse(image, centre, axes, 0, first, last, colour, thickness, cv2.LINE_AA)


def wearer(colour=(0.25, 0.2, 0.2), first=0, last=360):
    """A face of one colour with thin rims, and what a parser sees: something of the lenses."""
    image = np.full((SIDE, SIDE, 3), (0.7, 0.5, 0.4), np.float32)
    lenses = np.zeros((SIDE, SIDE), np.float32)
    for eye in EYES:
        ring(image, eye, colour, first, last)
        cv2.circle(lenses, tuple(np.rint(eye).astype(int).tolist()), int(0.5 * WIDE), 1, -1)
    return image, parsed(lenses=lenses)


def parsed(**masks):
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    for name, mask in masks.items():
        shares[..., PARTS.index(name)] = mask
    shares[..., PARTS.index("skin")] += 1 - shares.sum(axis=2)
    return Parsing(frozen(shares), CROP)


def along(glasses, eye, count=72):
    """What is found beside each place of a rim, within 2 pixels."""
    angle = np.arange(count) * 2 * np.pi / count
    x, y = np.rint(eye[0] + AXES[0] * np.cos(angle)), np.rint(eye[1] + AXES[1] * np.sin(angle))
    return cv2.dilate(glasses, np.ones((5, 5), np.uint8))[y.astype(int), x.astype(int)]


@pytest.mark.parametrize("colour", [(0.25, 0.2, 0.2), (0.9, 0.9, 0.9)])
def test_a_rim_that_the_parser_missed_is_found_all_around(colour):
    image, parsing = wearer(colour)
    found = with_whole_rims(parsing, image, FACE)
    for eye in EYES:
        assert along(found.share("glasses"), eye).min() > 0.8
    np.testing.assert_allclose(found.shares.sum(axis=2), 1, atol=1e-5)
    assert (found.share("glasses") > 0.5).mean() < 0.05  # and nothing else


def test_a_rim_goes_on_where_it_is_not_seen():
    image, parsing = wearer(first=100, last=440)  # 20 degrees are missing
    found = with_whole_rims(parsing, image, FACE)
    assert along(found.share("glasses"), EYES[0]).min() > 0.5


def test_lenses_without_rims_stay_as_they_are():
    _, parsing = wearer()
    plain = np.full((SIDE, SIDE, 3), (0.7, 0.5, 0.4), np.float32)
    assert with_whole_rims(parsing, plain, FACE).share("glasses").max() < 0.05


def test_nobody_wears_glasses_without_lenses():
    image, _ = wearer()
    parsing = parsed()
    assert with_whole_rims(parsing, image, FACE) is parsing


def test_brows_are_no_rims_and_what_the_parser_saw_of_rims_stays():
    image, seen = wearer()
    brows, glasses = (np.zeros((SIDE, SIDE), np.float32) for _ in range(2))
    brows[: int(EYES[0, 1] - 0.5 * WIDE)] = 1
    glasses[200:210, 100:110] = 0.7
    parsing = parsed(lenses=seen.share("lenses") * (1 - brows), brows=brows, glasses=glasses)
    found = with_whole_rims(parsing, image, FACE)
    assert found.share("brows")[brows > 0].min() > 0.99
    assert (found.share("glasses") >= parsing.share("glasses") - 1e-6).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_paths_are_the_best_of_all(seed):
    """Beside all paths of a turn and a half over 4 angles and 3 radii, of which one turn counts."""
    scores = np.random.default_rng(seed).random((2, 4, 3)).astype(np.float32)
    for found, own in zip(_circular_paths(scores), scores, strict=True):
        best = max(product(range(3), repeat=6), key=lambda path: total(own, path))
        np.testing.assert_array_equal(found, [best[4], *best[1:4]])


def total(scores, path):
    bends = sum(abs(b - a) for a, b in pairwise(path))
    return sum(scores[angle % 4, radius] for angle, radius in enumerate(path)) - _BEND * bends
