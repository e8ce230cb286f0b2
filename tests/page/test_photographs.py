"""Photographs that are taken in, and their reduced copies."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from facelab.errors import FacelabError, ImageError, OutputError, UsageError
from facelab.model import FaceModel
from facelab.page import photographs as module
from facelab.page.photographs import SIDE, Photographs, place_at, plain_name, scaled
from tests.commands import FlatFace


def png(height=60, width=80, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def held(tmp_path):
    return Photographs(tmp_path, FaceModel(FlatFace()))


def test_a_file_is_taken_in_once_and_forgotten_whole(held, tmp_path):
    first = held.add("one.png", png())
    assert held.add("../one.png", png()) is first
    assert held.opened == [first]
    assert first.file.read_bytes() == png()
    held.remove(first.id)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="no longer here"):
        held[first.id]


@pytest.mark.parametrize("data", [b"", b"no picture", png()[:200]])
def test_of_a_broken_file_nothing_stays(held, tmp_path, data):
    with pytest.raises(ImageError):
        held.add("broken.png", data)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_nothing_stays(held, tmp_path, monkeypatch):
    def full(path, data):
        raise OutputError(f"{path}: cannot be written (no space left on device)")

    monkeypatch.setattr(module, "write_bytes_atomically", full)
    with pytest.raises(FacelabError, match="no space left"):
        held.add("one.png", png())
    assert (list(tmp_path.iterdir()), held.opened) == ([], [])


def test_too_much_is_refused(held, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", len(png()) + 10)
    held.add("one.png", png())
    with pytest.raises(UsageError, match="close some first"):
        held.add("two.png", png())


def test_a_large_photograph_is_reduced_and_its_faces_with_it(held):
    opened = held.add("large.png", png(SIDE, 2 * SIDE))
    assert opened.reduced.shape == (SIDE // 2, SIDE)
    (whole,), (small,) = opened.found, opened.reduced_found
    centre = np.float32(0.5)
    wanted = (whole.positions.values[..., :2] + centre) / 2 - centre
    np.testing.assert_allclose(small.positions.values[..., :2], wanted, atol=1e-3)
    assert opened.described["faces"][0]["left"] == pytest.approx(0.2, abs=0.01)


def test_a_small_one_is_not(held):
    opened = held.add("small.png", png())
    assert opened.reduced.shape == opened.shape == (60, 80)
    assert opened.reduced_found == opened.found


def test_scaling_there_and_back_gives_the_same(held):
    (found,) = held.add("one.png", png()).found
    back = scaled(scaled(found, 0.5, 0.25), 2, 4)
    np.testing.assert_allclose(
        back.positions.values[..., :2], found.positions.values[..., :2], atol=1e-4
    )


def test_a_place_on_the_face_is_one_of_the_atlas(held):
    opened = held.add("one.png", png(100, 100))
    values, atlas = opened.found[0].positions.values, opened.found[0].positions.atlas
    v, u = np.argwhere(atlas.face)[2000]
    found = place_at(opened, 0, *values[v, u, :2])
    assert np.abs(np.array(found) - atlas.canonical_uv(256)[v, u]).max() < 2 / 256
    with pytest.raises(UsageError, match="not there"):
        place_at(opened, 0, -50, -50)
    with pytest.raises(UsageError, match="no face 3"):
        place_at(opened, 3, 5, 5)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\me.png", "me.png"),
        ("..", "photograph"),
        ("a\nb\0c.png", "abc.png"),
        ("x" * 300 + ".jpg", "x" * 100 + ".jpg"),
    ],
)
def test_names_are_plain(given, name):
    assert plain_name(given) == name
