"""Crops, and the reconstructor on the samples."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import UsageError
from facelab.geometry.crop import cut
from facelab.models.kinds import FACEMESH
from facelab.models.runtime import load_runner
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.facemesh_regressor import MeshRegressor
from facelab.reconstruct.reconstructor import BATCH, FaceReconstructor
from facelab.types import Box, Crop, Detection
from tests.synthetic import SAMPLES, checkerboard, frozen, noise, photograph, plain, ramp

# The outer corners of the subject's right and left eye and the mouth's, by eye; the face's side.
FACES = {
    "astronaut.png": ([[193, 100], [259, 104], [204, 140], [244, 141]], 103),
    "mona-lisa.jpg": ([[283, 254], [400, 252], [303, 350], [374, 350]], 222),
}
CORNERS = [36, 45, 48, 54]
TURNS = [-45, 45]

# --- Crops -------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(-10, 60), st.integers(-10, 50), st.integers(4, 40))
def test_cut_at_full_scale_gives_the_pixels_themselves(x, y, size):
    image = noise(40, 50)
    middle = (size - 1) / 2
    view = cut(image, Crop((x + middle, y + middle), size, 0, size))
    rows = np.clip(np.arange(y, y + size), 0, 39)  # beyond the border its pixels are repeated
    columns = np.clip(np.arange(x, x + size), 0, 49)
    np.testing.assert_allclose(view, image[np.ix_(rows, columns)], atol=1e-6)
    assert view.dtype == np.float32


@pytest.mark.parametrize("side", [30.0, 64.0, 100.0, 200.0, 333.3, 500.0])
@pytest.mark.parametrize("roll", [0.0, 30.0, -120.0])
def test_cut_keeps_places_at_every_scale(side, roll):
    """On a ramp a pixel's colour is its place."""
    crop = Crop((451.3, 440.7), side, roll, 64)
    view = cut(ramp(900, 920), crop)
    y, x = np.indices((64, 64)).reshape(2, -1)
    places = crop.invert(np.column_stack([x, y]).astype(np.float32))
    np.testing.assert_allclose(
        view.reshape(-1, 3)[:, :2] * 919, places, atol=0.06 * side / 64 + 0.02
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 200), (200, 3), (2, 2), (5, 1)])
def test_cut_of_a_thin_image_repeats_its_border(shape):
    crop = Crop((0.5 * shape[1], 0.5 * shape[0]), 500, 0, 32)
    image = ramp(*shape) if max(shape) > 1 else plain(shape, (0.2, 0.4, 0))
    view = cut(image, crop)
    y, x = np.indices((32, 32)).reshape(2, -1)
    places = crop.invert(np.column_stack([x, y]).astype(np.float32))
    column, row = np.clip(np.rint(places), 0, np.array(shape[::-1]) - 1).astype(int).T
    expected = image[row, column]
    # Reduced by 15: what the border's cells mix is at most a cell away.
    np.testing.assert_allclose(view.reshape(-1, 3), expected, atol=16 / max(shape) + 1e-6)


def test_cut_of_an_image_little_wider_than_a_cell_shows_both_halves():
    image = plain((300, 20), (1, 1, 1)).copy()
    image[:, :10] = 0
    view = cut(frozen(image), Crop((10, 150), 480, 0, 32))
    assert view[16, 0, 0] < 0.5 < view[16, -1, 0]


def test_cut_levels_a_rolled_square():
    square = np.zeros((201, 201), np.float32)
    square[60:141, 60:141] = 1
    # OpenCV's positive angle is counter-clockwise as seen.
    turned = cv2.warpAffine(square, cv2.getRotationMatrix2D((100, 100), 30, 1), (201, 201))
    view = cut(frozen(np.dstack([turned] * 3)), Crop((100, 100), 201, 30, 201))
    assert np.abs(view[..., 0] - square).mean() < 0.01
    assert np.abs(turned - square).mean() > 0.03


@pytest.mark.parametrize("side", [400, 517.0])
@pytest.mark.parametrize("roll", [0, 20])
def test_cut_does_not_alias(side, roll):
    view = cut(checkerboard(700), Crop((350.2, 349.9), side, roll, 100))
    np.testing.assert_allclose(view, 0.5, atol=0.05)


@pytest.mark.parametrize("centre", [(-500, 50), (50, -900), (700, 700)])
def test_cut_beside_the_image_shows_its_border(centre):
    view = cut(plain((60, 80), (0.2, 0.4, 0.6)), Crop(centre, 300, 10, 48))
    np.testing.assert_allclose(
        view, np.broadcast_to(np.float32([0.2, 0.4, 0.6]), view.shape), atol=1e-6
    )


# --- The reconstructor -------------------------------------------------------------------------


class Blind:
    """A detector that must not be asked."""

    def __call__(self, image):
        raise AssertionError("asked to detect")

    coarse_to_fine = __call__


class Told:
    """A detector whose looks find what it was told."""

    def __init__(self, *looks):
        self.looks = looks

    def __call__(self, image):
        return [face for look in self.looks for face in look]

    def coarse_to_fine(self, image):
        return iter(self.looks)


@pytest.fixture(scope="module")
def regressor():
    return MeshRegressor(load_runner(FACEMESH))


@pytest.fixture(scope="module")
def reconstructor(detector, regressor):
    return FaceReconstructor(detector, regressor)


@pytest.fixture(scope="module")
def blind(regressor):
    return FaceReconstructor(Blind(), regressor)


def box_of(name, scale=1.2, shift=(0.0, 0.0)):
    marks, side = FACES[name]
    (x, y), reach = np.mean(marks, axis=0) + np.array(shift) * side, scale * side / 2
    return Box(x - reach, y - reach, x + reach, y + reach)


def wrong_detection(x, y, side):
    """A face where there is none."""
    points = np.float32([[-0.2, -0.2], [0.2, -0.2], [0, 0], [0, 0.2], [-0.5, 0], [0.5, 0]])
    box = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return Detection(box, 0.9, points * np.float32(side) + np.float32([x, y]))


@pytest.mark.parametrize("name", FACES)
def test_finds_the_face_of_a_sample(reconstructor, name):
    (face,) = reconstructor(photograph(name))
    marks, side = FACES[name]
    distances = np.linalg.norm(face.positions.landmarks[CORNERS, :2] - marks, axis=1)
    assert distances.max() < 0.08 * side
    assert 0.5 < face.score <= 1
    assert 0.9 * side < face.box.size < 1.8 * side
    assert face.box.x0 < min(x for x, _ in marks) < max(x for x, _ in marks) < face.box.x1


@pytest.mark.parametrize("name", FACES)
def test_nearer_is_larger(reconstructor, name):
    (face,) = reconstructor.largest(photograph(name))
    depth = face.positions.landmarks[:, 2]
    assert depth[30] > depth[[0, 16]].max() + 0.2 * face.box.size
    assert depth[30] > depth[27]


@pytest.mark.parametrize("name", FACES)
def test_box_skips_detection(reconstructor, blind, name):
    image = photograph(name)
    (given_box,) = blind(image, [box_of(name)])
    (detected,) = reconstructor(image)
    difference = given_box.positions.landmarks - detected.positions.landmarks
    assert np.linalg.norm(difference[:, :2], axis=1).mean() < 0.02 * detected.box.size


def test_shifted_boxes_agree(blind):
    image = photograph("mona-lisa.jpg")
    shifts = [(-0.12, 0.05), (0.1, 0.1), (0, -0.1)]
    marks = np.stack(
        [
            blind(image, [box_of("mona-lisa.jpg", scale, shift)])[0].positions.landmarks
            for shift, scale in zip(shifts, (1.1, 1.3, 1.5), strict=True)
        ]
    )
    spread = np.linalg.norm((marks - marks.mean(axis=0))[..., :2], axis=2)
    assert spread.mean() < 0.012 * FACES["mona-lisa.jpg"][1]


@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("name", FACES)
def test_rolled_face_has_the_same_landmarks(reconstructor, name, degrees):
    image = photograph(name)
    centre = np.mean(FACES[name][0], axis=0)
    turn = cv2.getRotationMatrix2D(centre, degrees, 1)
    size = image.shape[1::-1]
    turned = cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REPLICATE)
    (before,), (after,) = reconstructor.largest(image), reconstructor.largest(frozen(turned))
    marks = before.positions.landmarks[:, :2]
    expected = marks @ turn[:, :2].T + turn[:, 2]
    distances = np.linalg.norm(after.positions.landmarks[:, :2] - expected, axis=1)
    assert distances.mean() < 0.025 * before.box.size


def test_mirrored_face_has_the_mirrored_place(reconstructor):
    """A shift that a mirror does not turn round is a mistake in some pixel convention."""
    shifts = []
    for name in FACES:
        image = photograph(name)
        (face,) = reconstructor.largest(image)
        (mirrored,) = reconstructor.largest(frozen(image[:, ::-1]))
        middle = face.positions.values[face.positions.atlas.face, 0].mean()
        reflected = mirrored.positions.values[face.positions.atlas.face, 0].mean()
        shifts.append((middle + reflected - (image.shape[1] - 1)) / face.box.size)
    assert abs(np.mean(shifts)) < 0.008  # 2/3 of a crop's pixel, seen twice


@pytest.mark.parametrize(
    "image",
    [noise(120, 120), plain((120, 120)), plain((120, 120), (0, 0, 0)), checkerboard(120, 7)],
)
def test_no_face_in_nothing(blind, image):
    assert blind(image, [Box(20, 20, 100, 100)]) == []


def test_duplicates_are_dropped(detector, regressor, blind):
    image = photograph("mona-lisa.jpg")
    (found,) = detector(image)
    twice = FaceReconstructor(Told([found, found]), regressor)
    assert len(twice(image)) == 1
    assert len(blind(image, [box_of("mona-lisa.jpg"), box_of("mona-lisa.jpg", 1.4)])) == 1


def test_two_faces_come_largest_first(blind):
    head = photograph("astronaut.png", slice(0, 256), slice(96, 352))
    half = cv2.resize(head, (128, 128), interpolation=cv2.INTER_AREA)
    image = frozen(np.hstack([np.pad(half, ((0, 128), (0, 0), (0, 0)), mode="edge"), head]))
    small, large = Box(35, 30, 95, 92), Box(198, 60, 318, 184)
    faces = blind(image, [small, large])
    assert [face.box.centre[0] > 128 for face in faces] == [True, False]
    ratio = faces[0].box.size / faces[1].box.size
    assert ratio == pytest.approx(2, rel=0.05)


def test_largest_passes_over_what_is_no_face(detector, regressor):
    image = photograph("astronaut.png")
    (found,) = detector(image)
    nothing = wrong_detection(80, 400, 80)
    for told in (Told([nothing, found]), Told([nothing], [found]), Told([found], [nothing])):
        (face,) = FaceReconstructor(told, regressor).largest(image)
        np.testing.assert_allclose(face.box.centre, found.box.centre, atol=20)
    assert FaceReconstructor(Told([nothing], [nothing]), regressor).largest(image) == []


class Counting:
    """A regressor that sees nothing and counts the places of each call."""

    description = "nothing"

    def __init__(self):
        self.counts = []

    def __call__(self, views):
        self.counts.append(len(views))
        return [None] * len(views)


def test_many_faces_go_in_bounded_batches():
    regressor = Counting()
    boxes = [Box(x, 0, x + 10, 10) for x in range(BATCH + 3)]
    assert FaceReconstructor(Blind(), regressor)(noise(20, 40), boxes) == []
    assert regressor.counts == [BATCH, 3]


def test_unknown_detector_lists_the_known():
    with pytest.raises(UsageError, match="no detector 'haar'; there are blazeface, insightface"):
        load_reconstructor("haar")


def test_unknown_backend_lists_the_known():
    with pytest.raises(UsageError, match="no backend '3dmm'; there are map, mesh, prn"):
        load_reconstructor(backend="3dmm")


def test_samples_are_those_tested():
    assert all((SAMPLES / name).is_file() for name in FACES)
