"""Files from outside: only regular ones of bounded size, and JSON of a known shape."""

from __future__ import annotations

import os
import socket

import pytest

from facelab.errors import FacelabError, ImageError, UsageError, WeightsError
from facelab.files import MEGABYTE, parse_json, read_bytes, why
from facelab.geometry.head import HeadModel
from facelab.geometry.landmarks import read_landmarks
from facelab.images import read
from facelab.provenance import file_sha256
from facelab.recipe import read_recipe
from facelab.train.prepared import read as read_views
from facelab.weights import manifest


def pipe(path):
    os.mkfifo(path)
    return "is a pipe, not a regular file"


def device(path):
    path.symlink_to("/dev/zero")
    return "is a device, not a regular file"


def loop(path):
    path.symlink_to(path.name)
    return "too many levels of symbolic links"


def folder(path):
    path.mkdir()
    return "is a folder"


def huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no room
    return "too large: 1.02e+03 GB"


ODD = [pipe, device, loop, folder, huge]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_of_that_size_is_refused_at_once(tmp_path, make):
    reason = make(tmp_path / "odd")
    with pytest.raises(OSError, match=r"odd") as caught:
        read_bytes(tmp_path / "odd", MEGABYTE)
    assert why(caught.value).startswith(reason)


def test_a_file_is_read_to_its_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_bytes(tmp_path / "a", 10) == b"x" * 10
    with pytest.raises(OSError, match="too large: 10 bytes, where the limit is 9 bytes"):
        read_bytes(tmp_path / "a", 9)


def test_a_socket_is_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as own:
        own.bind("s")
        with pytest.raises(OSError, match=r"(?i)no such device|not a regular file"):
            read_bytes("s", MEGABYTE)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_what_is_no_name_is_an_error_of_reading(name):
    with pytest.raises(OSError, match="no name of a file"):
        read_bytes(name, MEGABYTE)


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize(
    ("name", "reader", "kind"),
    [
        ("a.jpg", read, ImageError),
        ("a.txt", read_landmarks, UsageError),
        ("a.npy", read_landmarks, UsageError),
        ("a.mat", read_landmarks, UsageError),
        ("a.yaml", read_recipe, UsageError),
        ("a.safetensors", HeadModel.read, UsageError),
        ("a.npz", lambda path: read_views([path], lambda *_: None), UsageError),
        ("manifest.toml", lambda path: manifest(path.parent), WeightsError),
    ],
)
def test_every_reader_refuses_them_in_a_line(tmp_path, make, name, reader, kind):
    make(tmp_path / name)
    with pytest.raises(kind) as caught:
        reader(tmp_path / name)
    assert isinstance(caught.value, FacelabError)
    assert str(caught.value).startswith(f"{tmp_path / name}")
    assert "\n" not in str(caught.value)


def test_nothing_endless_is_hashed(tmp_path):
    device(tmp_path / "zero")
    with pytest.raises(OSError, match="is a device"):
        file_sha256(tmp_path / "zero")


def test_json_of_a_known_shape():
    shape = {"name": str, "sizes": [(int, float)], "inner": {"flag": bool}}
    text = b'{"name": "a", "sizes": [1, 2.5], "inner": {"flag": true}, "more": null}'
    assert parse_json(text, shape)["sizes"] == [1, 2.5]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"count":' * 100_000, "nested too deeply"),
        (b"[]", "it is no map"),
        (b"{}", "it has no count"),
        (b'{"count": null}', "count is of another kind"),
        (b'{"count": true}', "count is of another kind"),
        (b'{"count": 1.5}', "count is of another kind"),
        (b'{"count": NaN}', "is no number"),
        (b'{"count": 1e999}', "is no number"),
        (b'{"count": ' + b"9" * 10_000 + b"}", "is no number"),
        (b'{"count": 1, "x": "\\ud800"}', "surrogates not allowed"),
        (b"\xff\xfe{}", "decode"),
        (b"", "Expecting value"),
    ],
)
def test_json_that_is_not_what_it_should_be(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_json(text, {"count": int})


def test_lists_are_looked_through():
    with pytest.raises(ValueError, match="an item of names is of another kind"):
        parse_json(b'{"names": ["a", 1]}', {"names": [str]})
