"""Samples through a pipeline of albumentations: labels go along with pixels."""

from __future__ import annotations

import numpy as np
import pytest

from facelab import UsageError
from facelab.augment import maps as maps_of
from facelab.augment.albumentation import from_albumentations, to_albumentations
from facelab.augment.classes import CLASSES
from facelab.augment.ground_truth import mirrored_classes
from facelab.augment.labels import describe, subject_of
from facelab.geometry.landmarks import TWINS68
from tests.augmented import SIDE, sample, upright
from tests.synthetic import MIRROR, noise


def made(mapped=True, **pose):
    """A sample as `AugmentedFaces` gives it."""
    found = sample(upright(**pose), image=noise(SIDE, SIDE))
    subject = subject_of(found)
    image = np.rint(found.image * 255).astype(np.uint8)
    labels = describe(found, subject, 0, {"image": "a.png"})
    if not mapped:
        return image, labels
    names = ("segmentation", "depth")
    return image, labels, maps_of.decoded(maps_of.maps(found, subject, names))


def mirrored(given):
    """What a pipeline does that knows nothing of faces."""
    keypoints = given["keypoints"] * [-1, 1] + [SIDE - 1, 0]
    return {
        "image": given["image"][:, ::-1],
        "keypoints": keypoints.astype(np.float32),
        "mask": given["mask"][:, ::-1],
    }


def moved(given, scale=0.5, right=10.0):
    keypoints = [(x * scale + right, y * scale) for x, y in given["keypoints"].tolist()]
    return {**given, "keypoints": keypoints}


def test_the_other_sides_points_are_those_of_a_mirror():
    np.testing.assert_array_equal(TWINS68, MIRROR)


def test_what_a_pipeline_gets():
    image, labels, maps = made()
    given = to_albumentations((image, labels, maps))
    assert given["image"] is image
    assert given["keypoints"].shape == (68 + 468, 2)
    np.testing.assert_allclose(given["keypoints"][:68], np.array(labels["landmarks68"])[:, :2])
    np.testing.assert_array_equal(given["mask"], maps["segmentation"])
    assert "mask" not in to_albumentations((image, labels))


def test_pixels_alone_leave_all_labels():
    was = made()
    given = to_albumentations(was)
    image, *others = from_albumentations({**given, "image": 255 - given["image"]}, was)
    np.testing.assert_array_equal(image, 255 - was[0])
    assert others[0] is was[1]
    assert others[1] is was[2]


def test_points_move_and_what_is_not_known_goes():
    was = made(mapped=False)
    before = {name: repr(value) for name, value in was[1].items()}
    _, labels = from_albumentations(moved(to_albumentations(was)), was)
    old = np.array(was[1]["landmarks68"])
    np.testing.assert_allclose(labels["landmarks68"], old * 0.5 + [10, 0, 0], atol=1e-3)
    box = np.array(was[1]["box"]) * 0.5 + [10, 0, 10, 0]
    np.testing.assert_allclose(labels["box"], box, atol=1.5)  # of the points, not of the texels
    assert labels["visible68"].tolist() == was[1]["visible68"]
    assert {"pose"} <= was[1].keys() - labels.keys()
    assert labels["identities"] == was[1]["identities"]
    assert {name: repr(value) for name, value in was[1].items()} == before


def test_what_leaves_the_picture_is_covered():
    was = made(mapped=False)
    _, labels = from_albumentations(moved(to_albumentations(was), 1.0, 60.0), was)
    x = np.rint(labels["landmarks68"][:, 0])
    assert 0 < (x >= SIDE).sum() < 68
    np.testing.assert_array_equal(labels["covered68"], (x >= SIDE) | was[1]["covered68"])


def test_right_and_left_change_places_in_a_mirror():
    was = made(yaw=30)
    _, labels, maps = from_albumentations(mirrored(to_albumentations(was)), was)
    expected = np.array(made(yaw=-30, origin=(64.0, 62.0, 0.0))[1]["landmarks68"])
    assert np.abs(labels["landmarks68"][:, :2] - expected[:, :2]).max() < 0.5
    assert labels["visible68"].tolist() == np.array(was[1]["visible68"])[MIRROR].tolist()
    found = maps["segmentation"]
    np.testing.assert_array_equal(found, mirrored_classes()[was[2]["segmentation"][:, ::-1]])
    right = np.argwhere(found == CLASSES["right eye"]).mean(axis=0)
    eye = labels["landmarks68"][36:42].mean(axis=0)
    assert np.abs(right[::-1] - eye[:2]).max() < 3
    assert set(maps) == {"segmentation"}


def test_missing_keypoints_are_refused():
    was = made(mapped=False)
    given = to_albumentations(was)
    with pytest.raises(UsageError, match=r"535 of 536 came back; .*remove_invisible=False"):
        from_albumentations({**given, "keypoints": given["keypoints"][1:]}, was)


def test_the_real_pipeline():
    package = pytest.importorskip("albumentations")
    points = package.KeypointParams("xy", remove_invisible=False)
    turns = [
        package.HorizontalFlip(p=1),
        package.Affine(scale=0.8, rotate=25, p=1),
        package.ColorJitter(p=1),
    ]
    was = made()
    image, labels, maps = from_albumentations(
        package.Compose(turns, keypoint_params=points, seed=3)(**to_albumentations(was)), was
    )
    assert image.shape == was[0].shape
    assert maps["segmentation"].shape == image.shape[:2]
    eye = np.argwhere(maps["segmentation"] == CLASSES["left eye"]).mean(axis=0)[::-1]
    assert np.abs(labels["landmarks68"][42:48, :2].mean(axis=0) - eye).max() < 3
    width = np.ptp(np.array(was[1]["landmarks68"])[:, 2])
    assert np.ptp(labels["landmarks68"][:, 2]) == pytest.approx(0.8 * width, rel=0.02)
