from __future__ import annotations

import numpy as np
import pytest

from facelab.face import antialias
from facelab.face.composite import render
from facelab.numerics import raster
from facelab.types import Face, PositionMap
from tests.synthetic import (
    ATLAS,
    canonical,
    frozen,
    noise,
    painted,
    plain_face,
    plane,
    sheets,
    texture,
)

OPAQUE = frozen(np.ones((256, 256)))


def shifted(positions, x=0.0, y=0.0):
    return PositionMap(frozen(positions.values + np.float32([x, y, 0])), ATLAS)


def drawn(positions, view, shape=(270, 270)):
    return render(Face(positions, view), OPAQUE, shape)


def test_a_face_without_folds_has_no_silhouettes():
    assert drawn(plane((2, 2)), texture()).silhouettes is None


def test_silhouettes_lie_where_a_sheet_ends():
    layer = drawn(sheets(50), texture())
    row, column = np.divmod(layer.silhouettes.pixels, layer.uv.shape[1])
    in_the_middle = (column > 110) & (column < 150)  # at the sides the lower sheet is narrower
    assert set(row[in_the_middle] + layer.window[0].start) == {27, 28}
    assert layer.silhouettes.uv[:, 1].min() < 50
    assert layer.silhouettes.uv[:, 1].max() > 120


def test_triangles_that_are_left_out_would_change_nothing(monkeypatch):
    positions = canonical(yaw=40, scale=9, origin=(130, 130, 0))
    some = drawn(positions, texture()).silhouettes
    everything = np.ones(len(ATLAS.triangles), bool)
    monkeypatch.setattr(antialias.scanline, "holding", lambda *_: everything)
    all_of_them = drawn(positions, texture()).silhouettes
    for name in ("pixels", "owner", "uv"):
        np.testing.assert_array_equal(getattr(some, name), getattr(all_of_them, name))


@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5, 0.75])
def test_an_edge_between_pixels_mixes_what_it_parts(offset):
    """The nearer sheet is white and covers its part of the row in which it begins."""
    rows = np.arange(256)[:, None] >= 128
    view = painted(texture(colour=(0, 0, 0)), np.broadcast_to(rows, (256, 256)), (1, 1, 1))
    layer = drawn(shifted(sheets(50), 0.3, offset), view)
    column = layer.colour[:, layer.colour.shape[1] // 2, 0]
    first = 28 - layer.window[0].start
    white = column[first - 3 : first + 4].sum()
    assert white == pytest.approx(4 - offset, abs=0.5)


def test_everywhere_else_nothing_changes():
    view = texture()
    view = type(view)(frozen(noise(256, 256)), view.confidence)
    layer = drawn(canonical(yaw=40, scale=9, origin=(130, 130, 0)), view)
    plain = raster.sample_sharply(view.colour, layer.uv, layer.footprint)
    same = np.ones(layer.uv.shape[:2], bool)
    same.ravel()[layer.silhouettes.pixels] = False
    np.testing.assert_allclose(layer.colour[same], plain[same], atol=1e-6)
    assert 0 < (~same).mean() < 0.1


def test_one_colour_stays_one_colour():
    face = plain_face(canonical(yaw=40, scale=9, origin=(130, 130, 0)))
    layer = render(face, OPAQUE, (270, 270))
    inside = layer.fragments.covered
    np.testing.assert_allclose(
        layer.colour[inside], face.texture.colour[0, 0][None].repeat(inside.sum(), 0), atol=1e-6
    )


def test_a_mask_is_drawn_as_a_texture_is_but_linearly():
    """Away from silhouettes linear, at them the mean of finer samples; a constant stays."""
    layer = drawn(canonical(yaw=40, scale=9, origin=(130, 130, 0)), texture())
    inside, edge = layer.fragments.covered, np.zeros(layer.oval.shape, bool)
    edge.ravel()[layer.silhouettes.pixels] = True
    across = np.broadcast_to(np.arange(128, dtype=np.float32), (128, 128)).copy()
    middle = inside & ~edge & (layer.uv[..., 0] > 2) & (layer.uv[..., 0] < 250)
    np.testing.assert_allclose(
        layer.faded(across)[middle], (layer.uv[..., 0][middle] - 0.5) / 2, atol=0.02
    )
    np.testing.assert_array_equal(layer.faded(np.ones((128, 128), np.float32))[inside], 1)
    read = ((layer.silhouettes.uv[:, 0] - 0.5) / 2).clip(0, 127)
    owner = layer.silhouettes.owner
    means = np.bincount(owner, read) / np.bincount(owner)
    np.testing.assert_allclose(layer.faded(across)[edge], means, atol=0.02)
