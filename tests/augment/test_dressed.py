"""A photograph's person as a whole head: the same from the cache, and in a crop."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.dressed import NAMES, Dressed
from facelab.augment.plan import Item
from facelab.augment.portrait_cache import Portrait, PortraitCache
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.profile import Profile
from facelab.geometry.landmarks import position_map
from facelab.types import Crop, Face, Texture
from tests.augment.test_figure import head, photograph
from tests.synthetic import ATLAS

CROP = Crop((100.0, 90.0), 150.0, 30.0, 96)


@pytest.fixture(scope="module")
def portrait():
    image, matte = photograph(12)
    blank = Texture(np.full((64, 64, 3), 0.5, np.float32), np.ones((64, 64), np.float32))
    return Portrait(image, Face(position_map(head().points, ATLAS), blank), matte)


@pytest.fixture(scope="module")
def dressed(portrait):
    return Dressed.of_photograph(portrait.face.positions, portrait.image, portrait.matte)


def scene_of(portrait, dressed):
    made = Scene.of(portrait.image, portrait.face, matte=portrait.matte)
    return Scene(**{**vars(made), "dressed": dressed})


def test_a_head_is_dressed_as_in_the_whole_photograph(portrait, dressed):
    free = np.zeros(portrait.image.shape[:2], np.float32)
    whole = Dressed.of(portrait.face.positions, portrait.image, free, portrait.matte)
    apart = np.linalg.norm(dressed.figure.placed() - whole.figure.placed(), axis=1)
    assert np.median(apart) < 1  # pixels
    np.testing.assert_allclose(dressed.head.points, whole.head.points, atol=0.2)
    assert np.abs(dressed.wrap.colour - whole.wrap.colour).mean() < 0.03


def test_in_a_crop_it_lies_where_the_crop_shows_it(dressed):
    moved = dressed.seen_in(CROP)
    np.testing.assert_allclose(
        moved.figure.placed(), CROP.apply(dressed.figure.placed()), atol=1e-3
    )
    assert moved.figure.scale == pytest.approx(dressed.figure.scale * CROP.size / CROP.side)


def test_what_is_packed_is_unpacked(dressed):
    found = Dressed.unpacked(dressed.packed())
    np.testing.assert_array_equal(found.figure.placed(), dressed.figure.placed())
    np.testing.assert_array_equal(found.wrap.classes, dressed.wrap.classes)
    np.testing.assert_allclose(found.wrap.colour, dressed.wrap.colour, atol=1e-3)
    assert found.uncovered == dressed.uncovered
    assert set(dressed.packed()) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("head", np.zeros((5, 3), np.float32)),
        ("place", np.full((3, 4), np.nan)),
        ("colour", np.zeros((3, 3, 4), np.float16)),
        ("classes", np.zeros((9, 9), np.uint8)),
        ("lean", np.zeros(2, np.float32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(dressed, name, values):
    with pytest.raises(ValueError, match=name):
        Dressed.unpacked({**dressed.packed(), name: values})


def test_the_cache_keeps_it_and_makes_a_damaged_one_again(tmp_path, portrait):
    item = Item(tmp_path / "a.png", "ab" * 32, "anna", "train")
    sources = PortraitCache(tmp_path, lambda: None, "k" * 64)
    first = sources.dressed(item, portrait)
    (file,) = tmp_path.glob("*.npz")
    written = file.read_bytes()
    assert sources.dressed(item, portrait).wrap.colour.tobytes() == first.wrap.colour.tobytes()
    file.write_bytes(written[: len(written) // 2])
    assert sources.dressed(item, portrait).wrap.colour.tobytes() == first.wrap.colour.tobytes()
    assert file.read_bytes() == written


def test_a_turned_head_wears_what_the_photograph_gave_it(portrait, dressed):
    """Through a frame, too; with other pixels or in a mirror it is another's."""
    scene = scene_of(portrait, dressed)
    frame, turn = Frame(size=128, room=2.0, roll=20.0), Profile(yaw=40.0)
    known, plain = turn(frame(scene)), turn(frame(scene_of(portrait, None)))
    assert np.abs(known.image - plain.image).mean() < 0.03
    assert (known.truth.classes == plain.truth.classes).mean() > 0.95
    assert scene.with_image(scene.image).dressed is None
    assert Mirror()(scene).dressed is None
