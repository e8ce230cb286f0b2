"""A photograph may be a path, a PIL image, an Image or an array; others are told why not."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

import facelab
from facelab.images import read
from facelab.images.given import as_image
from facelab.recipe.masks import read_mask
from tests.synthetic import SAMPLES, StubReconstructor, canonical

RNG = np.random.default_rng(3)
BYTES = RNG.integers(0, 256, (20, 30, 4), np.uint8)
MODEL = facelab.FaceModel(StubReconstructor(canonical(scale=0.5, origin=(15, 10, 0))))


def untouched(array):
    """What an empty recipe makes of it."""
    return facelab.Recipe([])(array, model=MODEL).pixels


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_an_empty_recipe_gives_back_the_same_integers(kind):
    array = RNG.integers(0, np.iinfo(kind).max, (20, 30, 3), kind, endpoint=True)
    out = untouched(array)
    assert out.dtype == kind
    assert np.array_equal(out, array)


@pytest.mark.parametrize(
    ("array", "rgb"),
    [
        (BYTES[..., 0], np.repeat(BYTES[..., :1], 3, 2)),
        (BYTES[..., :1], np.repeat(BYTES[..., :1], 3, 2)),
        (BYTES[..., 2::-1], BYTES[..., 2::-1]),  # not contiguous
        (BYTES, BYTES[..., :3]),
        (BYTES[..., :3] / 255, BYTES[..., :3]),
        ((BYTES[..., :3] / 255).astype(np.float32), BYTES[..., :3]),
        (BYTES[..., 0] > 99, np.repeat((BYTES[..., :1] > 99) * np.uint8(255), 3, 2)),
    ],
    ids=["H W", "H W 1", "reversed", "H W 4", "float64", "float32", "bool"],
)
def test_arrays(array, rgb):
    before = array.copy()
    assert np.array_equal(untouched(array), rgb)
    assert np.array_equal(array, before)


def test_a_float32_array_is_not_copied():
    array = (BYTES[..., :3] / 255).astype(np.float32)
    assert as_image(array).pixels is array


def test_alpha_and_bits_of_arrays():
    assert np.array_equal(as_image(BYTES).alpha, BYTES[..., 3] / np.float32(255))
    assert as_image(BYTES[..., :3]).alpha is None
    deep = as_image(BYTES.astype(">u2") * 257)
    assert deep.bits == 16
    assert np.array_equal(deep.pixels, as_image(BYTES).pixels)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "RGBa", "La", "CMYK", "YCbCr"]
)
def test_pil_images_are_what_pillow_makes_of_them(mode):
    via = {"La": "LA", "RGBa": "RGBA"}.get(mode)
    picture = (
        PIL.Image.fromarray(BYTES, "RGBA")
        if mode in ("RGBa",)
        else PIL.Image.fromarray(BYTES[..., :3])
    )
    picture = (picture.convert(via) if via else picture).convert(mode)
    image = as_image(picture)
    wanted = (picture.convert("LA") if mode == "La" else picture).convert("RGB")
    assert np.array_equal(np.rint(image.pixels * 255), np.asarray(wanted))
    assert (image.alpha is None) == (mode not in ("LA", "RGBA", "RGBa", "La"))


def test_other_modes_of_pil():
    colours = PIL.Image.fromarray(BYTES[..., :3])
    hsv = as_image(colours.convert("HSV"))
    assert np.abs(hsv.pixels * 255 - BYTES[..., :3]).max() < 12
    grey = PIL.Image.new("LAB", (4, 4), (128, 128, 128))
    assert np.ptp(as_image(grey).pixels) < 0.02
    deep = PIL.Image.fromarray(BYTES[..., 0].astype(np.uint16) * 257)
    assert deep.mode == "I;16"
    assert as_image(deep).bits == 16
    assert np.array_equal(as_image(deep).pixels, as_image(BYTES[..., 0]).pixels)
    share = PIL.Image.fromarray(BYTES[..., 0] / np.float32(255))
    assert np.array_equal(as_image(share).pixels, as_image(BYTES[..., 0]).pixels)


def test_a_pil_image_is_turned_and_converted_as_its_file(tmp_path):
    path = tmp_path / "turned.png"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(BYTES).save(path, exif=exif, dpi=(300, 300))
    file, given = read(path), as_image(PIL.Image.open(path))
    assert given.pixels.shape == (30, 20, 3)
    assert np.array_equal(given.pixels, file.pixels)
    assert np.array_equal(given.alpha, file.alpha)
    assert given.metadata.exif == file.metadata.exif
    assert given.metadata.dpi == file.metadata.dpi


def test_a_profile_of_a_pil_image_counts(tmp_path):
    from facelab.images.icc import profile

    wide = profile(((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), (2.2,))
    path = tmp_path / "wide.png"
    PIL.Image.fromarray(BYTES[..., :3]).save(path, icc_profile=wide)
    file, given = read(path), as_image(PIL.Image.open(path))
    assert np.array_equal(given.pixels, file.pixels)
    assert not np.array_equal(given.pixels, as_image(BYTES[..., :3]).pixels)
    assert given.metadata.icc == wide


RGB = BYTES[..., :3]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (RGB.astype(np.float32), "look like 0 to 255: divide by 255, or give uint8"),
        (RGB * 257.0, "look like 0 to 65535: divide by 65535, or give uint16"),
        (RGB / 127.5 - 1, "clip or scale them to [0, 1]"),
        (np.full((4, 4, 3), np.nan), "NaN or infinite"),
        (np.full((4, 4, 3), np.inf), "NaN or infinite"),
        (RGB.astype(np.int64), "an array of int64; give uint8, uint16, float in [0, 1] or bool"),
        (np.full((4, 4), "x"), "give uint8"),
        (RGB.transpose(2, 0, 1), "has its channels first; give array.transpose(1, 2, 0)"),
        (RGB[None], "is a batch; give one picture at a time"),
        (RGB[..., :2], "give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"),
        (RGB[0, 0], "give (H, W), (H, W, 1)"),
        (RGB[:0], "is empty"),
        (None, "cv2.imread"),
        (b"\xff\xd8", "PIL.Image.open"),
        ([RGB], "one photograph at a time"),
        (7, "int is no photograph; give a path"),
    ],
)
def test_what_is_no_photograph_is_told_what_to_do(given, words):
    with pytest.raises(facelab.UsageError) as caught:
        MODEL(given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tensor_is_told_how_to_become_an_array():
    torch = pytest.importorskip("torch")
    with pytest.raises(facelab.UsageError, match=r"\.cpu\(\)\.numpy\(\)"):
        MODEL(torch.zeros(3, 4, 4))


def test_a_text_that_is_no_file():
    with pytest.raises(facelab.ImageError, match=r"no-such\.jpg: no such file; check the path"):
        MODEL("no-such.jpg")


def test_what_rounding_leaves_outside_is_clipped():
    nearly = np.float32([[[1.0005, -0.0005, 0.5]]])
    assert np.array_equal(as_image(nearly).pixels, np.float32([[[1, 0, 0.5]]]))


@pytest.mark.parametrize("kind", ["bool", "uint8", "float64", "pil", "path", "rgb"])
def test_masks(kind, tmp_path):
    share = RNG.random((6, 5)) > 0.5
    bytes_ = share * np.uint8(255)
    PIL.Image.fromarray(bytes_).save(tmp_path / "mask.png")
    given = {
        "bool": share,
        "uint8": bytes_,
        "float64": share.astype(np.float64),
        "pil": PIL.Image.fromarray(bytes_),
        "path": tmp_path / "mask.png",
        "rgb": np.repeat(bytes_[..., None], 3, 2),
    }[kind]
    mask, _, _ = read_mask(given)
    assert mask.dtype == np.float32
    assert np.array_equal(mask, share)


def test_a_mask_is_refused_in_words():
    with pytest.raises(facelab.UsageError, match=r"mask: .* look like 0 to 255"):
        read_mask(np.full((4, 4), 200.0))


def test_the_sample_is_one_face_whatever_it_is_given_as():
    path = SAMPLES / "astronaut.png"
    picture = PIL.Image.open(path)
    images = [as_image(one) for one in (path, str(path), picture, np.asarray(picture), read(path))]
    assert all(np.array_equal(one.pixels, images[0].pixels) for one in images)
