from __future__ import annotations

import errno
import io
import os
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ExifTags, JpegImagePlugin

from facelab.errors import ImageError, OutputError, UsageError
from facelab.files.writing import same_file, write_bytes_atomically
from facelab.images import Image, Metadata, decoded, encoded, output_format, read, write
from facelab.images.image import from_integers, to_integers
from facelab.images.png import chunk, stripped
from tests.pictures import ORIENTATION, SRGB, XMP, full_exif, integers, photo, small

IPTC = b"\x1c\x02\x78\x00\x07Caption"


def saved(path, values, **options):
    PIL.Image.fromarray(values).save(path, **options)
    return path


def png_bytes(width, height, depth, colour_type, rows, *chunks):
    def chunk(name, data):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(*pair) for pair in chunks)
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def tiff_bytes(values, tags):
    """An uncompressed one-strip TIFF, big-endian, with the tags given as SHORT or bytes."""
    data = values.astype(values.dtype.newbyteorder(">")).tobytes()
    exif = PIL.Image.Exif()
    exif.endian = ">"
    exif.update({273: 0, 278: values.shape[0], 279: len(data), 259: 1, **tags})
    return exif.tobytes()[6:] + data


def rgb_tags(values, bits):
    height, width, channels = values.shape
    tags = {256: width, 257: height, 258: (bits,) * channels, 262: 2, 277: channels}
    return {**tags, **({338: 2} if channels == 4 else {})}


# ---------------------------------------------------------------------------------- conversions


@pytest.mark.parametrize("bits", [8, 16])
def test_every_integer_survives_the_way_to_float_and_back(bits):
    values = np.arange(2**bits).astype(np.uint8 if bits == 8 else np.uint16).reshape(-1, 16, 1)
    floats = from_integers(values)
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, (values / (2.0**bits - 1)).astype(np.float32))
    np.testing.assert_array_equal(to_integers(floats, bits), values)


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=5),
        elements=st.floats(-2, 3, width=32),
    ),
    st.sampled_from([8, 16]),
)
def test_to_integers_rounds_and_clips_every_channel(values, bits):
    top = 2**bits - 1
    expected = np.rint(np.clip(values.astype(np.float64), 0, 1) * top)
    assert np.abs(to_integers(values, bits) - expected).max() <= 1  # float32 products at ties
    inside = np.abs(values.astype(np.float64) * top % 1 - 0.5) > 0.01
    np.testing.assert_array_equal(to_integers(values, bits)[inside], expected[inside])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pixels": np.zeros((2, 3, 4), np.float32)}, r"pixels must be \(2, 3, 3\)"),
        ({"pixels": np.zeros((2, 3), np.float32)}, "pixels must be"),
        ({"pixels": np.zeros((2, 3, 3))}, "float32 or uint8 or uint16, got .* float64"),
        ({}, "needs pixels"),
        ({"alpha": np.zeros((3, 2), np.float32)}, r"alpha must be \(2, 3\)"),
        ({"bits": 12}, "bits must be 8 or 16, got 12"),
    ],
)
def test_image_is_checked_on_construction(changes, message):
    fields = {"pixels": np.zeros((2, 3, 3), np.float32), **changes} if changes else {}
    with pytest.raises(ValueError, match=message):
        Image(**fields)


# ----------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    bits=st.sampled_from([8, 16]),
    opaque=st.booleans(),
    seed=st.integers(0, 99),
)
def test_lossless_formats_keep_every_bit(
    tmp_path_factory, suffix, height, width, bits, opaque, seed
):
    path = tmp_path_factory.mktemp("round") / f"image{suffix}"
    values = from_integers(integers(height, width, 4, bits=bits, seed=seed))
    alpha = None if opaque else values[..., 3].copy()
    image = Image(values[..., :3].copy(), alpha, bits)
    assert write(path, image) == []
    again = read(path)
    assert again.bits == bits
    np.testing.assert_array_equal(again.pixels, image.pixels)
    if opaque:
        assert again.alpha is None
    else:
        np.testing.assert_array_equal(again.alpha, alpha)


def test_lossless_webp_stays_lossless_also_where_transparent(tmp_path):
    values = integers(7, 5, 4)
    saved(tmp_path / "in.webp", values, lossless=True, exact=True)
    write(tmp_path / "out.webp", read(tmp_path / "in.webp"))
    again = read(tmp_path / "out.webp")
    np.testing.assert_array_equal(to_integers(again.pixels, 8), values[..., :3])
    np.testing.assert_array_equal(to_integers(again.alpha, 8), values[..., 3])


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_is_written_as_well_as_it_was_read(tmp_path, subsampling):
    saved(tmp_path / "in.jpg", photo(), quality=83, subsampling=subsampling)
    image = read(tmp_path / "in.jpg")
    write(tmp_path / "out.jpg", image)
    with PIL.Image.open(tmp_path / "in.jpg") as before, PIL.Image.open(tmp_path / "out.jpg") as now:
        assert now.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(now) == subsampling
    again = read(tmp_path / "out.jpg")
    assert np.abs(again.pixels - image.pixels).mean() < 0.01


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_quality_asked_for_is_that_of_the_codec(tmp_path, suffix):
    saved(tmp_path / "in.jpg", photo(), quality=83)
    source = read(tmp_path / "in.jpg")
    out = tmp_path / f"out.{suffix}"
    sizes = []
    for quality in (20, 60, 100, None):
        write(out, source, quality=quality)
        sizes.append(out.stat().st_size)
    assert sizes[0] < sizes[1] < sizes[3] < sizes[2]


def test_jpeg_from_anything_else_has_quality_95_and_full_chroma(tmp_path):
    write(tmp_path / "out.jpg", read(saved(tmp_path / "in.png", photo())))
    saved(tmp_path / "reference.jpg", photo(), quality=95, subsampling=0)
    assert (tmp_path / "out.jpg").read_bytes()[-200:] == (tmp_path / "reference.jpg").read_bytes()[
        -200:
    ]


def test_jpeg_of_a_grey_jpeg_has_full_chroma_and_its_table(tmp_path):
    saved(tmp_path / "in.jpg", photo()[..., 0], quality=90)
    write(tmp_path / "out.jpg", read(tmp_path / "in.jpg"))
    with PIL.Image.open(tmp_path / "in.jpg") as before, PIL.Image.open(tmp_path / "out.jpg") as now:
        assert now.quantization[0] == before.quantization[0]
        assert JpegImagePlugin.get_sampling(now) == 0


def test_reading_agrees_with_a_second_decoder(tmp_path):
    path = saved(tmp_path / "in.jpg", photo(64, 80), quality=70)
    reference = cv2.imread(str(path))[..., ::-1]
    np.testing.assert_array_equal(to_integers(read(path).pixels, 8), reference)


def test_writing_changes_no_array(tmp_path):
    image = Image(from_integers(integers(4, 5, 3)), from_integers(integers(4, 5, 1))[..., 0])
    pixels, alpha = image.pixels.copy(), image.alpha.copy()
    image.pixels.flags.writeable = image.alpha.flags.writeable = False
    for suffix in (".jpg", ".png", ".webp", ".tiff"):
        write(tmp_path / f"out{suffix}", image)
    np.testing.assert_array_equal(image.pixels, pixels)
    np.testing.assert_array_equal(image.alpha, alpha)


# ---------------------------------------------------------------------------------- kinds of file


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [(mode, suffix) for mode in ("1", "L", "P", "RGB", "RGBA") for suffix in (".png", ".tif")]
    + [("LA", ".png")],
)
def test_eight_bit_kinds_match_pillows_conversion(tmp_path, mode, suffix):
    values = integers(6, 7, 4 if mode.endswith("A") else 3)
    picture = PIL.Image.fromarray(values).convert(mode)
    picture.save(tmp_path / f"in{suffix}")
    image = read(tmp_path / f"in{suffix}")
    expected = np.asarray(picture.convert("RGBA"))
    np.testing.assert_array_equal(to_integers(image.pixels, 8), expected[..., :3])
    assert (image.alpha is not None) == mode.endswith("A")
    if image.alpha is not None:
        np.testing.assert_array_equal(to_integers(image.alpha, 8), expected[..., 3])


def test_palette_transparency_becomes_alpha(tmp_path):
    picture = PIL.Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.save(tmp_path / "in.png", transparency=1)
    image = read(tmp_path / "in.png")
    np.testing.assert_array_equal(image.alpha, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(image.pixels[0], [[1, 0, 0], [0, 0, 1]])


def test_sixteen_bit_grey_with_alpha(tmp_path):
    values = integers(3, 4, 2, bits=16)
    rows = [row.astype(">u2").tobytes() for row in values]
    (tmp_path / "in.png").write_bytes(png_bytes(4, 3, 16, 4, rows))
    image = read(tmp_path / "in.png")
    assert image.bits == 16
    for channel in range(3):
        np.testing.assert_array_equal(to_integers(image.pixels, 16)[..., channel], values[..., 0])
    np.testing.assert_array_equal(to_integers(image.alpha, 16), values[..., 1])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_tiff_of_the_other_byte_order(tmp_path, channels):
    values = integers(3, 5, channels, bits=16)
    tags = rgb_tags(values, 16) | ({262: 1} if channels == 1 else {})
    (tmp_path / "in.tif").write_bytes(tiff_bytes(values, tags))
    image = read(tmp_path / "in.tif")
    expected = np.broadcast_to(values[..., :3], (3, 5, 3))
    np.testing.assert_array_equal(to_integers(image.pixels, 16), expected)


def test_one_pixel(tmp_path):
    for name in ("in.png", "in.jpg", "in.webp", "in.tif"):
        image = read(saved(tmp_path / name, np.full((1, 1, 3), 128, np.uint8)))
        assert image.pixels.shape == (1, 1, 3)
        assert abs(image.pixels.mean() - 128 / 255) < 0.02


def test_cmyk_without_a_profile_is_approximated_and_says_so(tmp_path):
    PIL.Image.fromarray(photo()).convert("CMYK").save(tmp_path / "in.jpg", quality=95)
    image = read(tmp_path / "in.jpg")
    assert "no profile" in image.notes[0]
    assert np.abs(image.pixels - photo() / 255).mean() < 0.02
    assert image.metadata.jpeg_tables is None


def test_grey_goes_through_its_profile(tmp_path):
    """A linear grey of 0.2140 is the sRGB value 0.5 (IEC 61966-2-1)."""
    profile = linear_grey_profile()
    saved(tmp_path / "in.png", np.full((2, 2), round(0.2140 * 255), np.uint8), icc_profile=profile)
    image = read(tmp_path / "in.png")
    assert image.pixels.mean() == pytest.approx(0.5, abs=0.01)
    assert image.metadata.icc is None
    assert image.notes == ()


def linear_grey_profile():
    """A minimal ICC v2 profile: grey, gamma 1, D50 (ICC.1:2001-04, 6.3.1.2)."""
    d50 = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    white = b"XYZ \0\0\0\0" + d50
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0) + b"\0\0\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + b"\0" * 78 + b"\0"
    blocks = {b"desc": text, b"wtpt": white, b"kTRC": curve}
    table, body = struct.pack(">I", len(blocks)), b""
    for name, block in blocks.items():
        start = 128 + 4 + 12 * len(blocks) + len(body)
        table += name + struct.pack(">II", start, len(block))
        body += block + b"\0" * (-len(block) % 4)
    header = struct.pack(
        ">I4sI4s4s4s",
        132 + 12 * len(blocks) + len(body),
        b"lcms",
        0x02100000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
    )
    header += struct.pack(">6H", 2001, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + d50
    return header.ljust(128, b"\0") + table + body


@pytest.mark.parametrize("icc", [b"nonsense", b"\0" * 16 + b"GRAY" + b"\0" * 200])
def test_damaged_profiles_are_dropped_with_a_note(tmp_path, icc):
    saved(tmp_path / "in.png", photo()[..., 0], icc_profile=icc)
    image = read(tmp_path / "in.png")
    assert "colour profile is damaged" in image.notes[0]
    assert image.metadata.icc is None
    np.testing.assert_array_equal(to_integers(image.pixels, 8)[..., 1], photo()[..., 0])


def test_only_the_first_frame_is_read(tmp_path):
    frames = [PIL.Image.fromarray(integers(4, 4, 3, seed=seed)) for seed in range(2)]
    frames[0].save(tmp_path / "in.tif", save_all=True, append_images=frames[1:])
    image = read(tmp_path / "in.tif")
    np.testing.assert_array_equal(to_integers(image.pixels, 8), np.asarray(frames[0]))
    assert image.notes == ("only its first frame is read",)


# ------------------------------------------------------------------------------------ orientation

UPRIGHT = {
    1: [[0, 1, 2], [3, 4, 5]],
    2: [[2, 1, 0], [5, 4, 3]],
    3: [[5, 4, 3], [2, 1, 0]],
    4: [[3, 4, 5], [0, 1, 2]],
    5: [[0, 3], [1, 4], [2, 5]],
    6: [[3, 0], [4, 1], [5, 2]],
    7: [[5, 2], [4, 1], [3, 0]],
    8: [[2, 5], [1, 4], [0, 3]],
}


@pytest.mark.parametrize("turn", UPRIGHT)
@pytest.mark.parametrize("kind", ["png", "png16", "tif", "tif16", "webp"])
def test_orientation_is_applied_once(tmp_path, turn, kind):
    bits = 16 if kind.endswith("16") else 8
    stored = np.dstack([np.arange(6, dtype=np.uint8 if bits == 8 else np.uint16).reshape(2, 3)] * 3)
    path = tmp_path / f"in.{kind.removesuffix('16')}"
    path.write_bytes(turned(stored, turn, kind))
    image = read(path)
    np.testing.assert_array_equal(to_integers(image.pixels, bits)[..., 0], UPRIGHT[turn])
    write(tmp_path / "out.png", image)
    again = read(tmp_path / "out.png")
    np.testing.assert_array_equal(again.pixels, image.pixels)


def turned(stored, turn, kind):
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = turn
    if kind == "tif16":
        return tiff_bytes(stored, rgb_tags(stored, 16) | {ORIENTATION: turn})
    if kind == "png16":
        rows = [row.astype(">u2").tobytes() for row in stored]
        return png_bytes(3, 2, 16, 2, rows, (b"eXIf", exif.tobytes()[6:]))
    plugin = {"png": "PNG", "tif": "TIFF", "webp": "WEBP"}[kind]
    buffer = io.BytesIO()
    options = {"lossless": True} if kind == "webp" else {}
    PIL.Image.fromarray(stored).save(buffer, plugin, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("turn", UPRIGHT)
def test_orientation_of_jpeg(tmp_path, turn):
    blocks = np.kron(np.arange(6).reshape(2, 3) * 40, np.ones((16, 16))).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = turn
    saved(tmp_path / "in.jpg", blocks, exif=exif, quality=95)
    image = read(tmp_path / "in.jpg")
    middles = to_integers(image.pixels, 8)[8::16, 8::16, 0]
    np.testing.assert_array_equal(np.rint(middles / 40), UPRIGHT[turn])


def test_an_orientation_that_does_not_exist_is_none(tmp_path):
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 9
    path = saved(tmp_path / "in.png", integers(2, 3, 3), exif=exif)
    assert read(path).pixels.shape == (2, 3, 3)


# --------------------------------------------------------------------------------------- metadata


@pytest.fixture
def tagged(tmp_path):
    """A JPEG with everything a JPEG can carry."""
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
    payload = b"Photoshop 3.0\0" + resource
    app13 = b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload
    return saved(
        tmp_path / "in.jpg",
        photo(),
        exif=full_exif(),
        icc_profile=SRGB,
        xmp=XMP,
        dpi=(300, 300),
        extra=app13,
    )


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("bits", [8, 16])
def test_metadata_is_kept(tmp_path, tagged, suffix, bits):
    image = replace(read(tagged), bits=bits)
    notes = write(tmp_path / f"out{suffix}", image)
    with PIL.Image.open(tmp_path / f"out{suffix}") as out:
        exif = out.getexif()
        assert exif[ExifTags.Base.Make] == "Camera"
        assert exif.get(ORIENTATION, 1) == 1
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[2] == (1.0, 2.0, 3.0)
        details = exif.get_ifd(ExifTags.IFD.Exif)
        assert details[0x9003] == "2020:01:02 03:04:05"
        assert (details[0xA002], details[0xA003]) == (24, 31)  # of the picture as displayed
        assert out.size == (24, 31)
        assert out.info["icc_profile"] == SRGB
        if suffix != ".webp":
            assert out.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    again = read(tmp_path / f"out{suffix}")
    assert again.metadata.xmp == XMP
    keeps_iptc = suffix in (".jpg", ".tif")
    assert again.metadata.iptc == (IPTC if keeps_iptc else None)
    assert any("IPTC" in note for note in notes) != keeps_iptc
    assert any("8 of the 16 bits" in note for note in notes) == (
        bits == 16 and suffix in (".jpg", ".webp")
    )


def test_metadata_survives_a_second_tiff(tmp_path, tagged):
    write(tmp_path / "one.tif", read(tagged))
    one = read(tmp_path / "one.tif")
    write(tmp_path / "two.tif", one)
    assert (tmp_path / "two.tif").read_bytes() == (tmp_path / "one.tif").read_bytes()
    assert one.notes == ()


def test_given_xmp_replaces_the_images_own(tmp_path, tagged):
    packet = XMP.replace(b"Someone", b"Another")
    write(tmp_path / "out.webp", read(tagged), xmp=packet)
    assert read(tmp_path / "out.webp").metadata.xmp == packet


def test_the_thumbnail_of_the_unedited_picture_is_gone(tmp_path):
    thumbnail = io.BytesIO()
    PIL.Image.fromarray(photo()).save(thumbnail, "JPEG")
    start = 8 + 2 + 12 + 4
    ifd0 = struct.pack("<HHHI4sI", 1, 271, 2, 4, b"Cam\0", start)
    ifd1 = struct.pack(
        "<HHHIIHHIII", 2, 0x201, 4, 1, start + 30, 0x202, 4, 1, len(thumbnail.getvalue()), 0
    )
    block = b"Exif\0\0II*\0\x08\0\0\0" + ifd0 + ifd1 + thumbnail.getvalue()
    path = saved(tmp_path / "in.jpg", photo(), exif=block)
    with PIL.Image.open(path) as before:
        assert before.getexif().get_ifd(ExifTags.IFD.IFD1)  # the file is what it claims to be
    exif = PIL.Image.Exif()
    exif.load(read(path).metadata.exif)
    assert exif[271] == "Cam"
    assert not exif.get_ifd(ExifTags.IFD.IFD1)
    assert thumbnail.getvalue() not in read(path).metadata.exif


def test_xmp_does_not_state_the_old_orientation(tmp_path):
    packet = XMP.replace(
        b"<rdf:Description ",
        b'<rdf:Description tiff:Orientation="6" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" ',
        1,
    )
    path = saved(tmp_path / "in.jpg", photo(), xmp=packet, exif=full_exif())
    assert b'tiff:Orientation="1"' in read(path).metadata.xmp


@pytest.mark.parametrize(
    "packet",
    [
        b"<broken",
        b"\xff\xfe<",
        b"<x/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + XMP[XMP.index(b"<x:") :],
    ],
)
def test_malformed_xmp_is_dropped_with_a_note(tmp_path, packet):
    image = read(saved(tmp_path / "in.jpg", photo(), xmp=packet))
    assert image.metadata.xmp is None
    assert image.notes == ("its XMP is malformed and not kept",)


def test_damaged_exif_is_dropped_with_a_note(tmp_path):
    path = saved(tmp_path / "in.jpg", photo(), exif=b"Exif\0\0XX*\0garbage")
    image = read(path)
    assert image.metadata.exif is None
    assert image.notes == ("its EXIF block is damaged and not kept",)


def test_blocks_too_long_for_jpeg_are_noted(tmp_path):
    exif = PIL.Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 70000
    long = Metadata(exif=exif.tobytes(), iptc=IPTC * 7000)
    image = Image(from_integers(photo()), metadata=long)
    notes = write(tmp_path / "out.jpg", image)
    assert [note for note in notes if "EXIF" in note]
    assert [note for note in notes if "IPTC" in note]
    assert write(tmp_path / "out.tif", image) == []
    assert read(tmp_path / "out.tif").metadata.iptc == long.iptc


# ---------------------------------------------------------------------------- Content Credentials


def with_credentials(kind):
    buffer = io.BytesIO()
    if kind == "JPEG":
        payload = b"JP\0\1\0\0\0\1\0\0\0\x20jumb" + b"\0" * 20
        extra = b"\xff\xeb" + struct.pack(">H", len(payload) + 2) + payload
        PIL.Image.fromarray(photo()).save(buffer, "JPEG", extra=extra)
    elif kind == "PNG":
        rows = [row.tobytes() for row in photo()]
        return png_bytes(31, 24, 8, 2, rows, (b"caBX", b"jumb"))
    elif kind == "TIFF":
        return tiff_bytes(photo(), rgb_tags(photo(), 8) | {52545: b"jumb"})
    else:
        PIL.Image.fromarray(photo()).save(buffer, "WEBP", lossless=True, exif=full_exif())
        riff = buffer.getvalue() + b"C2PA\x04\0\0\0jumb"
        return riff[:4] + struct.pack("<I", len(riff) - 8) + riff[8:]
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_content_credentials_are_noticed_and_not_carried_over(tmp_path, kind):
    (tmp_path / "in").write_bytes(with_credentials(kind))
    image = read(tmp_path / "in")
    assert image.metadata.had_c2pa
    assert image.metadata.format == kind
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        notes = write(tmp_path / f"out{suffix}", image)
        assert any("Content Credentials" in note for note in notes)
        assert b"jumb" not in (tmp_path / f"out{suffix}").read_bytes()


def test_no_credentials_where_there_are_none(tagged):
    assert not read(tagged).metadata.had_c2pa


# -------------------------------------------------------------------------------------- bad input


def bomb():
    return png_bytes(30000, 30000, 8, 2, [b""])


def half(values, plugin):
    buffer = io.BytesIO()
    PIL.Image.fromarray(values).save(buffer, plugin)
    return buffer.getvalue()[: len(buffer.getvalue()) // 2]


def half16(suffix):
    values = integers(40, 40, 3, bits=16)
    data = cv2.imencode(suffix, values)[1].tobytes()
    return data[: len(data) // 2]


NOISE = integers(64, 64, 3)
BAD_FILES = {
    "zero bytes": (lambda: b"", "is empty"),
    "text": (lambda: b"hello", "not a JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF image; convert"),
    "other format": (
        lambda: b"8BPS" + b"\0" * 40,
        "not a JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF image",
    ),
    "only a magic number": (lambda: b"\xff\xd8\xff", "damaged, truncated"),
    "truncated JPEG": (lambda: half(NOISE, "JPEG"), "damaged, truncated"),
    "truncated PNG": (lambda: half(NOISE, "PNG"), "damaged, truncated"),
    "truncated WebP": (lambda: half(NOISE, "WEBP"), "damaged, truncated"),
    "truncated TIFF": (lambda: half(NOISE, "TIFF"), "damaged, truncated"),
    "truncated 16-bit PNG": (lambda: half16(".png"), "damaged, truncated"),
    "truncated 16-bit TIFF": (lambda: half16(".tif"), "damaged, truncated"),
    "bomb": (bomb, "30000 x 30000 pixels are more than the limit of 50 megapixels; scale"),
    "16-bit CMYK": (
        lambda: tiff_bytes(
            integers(2, 2, 4, bits=16), {256: 2, 257: 2, 258: (16,) * 4, 262: 5, 277: 4}
        ),
        "16-bit CMYK is not supported; convert",
    ),
    "32-bit float": (
        lambda: tiff_bytes(
            np.ones((2, 2, 1), np.float32), {256: 2, 257: 2, 258: 32, 262: 1, 277: 1, 339: 3}
        ),
        "only 8-bit and 16-bit integers",
    ),
    "16-bit premultiplied": (
        lambda: tiff_bytes(
            integers(2, 2, 4, bits=16), rgb_tags(np.zeros((2, 2, 4)), 16) | {338: 1}
        ),
        "premultiplied",
    ),
    "CIELAB": (
        lambda: tiff_bytes(integers(2, 2, 3), rgb_tags(np.zeros((2, 2, 3)), 8) | {262: 8}),
        "colour mode LAB is not supported; convert",
    ),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_are_refused_in_one_line(tmp_path, capfd, kind):
    make, message = BAD_FILES[kind]
    path = tmp_path / "bad.jpg"
    path.write_bytes(make())
    with pytest.raises(ImageError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def bombs():
    """Small files of large pictures, and what is said of them."""
    grey, alpha, deep, wide = (
        png_bytes(*size, depth, kind, [b""])
        for size, depth, kind in (
            ((14_000, 14_000), 1, 0),
            ((7000, 7000), 8, 6),
            ((7000, 7000), 16, 2),
            ((65_000, 1000), 8, 2),
        )
    )
    return [
        (grey, "limit of 50 megapixels; scale it down to 7071 x 7071"),
        (alpha, "limit of 37.5 megapixels with alpha or 16 bits"),
        (deep, "limit of 37.5 megapixels with alpha or 16 bits"),
        (wide, "scale it down to 57008 x 877"),
    ]


@pytest.mark.parametrize(("data", "message"), bombs())
def test_what_would_take_gigabytes_is_refused_by_its_header(data, message):
    with pytest.raises(ImageError, match=message):
        decoded("a.png", data)


def test_a_jpeg_of_a_thousand_scans_is_refused():
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (2400, 2400)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    decoded("a.jpg", data)
    last = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match="scans of 2400 x 2400 pixels would take minutes"):
        decoded("a.jpg", data[:-2] + last * 1000 + data[-2:])
    with pytest.raises(ImageError, match="scans of 2400 x 2400 pixels would take minutes"):
        decoded("a.jpg", data[:-2] + (b"garbage" + last) * 1000 + data[-2:])


def test_what_follows_a_jpeg_is_no_scan_of_it():
    """Phones put a video there, or a picture of the light's gain."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (2400, 2400)).save(buffer, "JPEG", exif=b"Exif\0\0" + b"\xff\xda" * 9000)
    decoded("a.jpg", buffer.getvalue() + b"\xff\xda\0\2" * 9000)


@pytest.mark.parametrize(("suffix", "depth"), [(".tif", 8), (".png", 8), (".png", 16)])
def test_libraries_write_nothing_to_stderr(capfd, suffix, depth):
    """Not of damage, and not of what they do not like in a whole file."""
    data = cv2.imencode(suffix, integers(20, 20, 3, bits=depth))[1].tobytes()
    for at in range(0, len(data), 7):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]):
            with suppress(ImageError):
                decoded(f"a{suffix}", damaged)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_bare_png_has_the_same_pixels(channels, interlaced):
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    values = integers(11, 13, channels, bits=16)
    data = png16(values, colour_type, interlaced)
    text = chunk(b"tEXt", b"Comment\0x")
    body = data[data.index(b"IDAT") + 4 : -16]
    longer = data.replace(chunk(b"IDAT", body), chunk(b"IDAT", body + b"behind"))
    found = stripped(longer[:33] + text + longer[33:] + b"trailing")
    assert found == data
    np.testing.assert_array_equal(
        cv2.imdecode(np.frombuffer(found, np.uint8), cv2.IMREAD_UNCHANGED),
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED),
    )
    image = decoded("a.png", data)
    np.testing.assert_array_equal(to_integers(image.pixels, 16)[..., 0], values[..., 0])


def png16(values, colour_type, interlaced):
    """A 16-bit PNG made by hand, its rows unfiltered."""
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4)]
        passes += [(1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, dx, dy in passes:
        part = values[y::dy, x::dx].astype(">u2")
        rows += b"".join(b"\0" + row.tobytes() for row in part if row.size)
    header = struct.pack(">IIBBBBB", *values.shape[1::-1], 16, colour_type, 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*pair) for pair in parts)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: rows + b"\0",
        lambda rows: b"\5" + rows[1:],
    ],
)
def test_a_bare_png_is_whole(change):
    values = integers(5, 6, 3, bits=16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    good = png16(values, 2, False)
    packed = good.replace(
        chunk(b"IDAT", zlib.compress(rows)), chunk(b"IDAT", zlib.compress(change(rows)))
    )
    assert packed != good
    with pytest.raises(ValueError, match="its pixels"):
        stripped(packed)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageError, match=r"no-such\.png: no such file; check"):
        read(tmp_path / "no-such.png")
    with pytest.raises(ImageError, match="is a folder; give an image file"):
        read(tmp_path)


def test_unreadable_file(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ImageError, match=r"cannot be read \(permission denied\); check its perm"):
        read(tmp_path / "in.png")


@pytest.mark.parametrize("plugin", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
@given(data=st.data())
def test_any_damage_gives_an_image_or_an_image_error(tmp_path_factory, plugin, data):
    buffer = io.BytesIO()
    PIL.Image.fromarray(NOISE[:16, :16]).save(
        buffer, plugin, exif=full_exif().tobytes(), icc_profile=SRGB
    )
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "in"
    path.write_bytes(bytes(content))
    try:
        image = read(path)
    except ImageError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(image.pixels).all()


# ---------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("a.jpg", "JPEG"),
        ("a.JPEG", "JPEG"),
        ("a.png", "PNG"),
        ("a.webp", "WEBP"),
        ("a.tif", "TIFF"),
        ("a.tiff", "TIFF"),
    ],
)
def test_output_format_goes_by_the_suffix(tmp_path, name, label):
    assert output_format(name) == label
    write(tmp_path / name, small())
    assert read(tmp_path / name).metadata.format == label


@pytest.mark.parametrize("name", ["out.gif", "out", "out.heic"])
def test_other_suffixes_are_refused_with_the_list(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.jpg \.jpeg .*\.png \.webp \.avif \.tif \.tiff"):
        write(tmp_path / name, small())
    assert list(tmp_path.iterdir()) == []


def test_dropped_alpha_is_noted(tmp_path):
    image = replace(small(), alpha=np.ones((24, 31), np.float32))
    assert "transparency" in write(tmp_path / "out.jpg", image)[0]
    assert write(tmp_path / "out.png", image) == []


def test_an_image_too_wide_for_its_format(tmp_path):
    wide = Image(np.zeros((1, 16384, 3), np.float32))
    with pytest.raises(OutputError, match=r"does not fit WEBP .*; write another format"):
        write(tmp_path / "out.webp", wide)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_bytes_are_those_of_the_file(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    write(path, small(), xmp=XMP, quality=80)
    data = encoded(path.name, small(), xmp=XMP, quality=80)
    assert data == path.read_bytes()
    found, expected = decoded(path.name, data), read(path)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert found.metadata == expected.metadata


def test_bytes_of_no_image_are_called_by_their_name():
    with pytest.raises(ImageError, match=r"^shard\.jpg: not a JPEG"):
        decoded("shard.jpg", b"text")
    with pytest.raises(UsageError, match=r"^shard\.gif: cannot write \.gif"):
        encoded("shard.gif", small())


def test_xmp_too_long_for_jpeg(tmp_path):
    with pytest.raises(OutputError, match=r"does not fit JPEG .*; write another format"):
        write(tmp_path / "out.jpg", small(), xmp=b"x" * 70000)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, r"no space left on device\); free some space"),
        (errno.EACCES, r"permission denied\); choose a folder you may write to"),
        (errno.EROFS, r"read-only file system\); choose a folder"),
        (errno.EIO, r"; choose another output path"),
    ],
)
def test_a_failing_disk_leaves_nothing_behind(tmp_path, monkeypatch, code, message):
    (tmp_path / "out.png").write_bytes(b"before")

    def fail(self, data):
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match=rf"out\.png: cannot be written .*{message}"):
        write(tmp_path / "out.png", small())
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert (tmp_path / "out.png").read_bytes() == b"before"


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(self, data):
        self.touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes_atomically(tmp_path / "out.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_and_folder_as_file(tmp_path):
    with pytest.raises(OutputError, match=r"no such file or directory\); create the folder first"):
        write(tmp_path / "missing" / "out.png", small())
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OutputError, match="give a file name, not a folder"):
        write(tmp_path / "taken.png", small())
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="whose parents are folders"):
        write(tmp_path / "file" / "out.png", small())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_real_limit_on_file_size(tmp_path):
    script = (
        "import resource, signal, sys\n"
        "from facelab.errors import OutputError\n"
        "from facelab.files.writing import write_bytes_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_bytes_atomically(sys.argv[1], bytes(5000))\n"
        "except OutputError as error:\n"
        "    sys.exit(str(error))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "out.png")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 1
    assert "cannot be written (file too large); raise the file-size limit" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_same_file(tmp_path, monkeypatch):
    one, link = tmp_path / "one", tmp_path / "link"
    one.touch()
    link.symlink_to(one)
    (tmp_path / "two").touch()
    monkeypatch.chdir(tmp_path)
    assert same_file(one, link)
    assert same_file("one", one)
    assert not same_file(one, "two")
    assert same_file("new", tmp_path / "sub" / ".." / "new")
    assert not same_file("new", one)
