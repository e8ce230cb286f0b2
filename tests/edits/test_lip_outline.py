from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.edits.lip_outline import lip_depth
from facelab.types import Face
from tests.editing import portrait
from tests.synthetic import ATLAS, frozen

LIPS = (ATLAS.region("lips", 256) + ATLAS.region("mouth", 256)) > 0.5
SURE = ATLAS.soft_region("lips", 256, 0.03) == 0


def parsed(lips):
    """A face of which some texels are known to be lips and the others skin."""
    face = portrait()
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("lips")] = lips
    parts[..., PARTS.index("skin")] = 1 - parts[..., PARTS.index("lips")]
    return Face(face.positions, replace(face.texture, parts=frozen(parts)))


@pytest.mark.parametrize("size", [128, 256, 512])
def test_depth_is_above_zero_inside_the_lips_alone(size):
    depth = lip_depth(portrait(size=size))
    assert depth.shape == (size, size)
    lips = ATLAS.region("lips", size)
    assert (depth[lips > 0.99] > -0.004).all()
    assert (depth[ATLAS.soft_region("lips", size, 0.03) == 0] < 0).all()


def test_a_fuller_lip_that_the_photograph_shows_is_told():
    shifted = np.roll(LIPS, 3, axis=0) | LIPS
    more = lip_depth(parsed(shifted)) - lip_depth(portrait())
    assert more[shifted & ~LIPS].max() > 0.005
    assert more.min() >= 0
    assert (lip_depth(parsed(shifted))[SURE] < 0).all()


def test_a_parsing_without_lips_tears_no_hole():
    plain, depth = lip_depth(portrait()), lip_depth(parsed(np.zeros_like(LIPS)))
    np.testing.assert_array_equal(depth[plain > 0], plain[plain > 0])
    assert (depth[plain < -0.001] < 0).all()
