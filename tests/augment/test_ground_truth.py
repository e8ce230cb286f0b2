"""What is known of a picture goes where its pixels go, whatever is done to them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from facelab.augment import labels, maps
from facelab.augment.classes import CLASSES, MIRRORED
from facelab.augment.generate import apply_steps
from facelab.augment.ground_truth import Eyes, GroundTruth, Other
from facelab.augment.scene import Scene
from facelab.augment.steps.background import Background
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.occlude import Occlude
from facelab.edits.anonymise import Anonymise
from facelab.edits.cover import Cover
from facelab.edits.lipstick import Lipstick
from facelab.edits.reshape import Reshape
from facelab.export import depth, normals
from facelab.face.shape import transferred
from facelab.geometry.pose import estimate
from facelab.images import Image
from facelab.model import FaceObservation
from facelab.numerics.algebra import product
from facelab.recipe import Swap
from facelab.recipe.inputs import Person
from facelab.types import Reconstruction
from tests.augmented import SIDE, sample
from tests.synthetic import canonical, frozen, noise, person, plain_face

SIZE = 200
AHEAD = np.array([0.28, 0.0, 0.96], np.float32)  # in the head's own frame


def whole(yaw=25):
    """A scene whose truth says of the face what its position map says, and where others are."""
    positions = canonical(yaw=yaw, pitch=10, scale=8, origin=(100, 100, 0))
    subject = labels.subject_of(sample(positions, image=noise(SIZE, SIZE)))
    drawn = depth.depth(subject)
    classes = np.where(np.isnan(drawn), CLASSES["hair"], CLASSES["skin"]).astype(np.uint8)
    classes[:40], classes[100:, :30] = CLASSES["background"], CLASSES["right ear"]
    scene = Scene.of(noise(SIZE, SIZE), plain_face(positions))
    truth = GroundTruth(
        classes,
        drawn,
        normals.normals(subject),
        eyes_of(positions),
        {"jawOpen": 0.25, "eyeBlinkLeft": 1.0, "mouthLeft": 0.5},
        (Other(canonical(yaw=-40, scale=4, origin=(160, 50, 0)), drawn < 0),),
        noise(SIZE, SIZE, 1)[..., 0],
        noise(16, 16, 2)[..., 0],
    )
    return replace(scene, truth=truth)


def eyes_of(positions):
    """Rims between the corners and lids of each eye, looking ahead as the head does."""
    points = positions.landmarks
    irises = [
        [points[corners].mean(axis=0), *points[corners]]
        for corners in ([39, 38, 36, 41], [45, 44, 42, 47])
    ]
    gaze = product(AHEAD, estimate(positions).rotation.T)
    return Eyes(frozen(irises), frozen([gaze, gaze]))


def done(scene, *steps):
    return apply_steps(steps, scene, {}, "alpha")


def shown(scene):
    """The scene as a sample."""
    made = sample(scene.positions, image=scene.image, covered=scene.occlusion, truth=scene.truth)
    return made, labels.subject_of(made)


def require_surface_of_the_face(scene, known):
    """The truth's depth and normals must be those of the position map, where it is drawn."""
    subject = shown(scene)[1]
    drawn, expected = depth.depth(subject), normals.normals(subject)
    both = ~np.isnan(drawn) & ~np.isnan(scene.truth.depth)
    assert both.sum() > 0.97 * (~np.isnan(drawn)).sum() > 1000
    assert np.percentile(np.abs(scene.truth.depth - drawn)[both], 95) < known
    cosine = (scene.truth.normals * expected).sum(axis=2)[both]
    assert np.percentile(cosine, 5) > 0.99


def require_eyes_of_the_face(scene):
    expected = eyes_of(scene.positions)
    np.testing.assert_allclose(scene.truth.eyes.gaze, expected.gaze, atol=0.01)
    np.testing.assert_allclose(
        scene.truth.eyes.irises[:, 0], expected.irises[:, 0], atol=0.01 * SIZE
    )


@pytest.mark.parametrize(
    "frame",
    [
        Frame(size=150, room=1.3),
        Frame(size=300, room=1.6, roll=35, right=0.1),
        Frame(size=128, room=2, roll=-120, down=0.2),
    ],
    ids=["smaller", "turned", "upside down"],
)
def test_a_frame_takes_all_along(frame):
    scene = done(whole(), frame)
    require_surface_of_the_face(scene, 1.5)
    require_eyes_of_the_face(scene)
    expected = frame(whole()).positions.landmarks
    np.testing.assert_array_equal(scene.positions.landmarks, expected)
    same = Other(whole().positions, whole().truth.classes == CLASSES["hair"])
    (other,) = frame(replace(whole(), truth=replace(whole().truth, others=(same,)))).truth.others
    np.testing.assert_allclose(other.positions.values, scene.positions.values, atol=1e-3)
    inside = scene.truth.classes != CLASSES["not known"]
    np.testing.assert_array_equal(
        other.hidden, ~inside | (scene.truth.classes == CLASSES["hair"])
    )  # moved as the own face


def test_a_frame_takes_classes_where_their_colours_go():
    scene = whole()
    numbers = scene.truth.classes / np.float32(255)
    scene = replace(scene, image=np.repeat(numbers[..., None], 3, axis=2))
    made = done(scene, Frame(size=333, room=1.5, roll=20))
    inside = made.truth.classes != CLASSES["not known"]
    told = np.abs(np.rint(made.image[..., 0] * 255) - made.truth.classes) == 0
    assert told[inside].mean() > 0.95  # all but the edges, which are soft in the image
    assert 0.5 < inside.mean() < 1


def test_a_mirror_takes_all_along():
    scene = done(whole(), Mirror())
    require_surface_of_the_face(scene, 0.3)
    facing = product(AHEAD * np.array([-1, 1, 1], np.float32), estimate(scene.positions).rotation.T)
    np.testing.assert_allclose(scene.truth.eyes.gaze, [facing, facing], atol=0.01)
    pupils = eyes_of(scene.positions).irises[:, 0]
    np.testing.assert_allclose(scene.truth.eyes.irises[:, 0], pupils, atol=0.5)
    rims = scene.truth.eyes.irises[..., 0]
    assert (rims[:, 1] > rims[:, 3]).all()  # the right of the image is right again
    assert scene.truth.expression == {"jawOpen": 0.25, "eyeBlinkRight": 1.0, "mouthRight": 0.5}
    assert (scene.truth.classes[100:, -30:] == CLASSES["left ear"]).all()
    assert CLASSES["right ear"] not in scene.truth.classes


def test_a_mirror_twice_is_the_picture_again():
    before, after = whole().truth, done(whole(), Mirror(), Mirror()).truth
    for one in (before, after):
        assert {key.name for key in fields(one)} == {
            "classes", "depth", "normals", "eyes", "expression", "others", "lenses", "beard",
        }  # fmt: skip
    for name in ("classes", "depth", "normals", "lenses", "beard"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    for name in ("irises", "gaze"):
        np.testing.assert_allclose(getattr(before.eyes, name), getattr(after.eyes, name), atol=1e-4)
    assert before.expression == after.expression
    np.testing.assert_allclose(
        before.others[0].positions.values, after.others[0].positions.values, atol=1
    )
    np.testing.assert_array_equal(before.others[0].hidden, after.others[0].hidden)
    assert {name for pair in MIRRORED for name in pair} == {
        name for name in CLASSES if name.startswith(("right ", "left "))
    }


def test_what_is_in_front_is_told_by_the_last_that_came():
    bar = Occlude(kind="bar", size=0.3, down=0.2, seed=1)
    first = done(whole(), bar)
    behind = done(whole(), bar, Cover(item="mask"))
    hidden = first.occlusion > 0.5
    assert (first.truth.classes[hidden] == CLASSES["object"]).all()
    assert (behind.truth.classes[hidden] == CLASSES["object"]).all()  # a mask goes below it
    assert (behind.truth.classes == CLASSES["mask"]).sum() > 500
    before = done(whole(), Cover(item="mask"), bar)
    np.testing.assert_array_equal(before.truth.classes, behind.truth.classes)
    segmentation = maps.segmentation(*shown(behind))
    np.testing.assert_array_equal(segmentation[hidden], CLASSES["object"])


def test_another_background_is_where_nobody_is():
    matte = np.ones((SIZE, SIZE), np.float32)
    matte[:, :60] = 0
    scene = replace(Scene.of(noise(SIZE, SIZE), whole().face), matte=matte)  # not told by it
    assert (scene.truth.classes == CLASSES["not known"]).all()
    covered = done(scene, Occlude(kind="bar", size=0.2, seed=1))
    made = done(covered, Background(kind="colour"))
    nobody = (matte == 0) & (covered.occlusion < 0.5)
    assert (made.truth.classes[nobody] == CLASSES["background"]).all()
    np.testing.assert_array_equal(made.truth.classes[~nobody], covered.truth.classes[~nobody])


@pytest.mark.parametrize("step", [Blur(sigma=2), Lipstick()])
def test_what_changes_colours_alone_changes_no_truth(step):
    scene = whole()
    assert done(scene, step).truth is scene.truth


def test_an_edit_that_moves_the_face_leaves_what_it_is_not_sure_of():
    scene = whole(yaw=0)
    made = done(scene, Reshape(mouth=0.8, chin=1))
    assert made.positions is not scene.positions
    truth = made.truth
    assert truth.depth is truth.normals is truth.eyes is truth.expression is None
    assert truth.others == scene.truth.others
    changed = truth.classes != scene.truth.classes
    assert 0 < changed.sum() < 2000
    moved = np.abs(made.positions.values - scene.positions.values).max()
    assert np.ptp(np.nonzero(changed)[0]) < SIZE * 0.9
    assert moved > 2


def test_another_persons_eyes_look_where_nobody_knows():
    made = done(whole(yaw=0), Anonymise())  # which has another shape, too
    assert made.truth.eyes is made.truth.expression is made.truth.depth is None


def test_a_swap_that_moves_the_face_says_where_it_is_and_keeps_what_it_does():
    scene = whole(yaw=0)
    other = person(3, scale=8, origin=(100, 100, 0))
    seen = FaceObservation(Image(noise(SIZE, SIZE)), Reconstruction(other, 1.0))
    made, still = (
        apply_steps([Swap(source="other", shape=share)], scene, {"other": Person((seen,))}, "alpha")
        for share in (1.0, 0.0)
    )
    wanted = transferred([other], scene.positions, 1.0)
    np.testing.assert_array_equal(made.positions.values, wanted.values)
    assert np.abs(made.positions.values - scene.positions.values).max() > 1
    assert made.truth.depth is None
    assert made.truth.expression is scene.truth.expression
    assert still.positions is scene.positions
    np.testing.assert_array_equal(still.truth.depth, scene.truth.depth)
    assert made.truth.eyes is still.truth.eyes is None


def test_of_a_photograph_little_is_known():
    truth = GroundTruth.of_photograph((SIDE, SIDE))
    assert (truth.classes == CLASSES["not known"]).all()
    assert truth.depth is truth.normals is truth.eyes is truth.expression is None
    assert truth.others == ()
