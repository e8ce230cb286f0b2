"""Files in any colour space are read into sRGB, and written back into their own."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms, features

from facelab.errors import ImageError
from facelab.images import Image, Metadata, decoded, icc, read, write
from facelab.images.colour_space import srgb_encoded, srgb_light
from facelab.images.icc_curve import curve, curve_size
from facelab.images.image import to_integers
from facelab.images.profiles import hdr_of, read_profile
from tests import colour

LEVEL = 1 / 255
FINE = 0.15 * LEVEL  # profiles round primaries to 1.5e-5, which is most in what is dark
P3 = colour.profile("Display P3")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(bits, seed=0, shape=(40, 50, 3)):
    """Integers without relation: colours inside and outside of sRGB's gamut."""
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(seed).integers(0, 2**bits, shape, dtype=kind)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(values, *chunks):
    """A PNG of RGB integers with chunks before its pixels."""
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    return data[:33] + b"".join(chunk(*one) for one in chunks) + data[33:]


def tagged(values, profile):
    return png(values, (b"iCCP", b"p\0\0" + zlib.compress(profile)))


def chunks_of(data):
    """Name and content of every chunk of a PNG."""
    at, found = 8, {}
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        found[name] = data[at + 8 : at + 8 + size]
        at += 12 + size
    return found


def raw(path):
    """The integers of a PNG or TIFF, without any colour management."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]


def managed(path):
    """What a colour-managed viewer shows, 8-bit sRGB."""
    with PIL.Image.open(path) as file:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(file.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        intent, exactly = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.NOOPTIMIZE
        shown = ImageCms.profileToProfile(file, profile, srgb, intent, flags=exactly)
        return np.asarray(shown)


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", colour.WIDE)
def test_pixels_are_srgb_whatever_the_file_is_in(name, bits):
    values = noise(bits)
    image = decoded("in.png", tagged(values, colour.profile(name)))
    expected = colour.to_srgb(name, values / (2.0**bits - 1))
    assert expected.min() < -0.1 and expected.max() > 1.05  # colours that sRGB does not hold
    np.testing.assert_allclose(image.pixels, expected, atol=FINE)
    assert image.notes == () and image.bits == bits
    assert image.srgb.min() == 0 and image.srgb.max() == 1


def test_a_picture_within_srgb_reads_alike_from_every_space():
    shown = np.random.default_rng(1).uniform(0, 1, (30, 30, 3))
    for name in colour.SPACES:
        values = colour.integers(colour.from_srgb(name, shown), 16)
        image = decoded("in.png", tagged(values, colour.profile(name)))
        np.testing.assert_allclose(image.pixels, shown, atol=FINE)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", [*colour.WIDE, "table"])
def test_a_colour_is_the_same_wherever_it_stands(name, bits):
    """In any part of the image and any number of threads."""
    table = colour.table_profile("ProPhoto", b"mft2", b"Lab ", 9)
    space = icc.space_of(table if name == "table" else colour.profile(name))
    values = noise(bits, shape=(301, 517, 3))
    whole = space.decoded(values)
    np.testing.assert_array_equal(space.decoded(values[7:91, 3:260]), whole[7:91, 3:260])
    threads = cv2.getNumThreads()
    try:
        for count in (1, 3):
            cv2.setNumThreads(count)
            np.testing.assert_array_equal(space.decoded(values), whole)
    finally:
        cv2.setNumThreads(threads)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=20))
def test_the_curve_goes_on_beyond_its_ends_and_back(values):
    values = np.array(values)
    np.testing.assert_allclose(srgb_light(srgb_encoded(values)), values, atol=1e-12)
    inside = np.clip(values, 0, 1)
    np.testing.assert_allclose(srgb_light(inside), colour.srgb_curve(inside), atol=1e-12)
    np.testing.assert_allclose(srgb_light(-inside), -colour.srgb_curve(inside), atol=1e-12)


@pytest.mark.parametrize("profile", [None, SRGB, colour.profile("sRGB")])
@pytest.mark.parametrize("bits", [8, 16])
def test_srgb_is_left_as_it_is(profile, bits):
    values = noise(bits)
    image = decoded("in.png", png(values) if profile is None else tagged(values, profile))
    np.testing.assert_array_equal(image.pixels, (values / (2.0**bits - 1)).astype(np.float32))
    assert image.stored is None and image.space is None
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image.srgb, image.pixels)
    assert image.metadata.icc == profile


# --- curves and tables ----------------------------------------------------------------------------


def parametric(kind, *numbers):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + colour.fixed(*numbers)


def slowly(kind, x, g, a=1.0, b=0.0, c=0.0, d=0.0, e=0.0, f=0.0):
    """ICC.1:2022, table 68, word by word."""
    if kind == 0:
        return x**g
    if kind == 1:
        return (a * x + b) ** g if x >= -b / a else 0
    if kind == 2:
        return (a * x + b) ** g + c if x >= -b / a else c
    if kind == 3:
        return (a * x + b) ** g if x >= d else c * x
    return (a * x + b) ** g + e if x >= d else c * x + f


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (0, (2.2,)),
        (1, (2.4, 1.1, -0.1)),
        (2, (1.8, 0.9, -0.05, 0.1)),
        (3, (2.4, 0.9479, 0.0521, 0.0774, 0.0405)),
        (4, (2.0, 0.8, 0.1, 0.3, 0.2, 0.05, 0.02)),
    ],
)
def test_parametric_curves(kind, numbers):
    tag = parametric(kind, *numbers)
    numbers = [round(n * 65536) / 65536 for n in numbers]
    x = np.linspace(0, 1, 101)
    expected = [slowly(kind, one, *numbers) for one in x]
    np.testing.assert_allclose(curve(tag)(x), expected, atol=1e-12)
    assert curve_size(tag) == len(tag)


def test_other_curves():
    x = np.linspace(0, 1, 101)
    head = b"curv\0\0\0\0"
    np.testing.assert_array_equal(curve(head + struct.pack(">I", 0))(x), x)
    np.testing.assert_allclose(curve(head + struct.pack(">IH", 1, 0x0180))(x), x**1.5)
    table = head + struct.pack(">I3H", 3, 0, 16384, 65535)
    np.testing.assert_allclose(
        curve(table)(np.array([0, 0.25, 0.5, 1])), [0, 8192 / 65535, 16384 / 65535, 1]
    )
    assert curve_size(table) == 20  # padded


@pytest.mark.parametrize(
    ("kind", "connection"),
    [
        (b"mft1", b"Lab "),
        (b"mft2", b"Lab "),
        (b"mft2", b"XYZ "),
        (b"mAB ", b"Lab "),
        (b"mAB ", b"XYZ "),
    ],
)
def test_tables_give_what_littlecms_gives(kind, connection, tmp_path):
    profile = colour.table_profile("Display P3", kind, connection)
    values = noise(8) // 2 + 60  # within sRGB's gamut: LittleCMS clips to it
    (tmp_path / "in.png").write_bytes(tagged(values, profile))
    image = read(tmp_path / "in.png")
    assert image.stored is not None
    # LittleCMS interpolates on tetrahedra, and 8 bits of CIELAB are coarse.
    away = np.abs(image.srgb * 255 - managed(tmp_path / "in.png"))
    assert away.max() < (8 if kind == b"mft1" else 4) and away.mean() < 0.6
    # And the table of a space says nearly what its primaries say.
    expected = colour.to_srgb("Display P3", values / 255)
    assert np.abs(image.pixels - expected).mean() < (1.5 if kind == b"mft1" else 0.6) * LEVEL


@pytest.mark.parametrize("kind", [b"mft1", b"mft2", b"mAB "])
def test_tables_are_gone_through_backward(kind):
    space = icc.space_of(colour.table_profile("Adobe RGB", kind, b"Lab "))
    shown = space.decoded(noise(8, seed=3))
    again = space.decoded(space.stored(shown, 16))
    away = np.abs(again - shown)
    coarse = kind == b"mft1"  # such a table folds in places
    assert np.quantile(away, 0.998) < (1 if coarse else 0.1) * LEVEL
    assert away.max() < (15 if coarse else 1) * LEVEL


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", [*colour.WIDE, "table"])
def test_what_is_not_changed_keeps_its_bits_and_the_file_its_profile(tmp_path, name, bits, suffix):
    table = colour.table_profile("ProPhoto", b"mft2", b"Lab ")
    profile = table if name == "table" else colour.profile(name)
    values = noise(bits, seed=2)
    image = decoded("in.png", tagged(values, profile))
    pixels = image.pixels.copy()
    pixels[5:9, 7:12] = (0.6, 0.3, 0.2)
    pixels[20, 20] += np.float32(1e-4)
    write(tmp_path / f"out{suffix}", replace(image, pixels=pixels))
    after = raw(tmp_path / f"out{suffix}")
    assert after.dtype == values.dtype
    kept = np.ones(values.shape[:2], np.bool_)
    kept[5:9, 7:12] = kept[20, 20] = False
    np.testing.assert_array_equal(after[kept], values[kept])
    again = read(tmp_path / f"out{suffix}")
    assert again.metadata.icc == profile
    np.testing.assert_allclose(again.pixels[5:9, 7:12], pixels[5:9, 7:12], atol=2 * LEVEL)
    if name != "table":
        expected = colour.integers(colour.from_srgb(name, [0.6, 0.3, 0.2]), bits)
        assert np.abs(after[6, 8].astype(int) - expected).max() <= 2


@pytest.mark.parametrize("name", colour.WIDE)
def test_colours_are_written_as_the_space_says(tmp_path, name):
    shown = np.random.default_rng(4).uniform(0, 1, (30, 30, 3)).astype(np.float32)
    image = Image(shown, None, 16, Metadata(icc=colour.profile(name)))
    write(tmp_path / "out.png", image)
    expected = colour.integers(colour.from_srgb(name, shown), 16)
    assert (
        np.abs(raw(tmp_path / "out.png").astype(int) - expected).max() <= 30
    )  # of 65535, for the same reason


def test_what_the_space_does_not_hold_is_clipped(tmp_path):
    pixels = np.float32([[[2, 2, 2], [-1, -1, -1], [-3, 2, -3]]])
    write(tmp_path / "out.png", Image(pixels, metadata=Metadata(icc=P3)))
    expected = [[[255, 255, 255], [0, 0, 0], [0, 255, 0]]]
    np.testing.assert_array_equal(raw(tmp_path / "out.png"), expected)


@pytest.mark.parametrize(("bits", "suffix"), [(8, ".jpg"), (16, ".jpg"), (16, ".webp")])
def test_other_formats_show_the_same(tmp_path, bits, suffix):
    y, x = np.indices((64, 64))
    shown = np.dstack([0.3 + x / 130, 0.2 + y / 130, 0.4 + 0 * x])
    values = colour.integers(colour.from_srgb("Display P3", shown), bits)
    write(tmp_path / f"out{suffix}", decoded("in.png", tagged(values, P3)), quality=100)
    with PIL.Image.open(tmp_path / f"out{suffix}") as file:
        assert file.info["icc_profile"] == P3
        assert np.abs(np.asarray(file) - 255 * colour.from_srgb("Display P3", shown)).max() < 5
    assert np.abs(managed(tmp_path / f"out{suffix}") / 255 - shown).max() < 6 * LEVEL


def test_an_image_that_was_cut_is_written_all_the_same(tmp_path):
    values = noise(8)
    image = decoded("in.png", tagged(values, P3))
    write(tmp_path / "out.png", replace(image, pixels=image.pixels[10:20, 5:40].copy()))
    np.testing.assert_array_equal(raw(tmp_path / "out.png"), values[10:20, 5:40])


def test_orientation_turns_what_is_kept_too(tmp_path):
    picture = PIL.Image.fromarray(noise(8))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "in.png", exif=exif, icc_profile=P3)
    write(tmp_path / "out.png", read(tmp_path / "in.png"))
    np.testing.assert_array_equal(raw(tmp_path / "out.png"), np.rot90(noise(8), -1))


def test_opacity_is_no_colour(tmp_path):
    values = np.dstack([noise(8), noise(8, seed=5)[..., 0]])
    PIL.Image.fromarray(values).save(tmp_path / "in.png", icc_profile=P3)
    image = read(tmp_path / "in.png")
    np.testing.assert_array_equal(to_integers(image.alpha, 8), values[..., 3])
    write(tmp_path / "out.png", image)
    with PIL.Image.open(tmp_path / "out.png") as file:
        np.testing.assert_array_equal(np.asarray(file), values)


# --- PNG chunks -----------------------------------------------------------------------------------


def gama(exponent):
    return b"gAMA", struct.pack(">I", round(exponent * 100_000))


def chrm(name):
    numbers = [v for point in colour.SPACES[name][0] for v in point]
    return b"cHRM", struct.pack(">8I", *(round(v * 100_000) for v in numbers))


ICCP = b"iCCP", b"p\0\0" + zlib.compress(P3)
CICP_P3, CICP_SRGB = (b"cICP", bytes([12, 13, 0, 1])), (b"cICP", bytes([1, 13, 0, 1]))
STANDARD = b"sRGB", b"\0"


def linear(values):
    """Light, sRGB-encoded."""
    return colour.srgb_curve_back(values)


def p3(values):
    return colour.to_srgb("Display P3", values)


def adobe(values):
    """gAMA rounds 256/563."""
    return colour.to_srgb("Adobe RGB", values)


def as_it_is(values):
    return values


@pytest.mark.parametrize(
    ("chunks", "meaning"),
    [
        ([gama(1.0)], linear),
        ([gama(1 / 2.2)], as_it_is),  # what is written where sRGB is meant
        ([gama(1 / 2.2), chrm("sRGB")], as_it_is),
        ([gama(256 / 563), chrm("Adobe RGB")], adobe),
        ([chrm("Display P3")], p3),
        ([STANDARD, gama(1.0)], as_it_is),
        ([ICCP, STANDARD, gama(1.0)], p3),
        ([CICP_P3, gama(1.0)], p3),
        ([CICP_SRGB, ICCP], as_it_is),
        ([(b"cICP", bytes([1, 1, 0, 1]))], as_it_is),  # BT.709, as displays show it
        ([(b"cICP", bytes([1, 8, 0, 1]))], linear),
    ],
)
@pytest.mark.parametrize("bits", [8, 16])
def test_chunks_say_what_colours_mean_and_stay(tmp_path, chunks, meaning, bits):
    values = noise(bits)
    (tmp_path / "in.png").write_bytes(png(values, *chunks))
    image = read(tmp_path / "in.png")
    assert image.notes == ()
    expected = meaning(values / (2.0**bits - 1))
    np.testing.assert_allclose(image.pixels, expected, atol=FINE)
    write(tmp_path / "out.png", image)
    np.testing.assert_array_equal(raw(tmp_path / "out.png"), values)
    found = chunks_of((tmp_path / "out.png").read_bytes())
    assert {name: found.get(name) for name, _ in chunks} == dict(chunks)
    assert b"iCCP" in dict(chunks) or b"iCCP" not in found


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif"])
def test_other_formats_get_a_profile_for_chunks(tmp_path, suffix):
    y, x = np.indices((64, 64))
    values = np.dstack([60 + x, 40 + y, 90 + 0 * x]).astype(np.uint8)
    (tmp_path / "in.png").write_bytes(png(values, gama(1.0), chrm("Display P3")))
    write(tmp_path / f"out{suffix}", read(tmp_path / "in.png"), quality=100)
    matrix = np.linalg.inv(colour.to_xyz(colour.SPACES["sRGB"][0])) @ colour.to_xyz(
        colour.SPACES["Display P3"][0]
    )
    expected = colour.srgb_curve_back((values / 255) @ matrix.T)
    assert np.abs(managed(tmp_path / f"out{suffix}") / 255 - expected).max() < 6 * LEVEL


def test_grey_has_a_gamma_too(tmp_path):
    PIL.Image.fromarray(noise(8)[..., 0]).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    image = decoded("in.png", data[:33] + chunk(*gama(1.0)) + data[33:])
    grey = np.repeat(noise(8)[..., :1], 3, axis=2)
    np.testing.assert_allclose(image.pixels, linear(grey / 255), atol=FINE)


@pytest.mark.parametrize(("curve", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused(curve, name):
    data = png(noise(16), (b"cICP", bytes([9, curve, 0, 1])))
    with pytest.raises(ImageError, match=rf"in\.png: .*high dynamic range \({name}\).*convert it"):
        decoded("in.png", data)


def avif(*code):
    """An AVIF whose pixels are said to be of primaries, curve and matrix."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(noise(8)).save(buffer, "AVIF")
    before, _, after = buffer.getvalue().partition(b"colrnclx")
    return before + b"colrnclx" + struct.pack(">3H", *code) + after[6:]


@pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
def test_the_code_of_an_avif_counts():
    for code, meaning in (
        ((12, 13, 6), "Display P3"),
        ((1, 13, 6), None),
        ((1, 1, 1), None),
        ((2, 2, 6), None),
    ):
        with PIL.Image.open(io.BytesIO(avif(*code))) as file:
            file.load()
            profile, chunks, notes = read_profile(file, avif(*code))
        assert (chunks, notes) == ((), [])
        if meaning is None:
            assert profile is None
        else:
            found = icc.space_of(profile).decoded(noise(8))
            expected = icc.space_of(colour.profile(meaning)).decoded(noise(8))
            np.testing.assert_allclose(found, expected, atol=FINE)
    assert hdr_of(avif(9, 16, 9)) == "PQ"
    assert hdr_of(avif(12, 13, 6)) is None


@pytest.mark.parametrize(
    ("bad", "then", "meaning"),
    [
        ((b"iCCP", b"p\0\0" + zlib.compress(b"nonsense" * 30)), gama(1.0), linear),
        ((b"iCCP", b"p\0\0nothing"), STANDARD, as_it_is),
        ((b"cICP", bytes([200, 13, 0, 1])), ICCP, p3),
        ((b"cICP", bytes([12, 13, 0, 0])), ICCP, p3),  # not of the full range
        ((b"cICP", b"\1"), STANDARD, as_it_is),
        ((b"gAMA", b"\0\0\0\0"), None, as_it_is),
        ((b"cHRM", b"\0" * 32), None, as_it_is),
    ],
)
def test_a_damaged_statement_gives_way_with_a_note(tmp_path, bad, then, meaning):
    values = noise(8)
    image = decoded("in.png", png(values, bad, *([then] if then else [])))
    assert any("damaged or of another colour space, and not kept" in note for note in image.notes)
    np.testing.assert_allclose(image.pixels, meaning(values / 255), atol=FINE)
    write(tmp_path / "out.png", image)
    found = chunks_of((tmp_path / "out.png").read_bytes())
    assert bad[0] not in found
    assert then is None or found[then[0]] == then[1]


# --- damaged profiles -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damaged",
    [
        P3[:200],
        P3.replace(b"rTRC", b"xTRC"),
        P3.replace(b"acsp", b"xxxx"),
        P3.replace(b"RGB XYZ ", b"RGB Luv "),
        P3.replace(b"RGB XYZ ", b"CMYKXYZ "),
        colour.container(
            {**colour.matrix_tags("Display P3"), b"rXYZ": b"XYZ \0\0\0\0" + bytes(12)}
        ),
        colour.container(
            {**colour.matrix_tags("Display P3"), b"rTRC": colour.curve_tag(lambda x: 0 * x)}
        ),
        colour.container({b"A2B0": b"mft2" + bytes(60)}, b"Lab "),
    ],
)
def test_a_damaged_profile_is_noted_and_taken_for_srgb(damaged):
    values = noise(8)
    image = decoded("in.png", tagged(values, damaged))
    np.testing.assert_array_equal(to_integers(image.pixels, 8), values)
    assert image.metadata.icc is None and image.metadata.png_colour == ()
    assert [note for note in image.notes if "colour profile is damaged" in note]


@pytest.mark.parametrize(
    "profile",
    [
        P3,
        colour.table_profile("Display P3", b"mft2", b"Lab ", 5),
        colour.table_profile("Display P3", b"mAB ", b"Lab ", 5),
    ],
)
def test_no_damage_to_a_profile_does_harm(profile):
    """It is read, or noted and dropped; pixels are finite, and unchanged ones keep their bits."""
    values = noise(8, shape=(3, 4, 3))
    rng = np.random.default_rng(0)
    for _ in range(100 if profile is P3 else 15):
        data = bytearray(profile)
        for place in rng.integers(0, min(len(data), 700), rng.integers(1, 5)):
            data[place] = rng.integers(0, 256)
        data = bytes(data[: rng.integers(100, len(data))] if rng.random() < 0.2 else data)
        image = decoded("in.png", tagged(values, data))
        assert np.isfinite(image.pixels).all()
        if image.metadata.icc is None:
            assert image.notes
        else:
            assert image.metadata.icc == data
            np.testing.assert_array_equal(
                image.stored if image.stored is not None else values, values
            )


def test_no_damage_to_a_chunk_does_harm():
    values = noise(8, shape=(3, 4, 3))
    rng = np.random.default_rng(1)
    for name, size in [(b"gAMA", 4), (b"cHRM", 32), (b"sRGB", 1), (b"cICP", 4), (b"iCCP", 40)]:
        for _ in range(40):
            numbers = rng.integers(0, 256, size, dtype=np.uint8) * (rng.random(size) < 0.5)
            data = numbers.astype(np.uint8).tobytes()[: size if rng.random() < 0.8 else size // 2]
            try:
                image = decoded("in.png", png(values, (name, data)))
            except ImageError as error:  # Pillow refuses what is too short
                assert re.search("high dynamic range|Truncated|damaged", str(error))
            else:
                assert np.isfinite(image.pixels).all()
    tiny = struct.pack(
        ">8I", 31270, 32900, 64000, 1, 30000, 2, 15000, 3
    )  # no luminance to speak of
    assert np.isfinite(decoded("in.png", png(values, (b"cHRM", tiny))).pixels).all()
