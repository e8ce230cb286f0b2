from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from facelab.atlas import picture
from facelab.cli import main
from tests.synthetic import ATLAS


@pytest.mark.parametrize("size", [256, 700])
def test_every_region_is_outlined_in_its_place(size):
    drawn = picture.regions(size)
    column = (drawn.shape[1] - size) // 2
    assert drawn.shape == (size, size + 2 * column, 3)
    assert drawn.dtype == np.float32
    saturation = np.ptp(drawn, axis=2)
    for name, polygons in ATLAS.contours.items():
        for polygon in polygons:
            u, v = np.rint((polygon + 0.5) * size / ATLAS.size - 0.5).astype(int).T
            assert (saturation[v, u + column] > 0.1).all(), name


def test_names_stand_in_columns_beside_the_layout():
    drawn = picture.regions(512)
    column = (drawn.shape[1] - 512) // 2
    for side in (drawn[:, : column // 2], drawn[:, -column:]):
        rows = (side.max(axis=2) < 0.5).any(axis=1)
        starts = np.flatnonzero(np.diff(rows.astype(int)) == 1)
        assert len(starts) >= 9


@pytest.mark.parametrize("size", [256, 900])
def test_the_template_is_clear_on_features_and_faint_elsewhere(size):
    colour, alpha = picture.template(size)
    assert colour.shape == (size, size, 3)
    assert alpha.shape == (size, size)
    u, v = np.rint((ATLAS.outline + 0.5) * size / ATLAS.size - 0.5).astype(int).T
    assert alpha[v, u].min() > 0.5
    cheek = ATLAS.soft_region("left cheek", size, 0) == 1
    assert 0.05 < alpha[cheek].max() < 0.4
    assert not alpha[: size // 12].any()


def test_commands_write_pictures(tmp_path):
    for command, mode in (("show", "RGB"), ("template", "RGBA")):
        path = tmp_path / f"{command}.png"
        arguments = ["atlas", command, "-o", str(path), "--size", "300"]
        assert CliRunner().invoke(main, arguments).exit_code == 0
        with Image.open(path) as image:
            assert image.mode == mode
            assert image.height == 300


def test_a_template_without_transparency_is_said(tmp_path):
    result = CliRunner().invoke(main, ["atlas", "template", "-o", str(tmp_path / "a.jpg")])
    assert result.exit_code == 0
    assert "JPEG holds no transparency" in result.output


def test_a_wrong_suffix_is_a_usage_error(tmp_path):
    result = CliRunner().invoke(main, ["atlas", "show", "-o", str(tmp_path / "a.gif")])
    assert result.exit_code == 2


def test_a_picture_that_is_there_stays(tmp_path):
    drawn = tmp_path / "a.png"
    drawn.write_bytes(b"mine")
    result = CliRunner().invoke(main, ["atlas", "show", "-o", str(drawn), "--size", "256"])
    assert (result.exit_code, drawn.read_bytes()) == (2, b"mine")
    assert "--overwrite replaces it" in result.output
    again = ["atlas", "show", "-o", str(drawn), "--size", "256", "--overwrite"]
    assert CliRunner().invoke(main, again).exit_code == 0
    assert drawn.read_bytes()[:4] == b"\x89PNG"
