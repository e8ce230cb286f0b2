"""Faces are changed in a window of the photograph: the same as in the whole of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import facelab
from facelab import FaceModel, Recipe
from facelab.edits import Turn
from facelab.geometry import window
from facelab.images import Image
from facelab.numerics.integers import to_integers
from facelab.recipe import runner
from tests.colour import profile
from tests.synthetic import StubReconstructor, canonical, person, smooth
from tests.tiny import Fill, Shift

NEAR, FAR = canonical(scale=5, origin=(150, 200, 0)), canonical(scale=4, origin=(520, 300, 0))
EDGE = canonical(scale=5, origin=(12, 20, 0), roll=30)
OTHER = person(3, scale=9)


def photograph(bits=8, seed=0):
    """A picture of 500 x 700 pixels with grain."""
    grain = np.random.default_rng(seed).normal(0, 0.02, (500, 700, 3))
    return to_integers((smooth(500, 700, seed) + grain).astype(np.float32), bits)


def both(monkeypatch, change):
    """What a change gives in windows, and in the whole of a photograph."""
    found = change()
    monkeypatch.setattr(window, "ROOM", 1e3)
    monkeypatch.setattr(runner, "NEAR", 1e3)
    return found, change()


def away(found, whole):
    return cv2.absdiff(found, whole).max()


@pytest.mark.parametrize("faces", [(NEAR,), (EDGE,), (NEAR, FAR)], ids=["one", "edge", "two"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_swap_is_the_same_in_windows(monkeypatch, faces, bits):
    image, model = photograph(bits), FaceModel(StubReconstructor(*faces))
    source = FaceModel(StubReconstructor(OTHER))(photograph(seed=1))[0]

    def change():
        return facelab.swap(image, source, model=model, faces="all", texture_size=256)

    found, whole = both(monkeypatch, change)
    assert found.pixels.dtype == image.dtype
    assert (found.pixels != image).any()
    assert away(found.pixels, whole.pixels) <= (1 if bits == 8 else 257)
    for one, other in zip(found.positions, whole.positions, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-3)


@pytest.mark.parametrize(
    "steps", [[Fill(strength=0.5)], [Shift(by=4)], [Shift(by=60)], [Turn(yaw=15), Fill()]], ids=str
)
def test_edits_are_the_same_in_windows_however_far_they_move_a_face(monkeypatch, steps):
    image, model = photograph(), FaceModel(StubReconstructor(NEAR, FAR))
    recipe = Recipe(steps, faces="all")
    found, whole = both(monkeypatch, lambda: recipe(image, model=model))
    assert (found.pixels != image).any()
    assert away(found.pixels, whole.pixels) <= 1


def test_a_mask_is_the_same_in_windows(monkeypatch):
    image, model = photograph(), FaceModel(StubReconstructor(FAR))
    mask = np.zeros((500, 700), np.float32)
    mask[280:, 500:] = 0.7
    source = FaceModel(StubReconstructor(OTHER))(photograph(seed=1))[0]

    def change():
        return facelab.swap(image, source, model=model, mask=mask, texture_size=256)

    found, whole = both(monkeypatch, change)
    assert (found.pixels != image).any()
    np.testing.assert_array_equal(found.pixels[mask == 0], image[mask == 0])
    assert away(found.pixels, whole.pixels) <= 1


def test_the_pixels_of_other_spaces_are_read_and_written_in_windows(monkeypatch):
    from facelab.images.icc import space_of
    from facelab.images.image import Metadata

    values, icc = photograph(), profile("Display P3")
    image = Image(values, metadata=Metadata(icc=icc), space=space_of(icc), stored=values)
    model = FaceModel(StubReconstructor(NEAR))
    found, whole = both(monkeypatch, lambda: Recipe([Fill()])(image, model=model))
    changed = (found.image.values != values).any(axis=2)
    assert 0 < changed.mean() < 0.5
    assert away(found.image.values, whole.image.values) <= 1


def test_only_the_window_of_a_face_becomes_floats(monkeypatch):
    read, model = [], FaceModel(StubReconstructor(NEAR))
    whole = Image.window
    monkeypatch.setattr(
        Image, "window", lambda *given: read.append(whole(*given).shape) or whole(*given)
    )
    Recipe([Fill()])(photograph(), model=model)
    assert len(read) == 1 and read[0][0] * read[0][1] < 0.5 * 500 * 700


def test_of_a_swap_only_the_face_and_what_its_motion_reaches_becomes_floats(monkeypatch):
    model = FaceModel(StubReconstructor(NEAR))
    source = FaceModel(StubReconstructor(OTHER))(photograph(seed=1))[0]
    _ = source.source
    read, whole = [], Image.window
    monkeypatch.setattr(
        Image, "window", lambda *given: read.append(whole(*given).shape) or whole(*given)
    )
    facelab.swap(photograph(), source, model=model, texture_size=256)
    (height, width, _), box = *read, NEAR.box
    assert len(read) == 1
    assert max(height, width) < 2 * max(box.width, box.height)
