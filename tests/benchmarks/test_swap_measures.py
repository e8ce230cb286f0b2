from __future__ import annotations

import cv2
import numpy as np
import pytest
import swap_measures as measures

from tests.synthetic import ATLAS, canonical, noise, plain, plane

SIZE = 100.0  # px, of a face
SKIN = np.ones((64, 64), bool)


def half(height=128, width=128, column=64):
    """A painted area: everything from a column on."""
    out = np.zeros((height, width), np.float32)
    out[:, column:] = 1
    return out


def lighter(image, by):
    """L* raised by so much."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2Lab)
    lab[..., 0] += by
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


@pytest.mark.parametrize("by", [0, 5, -12])
def test_tone_is_the_distance_between_plain_faces(by: float) -> None:
    target = plain((256, 256), (0.5, 0.4, 0.3))
    found = measures.tone_difference(target, lighter(target, by), plane())
    assert found == pytest.approx(abs(by), abs=0.2)  # OpenCV's L* is of a table


def test_tone_does_not_see_what_is_far_from_the_middle_or_fine() -> None:
    target = plain((256, 256), (0.5, 0.4, 0.3))
    result = target + 0.1 * (noise(256, 256) - 0.5)
    result[:40] = 0
    assert measures.tone_difference(target, result, plane()) < 0.5


def test_the_invented_share_is_of_what_is_painted() -> None:
    painted, made_up = np.zeros((2, 10, 10), np.float32)
    painted[:, :8] = 1
    painted[:, 6:8] = 0.5  # 60 px and 20 that count half
    made_up[:, 7:] = 1  # a column that counts half, and two that are not painted
    assert measures.invented_share(painted, made_up) == pytest.approx(5 / 70)
    assert measures.invented_share(0 * painted, made_up) == 0


def test_the_painted_share_is_of_the_face() -> None:
    face = half(column=32)
    assert measures.painted_share(half(), face) == pytest.approx(2 / 3)
    assert measures.painted_share(np.ones_like(face), face) == 1


def test_contrast_that_is_halved_has_a_ratio_of_a_half() -> None:
    grain = lighter(plain((64, 64)), 0)
    target = lighter(grain, 8 * (noise(64, 64)[..., 0] - 0.5))
    result = lighter(grain, 4 * (noise(64, 64)[..., 0] - 0.5))
    found = measures.fine_contrast_ratio(target, result, SKIN, SIZE)
    assert found == pytest.approx(0.5, abs=0.01)


def test_contrast_has_nothing_of_tone_and_shading() -> None:
    grain = lighter(plain((64, 64)), 8 * (noise(64, 64)[..., 0] - 0.5))
    shaded = lighter(grain, 10 + np.linspace(-5, 5, 64, dtype=np.float32)[:, None])
    found = measures.fine_contrast_ratio(grain, shaded, SKIN, SIZE)
    assert found == pytest.approx(1, abs=0.02)


def test_only_skin_counts_for_contrast() -> None:
    target = lighter(plain((64, 64)), 8 * (noise(64, 64)[..., 0] - 0.5))
    result = target.copy()
    result[:, 20:] = target.mean()
    skin = SKIN.copy()
    skin[:, 12:] = False
    assert measures.fine_contrast_ratio(target, result, skin, SIZE) == pytest.approx(1, abs=0.05)
    assert np.isnan(measures.fine_contrast_ratio(target, result, 0 * skin > 0, SIZE))


def test_a_step_at_the_edge_is_a_seam_as_high_as_the_step() -> None:
    target = plain((128, 128), (0.5, 0.4, 0.3))
    found = measures.seam(target, lighter(target, 10 * half()), half(), SIZE)
    assert found.ratio > 100
    # Over 2 sigma at the steepest place of a blurred step: 2 / sqrt(2 pi) of it, less beside it.
    assert found.step == pytest.approx(10 / np.sqrt(np.pi), rel=0.15)


def test_what_changes_alike_in_both_directions_is_no_seam() -> None:
    target = plain((128, 128), (0.5, 0.4, 0.3))
    result = lighter(target, 10 * (noise(128, 128)[..., 0] - 0.5))
    assert measures.seam(target, result, half(), SIZE).ratio == pytest.approx(1, abs=0.25)


def test_the_targets_own_outline_is_no_seam() -> None:
    target = plain((128, 128)) * (1 - 0.8 * half()[..., None])
    changed = lighter(np.ascontiguousarray(target), 2)
    assert measures.seam(target, changed, half(), SIZE).step < 0.5


def test_without_an_edge_there_is_no_seam() -> None:
    target = plain((64, 64))
    assert np.isnan(measures.seam(target, target, np.ones((64, 64), np.float32), SIZE)).all()


@pytest.mark.parametrize("name", ["eyes", "brows", "lips"])
def test_bare_skin_has_no_features(name: str) -> None:
    bare = measures.bare(ATLAS)
    assert bare[ATLAS.region(name, ATLAS.size) > 0.5].max() == 0
    oval = ATLAS.region("oval", ATLAS.size)
    assert 0.5 * oval.sum() < bare.sum() < oval.sum()


def test_a_map_is_drawn_where_the_face_is() -> None:
    positions = canonical()
    drawn = measures.drawn(ATLAS.region("oval", ATLAS.size), positions, (260, 240))
    _, columns = np.nonzero(drawn > 0.5)
    box = positions.box
    assert box.x0 - 2 <= columns.min() and columns.max() <= box.x1 + 2
    assert drawn[130, 120] == pytest.approx(1)
    assert drawn[0, 0] == 0
