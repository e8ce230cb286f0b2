"""One picture in several colour spaces: whatever is done with it, the same is seen."""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
import scipy.io

from facelab.augment.generate import Generator
from facelab.augment.plan import Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.template import parse_template
from facelab.export.obj_texture import safe_name
from facelab.face.composite import composite
from facelab.images import read
from facelab.provenance import file_sha256
from facelab.recipe.inputs import picture_of
from facelab.recipe.masks import grey
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.networks import Networks
from facelab.types import Face, Reconstruction, Texture
from tests import colour
from tests.commands import facelab_
from tests.reference import warp
from tests.synthetic import StubReconstructor, astronaut, canonical, frozen, photograph, texture

LEVELS = 2
SPACES = list(colour.SPACES)
EDITS = [
    "lipstick colour=#b3123f",
    "foundation coverage=1 match=0 colour=#e0b090",
    "blush colour=#d9506a",
    "eyeshadow colour=#3050a0",
    "relight azimuth=50",
    "smooth",
]


class Found(StubReconstructor):
    """Finds the faces that a network found in the sRGB picture, so that colours alone differ."""

    description = "found before"

    def __init__(self):
        super().__init__(*(face.positions for face in _faces()))


@cache
def _faces():
    return load_reconstructor()(astronaut())


@pytest.fixture(autouse=True)
def stub(tmp_path, monkeypatch):
    """Replace the networks, and stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Networks, "load", lambda _: Found())


def save(path, shown, name, bits):
    """A PNG of sRGB colours in a space, with its profile."""
    values = colour.integers(colour.from_srgb(name, shown), bits)
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    Path(path).write_bytes(data[:33] + _iccp(colour.profile(name)) + data[33:])
    return values


def _iccp(profile):
    """Written here, not by facelab."""
    data = b"iCCP" + b"p\0\0" + zlib.compress(profile)
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def raw(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]


def profile_of(path):
    with PIL.Image.open(path) as file:
        return file.info.get("icc_profile")


def seen(path, name):
    """What a file in a space shows, sRGB in levels of 8 bits."""
    values = raw(path)
    return 255 * np.clip(colour.to_srgb(name, values / np.iinfo(values.dtype).max), 0, 1)


def each_space(bits):
    """The picture in each space, as target.png of its own folder's name."""
    shown = astronaut()
    for name in SPACES:
        path = Path(f"{name}.png")
        yield name, path, save(path, shown, name, bits)


def agrees(outputs):
    """Files of several spaces show the same; `outputs` maps spaces to files."""
    first = seen(outputs["sRGB"], "sRGB")
    for name, path in outputs.items():
        away = np.abs(seen(path, name) - first)
        assert away.max() <= LEVELS, (name, away.max(), np.unravel_index(away.argmax(), away.shape))


def kept(values, path, name):
    """The file still is in its space, and what was not changed has the very integers."""
    assert profile_of(path) == colour.profile(name)
    after = raw(path)
    assert after.dtype == values.dtype
    changed = (after != values).any(axis=2)
    assert 0 < changed.mean() < 0.5
    assert not changed[:8].any() and not changed[-8:].any()
    return changed


def done(*arguments):
    result = facelab_(*arguments)
    assert result.exit_code == 0, result.stderr
    return result


@pytest.mark.parametrize("what", EDITS, ids=lambda what: what.split()[0])
def test_an_edit_is_the_same_in_every_space(what):
    outputs, changes = {}, []
    for name, path, values in each_space(16):
        outputs[name] = Path(f"out {name}.png")
        done("edit", path, "-o", outputs[name], "--do", what)
        changes.append(kept(values, outputs[name], name))
    agrees(outputs)
    assert max(changed.sum() for changed in changes) < 1.1 * min(c.sum() for c in changes)


def test_a_swap_is_the_same_in_every_space():
    """Of the target's space, and of the source's."""
    save("source.png", photograph("james-left.jpg")[::4, ::4], "sRGB", 16)
    outputs, sources = {}, {}
    for name, path, values in each_space(16):
        outputs[name], sources[name] = Path(f"out {name}.png"), Path(f"of {name}.png")
        done("swap", "-s", "source.png", "-t", path, "-o", outputs[name])
        kept(values, outputs[name], name)
        done("swap", "-s", path, "-t", "source.png", "-o", sources[name])
        assert profile_of(sources[name]) == colour.profile("sRGB")
    agrees(outputs)
    first = raw(sources["sRGB"]).astype(int)
    for path in sources.values():
        assert np.abs(raw(path) - first).max() <= LEVELS * 257


@pytest.mark.parametrize("name", colour.WIDE)
def test_eight_bits_are_kept_and_agree_as_far_as_they_can(name):
    shown = astronaut()
    save("sRGB.png", shown, "sRGB", 8)
    values = save("wide.png", shown, name, 8)
    for path in ("sRGB.png", "wide.png"):
        done("edit", path, "-o", f"out {path}", "--do", EDITS[0])
    kept(values, "out wide.png", name)
    coarse = np.abs(seen("wide.png", name) - 255 * shown).max()  # of the picture before
    away = np.abs(seen("out wide.png", name) - seen("out sRGB.png", "sRGB"))
    assert (away > coarse + LEVELS).mean() < 3e-4  # where an edit itself decides by a threshold


@pytest.mark.parametrize("name", colour.WIDE)
def test_pictures_that_are_given_come_into_the_photographs_space(name):
    """Paint and a reference in one space, the photograph in another."""
    save("target.png", astronaut(), "Display P3", 16)
    v, u = np.indices((64, 64)) / 63
    paint = np.dstack([0.8 - 0.3 * u, 0.3 + 0.3 * v, 0.4 + 0 * u]).astype(np.float32)
    reference = photograph("james-left.jpg")[::4, ::4]
    for space in ("sRGB", name):
        save(f"paint {space}.png", paint, space, 16)
        save(f"reference {space}.png", reference, space, 16)
        done("edit", "target.png", "-o", f"painted {space}.png", "--do", "overlay reference=p",
             "--picture", f"p=paint {space}.png")  # fmt: skip
        done("edit", "target.png", "-o", f"matched {space}.png", "--do", "match reference=r",
             "--reference", f"r=reference {space}.png")  # fmt: skip
    for what in ("painted", "matched"):
        away = raw(f"{what} {name}.png").astype(int) - raw(f"{what} sRGB.png")
        assert np.abs(away).max() <= 257


def test_exports_are_srgb():
    textures, maps, overlays = {}, {}, {}
    for name, path, _ in each_space(16):
        done("reconstruct", path, "-o", "out", "--write",
             "glb,texture,overlay,surface,obj-texture,npz,mat,ply")  # fmt: skip
        for kind in ("texture", "overlay", "surface"):
            assert profile_of(f"out/{name}_0_{kind}.png") is None
        assert profile_of(f"out/{safe_name(f'{name}_0')}_map.png") is None
        textures[name] = glb_texture(Path(f"out/{name}_0.glb").read_bytes())
        maps[name] = scipy.io.loadmat(f"out/{name}_0.mat")["texture"].astype(int)
        overlays[name] = raw(f"out/{name}_0_overlay.png").astype(int)
    for found, most in ((textures, 3 * LEVELS), (maps, 1)):  # JPEG rounds coarsely
        for values in found.values():
            assert np.abs(values - found["sRGB"]).max() <= most
            assert np.abs(values - found["sRGB"]).mean() < 0.2
    for values in overlays.values():  # lines lie where the face was found
        nearly_same(np.abs(values - overlays["sRGB"]), 1)


def nearly_same(apart, most):
    """Colours that differ by `most`, and further at a few edges that were found elsewhere."""
    assert np.quantile(apart, 0.9999) <= most
    assert apart.max() <= 4 * most
    assert apart.mean() < most / 5


def glb_texture(data):
    (size,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + size])
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    start = 28 + size + view.get("byteOffset", 0)
    with PIL.Image.open(io.BytesIO(data[start : start + view["byteLength"]])) as picture:
        assert "icc_profile" not in picture.info
        return np.asarray(picture, int)


def test_samples_of_data_sets_are_srgb(tmp_path):
    steps = b"version: 1\nsteps: [{lipstick: {colour: '#b3123f'}}, {relight: {azimuth: 40}}]\n"
    images = []
    for name, path, _ in each_space(16):
        item = Item(path, file_sha256(path), "a", "train")
        sources = PortraitCache(tmp_path / "cache", Found, "k" * 64)
        made = Generator(Plan([item], 10, 0), parse_template(steps, "a.yaml", Path()), sources)(0)
        assert made.image.min() >= 0 and made.image.max() <= 1
        images.append(made.image)
        assert name in SPACES
    for image in images:
        nearly_same(np.abs(image - images[0]), LEVELS / 255)


def test_colours_beyond_srgb_are_clipped_where_only_srgb_is_known(tmp_path):
    """In samples, pictures and masks; steps of data sets take powers of what is there."""
    values = save("wide.png", astronaut(), "Display P3", 16)
    values[:40] = (65535, 0, 0)
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    Path("wide.png").write_bytes(data[:33] + _iccp(colour.profile("Display P3")) + data[33:])
    image = read("wide.png")
    assert image.pixels.min() < -0.1 and image.pixels.max() > 1.05
    levels = np.repeat(image.pixels.mean(axis=2, keepdims=True), 3, axis=2)
    levels[0, :2] = [[-0.1], [1.1]]
    for part in (picture_of(image).colour, grey(replace(image, pixels=levels))):
        assert part.min() >= 0 and part.max() <= 1
    item = Item(Path("wide.png"), file_sha256("wide.png"), "a", "train")
    sources = PortraitCache(tmp_path / "cache", Found, "k" * 64)
    steps = parse_template(b"version: 1\nsteps: [camera]\n", "a.yaml", Path())
    sample = Generator(Plan([item], 10, 0), steps, sources)(0).image
    assert sample.min() >= 0 and sample.max() <= 1  # which NaN is not


def test_colours_beyond_srgb_survive_around_the_face_and_under_a_slight_change():
    """A saturated red that sRGB does not hold, next to and on a face."""
    red = frozen(np.broadcast_to(np.float32([1.09, -0.22, -0.15]), (256, 256, 3)))
    positions = canonical(scale=8, origin=(128, 128, 0))
    before = Face(positions, texture(colour=(1, 0, 0)))
    slight = Texture(frozen(before.texture.colour - [0.004, 0, 0]), before.texture.confidence)
    opacity = frozen(np.ones((256, 256)))
    for method in ("alpha", "poisson", "mixed"):
        after = composite(red, before, Face(positions, slight), opacity, method)
        assert np.abs(after - red).max() < 0.02  # the change, and its share of what is beyond
        painted = Texture(frozen(0 * before.texture.colour + 0.5), before.texture.confidence)
        strong = composite(red, before, Face(positions, painted), opacity, method)
        away = (strong != red).any(axis=2)
        assert 0.1 < away.mean() < 0.9
        np.testing.assert_array_equal(strong[~away], red[~away])
    assert np.abs(composite(red, before, Face(positions, painted), opacity, "alpha")[128, 128]
                  - 0.5).max() < 0.01  # fmt: skip


def test_a_warp_moves_colours_beyond_srgb_as_they_are():
    red = frozen(np.broadcast_to(np.float32([1.09, -0.22, -0.15]), (256, 256, 3)))
    before = canonical(scale=8, origin=(128, 128, 0))
    after = canonical(scale=8.5, origin=(128, 128, 0))
    moved = warp(red, before, after)
    np.testing.assert_allclose(moved, red, atol=1e-6)


def test_a_mask_in_any_space_is_a_mask():
    save("target.png", astronaut(), "Display P3", 8)
    mask = np.zeros((256, 256, 3))
    mask[:, :128] = 1
    for name in ("sRGB", "ProPhoto"):
        save(f"mask {name}.png", mask, name, 8)
        recipe = {"version": 1, "mask": f"mask {name}.png",
                  "steps": [{"lipstick": {"colour": "#b3123f"}}]}  # fmt: skip
        Path("r.yaml").write_text(json.dumps(recipe))
        done("edit", "target.png", "-o", f"out {name}.png", "-r", "r.yaml")
    assert Path("out sRGB.png").read_bytes() == Path("out ProPhoto.png").read_bytes()


def test_networks_see_the_same_picture():
    for _, path, _ in each_space(16):
        np.testing.assert_allclose(read(path).pixels, astronaut(), atol=0.2 / 255)


def test_comparisons_are_srgb():
    save("target.png", astronaut(), "Display P3", 8)
    done("edit", "target.png", "-o", "out.png", "--do", EDITS[0], "--show")
    assert profile_of("out_show.png") is None
    assert profile_of("out.png") == colour.profile("Display P3")


def test_found_faces_are_faces():
    """Or the rest of this file says nothing."""
    assert all(isinstance(face, Reconstruction) and face.score > 0.9 for face in _faces())
    assert len(_faces()) == 1
