"""What a swap takes of a photograph: the face's surface, away from hair and glasses."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab import atlas
from facelab.constants import PARTS
from facelab.face.quality import SURFACE, believed, clear_lenses, share, taken
from facelab.geometry.parsing import SIDE, Parsing
from facelab.types import Crop, Texture
from tests.synthetic import frozen, plane

SKIN = (0.7, 0.5, 0.4)
ATLAS = atlas.canonical()


def parts_of(**masks):
    """Skin, but for the named parts, which are masks ``(256, 256)``."""
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    for name, mask in masks.items():
        parts[..., PARTS.index(name)] = mask
    parts[..., PARTS.index("skin")] += 1 - parts.sum(axis=2)
    return frozen(parts)


def textured(colour=None, **masks):
    colour = np.broadcast_to(np.float32(SKIN), (256, 256, 3)) if colour is None else colour
    return Texture(frozen(colour), frozen(np.ones((256, 256))), parts_of(**masks))


def rows(first, last):
    mask = np.zeros((256, 256), np.float32)
    mask[first:last] = 1
    return mask


def test_bare_skin_is_taken_whole():
    view = textured()
    out = taken(view, ATLAS)
    np.testing.assert_array_equal(out.colour, view.colour)
    assert out.confidence[20:-20, 20:-20].min() == 1


def test_hair_and_the_texels_beside_it_are_not_taken():
    confidence = taken(textured(hair=rows(0, 80)), ATLAS).confidence
    assert confidence[:82].max() == 0
    assert confidence[100:240, 20:-20].min() == 1
    assert (np.diff(confidence[60:120, 128]) >= -1e-6).all()


def test_strands_that_the_parser_misses_are_not_taken():
    colour = np.tile(np.float32(SKIN), (256, 256, 1))
    colour[60:120, 127:129] *= 0.5  # hangs from the hair
    colour[180:220, 127:129] *= 0.5  # does not
    view = textured(colour, hair=rows(0, 60))
    out = taken(view, ATLAS)
    assert np.abs(out.colour[80:100, 127:129] - SKIN).max() < 0.05  # mended: it is thin
    np.testing.assert_array_equal(out.colour[190:210, 127:129], colour[190:210, 127:129])


def test_slivers_of_skin_in_a_tuft_are_not_taken():
    colour = np.tile(np.float32(SKIN), (256, 256, 1))
    for left in range(100, 148, 8):  # strands of two texels, six of skin between
        colour[60:120, left : left + 2] *= 0.5
    out = taken(textured(colour, hair=rows(0, 60)), ATLAS)
    assert out.confidence[80:110, 110:135].max() < 0.05
    assert out.confidence[80:110, 180:200].min() > 0.99


def test_a_thin_rim_is_mended_from_both_sides_and_a_wide_one_is_not_taken():
    thin, wide = rows(100, 105), rows(100, 130)
    for mask, mended in ((thin, True), (wide, False)):
        colour = np.tile(np.float32(SKIN), (256, 256, 1))
        colour[mask > 0] = 0.1
        out = taken(textured(colour, glasses=mask), ATLAS)
        middle = out.confidence[mask[:, 0] > 0][:, 20:-20].mean(axis=1)
        assert (np.median(middle) > 0.9) == mended
        assert (np.abs(out.colour[102, 128] - SKIN).max() < 0.05) == mended


def test_under_a_mended_line_there_is_skin():
    colour = np.tile(np.float32([0.7, 0.55, 0.45]), (256, 256, 1))
    colour[100:104] = 0.1
    before = textured(frozen(colour), glasses=rows(99, 105))
    parts = taken(before, ATLAS).parts
    np.testing.assert_allclose(parts.sum(axis=2), before.parts.sum(axis=2), atol=1e-6)
    assert parts[101:103, 20:-20, PARTS.index("skin")].min() > 0.99
    assert parts[101:103, 20:-20, PARTS.index("glasses")].max() < 0.01


def test_a_mended_line_leaves_no_trace_in_what_is_known():
    soft = cv2.GaussianBlur(rows(100, 105), (0, 0), 2)  # as parsers see them
    assert taken(textured(glasses=soft), ATLAS).confidence[80:125, 20:-20].min() > 0.99


def test_frames_that_are_worn_do_not_hang_from_the_hair():
    colour = np.tile(np.float32(SKIN), (256, 256, 1))
    colour[60:120, 127:130] *= 0.5
    frame = np.zeros((256, 256), np.float32)
    frame[60:120, 127:130] = 1
    view = textured(colour, hair=rows(0, 60), glasses=frame)
    out = taken(view, ATLAS, (*SURFACE, "glasses", "lenses"))
    assert out.confidence[80:110, 120:136].min() > 0.99
    np.testing.assert_array_equal(out.colour[80:110], colour[80:110])


@pytest.mark.parametrize(("thick", "known"), [(1, True), (12, False)])
def test_a_brow_of_which_most_is_hidden_was_not_seen(thick, known):
    brows = ATLAS.region("brows", 256) > 0.99
    middle = int(np.flatnonzero(brows.any(axis=1)).mean())
    mask = rows(middle - thick // 2, middle - thick // 2 + thick)
    colour = np.tile(np.float32(SKIN), (256, 256, 1))
    colour[mask > 0] = 0.95
    confidence = taken(textured(colour, glasses=mask), ATLAS).confidence
    assert confidence[150:200, 100:150].min() > 0.99
    assert (confidence[brows].max() > 0.1) == known


def test_what_counts_as_surface_is_told():
    view = textured(beard=rows(150, 256))
    assert taken(view, ATLAS).confidence[200, 128] == 1
    assert taken(view, ATLAS, ("skin",)).confidence[200, 128] == 0


@pytest.mark.parametrize(("dark", "clear"), [(0.9, True), (0.3, False)])
def test_dark_lenses_hide_the_eyes(dark, clear):
    colour = np.tile(np.float32(SKIN), (256, 256, 1))
    colour[80:120] *= dark
    assert clear_lenses(textured(colour, lenses=rows(80, 120))) == clear
    assert clear_lenses(textured())


def test_shares_need_parts():
    with pytest.raises(ValueError, match="parts"):
        share(replace(textured(), parts=None), 64, *SURFACE)


@pytest.mark.parametrize(
    ("part", "known"), [("skin", True), ("background", False), ("hair", False)]
)
def test_a_parsing_that_sees_no_face_is_not_believed(part, known):
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    shares[..., PARTS.index(part)] = 1
    parsing = Parsing(frozen(shares), Crop((128.0, 128.0), 256.0, 0.0, SIDE))
    found = believed(parsing, plane())
    assert (found is parsing) == known
    assert believed(None, plane()) is None
