"""The detector: where, how large and how turned the faces of the samples are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.augment.plan import Item
from facelab.augment.steps.profile import Profile
from facelab.benchmark.portraits import SceneBuilder
from facelab.detect import blazeface
from facelab.detect.blazeface import (
    BlazeFaceDetector,
    merged,
    overlaps,
    scales,
    sizes,
    tile_starts,
)
from facelab.geometry import pose
from facelab.reconstruct import load_reconstructor
from tests.synthetic import FACES, photograph, smooth

SAMPLES = Path(__file__).parent.parent.parent / "samples"


def placed(canvas, name, centre, size, roll=0.0):
    """`canvas` with the photograph's head on it, its box `size` px at `centre`, and its points.

    `roll` is in degrees, counter-clockwise as seen.
    """
    x, y, side, points = FACES[name]
    scale, angle = size / side, np.deg2rad(roll)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([turn, np.array(centre) - turn @ [x, y]])
    image = photograph(name)
    if scale < 1:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    head = np.zeros(image.shape[:2], np.float32)
    cv2.circle(head, (x, y), round(0.95 * side), 1, -1)
    shape = canvas.shape[1::-1]
    face, alpha = (cv2.warpAffine(a, matrix, shape) for a in (image, head))
    marks = np.array(points) @ turn.T + matrix[:, 2]
    return canvas + (face - canvas) * alpha[..., None], marks


def assert_found(found, centre, size, marks):
    middle = np.array(found.box.centre)
    assert np.linalg.norm(middle - centre) < 0.12 * size
    assert 0.8 < found.box.size / size < 1.2
    assert np.linalg.norm(found.points[:4] - marks, axis=1).max() < 0.12 * size
    assert blazeface.CONFIRMED <= found.score <= 1


@pytest.mark.parametrize("name", FACES)
def test_samples(detector, name):
    x, y, size, points = FACES[name]
    (found,) = detector(photograph(name))
    assert_found(found, (x, y), size, np.array(points))


def crossed(rolls, sizes):
    """Every roll with every size, each of the photographs with half of them."""
    names = [*FACES]
    return [
        (names[(i + j) % 2], roll, size)
        for i, roll in enumerate(rolls)
        for j, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(("name", "roll", "size"), crossed([-60, 0, 30, 60], [32, 90, 320]))
def test_sizes_and_rolls(detector, name, size, roll):
    image, marks = placed(smooth(340, 400), name, (210, 165), size, roll)
    (found,) = detector(image)
    assert_found(found, (210, 165), size, marks)


@pytest.mark.parametrize("size", [32, 48, 72])
def test_image_of_64_px(detector, size):
    image, marks = placed(smooth(64, 64), "mona-lisa.jpg", (31, 32), size)
    (found,) = detector(image)
    assert_found(found, (31, 32), size, marks)


def test_face_larger_than_the_image(detector):
    image, marks = placed(smooth(400, 300), "astronaut.png", (150, 200), 420)
    (found,) = detector(image)
    assert_found(found, (150, 200), 420, marks)


def test_face_cut_by_the_border(detector):
    image, _ = placed(smooth(300, 400), "mona-lisa.jpg", (380, 150), 120)
    (found,) = detector(image)
    assert np.linalg.norm(np.array(found.box.centre) - (380, 150)) < 30


def test_all_faces_largest_first(detector):
    image = smooth(900, 1400)
    wanted = [
        ("mona-lisa.jpg", (1000, 460), 400, 0),
        ("astronaut.png", (300, 300), 150, 20),
        ("astronaut.png", (200, 700), 60, -15),
        ("mona-lisa.jpg", (520, 760), 34, 0),
    ]
    marks = []
    for name, centre, size, roll in wanted:
        image, points = placed(image, name, centre, size, roll)
        marks.append(points)
    found = detector(image)
    assert len(found) == len(wanted)
    for face, (_, centre, size, _), points in zip(found, wanted, marks, strict=True):
        assert_found(face, centre, size, points)
    largest = next(detector.coarse_to_fine(image))
    assert_found(largest[0], *wanted[0][1:3], marks[0])
    assert [f.box.size for f in largest] == sorted((f.box.size for f in largest), reverse=True)


def test_looks_go_from_large_faces_to_small_ones_and_no_further_than_is_asked(detector):
    image = cv2.resize(smooth(300, 400), (2400, 1800), interpolation=cv2.INTER_LINEAR)
    for (x, y), size in (((1700, 1200), 120), ((600, 400), 40)):
        part = slice(y - 128, y + 128), slice(x - 128, x + 128)
        image[part], _ = placed(image[part], "mona-lisa.jpg", (128, 128), size)
    looks = detector.coarse_to_fine(image)
    with mock.patch.object(detector, "_tiles", wraps=detector._tiles) as tiles:
        (large,) = next(looks)
        assert max(max(call.args[0].shape) for call in tiles.mock_calls) < 1200  # of 2100 at most
    later = [face.box for look in looks for face in look]
    np.testing.assert_allclose(large.box.centre, (1700, 1200), atol=14)
    np.testing.assert_allclose(min(later, key=lambda box: box.size).centre, (600, 400), atol=5)


def test_a_doubtful_face_is_looked_at_closely_unless_a_certain_one_is_larger(detector, monkeypatch):
    monkeypatch.setattr(detector, "_largest_sure", lambda _, rows: sizes(rows).max(initial=0))
    certain, small, large = row(0.9, 50, 50, 40), row(0.1, 9, 9, 30), row(0.1, 150, 50, 60)
    rows = np.stack([certain, small, large])
    np.testing.assert_array_equal(detector._large(None, rows), rows[[0, 2]])
    np.testing.assert_array_equal(detector._large(None, rows[1:]), rows[1:])


def test_a_large_photograph(detector):
    image = cv2.resize(smooth(400, 600), (3000, 2000), interpolation=cv2.INTER_LINEAR)
    wanted = [((1700, 1100), 800), ((572, 400), 50), ((2800, 1850), 36)]
    for centre, size in wanted:
        x, y = (c - 512 * (size > 500) - 64 for c in centre)
        side = 128 + 1024 * (size > 500)
        view, _ = placed(image[y : y + side, x : x + side], "mona-lisa.jpg", (side / 2,) * 2, size)
        image[y : y + side, x : x + side] = view
    found = [face for face in detector(image) if face.score >= blazeface.CERTAIN]
    assert len(found) == len(wanted)
    for face, (centre, size) in zip(found, wanted, strict=True):
        assert np.linalg.norm(np.array(face.box.centre) - centre) < 0.12 * size


def test_beside_a_face_that_fills_a_photograph_none_is_looked_for_that_is_far_smaller(
    detector, monkeypatch
):
    image, _ = placed(smooth(1600, 1600), "mona-lisa.jpg", (800, 800), 1000)
    sides, look = [], detector._tiles
    monkeypatch.setattr(
        detector, "_tiles", lambda view, *a: sides.append(max(view.shape)) or look(view, *a)
    )
    (face,) = detector(image)
    assert max(sides) == pytest.approx(
        1600 * blazeface.LEAST * blazeface.RANGE / face.box.size, rel=0.1
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (64, 64), (700, 40), (300, 500)])
def test_nothing_in_plain_images(detector, shape):
    assert detector(smooth(*shape)) == []
    assert detector(np.zeros((*shape, 3), np.float32)) == []
    assert list(detector.coarse_to_fine(np.ones((*shape, 3), np.float32))) == []


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
def test_nothing_in_textures(detector, name):
    data = pytest.importorskip("skimage.data")
    grey = getattr(data, name)().astype(np.float32) / 255
    assert detector(np.repeat(grey[..., None], 3, axis=2)) == []


def test_a_crowd_of_small_faces_is_found(detector):
    """36 px and side by side, some rolled: the full-range network needs them larger than alone."""
    image, middles = (
        smooth(200, 450),
        [(37 + 75 * i, 50 + 100 * j) for j in (0, 1) for i in range(6)],
    )
    for n, middle in enumerate(middles):
        image, _ = placed(image, [*FACES][n % 2], middle, 36, roll=15 * (n % 5 - 2))
    found = detector(image)
    assert len(found) == len(middles)
    away = [min(np.hypot(*np.subtract(face.box.centre, m)) for face in found) for m in middles]
    assert max(away) < 0.15 * 36


def test_where_one_lies_on_its_side_others_are_looked_for(detector):
    image = smooth(300, 700)
    marked = [((150, 150), 110, 90), ((400, 150), 36, 180), ((600, 150), 36, 0)]
    for middle, size, roll in marked:
        image, _ = placed(image, "astronaut.png", middle, size, roll)
    found = detector(image)
    assert len(found) == len(marked)
    assert np.hypot(*np.subtract(found[0].box.centre, marked[0][0])) < 0.15 * 110


def test_a_face_half_hidden_by_a_nearer_one_is_found(detector):
    image, _ = placed(smooth(300, 400), "astronaut.png", (140, 140), 90)
    image, _ = placed(image, "mona-lisa.jpg", (244, 160), 110)
    found = detector(image)
    assert len(found) == 2
    assert abs(found[1].box.centre[0] - 140) < 20


@pytest.mark.parametrize("size", [256, 700, 1500])
def test_the_largest_face_is_no_fold_of_a_space_suit(size):
    image = cv2.resize(photograph("astronaut.png"), (size, size), interpolation=cv2.INTER_AREA)
    for backend in ("map", "mesh"):
        (face,) = load_reconstructor(backend=backend).largest(np.clip(image, 0, 1))
        middle = np.array(face.box.centre) * 512 / size
        np.testing.assert_allclose(middle, FACES["astronaut.png"][:2], atol=15)


def test_wrong_shape_is_refused(detector):
    with pytest.raises(ValueError, match=r"image must have shape \(H, W, 3\)"):
        detector(np.zeros((64, 64), np.float32))


def test_the_image_is_left_as_it_was(detector):
    image = photograph("astronaut.png")
    image.setflags(write=False)
    before = image.copy()
    detector(image)
    np.testing.assert_array_equal(image, before)


@given(longer=st.integers(1, 20000), smallest=st.floats(8, 200))
def test_every_size_falls_into_some_look(longer, smallest):
    steps = scales(longer, smallest)
    assert steps[0] == blazeface.COARSEST / longer
    assert steps == sorted(steps)
    assert max(steps) * smallest >= blazeface.LEAST * 0.999
    for coarse, fine in pairwise(steps):
        assert fine / coarse <= blazeface.STEP * 1.001


@given(side=st.integers(1, 5000))
def test_tiles_cover_and_overlap(side):
    starts = list(tile_starts(side))
    assert starts[0] == 0
    assert starts[-1] + blazeface.TILE >= side
    for a, b in pairwise(starts):
        assert a + blazeface.TILE - b == blazeface.OVERLAP
    assert len(starts) == 1 or starts[-2] + blazeface.TILE < side


def test_tiles_find_what_one_look_finds(detector, monkeypatch):
    image = smooth(500, 1000)
    for centre, size in (((150, 150), 60), ((350, 250), 80), ((900, 400), 50)):
        image, _ = placed(image, "astronaut.png", centre, size)
    whole = detector(image)
    monkeypatch.setattr(blazeface, "TILE", 176)
    monkeypatch.setattr(blazeface, "OVERLAP", 80)
    tiled = detector(image)
    assert len(whole) == len(tiled) == 3
    for a, b in zip(whole, tiled, strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=0.04 * a.box.size)


def row(score, x, y, side):
    return np.array([score, x, y, side, side, *([x, y] * 6)], np.float32)


SIDES, PLACES = st.integers(1, 40), st.integers(0, 39)


@given(st.integers(1, 3), SIDES, SIDES, PLACES, PLACES)
def test_what_is_found_in_a_turned_image_is_put_back(quarters, height, width, x, y):
    """Each pixel is its own place."""
    image = np.dstack(np.indices((height, width))[::-1])
    view = np.rot90(image, quarters)
    x, y = x % view.shape[1], y % view.shape[0]
    found = row(0.7, x, y, 4)[None]
    found[0, 4] = 6  # its height
    (back,) = blazeface.unturned(found, (height, width), quarters)
    np.testing.assert_array_equal(back[5:7], view[y, x])
    np.testing.assert_array_equal(back[1:3], view[y, x])
    np.testing.assert_array_equal(back[3:5], (4, 6) if quarters == 2 else (6, 4))


def test_points_are_turned_about_the_box_counter_clockwise():
    found = row(0.7, 10, 20, 8)[None]
    found[0, 5:7] = 13, 20  # to the right of the centre
    (up,) = blazeface.turned(found, 90)
    np.testing.assert_allclose(up[5:7], (10, 17), atol=1e-5)
    np.testing.assert_array_equal(up[:5], found[0, :5])
    np.testing.assert_allclose(blazeface.turned(up[None], 270), found, atol=1e-5)


def test_of_those_that_overlap_the_best_is_kept_as_it_is():
    rows = np.stack([row(0.5, 1, 0, 10), row(1.0, 4, 0, 10), row(0.9, 40, 0, 10)])
    np.testing.assert_array_equal(blazeface.distinct(rows), rows[[1, 2]])
    assert blazeface.distinct(rows[:0]).shape == (0, 17)


@pytest.mark.parametrize(("name", "roll", "size"), crossed([90, 120, 180, -105], [36, 120]))
def test_upside_down(detector, name, size, roll):
    image, marks = placed(smooth(340, 400), name, (210, 165), size, roll)
    (found,) = detector(image)
    assert_found(found, (210, 165), size, marks)


def test_doubtful_proposals_move_no_other_and_are_few():
    sure, doubtful = 0.9, blazeface.PROPOSED / 2
    good = row(sure, 0, 0, 10)
    apart = [row(doubtful - 0.001 * n, 20 * n, 0, 10) for n in range(1, blazeface.FEW + 3)]
    kept = blazeface.promising(np.stack([*apart, row(doubtful, 3, 0, 10), good]))
    np.testing.assert_allclose(kept, [good, *apart[: blazeface.FEW]], rtol=1e-6)
    many = np.stack([row(sure, 20 * n, 0, 10) for n in range(3 * blazeface.FEW)])
    np.testing.assert_allclose(blazeface.promising(many), many, rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_promising_are_the_first_of_all_that_are_proposed(seed, count):
    rng = np.random.default_rng(seed)
    scores = rng.choice([0.06, 0.1, 0.2, 0.4, 0.8], count) + rng.random(count) * 0.02
    made = [row(score, *rng.integers(0, 60, 2), rng.integers(8, 30)) for score in scores]
    rows = np.array(made, np.float32).reshape(-1, 17)
    wanted = blazeface.proposed(rows)
    wanted = wanted[: np.count_nonzero(wanted[:, 0] >= blazeface.PROPOSED) + blazeface.FEW]
    np.testing.assert_array_equal(blazeface.promising(rows), wanted)


def test_a_doubtful_proposal_must_be_confirmed_at_once(detector, monkeypatch):
    seen = row(blazeface.CONFIRMED - 0.01, 30, 30, 20)[None]
    monkeypatch.setattr(detector, "_close_ups", lambda _, crops: iter([seen] * len(crops)))
    proposals = (row(score, 30, 30, 20)[None] for score in (blazeface.PROPOSED, blazeface.DOUBTED))
    sure, doubtful = (detector._seen_closely(smooth(60, 60), one) for one in proposals)
    np.testing.assert_array_equal(sure, seen)
    assert len(doubtful) == 0


def test_threads_change_nothing(detector):
    """More tiles than one, of several sizes."""
    image, _ = placed(smooth(700, 600), "astronaut.png", (420, 450), 60)
    threads, found = cv2.getNumThreads(), []
    try:
        for count in (1, 3):
            cv2.setNumThreads(count)
            found.append(detector(image))
    finally:
        cv2.setNumThreads(threads)
    one, three = found
    assert len(one) == len(three) == 1
    np.testing.assert_array_equal(one[0].points, three[0].points)


def test_overlaps_by_hand():
    rows = np.stack([row(1, 0, 0, 2), row(1, 1, 0, 2), row(1, 2, 0, 2), row(1, 0, 0, 1)])
    np.testing.assert_allclose(overlaps(rows, rows[0]), [1, 1 / 3, 0, 1 / 4])


def test_merging_averages_by_score():
    rows = np.stack([row(0.5, 1, 0, 10), row(1.0, 4, 0, 10), row(0.9, 40, 0, 10)])
    first, second = merged(rows)
    np.testing.assert_allclose(first, row(1.0, 3, 0, 10))
    np.testing.assert_allclose(second, row(0.9, 40, 0, 10))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 1), st.floats(0, 50), st.floats(0, 50), st.floats(1, 30)),
        max_size=12,
    )
)
def test_merging_keeps_the_best_and_orders_by_score(entries):
    rows = np.array([row(*entry) for entry in entries], np.float32).reshape(-1, 17)
    groups = merged(rows)
    assert len(groups) <= len(rows)
    assert list(groups[:, 0]) == sorted(groups[:, 0], reverse=True)
    if len(rows):
        assert groups[0, 0] == rows[:, 0].max()
        assert (groups[:, 1:] <= rows[:, 1:].max(axis=0) + 1e-3).all()
        assert (groups[:, 1:] >= rows[:, 1:].min(axis=0) - 1e-3).all()


def test_what_the_detector_doubts_the_network_may_confirm():
    """A profile, whose score is low: FaceMap sees that it is a face."""
    scene = SceneBuilder(load_reconstructor(backend="mesh"))(
        Item(SAMPLES / "astronaut.png", "0" * 64, "astronaut", "test")
    )
    turned = Profile(yaw=75 - pose.estimate(scene.positions).yaw)(scene)
    box = turned.positions.box
    doubted = BlazeFaceDetector(least=blazeface.LIKELY)(turned.image)
    assert any(seen.box.overlap(box) > 0.3 for seen in doubted)
    (face,) = load_reconstructor()(turned.image)
    assert face.box.overlap(box) > 0.8
