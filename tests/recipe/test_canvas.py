from __future__ import annotations

import gc
import tracemalloc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from facelab import FaceModel, Recipe
from facelab.edits import Symmetrise
from facelab.geometry.window import Window
from facelab.images import Image, decoded, encoded, read
from facelab.images.image import Metadata, Origin
from facelab.provenance import record_path
from facelab.recipe.canvas import Canvas
from tests import colour
from tests.images.test_colour_space import tagged
from tests.synthetic import StubReconstructor, canonical

WINDOW = Window(slice(10, 30), slice(20, 45))


def integers(kind, shape=(40, 50)):
    return np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (*shape, 3), kind)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_what_is_not_changed_keeps_its_integers(kind):
    values = integers(kind)
    image = Image(values, bits=8 * values.itemsize, origin=Origin("a.png", "0", values))
    canvas = Canvas(image)
    pixels = canvas.pixels(WINDOW).copy()
    pixels[5, 6] = 0.5
    canvas.change(WINDOW, pixels)
    after = canvas.image
    assert after.values.dtype == kind and after is not image
    expected = values.copy()
    expected[15, 26] = round(0.5 * np.iinfo(kind).max)
    np.testing.assert_array_equal(after.values, expected)
    np.testing.assert_array_equal(image.values, integers(kind))  # the photograph's own
    assert image.as_read and not after.as_read
    assert after.origin.values is None and after.origin.file == "a.png"


def test_a_result_does_not_hold_on_to_what_was_read(tmp_path):
    (tmp_path / "in.png").write_bytes(encoded("in.png", Image(integers(np.uint8, (300, 300)))))
    image = read(tmp_path / "in.png")
    held = weakref.ref(image.values)
    model = FaceModel(StubReconstructor(canonical(scale=5, origin=(150, 200, 0))))
    result = Recipe([Symmetrise()])(image, model=model)
    assert (result.image.values != image.values).any()
    del image
    gc.collect()
    assert held() is None
    result.save(tmp_path / "out.png")
    assert record_path(tmp_path / "out.png").is_file()


def test_nothing_changed_is_the_photograph_itself():
    image = Image(integers(np.uint8))
    assert Canvas(image).image is image


def test_windows_are_floats_of_the_whole():
    for image in (Image(integers(np.uint8)), Image(integers(np.uint16), bits=16)):
        found = Canvas(image).pixels(WINDOW)
        assert found.dtype == np.float32 and found.flags.c_contiguous
        np.testing.assert_array_equal(found, WINDOW.part(image.pixels))


def test_floats_stay_as_they_are():
    pixels = integers(np.uint8) / np.float32(255)
    canvas = Canvas(Image(pixels))
    change = np.full((20, 25, 3), 1 / 3, np.float32)
    canvas.change(WINDOW, change)
    np.testing.assert_array_equal(canvas.image.pixels[10:30, 20:45], change)
    np.testing.assert_array_equal(canvas.image.pixels[:10], pixels[:10])


@pytest.mark.parametrize("bits", [8, 16])
def test_other_spaces_are_written_in_their_own_integers(bits):
    values = integers(np.uint8 if bits == 8 else np.uint16)
    image = decoded("in.png", tagged(values, colour.profile("Display P3")))
    canvas = Canvas(image)
    pixels = canvas.pixels(WINDOW).copy()
    pixels[5, 6] = (0.6, 0.3, 0.2)
    canvas.change(WINDOW, pixels)
    changed = (canvas.image.values != values).any(axis=2)
    assert np.argwhere(changed).tolist() == [[15, 26]]
    np.testing.assert_allclose(canvas.image.pixels[15, 26], (0.6, 0.3, 0.2), atol=2 / 255)


def test_integers_of_another_depth_are_written_at_that_of_the_image():
    image = replace(Image(integers(np.uint8), metadata=Metadata(format="PNG")), bits=16)
    canvas = Canvas(image)
    canvas.change(WINDOW, canvas.pixels(WINDOW))
    assert canvas.image.values.dtype == np.uint16
    np.testing.assert_array_equal(canvas.image.values, image.values.astype(np.uint16) * 257)


def test_a_frame_is_copied_once_and_never_as_floats():
    image = Image(integers(np.uint8, (1500, 2000)))
    tracemalloc.start()
    canvas = Canvas(image)
    for _ in range(3):
        canvas.change(WINDOW, 1 - canvas.pixels(WINDOW))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.1 * image.values.nbytes
