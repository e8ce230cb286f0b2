"""Differences between files, on files made by hand."""

from __future__ import annotations

import io
import json

import numpy as np
import PIL.Image
import pytest

from facelab.errors import UsageError
from facelab.export import glb, npz, obj_colour, ply
from facelab.provenance import file_sha256
from facelab.types import Mesh
from facelab.verification import (
    Finding,
    Search,
    Verification,
    content_difference,
    difference,
)
from facelab.verification.finding import joint_code

MESH = Mesh(
    np.float32([[0, 0, 0], [10, 0, 1], [0, 10, 2], [10, 10, 3]]),
    np.int32([[0, 1, 2], [1, 3, 2]]),
    np.float32([[0, 0], [1, 0], [0, 1], [1, 1]]),
)
MOVED = Mesh(MESH.vertices + np.float32([0, 0, 0.5]), MESH.triangles, MESH.uv)
COLOURS = np.full((4, 3), 0.5, np.float32)
TEXTURE = np.full((8, 8, 3), 0.5, np.float32)


def png(values, **options):
    buffer = io.BytesIO()
    PIL.Image.fromarray(values).save(buffer, "PNG", **options)
    return buffer.getvalue()


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def pixels(height=5, width=7, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 200, (height, width, 3)).astype(dtype)


FILES = {
    "a.png": (png(pixels()), png(pixels() + np.uint8(3))),
    "a.npy": (npy(np.arange(6.0)), npy(np.arange(6.0) + 0.5)),
    "a.npz": tuple(npz.encode({"x": np.arange(6.0) + k, "y": np.ones(2)}) for k in (0, 0.5)),
    "a.txt": (b"1 2\n3 4\n", b"1 2\n3 4.5\n"),
    "a.obj": tuple(obj_colour.encode(mesh, COLOURS) for mesh in (MESH, MOVED)),
    "a.ply": tuple(ply.encode(mesh, COLOURS) for mesh in (MESH, MOVED)),
    "a.glb": tuple(glb.encode(mesh, TEXTURE) for mesh in (MESH, MOVED)),
    "a.json": (b'{"a": [1, 2]}', b'{"a": [1, 2.5]}'),
    "a.bin": (b"abcd", b"abce"),
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_bytes_are_no_difference(name):
    for data in FILES[name]:
        assert difference(name, data, bytes(data)) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.png", "35 of 35 pixels differ, by at most 3 of 255 levels (mean 3 where they differ)"),
        ("a.npy", "6 of 6 numbers differ, by at most 0.5"),
        ("a.npz", "6 of 8 numbers differ, x by at most 0.5"),
        ("a.txt", "1 of 4 numbers differ, by at most 0.5"),
        ("a.ply", "4 of 32 numbers differ, vertices by at most 0.5 px"),
        ("a.glb", "4 of 38 numbers differ, POSITION by at most 0.5 px"),
        ("a.json", "a differs by at most 0.5"),
        ("a.bin", "1 of 4 bytes differ"),
    ],
)
def test_what_is_said(name, said):
    for kept, made in (FILES[name], FILES[name][::-1]):
        found = difference(name, kept, made)
        assert found.said == said


def test_a_mesh_as_text_differs_in_its_heights_alone():
    found = difference("a.obj", *FILES["a.obj"])
    assert found.figures["differing"] == 4
    assert found.figures["largest"] == pytest.approx(0.5)


def test_levels_of_sixteen_bits_are_parts_of_255():
    grey = np.full((4, 4), 1000, np.uint16)
    other = grey.copy()
    other[1, 2] += 257
    found = difference("a.png", png(grey), png(other))
    assert found.figures == {"differing": 1, "of": 16, "largest": 1, "mean": 1}


def test_the_mean_is_of_the_pixels_that_differ():
    values = pixels()
    other = values.copy()
    other[0, 0, 1] += 2
    other[4, 6] += 6
    found = difference("a.png", png(values), png(other))
    assert found.figures == {"differing": 2, "of": 35, "largest": 6, "mean": 4}


def test_pictures_that_cannot_be_compared():
    assert difference("a.png", png(pixels(4)), png(pixels(5))).said == (
        "7 x 4 pixels in 3 channels; made again 7 x 5 pixels in 3 channels"
    )
    assert difference("a.png", png(pixels()), png(pixels(), dpi=(9, 9))).said == (
        "pixels identical, metadata differs"
    )


@pytest.mark.parametrize(
    ("name", "kept", "made", "said"),
    [
        ("a.npy", npy(np.zeros(3)), npy(np.zeros(4)), "holds an array of another shape or type"),
        ("a.npy", npy(np.zeros(3, "<f4")), npy(np.zeros(3, "<i4")), "holds an array of another"),
        ("a.npz", npz.encode({"x": np.zeros(1)}), npz.encode({"y": np.zeros(1)}), "holds other"),
        ("a.txt", b"1 2", b"1", "2 words; made again 1"),
        ("a.txt", b"1 a", b"1 b", "1 of 2 words differ"),
        ("a.json", b'{"a": 1}', b'{"b": 1}', "it is another"),
        ("a.json", b'{"a": 1}', b'{"a":1}', "content identical, spelled otherwise"),
        ("a.json", b"{", b"{}", "is damaged: 1 bytes; made again 2"),
    ],
)
def test_another_layout(name, kept, made, said):
    assert difference(name, kept, made).said.startswith(said)


def test_what_is_no_number_is_infinitely_far_from_one():
    gone = np.array([1, np.nan, np.nan])
    here = np.array([2, np.nan, 3])
    found = difference("a.npy", npy(gone), npy(here))
    assert found.said == "2 of 3 numbers differ, by at most inf"
    assert found.figures == {"differing": 2, "of": 3}


@pytest.mark.parametrize(
    ("kept", "made", "said"),
    [
        ({"a": 1, "b": [True]}, {"a": 1, "b": [False]}, "b is another"),
        ({"a": 1}, {"a": True}, "a is another"),
        ({"box": [1, 2.0]}, {"box": [1.5, 2]}, "box differs by at most 0.5 px"),
        ([1], [1, 2], "it is another"),
        ({"a": 10**400}, {"a": 1.0}, "a is another"),
    ],
)
def test_content(kept, made, said):
    assert content_difference(kept, made).said == said
    assert content_difference(made, made) is None


@pytest.mark.filterwarnings("ignore")  # of decoders
@pytest.mark.parametrize("name", FILES)
def test_damaged_files_differ_and_nothing_else(name):
    kept, made = FILES[name]
    rng = np.random.default_rng(1)
    for _ in range(300):
        data = bytearray(kept)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        if rng.random() < 0.3:
            del data[rng.integers(len(data)) :]
        if bytes(data) != made:
            assert difference(name, bytes(data), made).said


def test_a_large_file_is_not_looked_into():
    bomb = json.dumps({"a": "x" * 200_000}).encode()
    assert difference("a.json", bomb, b"{}").said == f"{len(bomb):,} bytes; made again 2"


# --- Search and findings -----------------------------------------------------------------------


def test_files_are_found_by_name_first_then_by_hash(tmp_path):
    near, below = tmp_path / "near", tmp_path / "below"
    for name, content in (
        ("near/a.png", "other"), ("near/deep/c.png", "c"), ("below/deep/a.png", "a"),
        ("below/b.png", "a"), ("below/d.txt", "d"),
    ):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    search = Search([near], [below])
    digest = file_sha256(below / "b.png")
    assert search.find("a.png", digest) == below / "deep/a.png"
    assert search.find("e.png", digest) == below / "b.png"
    assert search.find(None, digest, ".png") == below / "b.png"
    assert search.find("e.png", file_sha256(near / "deep/c.png")) is None  # not looked for there
    assert search.find("e.png", file_sha256(below / "d.txt")) is None  # of another kind
    assert search.named("a.png") == [near / "a.png", below / "deep/a.png"]
    with pytest.raises(UsageError, match=r"b\.png: is not a folder"):
        Search([near], [below / "b.png"])


@pytest.mark.parametrize(
    ("codes", "code"), [((), 0), ((0, 0), 0), ((0, 4), 4), ((4, 4), 4), ((1, 4), 1), ((3, 2), 1)]
)
def test_one_exit_code_of_many(codes, code):
    assert joint_code(codes) == code


def test_nothing_made_is_not_identical():
    version = Finding("version", "numpy", "unchanged")
    output = Finding("output", "a.png", "identical")
    assert not Verification("a", (version,)).identical
    assert Verification("a", (version, output)).identical
    assert not Verification("a", (output, Finding("output", "b.png", "differs"))).identical
