from __future__ import annotations

import numpy as np

from facelab.geometry.drawing import drawing, points
from facelab.numerics.raster import interpolate
from facelab.types import PositionMap
from tests.synthetic import ATLAS, canonical, frozen

SHAPE = (240, 240)
HEAD = canonical(scale=7, origin=(120, 120, 0), yaw=20)


def shifted(x, y=0.0):
    return PositionMap(frozen(HEAD.values + np.float32([x, y, 0])), ATLAS)


def uv(drawn):
    return interpolate(drawn.fragments, ATLAS.triangles, ATLAS.places)


def test_the_texel_that_a_pixel_shows_lies_at_the_pixel():
    drawn = drawing(HEAD, SHAPE)
    rows, columns = drawn.window
    y, x = np.mgrid[rows, columns]
    inside = drawn.fragments.covered
    places = ATLAS.read(HEAD.values, uv(drawn)[inside])[:, :2]
    far = np.hypot(*(places - np.stack([x[inside], y[inside]], axis=1)).T)
    assert np.quantile(far, 0.95) < 0.2


def test_a_face_across_the_border_is_drawn_as_far_as_the_image_goes():
    whole, cut = drawing(HEAD, SHAPE), drawing(shifted(-100), SHAPE)
    kept = slice(100 - whole.window[1].start, None)
    assert cut.window == (whole.window[0], slice(0, whole.window[1].stop - 100))
    np.testing.assert_array_equal(cut.fragments.covered, whole.fragments.covered[:, kept])
    np.testing.assert_allclose(uv(cut), uv(whole)[:, kept], atol=1e-2)


def test_a_face_outside_is_not_drawn():
    assert drawing(shifted(500), SHAPE) is None


def test_points_are_those_of_the_valid_texels():
    np.testing.assert_array_equal(points(HEAD), HEAD.values[ATLAS.valid])
    assert not points(HEAD).flags.writeable
