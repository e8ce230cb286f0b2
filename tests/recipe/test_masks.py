"""What passes for a mask, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

from facelab.cli import main
from facelab.errors import UsageError
from facelab.images import Image, read
from facelab.recipe.masks import grey
from tests.children import ROOT

SAMPLES = sorted((ROOT / "samples").glob("*.[jp][pn]g"))

ROWS, COLUMNS = np.mgrid[:120, :160]
AWAY = np.hypot(COLUMNS - 80, ROWS - 60)
MASKS = {
    "soft": np.clip(1.5 - AWAY / 40, 0, 1),
    "hard": (AWAY < 45).astype(float),
    "noise": np.random.default_rng(0).random((120, 160)),
    "black": np.zeros((120, 160)),
    "white": np.ones((120, 160)),
}


def eight_bits(mask):
    return np.rint(255 * mask).astype(np.uint8)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_grey_pictures_are_masks(name, mode, tmp_path):
    mask = MASKS[name].round() if mode == "1" else MASKS[name]
    PIL.Image.fromarray(eight_bits(mask)).convert(mode).save(tmp_path / "m.png")
    np.testing.assert_allclose(grey(read(tmp_path / "m.png")), mask, atol=0.5001 / 255)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("quality", [95, 40, 5])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_grey_jpegs_are_masks(name, quality, subsampling, tmp_path):
    values = np.dstack([eight_bits(MASKS[name])] * 3)
    path = tmp_path / "m.jpg"
    PIL.Image.fromarray(values).save(path, quality=quality, subsampling=subsampling)
    mask = grey(read(path))
    assert mask.shape == MASKS[name].shape
    if name in ("black", "white"):
        np.testing.assert_allclose(mask, MASKS[name], atol=0.04)  # as coarse as quality 5 is


def test_sixteen_bits(tmp_path):
    values = np.rint(65535 * MASKS["soft"]).astype(np.uint16)
    PIL.Image.fromarray(values).save(tmp_path / "m.png")
    image = read(tmp_path / "m.png")
    assert image.bits == 16
    np.testing.assert_allclose(grey(image), MASKS["soft"], atol=1e-5)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_is_black(mode, tmp_path):
    picture = PIL.Image.fromarray(eight_bits(MASKS["soft"])).convert(mode)
    picture.putalpha(PIL.Image.fromarray(eight_bits(MASKS["hard"])))
    picture.save(tmp_path / "m.png")
    expected = MASKS["soft"] * MASKS["hard"]
    np.testing.assert_allclose(grey(read(tmp_path / "m.png")), expected, atol=1 / 255)


def test_colours_that_cannot_be_seen_do_not_count():
    colour = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    assert not grey(Image(colour, alpha=np.zeros((20, 30), np.float32))).any()


def test_a_yellowed_scan_with_a_coloured_spot_is_a_mask():
    pixels = np.dstack([MASKS["soft"]] * 3).astype(np.float32) * np.float32([1, 0.98, 0.93])
    pixels[:10, :10] = [1, 0, 0]  # 0.5% of it
    assert grey(Image(pixels)).shape == (120, 160)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_photographs_are_no_masks(path):
    with pytest.raises(UsageError, match=rf"{path.name}: is in colour, and no mask; give a grey"):
        grey(read(path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_pale_photographs_are_none_either_and_grey_ones_are(path):
    pixels = read(path).srgb
    level = pixels.mean(axis=2, keepdims=True)
    with pytest.raises(UsageError, match="the mask: is in colour"):
        grey(Image(level + np.float32(0.4) * (pixels - level)))
    grey(Image(np.repeat(level, 3, axis=2)))  # cannot be told from a mask


@pytest.mark.parametrize(
    "arguments",
    [
        ["swap", "-s", SAMPLES[0], "-t", SAMPLES[-1], "--mask", SAMPLES[-1]],
        ["edit", SAMPLES[-1], "-r", "recipe.yaml"],
    ],
    ids=["swap", "edit"],
)
def test_commands_refuse_a_photograph(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = f"version: 1\nmask: {SAMPLES[-1]}\nsteps: [lipstick]"
    Path("recipe.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, [*map(str, arguments), "-o", "out.png"])
    assert result.exit_code == 2
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("facelab: "))
    assert f"{SAMPLES[-1].name}: is in colour, and no mask" in line
    assert not Path("out.png").exists()
