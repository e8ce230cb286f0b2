"""The classes of a photograph's pixels: two views of it put together, and no guesses."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.photograph_classes import PhotographClassifier
from facelab.constants import PARTS
from facelab.export.draw import draw
from facelab.geometry.landmarks import points468
from facelab.geometry.parsing import NOT_SEEN, SIDE, Parsing
from facelab.reconstruct.levelled import levelled
from facelab.reconstruct.surroundings import SurroundingsParser
from tests.synthetic import canonical, frozen, plain

SHAPE = (400, 360)
FACE = canonical(origin=(180.0, 200.0, 0.0))
CROP = levelled(points468(FACE), SIDE)


def near(*parts, share=1.0):
    """A parser of which each of the parts has a strip of the crop, from left to right."""
    shares = np.full((SIDE, SIDE, len(PARTS)), (1 - share) / (len(PARTS) - 1), np.float32)
    edges = np.linspace(0, SIDE, len(parts) + 1).astype(int)
    for part, start, end in zip(parts, edges, edges[1:], strict=False):
        shares[:, start:end, PARTS.index(part)] = share
    return lambda image, positions: Parsing(frozen(shares), CROP)


def far(part, share=1.0):
    """Surroundings that are all one part."""
    number = np.uint8(PARTS.index(part))
    return lambda image, positions: (
        np.full(SHAPE, number),
        np.full(SHAPE, share, np.float32),
    )


def classes(parser, surroundings):
    return PhotographClassifier(parser, surroundings)(plain(SHAPE), FACE)


def face():
    drawing = draw(FACE, SHAPE)
    return drawing.placed(drawing.fragments.covered)


def crop():
    y, x = np.indices(SHAPE)
    places = CROP.apply(np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)).reshape(*SHAPE, 2)
    return ((places > -0.5) & (places < SIDE - 0.5)).all(axis=2)


def test_near_the_face_the_closer_view_tells_and_farther_the_other():
    found = classes(near("hair"), far("clothes"))
    expected = np.where(crop(), CLASSES["hair"], CLASSES["clothes"])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("part", ["skin", "eyes", "lips", "neck", "background", "lenses", "ears"])
def test_on_the_face_only_what_is_in_front_of_it_is_told(part):
    assert (classes(near(part), far("clothes"))[face()] == CLASSES["skin"]).all()


@pytest.mark.parametrize(
    ("part", "name"), [("hair", "hair"), ("glasses", "glasses"), ("front", "object")]
)
def test_what_is_in_front_of_the_face_stays(part, name):
    assert (classes(near(part), far("background"))[face()] == CLASSES[name]).all()


def test_ears_are_those_of_the_subject():
    found = classes(near("ears"), far("background"))
    told = crop() & ~face()
    x = np.indices(SHAPE)[1]
    middle = CROP.centre[0]
    assert (found[told & (x < middle - 2)] == CLASSES["right ear"]).all()
    assert (found[told & (x > middle + 2)] == CLASSES["left ear"]).all()


def test_what_is_not_sure_is_not_known():
    found = classes(near("hair", share=0.5), far("skin", share=0.7))
    assert (found[~face()] == NOT_KNOWN).all()


def test_where_the_closer_view_is_not_sure_the_other_may_be():
    found = classes(near("hair", share=0.5), far("background"))
    assert (found[~face()] == CLASSES["background"]).all()
    found = classes(near("ears", share=0.5), far("skin"))  # an ear is skin for the other
    assert (found[crop() & ~face()] == NOT_KNOWN).all()


def test_a_matte_tells_background_better_than_classes():
    known = np.full((2, 3), CLASSES["hair"], np.uint8)
    known[1] = CLASSES["background"]
    matte = np.array([[0, 1, 0.6], [0, 1, 0.6]], np.float32)
    found = GroundTruth.of_photograph((2, 3), matte, frozen(known, np.uint8)).classes
    hair, nobody = CLASSES["hair"], CLASSES["background"]
    assert found.tolist() == [[nobody, hair, hair], [nobody, NOT_KNOWN, NOT_KNOWN]]
    without = GroundTruth.of_photograph((2, 3), None, known).classes
    np.testing.assert_array_equal(without, known)


class Halves:
    """A network for which the left half of what it is shown is hair, the right half clothes."""

    def __call__(self, crops):
        assert crops.shape == (1, 256, 256, 3)
        shares = np.zeros((1, 256, 256, 6), np.float32)
        shares[:, :, :128, 1] = 1
        shares[:, :, 128:, 4] = 1
        return (shares,)


@pytest.mark.parametrize(("scale", "origin"), [(10.0, (180.0, 200.0, 0.0)), (2.0, (90.0, 50.0, 0))])
def test_surroundings_reach_two_faces_to_each_side(scale, origin):
    positions = canonical(scale=scale, origin=origin)
    part, share = SurroundingsParser(Halves())(plain(SHAPE), positions)
    box, reach = positions.box, 2 * max(positions.box.width, positions.box.height)
    x0, x1 = (np.clip(box.centre[0] + s * reach, 0, SHAPE[1]) for s in (-1, 1))
    y0, y1 = (np.clip(box.centre[1] + s * reach, 0, SHAPE[0]) for s in (-1, 1))
    seen = part != NOT_SEEN
    assert seen.sum() == pytest.approx((x1 - x0) * (y1 - y0), rel=0.03)
    assert (share[~seen] == 0).all()
    row = part[round(box.centre[1])]
    middle = (x0 + x1) / 2
    assert row[round(middle - 3)] == PARTS.index("hair")
    assert row[round(middle + 3)] == PARTS.index("clothes")


def test_a_face_outside_of_the_photograph_has_no_surroundings():
    part, share = SurroundingsParser(Halves())(plain(SHAPE), canonical(origin=(-9e3, 9e3, 0.0)))
    assert (part == NOT_SEEN).all()
    assert not share.any()
