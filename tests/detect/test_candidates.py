"""What the BlazeFace networks see: anchors by hand, and rows beside what torch's networks give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facelab.detect.candidates import (
    CENTRE,
    EXTENT,
    FULL_GRIDS,
    POINTS,
    SHORT_GRIDS,
    CandidateNetwork,
    anchors,
    padded,
)
from facelab.models.kinds import BLAZEFACE_FULL, BLAZEFACE_SHORT
from facelab.models.torch_runtime import torch_network
from tests.networks import astronaut_crops

GRIDS = {BLAZEFACE_SHORT: SHORT_GRIDS, BLAZEFACE_FULL: FULL_GRIDS}


def test_anchors_by_hand():
    short = anchors(16, 32, SHORT_GRIDS).tolist()
    assert short[:4] == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert short[8:10] == [[4, 12], [4, 12]]
    assert short[16:] == [[8, 8]] * 6 + [[24, 8]] * 6
    assert anchors(8, 8, FULL_GRIDS).tolist() == [[2, 2], [6, 2], [2, 6], [6, 6]]


def test_padding_is_grey_at_the_far_ends():
    out = padded(np.ones((33, 64, 3), np.float32))
    assert out.shape == (64, 64, 3)
    assert out.dtype == np.float32
    assert (out[:33] == 1).all()
    assert (out[33:] == 0.5).all()


@pytest.mark.parametrize("kind", GRIDS, ids=str)
def test_rows_are_what_torch_sees_at_the_anchors(kind):
    crop = astronaut_crops(kind.name)[0].permute(1, 2, 0).numpy()
    image = ((crop + 1) / 2)[:-9, :-40]  # of sides that are padded
    rows = CandidateNetwork(kind)(image, 0.3)
    with torch.inference_mode():
        fitting = torch.from_numpy(padded(image)).permute(2, 0, 1)[None]
        logits, values = (out[0].numpy() for out in torch_network(kind)(fitting * 2 - 1))
    scores = 1 / (1 + np.exp(-logits))
    assert len(rows) == (scores >= 0.3).sum() > 0
    np.testing.assert_allclose(rows[:, 0], scores[scores >= 0.3], atol=1e-5)
    for row, seen, (x, y) in zip(
        rows,
        values[scores >= 0.3],
        anchors(*padded(image).shape[:2], GRIDS[kind])[scores >= 0.3],
        strict=True,
    ):
        np.testing.assert_allclose(row[CENTRE], (seen[0] + x - 0.5, seen[1] + y - 0.5), atol=1e-3)
        np.testing.assert_allclose(row[EXTENT], seen[2:4], atol=1e-3)
        np.testing.assert_allclose(row[POINTS], seen[4:] + [x - 0.5, y - 0.5] * 6, atol=1e-3)
