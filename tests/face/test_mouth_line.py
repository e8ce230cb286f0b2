from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.mouth_line import with_line
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen

LIGHT, LIP = np.float32([0.85, 0.65, 0.55]), np.float32([0.7, 0.4, 0.4])
DARK, BLACK = (0.4, 0.25, 0.2), (0.05, 0.03, 0.03)
ENDS = ATLAS.slit.upper[[0, -1]]
ROW = float(ENDS[:, 1].mean())


def face(skin, lips=LIP, size=256):
    shown = ATLAS.region("lips", size)[..., None]
    colour = np.float32(skin) + shown * (np.float32(lips) - np.float32(skin))
    return Texture(frozen(colour), frozen(np.ones((size, size))))


def near(places, size=256, radius=3.0):
    """Texels no farther than `radius` of 256 from any of some places (x, y)."""
    y, x = (np.indices((size, size)) + 0.5) * 256 / size - 0.5
    far = [np.hypot(x - column, y - row) for column, row in places]
    return np.minimum.reduce(far) < radius


def with_dots(texture, colour=BLACK, radius=3.0, at=ENDS):
    dots = near(at, texture.size, radius)[..., None]
    return replace(texture, colour=frozen(np.where(dots, np.float32(colour), texture.colour)))


def light(colour):
    return cv2.cvtColor(np.float32(colour), cv2.COLOR_RGB2Lab)[..., 0]


@pytest.mark.parametrize("size", [256, 500])
def test_the_dark_of_a_smiles_corners_does_not_come_to_another_mouth(size):
    clean = face(LIGHT, size=size).colour
    source = with_dots(face(LIGHT, size=size))
    dim = face(LIGHT / 2, LIP / 2, size)
    out = with_line(source.colour, dim, ATLAS)
    dots = near(ENDS, size)
    assert np.abs(light(source.colour) - light(clean))[dots].mean() > 30
    assert np.abs(light(out) - light(clean))[dots].mean() < 6


def test_the_dark_of_the_targets_corners_does_come():
    source, target = face(DARK), with_dots(face(LIGHT))
    out = with_line(source.colour, target, ATLAS)
    fall = (light(out) / light(source.colour))[near(ENDS, radius=2)]
    theirs = (light(target.colour) / light(face(LIGHT).colour))[near(ENDS, radius=2)]
    assert fall.mean() == pytest.approx(theirs.mean(), abs=0.1)


def test_specks_along_the_line_do_not_come():
    middle = [(x, ROW) for x in range(112, 146, 4)]
    source = with_dots(face(LIGHT), (1, 1, 1), 1.5, middle)
    out = with_line(source.colour, face(DARK), ATLAS)
    specks = near(middle, radius=1.2)
    assert np.abs(out - face(LIGHT).colour)[specks].max() < 0.15


def test_pale_specks_of_the_target_do_not_come():
    source, target = face(DARK, (0.3, 0.17, 0.17)), with_dots(face(LIGHT), (1, 1, 1))
    out = with_line(source.colour, target, ATLAS)
    assert out.max() <= source.colour.max() + 1e-6


def test_own_line_stays():
    own = with_dots(face(LIGHT))
    np.testing.assert_allclose(with_line(own.colour, own, ATLAS), own.colour, atol=1e-5)


def test_only_the_line_changes():
    source, target = face(LIGHT), with_dots(face(DARK))
    out = with_line(source.colour, target, ATLAS)
    columns = np.linspace(*(ENDS[:, 0] + [-2, 2]), 30)
    away = ~near([(x, ROW) for x in columns], radius=9)
    np.testing.assert_array_equal(out[away], source.colour[away])


def test_half_of_it_is_half_the_way():
    source, target = with_dots(face(LIGHT)), face(DARK)
    whole, half = (with_line(source.colour, target, ATLAS, amount) for amount in (1.0, 0.5))
    np.testing.assert_allclose(half, (whole + source.colour) / 2, atol=1e-6)
    assert with_line(source.colour, target, ATLAS, 0.0) is source.colour


def test_what_the_target_does_not_show_changes_nothing():
    source, target = with_dots(face(LIGHT)), face(DARK)
    unseen = replace(target, confidence=frozen(np.zeros((256, 256))))
    np.testing.assert_array_equal(with_line(source.colour, unseen, ATLAS), source.colour)
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("beard")] = 1
    bearded = replace(target, parts=frozen(parts))
    np.testing.assert_array_equal(with_line(source.colour, bearded, ATLAS), source.colour)
