"""Glasses as a whole: with the rims that are too thin for the parser.

A rim is a closed curve around the eye. Among all such curves the one along the most distinct thin
lines is a shortest path, once the surroundings of the eye are unrolled to polar coordinates
(dynamic programming; Sun & Pallottino, "Circular shortest path in images", Pattern Recognition
2003).
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.constants import PARTS
from facelab.geometry.crop import cut
from facelab.geometry.parsing import SIDE, Parsing
from facelab.numerics.arrays import Float, Frame, Int
from facelab.numerics.smoothing import smoothstep
from facelab.types import PositionMap

_LEAST = 200  # pixels of the crop that are lens: with fewer nobody wears glasses
_EYES = (36, 39), (45, 42)  # landmarks of an eye's outer and inner corner
_WIDTH = 1.5  # of the ellipses around an eye, over their height
_ANGLES, _RADII = 72, 72
_REACH = 1.1, 3.2  # radii of the ellipses, halves of the eye's width
_NEAR = 1.1, 1.8  # radii at which a line is a fold of the eyelid, and at which it is none
_LINE = 2  # pixels of the crop: half the width of the widest line
_DISTINCT = 5.0  # of CIELAB: a line that stands out by that much is half sure
_STEPS = 4  # radii by which a rim may come nearer or further from one angle to the next
_BEND = 0.05  # what each of these costs, in lines
_CUT_OFF = np.float32(4)  # what it costs to cut off a lens, in lines
_BROW = np.float32(0.7)  # to go around a brow
_LID = np.float32(0.5)  # to lie on an eyelid
_NEVER = -2  # what a place beyond the nose is worth
_ALIKE = np.float32(0.5)  # what a line at the mirrored place is worth
_ALIKE_WITHIN = 1.5  # angles and radii: sigma of where the mirrored place is
_GAP = 3  # angles: sigma over which a rim goes on where no line is seen
_THICK = 2  # pixels of the crop: of the thinnest rim
_RIM = 0.2, 0.5  # how sure a line must be to be a rim
_BESIDE = 3  # pixels of the crop from a rim at which nose pads and hinges lie
_ALONG = 16  # pixels of the crop to the side of a rim that temples and the bridge are followed
_STANDS_OUT = 6.0, 14.0  # of CIELAB: lines that belong to the rim if they lie beside it


def with_whole_rims(parsing: Parsing, image: Frame, positions: PositionMap) -> Parsing:
    """Return what is around a face, where the rims of its glasses have no gaps.

    Parameters
    ----------
    parsing : Parsing
    image : (H, W, 3) float32, uint8 or uint16
        RGB in [0, 1].
    positions : PositionMap
        Of the face, pixels of the image.

    Returns
    -------
    Parsing
        The same where lenses are nowhere seen.
    """
    if float(parsing.share("lenses").sum()) < _LEAST:
        return parsing
    lines = _lines(cut(image, parsing.crop))
    grids = _around_eyes(parsing, positions)
    paths = _circular_paths(_scores(parsing, lines, grids))
    curves = [grid[np.arange(_ANGLES), path] for grid, path in zip(grids, paths, strict=True)]
    drawn = _drawn(lines, curves)
    rims = _joined(drawn, smoothstep(lines, *_STANDS_OUT) * (1 - _behind(curves)))
    brows = cv2.dilate(parsing.share("brows"), np.ones((3, 3), np.uint8))
    return _moved(parsing, rims * (1 - np.clip(brows, 0, 1)))


def _joined(drawn: Float, lines: Float) -> Float:
    """The rims with the lines that go on from them: nose pads, the bridge, hinges, temples.

    Morphological reconstruction (Vincent 1993) within what lies beside the rims.
    """
    room = lines * cv2.dilate(drawn, np.ones((2 * _BESIDE + 1, 2 * _ALONG + 1), np.uint8))
    out = drawn
    for _ in range(_ALONG):
        out = np.minimum(cv2.dilate(out, np.ones((3, 3), np.uint8)), np.maximum(room, drawn))
    return out


def _moved(parsing: Parsing, rims: Float) -> Parsing:
    """The parsing with at least so much of each pixel being glasses, ``rims (256, 256)``."""
    glasses = PARTS.index("glasses")
    had = parsing.shares[..., glasses]
    more = np.maximum(rims - had, 0) / np.maximum(1 - had, 1e-6)
    shares = parsing.shares * (1 - more)[..., None]
    shares[..., glasses] += more
    return Parsing(shares, parsing.crop)


def _lines(view: Float) -> Float:
    """By how much each pixel of a view stands out as part of a thin line, in CIELAB."""
    side = 2 * _LINE + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2Lab)
    thin = cv2.morphologyEx(lab, cv2.MORPH_CLOSE, disk) - cv2.morphologyEx(
        lab, cv2.MORPH_OPEN, disk
    )
    out: Float = cv2.transform(thin, np.ones((1, 3), np.float32))
    return out


def _around_eyes(parsing: Parsing, positions: PositionMap) -> Float:
    """Places of the crop around both eyes, ``(2, angles, radii, 2)``.

    The first angle is toward the temple, and the next ones are below; so both eyes are alike.
    """
    corners = parsing.crop.apply(positions.landmarks[np.array(_EYES).ravel(), :2]).reshape(2, 2, 2)
    angle = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
    radius = np.linspace(*_REACH, _RADII, dtype=np.float32)
    half = (corners[:, 0, 0] - corners[:, 1, 0])[:, None, None] / 2
    across = half * np.cos(angle)[:, None] * radius
    down = np.abs(half) / _WIDTH * np.sin(angle)[:, None] * radius
    return np.asarray(np.stack([across, down], -1) + corners.mean(1)[:, None, None], np.float32)


def _scores(parsing: Parsing, lines: Float, grids: Float) -> Float:
    """How well a rim would lie at each place around the eyes, ``(2, angles, radii)``.

    Along a line, or where the parser sees a rim; with nothing of a lens beyond it, and no brow
    within it; not on the eyelids, and not beyond the middle of the nose.
    """
    line, glasses, lens, brow = (
        _read(values, grids)
        for values in (lines, *(parsing.share(part) for part in ("glasses", "lenses", "brows")))
    )
    radius = np.linspace(*_REACH, _RADII, dtype=np.float32)
    cut_off = np.cumsum(lens[..., ::-1], axis=2)[..., ::-1] / _RADII
    own = _sure(line) + np.sqrt(np.clip(glasses, 0, 1)) - _CUT_OFF * cut_off
    own = own - _BROW * np.maximum.accumulate(brow, axis=2)
    own = own - _LID * (1 - smoothstep(radius, *_NEAR))
    x, nose = grids[..., 0], grids[:, :1, :1, 0].mean()
    own[(x - nose) * np.sign(x[:, :1, :1] - nose) < 1] = _NEVER
    other = np.stack([cv2.GaussianBlur(one, (0, 0), _ALIKE_WITHIN) for one in own[::-1]])
    return np.asarray(own + _ALIKE * other, np.float32)


def _circular_paths(scores: Float) -> Int:
    """The radius at each angle of the closed curves with the largest scores, ``(2, angles)``.

    Dynamic programming over one and a half turns, of which the turn in the middle is kept.
    """
    eyes, angles, radii = scores.shape
    turns = [angle % angles for angle in range(angles + angles // 2)]
    moves = np.arange(-_STEPS, _STEPS + 1)
    bend = np.abs(moves).astype(np.float32) * np.float32(_BEND)
    padded = np.full((eyes, radii + 2 * _STEPS), -np.inf, np.float32)
    reachable = np.lib.stride_tricks.sliding_window_view(padded, len(moves), axis=1)
    best = scores[:, 0]
    came = np.zeros((len(turns), eyes, radii), np.intp)
    for step, angle in enumerate(turns[1:], 1):
        padded[:, _STEPS:-_STEPS] = best
        total = reachable - bend
        move = total.argmax(axis=2)
        came[step] = moves[move] + np.arange(radii)
        best = scores[:, angle] + np.take_along_axis(total, move[..., None], 2)[..., 0]
    path = np.zeros((len(turns), eyes), np.intp)
    path[-1] = best.argmax(axis=1)
    for step in range(len(turns) - 1, 0, -1):
        path[step - 1] = came[step, np.arange(eyes), path[step]]
    first = angles // 4
    return np.roll(path[first : first + angles], first, axis=0).T.astype(np.int32)


def _behind(curves: list[Float]) -> Float:
    """What lies within the curves and not beside them, ``(256, 256)``, 0 or 1."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for curve in curves:
        cv2.fillPoly(canvas, [np.rint(curve).astype(np.int32)], (1,))
    inner = cv2.erode(canvas, np.ones((2 * _BESIDE + 1,) * 2, np.uint8))
    return np.asarray(inner, np.float32)


def _drawn(lines: Float, curves: list[Float]) -> Float:
    """The curves as far as there is a line along them, ``(256, 256)`` in [0, 1]."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for points in curves:
        sure = np.tile(_sure(_read(lines, points[None])), 3)
        around = cv2.GaussianBlur(sure, (0, 0), _GAP)[0, _ANGLES : 2 * _ANGLES]
        strength = np.rint(255 * smoothstep(around, *_RIM)).astype(int)
        fixed = np.rint(points * 16).astype(int)
        for start, end, value in zip(fixed, np.roll(fixed, -1, axis=0), strength, strict=True):
            cv2.line(canvas, start.tolist(), end.tolist(), int(value), _THICK, cv2.LINE_AA, 4)
    return np.asarray(canvas, np.float32) / np.float32(255)


def _sure(line: Float) -> Float:
    """How sure a line is one by how it stands out, [0, 1)."""
    out: Float = line / (line + np.float32(_DISTINCT))
    return out


def _read(values: Float, places: Float) -> Float:
    """Values ``(256, 256)`` at places ``(..., h, w, 2)`` of the crop: ``(..., h, w)``."""
    flat = places.reshape(-1, places.shape[-2], 2)
    x, y = np.ascontiguousarray(flat[..., 0]), np.ascontiguousarray(flat[..., 1])
    out = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32).reshape(places.shape[:-1])
