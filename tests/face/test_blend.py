from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.face import blend
from facelab.numerics import membrane
from tests import reference

GREY_LEVEL = 1 / 255
GUIDANCE = {
    blend.poisson: reference.own_gradient,
    blend.mixed: reference.stronger_gradient,
}
GRADIENT_METHODS = pytest.mark.parametrize("method", GUIDANCE, ids=lambda method: method.__name__)
ALL_METHODS = pytest.mark.parametrize("method", blend.METHODS.values(), ids=blend.METHODS)


def images(shape, seed=0):
    """Two unrelated images, partly smooth and partly noise, beyond [0, 1] as well."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.5, 0.5, (2, *shape, 3)).astype(np.float32)
    smooth = [cv2.GaussianBlur(image, (0, 0), 4) * 2 for image in noise]
    return smooth[0] + noise[0] / 8, smooth[1] + noise[1] / 8


def ellipse(shape):
    rows, columns = shape
    y, x = np.ogrid[:rows, :columns]
    return np.hypot((2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1) < 0.9


def blobs(shape, seed):
    """About half of the image in many pieces with holes, cut by the image border."""
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 2) > 0


def regions():
    shape = (37, 46)
    single = np.zeros(shape, bool)
    single[20, 30] = True
    line = np.zeros(shape, bool)
    line[7, 3:40] = True
    pieces = np.zeros(shape, bool)
    pieces[3:12, 5:20] = pieces[20:33, 8:11] = pieces[15, 40] = True
    ring = ellipse(shape)
    ring[10:25, 15:30] = False
    corner = np.zeros(shape, bool)
    corner[:25, 20:] = True
    return {
        "ellipse": ellipse(shape),
        "one pixel": single,
        "line": line,
        "pieces": pieces,
        "hole": ring,
        "corner": corner,
        "blobs": blobs(shape, 1),
    }


def barely_bounded_regions():
    """Regions that fill the image but for a column or a pixel: nearly singular systems."""
    first, last, pixel = (np.ones((37, 46), bool) for _ in range(3))
    first[:, 0] = last[:, -1] = pixel[17, 23] = False
    return {"first column": first, "last column": last, "pixel": pixel}


def error_of(method, region, seed=0):
    """Absolute difference to the direct solution inside the region, in grey levels."""
    source, target = images(region.shape, seed)
    expected = reference.poisson(source, target, region, GUIDANCE[method])
    return np.abs(method(source, target, region) - expected)[region] / GREY_LEVEL


@pytest.mark.parametrize("region", regions().values(), ids=regions())
@GRADIENT_METHODS
def test_agrees_with_a_direct_solve(method, region):
    error = error_of(method, region)
    assert error.max() < 1
    assert error.mean() < 0.2


@pytest.mark.parametrize("region", barely_bounded_regions().values(), ids=barely_bounded_regions())
@GRADIENT_METHODS
def test_agrees_with_a_direct_solve_where_little_is_known(method, region):
    assert error_of(method, region).max() < 1.5


@GRADIENT_METHODS
@given(
    region=arrays(bool, st.tuples(st.integers(1, 13), st.integers(1, 13))), seed=st.integers(0, 9)
)
@settings(max_examples=40, deadline=None)
def test_approaches_the_direct_solution_on_any_region(method, region, seed):
    if region.all():
        region = region.copy()
        region[0, 0] = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(membrane, "_TOLERANCE", 0.004 * GREY_LEVEL)
        assert error_of(method, region, seed).max(initial=0) < 0.1


def test_satisfies_the_equation_exactly_next_to_the_frame(monkeypatch):
    monkeypatch.setattr(membrane, "_TOLERANCE", 1e-5)
    region = ellipse((150, 120))
    source, target = images(region.shape)
    result = blend.poisson(source, target, region)
    interior = (slice(1, -1), slice(1, -1))

    def laplacian(image):
        neighbours = image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:]
        return neighbours - 4 * image[interior]

    residual = np.abs(laplacian(result) - laplacian(source))
    deep = cv2.erode(region.astype(np.uint8), np.ones((7, 7), np.uint8)) == 1
    assert residual[(region & ~deep)[interior]].max() < 1e-5
    assert residual[deep[interior]].max() < GREY_LEVEL / 2  # of contrasts beyond black and white


@GRADIENT_METHODS
def test_a_constant_added_to_the_source_changes_nothing(method):
    region = ellipse((150, 120))
    source, target = images(region.shape)
    shifted = method(source + np.float32(0.25), target, region)
    np.testing.assert_allclose(shifted, method(source, target, region), atol=0.02 * GREY_LEVEL)


def test_a_flat_source_in_a_ramp_becomes_the_ramp():
    y, x = np.mgrid[:90, :75].astype(np.float32)
    ramp = np.dstack([x / 75, y / 90, (x - 2 * y) / 100])
    result = blend.poisson(np.zeros_like(ramp), ramp, ellipse(ramp.shape[:2]))
    np.testing.assert_allclose(result, ramp, atol=GREY_LEVEL)


def test_mixed_keeps_the_target_where_the_source_is_flat():
    region = ellipse((60, 50))
    source, target = images(region.shape)
    result = blend.mixed(np.full_like(source, 0.3), target, region)
    np.testing.assert_allclose(result, target, atol=GREY_LEVEL)


@ALL_METHODS
def test_outside_the_mask_the_target_is_kept_bit_for_bit(method):
    region = blobs((64, 83), 4)
    source, target = images(region.shape)
    result = method(source, target, region.astype(np.float32))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[~region], target[~region])
    assert np.abs(result - target)[region].mean() > 10 * GREY_LEVEL


@ALL_METHODS
def test_inputs_are_not_changed(method):
    region = ellipse((40, 50)).astype(np.float32)
    source, target = images(region.shape)
    inputs = source, target, region
    copies = [array.copy() for array in inputs]
    for array in inputs:
        array.setflags(write=False)
    method(*inputs)
    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@ALL_METHODS
def test_an_empty_mask_returns_a_copy_of_the_target(method):
    source, target = images((20, 30))
    result = method(source, target, np.zeros((20, 30), np.float32))
    np.testing.assert_array_equal(result, target)
    assert not np.shares_memory(result, target)


@GRADIENT_METHODS
def test_the_source_is_read_only_in_the_region_and_next_to_it(method):
    region = ellipse((60, 70))
    source, target = images(region.shape)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    elsewhere = cv2.dilate(region.astype(np.uint8), cross) == 0
    unusable = np.where(elsewhere[..., np.newaxis], np.float32(np.nan), source)
    np.testing.assert_array_equal(method(unusable, target, region), method(source, target, region))


@GRADIENT_METHODS
def test_the_region_is_where_the_mask_is_at_least_a_half(method):
    source, target = images((30, 40))
    coverage = np.random.default_rng(0).choice([0, 0.25, 0.499, 0.5, 1], (30, 40))
    np.testing.assert_array_equal(
        method(source, target, coverage.astype(np.float32)), method(source, target, coverage >= 0.5)
    )


@GRADIENT_METHODS
def test_a_region_without_surroundings_is_refused(method):
    source, target = images((12, 9))
    with pytest.raises(ValueError, match="`mask` covers the whole image"):
        method(source, target, np.ones((12, 9), np.float32))


def test_alpha_is_exact_at_its_ends_and_linear_between():
    source, target = images((10, 12))
    opacity = np.linspace(0, 1, 12, dtype=np.float32)[np.newaxis].repeat(10, axis=0)
    result = blend.alpha(source, target, opacity)
    np.testing.assert_array_equal(result[:, 0], target[:, 0])
    np.testing.assert_array_equal(result[:, -1], source[:, -1])
    weight = opacity[..., np.newaxis]
    np.testing.assert_allclose(result, target + weight * (source - target), atol=1e-6)


def test_strips_blend_as_the_whole_does(monkeypatch):
    source, target = images((23, 17))
    opacity = np.random.default_rng(0).random((23, 17), np.float32)
    monkeypatch.setattr(blend, "_IN_CACHE", 40)
    whole = source * opacity[..., None] + (1 - opacity[..., None]) * target
    np.testing.assert_array_equal(blend.alpha(source, target, opacity), whole)


@pytest.mark.parametrize("beyond", [False, True])
def test_clips_to_the_gamut_or_as_far_beyond_as_what_lies_under(beyond):
    image, under = images((20, 30))
    under = under if beyond else np.clip(under, 0, 1)
    clipped = blend.within_gamut(image, under)
    np.testing.assert_array_equal(
        clipped, np.maximum(np.minimum(image, np.maximum(under, 1)), np.minimum(under, 0))
    )


@ALL_METHODS
def test_shapes_must_agree(method):
    source, target = images((10, 12))
    with pytest.raises(ValueError, match="`source` and `target` must have the same shape"):
        method(source[1:], target, np.ones((10, 12), np.float32))
    with pytest.raises(ValueError, match="`mask` must have the images' shape"):
        method(source, target, np.ones((10, 12, 1), np.float32))
