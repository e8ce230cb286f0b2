"""What the command says and leaves behind when its input is not a plain photograph of a face.

Where faces matter the networks are real; where files matter, stand-ins save the time (`calls`).
"""

from __future__ import annotations

import errno
import os
import resource
import struct
import zlib
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from facelab.images import read
from facelab.reconstruct.networks import Networks
from tests.children import ROOT
from tests.commands import one_line, snapshot, swap, values

SAMPLES = ROOT / "samples"

loaded = cache(Networks.load)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder to stand in, with a source and a target; networks are loaded once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Networks, "load", loaded)
    saved("source.png", portrait())
    saved("target.png", face())


@cache
def face():
    """The astronaut's face, (160, 140, 3) uint8."""
    with PIL.Image.open(SAMPLES / "astronaut.png") as file:
        return np.asarray(file.crop((155, 30, 295, 190)).convert("RGB"))


@cache
def portrait():
    """The Mona Lisa's face, uint8."""
    with PIL.Image.open(SAMPLES / "mona-lisa.jpg") as file:
        return np.asarray(file.crop((220, 120, 500, 440)).resize((140, 160)))


def saved(path, pixels, **options):
    PIL.Image.fromarray(pixels).save(path, **options)
    return path


def swap_small(*arguments, **files):
    """Swap with a small texture, which is enough for these faces, and nothing moved around them."""
    return swap("--texture-size", "256", "--shape", "0", *arguments, **files)


def refused(result, code, *parts):
    """The command failed with one line and wrote nothing."""
    assert result.exit_code == code, result.stderr
    assert one_line(result, *parts)
    assert not list(Path().glob("out*"))
    assert not list(Path().glob(".facelab-*"))


def png_header(width, height):
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )


# Files that are no photographs


def not_an_image(path):
    path.write_text("a letter")
    return "not a JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF image"


def truncated(path):
    content = (SAMPLES / "mona-lisa.jpg").read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return "truncated"


def zero_bytes(path):
    path.write_bytes(b"")
    return "zero bytes"


def header_bomb(path):
    path.write_bytes(png_header(30_000, 30_000))
    return "30000 x 30000 pixels are more than the limit"


def missing(path):
    return "no such file"


BAD_FILES = [not_an_image, truncated, zero_bytes, header_bomb]


@pytest.mark.parametrize("make", [*BAD_FILES, missing])
def test_unreadable_file(calls, make):
    reason = make(Path("bad.jpg"))
    refused(swap(source="bad.jpg"), 1, "bad.jpg: ", reason)
    refused(swap(target="bad.jpg"), 1, "bad.jpg: ", reason)
    refused(swap("--mask", "bad.jpg"), 1, "bad.jpg: ", reason)
    assert not calls


def test_folder_in_place_of_a_file(calls):
    Path("photos").mkdir()
    refused(swap(source="photos"), 2, "photos: no photograph is in it")
    refused(swap("--mask", "photos"), 1, "photos: is a folder")


def test_folder_without_photographs(calls):
    Path("photos").mkdir()
    Path("photos/letter.txt").write_text("Dear")
    refused(
        swap(target="photos", output="out"),
        2,
        "photos: no photograph is in it (1 not taken: 1 .txt)",
    )


def test_bad_files_do_not_stop_a_folder(calls):
    photos = Path("photos")
    photos.mkdir()
    for make in BAD_FILES:
        make(photos / f"{make.__name__}.jpg")
    saved(photos / "tiny.png", face()[:1, :1])
    saved(photos / "zz.png", face())
    result = swap(target=photos, output="out")
    assert result.exit_code == 1
    assert sorted(snapshot("out")) == ["zz.png", "zz.png.json"]
    errors = [line for line in result.stderr.splitlines() if line.startswith("facelab: ")]
    assert [error.split(":")[1].strip() for error in errors] == sorted(
        str(path) for path in photos.iterdir() if path.name != "zz.png"
    )
    assert "1 done, 0 skipped, 5 failed" in result.stderr


# Photographs without the face


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (200, 200)])
def test_no_face(shape):
    height, width = shape
    sky = np.linspace(90, 220, height * width).reshape(height, width).astype(np.uint8)
    saved("sky.png", np.dstack([sky // 2, sky, sky]))
    refused(swap(source="sky.png"), 3, "sky.png: no face found")
    refused(swap(target="sky.png"), 3, "sky.png: no face found")


def test_face_index_that_does_not_exist_lists_the_faces():
    saved("pair.png", np.hstack([face(), face()]))
    result = swap("--target-face", "7", target="pair.png")
    refused(result, 3, "pair.png: no face 7", "0: ", "1: ")
    boxes = [part.split(": ")[1] for part in result.stderr.split("are ")[1].split("; ")]
    assert [len(box.split(",")) for box in boxes] == [4, 4]


def test_box_without_a_face():
    saved("wide.png", np.hstack([face(), np.full_like(face(), 128)]))
    refused(swap("--target-box", "170,20,250,120", target="wide.png"), 3, "170,20,250,120")


def test_face_cut_by_the_border():
    cut = face()[:, 60:]
    saved("cut.png", cut)
    result = swap_small(target="cut.png")
    assert result.exit_code == 0, result.stderr
    changed = (values("out.png") != cut).any(axis=2)
    assert changed[:, 0].any()
    assert not changed[:, -5:].any()


def test_mask_of_another_size():
    saved("mask.png", np.full((10, 20), 255, np.uint8))
    refused(swap("--mask", "mask.png"), 2, "mask.png: ", "20 x 10", "target.png", "140 x 160")


# Photographs that are not 8-bit RGB


def rgb(path, pixels):
    return saved(path, pixels)


def cmyk(path, pixels):
    PIL.Image.fromarray(pixels).convert("CMYK").save(path.with_suffix(".jpg"), quality=95)
    return path.with_suffix(".jpg")


def grey(path, pixels):
    return saved(path, np.array(PIL.Image.fromarray(pixels).convert("L")))


def palette(path, pixels):
    PIL.Image.fromarray(pixels).quantize(200).save(path)
    return path


def sixteen_bit(path, pixels):
    cv2.imwrite(str(path), pixels[..., ::-1].astype(np.uint16) * 257)
    return path


def alpha(path, pixels):
    opacity = np.tile(np.linspace(255, 100, pixels.shape[1]).astype(np.uint8), (len(pixels), 1))
    return saved(path, np.dstack([pixels, opacity]))


@pytest.mark.parametrize("make", [rgb, cmyk, grey, palette, sixteen_bit, alpha])
def test_pixels_of_any_kind(make):
    target = make(Path("other.png"), face())
    result = swap_small(target=target)
    assert result.exit_code == 0, result.stderr
    before, after = read(target), read("out.png")
    assert after.bits == before.bits == (16 if make is sixteen_bit else 8)
    assert (after.alpha is None) == (before.alpha is None)
    if before.alpha is not None:
        np.testing.assert_array_equal(after.alpha, before.alpha)
    changed = (after.pixels != before.pixels).any(axis=2)
    assert 0.1 < changed.mean() < 0.9
    assert not changed[:, -3:].any()


def test_depth_and_opacity_of_the_source_change_nothing():
    assert swap_small(output="plain.png").exit_code == 0
    for make in (sixteen_bit, alpha):
        source = make(Path("other.png"), portrait())
        assert swap_small("--overwrite", source=source).exit_code == 0
        np.testing.assert_array_equal(values("out.png"), values("plain.png"))


def test_sixteen_bits_do_not_fit_a_jpeg(calls):
    result = swap(target=sixteen_bit(Path("deep.png"), face()), output="out.jpg")
    assert result.exit_code == 0
    assert "note: out.jpg: JPEG holds 8 of the 16 bits" in result.stderr


# Outputs


@pytest.mark.parametrize("name", ["out.gif", "out.json"])
def test_output_of_unknown_kind(calls, name):
    refused(swap(output=name), 2, f"{name}: ", ".jpg", ".png")
    assert not calls


def test_output_folder_is_not_there(calls):
    Path("photos").mkdir()
    saved("photos/face.png", face())
    refused(swap(output="none/out.png"), 1, "none: no such folder; create it first")
    refused(swap(target="photos", output="none/out"), 1, "none/out: ", "no such file or directory")
    assert not Path("none").exists()
    assert not calls


def test_output_folder_is_a_file(calls):
    Path("photos").mkdir()
    saved("photos/face.png", face())
    Path("taken").write_text("a file")
    refused(swap(target="photos", output="taken"), 1, "taken: ", "file exists")
    refused(swap(output="taken/out.png"), 1, "taken: no such folder")
    assert Path("taken").read_text() == "a file"
    assert not calls


def test_output_folder_is_not_writable(calls, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    refused(swap(), 1, "not writable", "choose a folder")
    assert not calls


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_output_cannot_be_written(calls, monkeypatch, reason):
    before, write = snapshot("."), Path.write_bytes

    def full(path, data):
        write(path, data[:100])
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(Path, "write_bytes", full)
    refused(swap(), 1, "out.png.json: ", os.strerror(reason).lower(), "; ")
    assert snapshot(".") == before


def test_file_size_limit(calls):
    Path("kept.png").write_text("old")
    before, limits = snapshot("."), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        result = swap("--overwrite", output="kept.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 1
    assert one_line(result, "kept.png: ", "file too large")
    assert snapshot(".") == before
