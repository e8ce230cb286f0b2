"""The mouth by what a photograph shows: where the lips end, and what lies between them.

Positions tell the lips' inner edges to some pixels only: most closed mouths have a gap in them, and
open ones reach over the teeth's gums or end within the lips. So the edges are looked for in the
photograph, along a line for each column of texels, and the lips' texels moved there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion
from facelab.numerics.arrays import Float, Int
from facelab.numerics.smoothing import smoothstep
from facelab.types import Box, PositionMap

TAPER = 4
"""Columns of texels at the corners over which the edges return to the positions."""

_SAMPLES = 64  # along a line, from within the upper lip to within the lower one
_INWARD = 0.65  # of a lip's height, from its inner edge, at which a line ends
_BLUR = 0.006  # of the mouth's width: finer detail is grain, or gloss on a lip
_AROUND = 5.0  # columns of texels over which a lip's colour is averaged
# Against a lip's own colour: redness over lightness below which there are teeth, the lightness that
# they need, and the lightness below which it is dark between the lips.
_PALE, _LIGHT, _DARK = (0.5, 0.85), (0.6, 0.9), (0.5, 0.85)
_LIGHTER = 1.5  # what lightness beyond that counts against it
_FARTHER = 8.0  # what a mouth's width beyond the gap of the positions counts against evidence
_TOLD = 1.0  # what a parsing counts, for and against
_BETWEEN = 0.15, 0.55  # its share of mouth, in a gap narrower than its pixels, that is no lip's
_ALONG = 2.0  # columns of texels over which evidence is averaged
_STEADY = 9  # columns of texels over which an edge's median is taken
_OPEN = 0.02, 0.045  # of the mouth's width: gaps at which lips count as touching, and as apart
_SOFT = 0.006  # of the mouth's width: how softly the lips meet what lies between them
_MARGIN = 0.018  # of the mouth's width: as far as pixels beside teeth still show some of them
_FINE = 4  # samples along each side of a pixel, for edges that are not jagged


@dataclass(frozen=True, slots=True, eq=False)
class Lips:
    """The inner edges of the lips, n points each from the mouth's corner at small u to the other.

    Parameters
    ----------
    upper, lower : (n, 2) float32
        Source-image pixels.
    """

    upper: Float
    lower: Float

    @classmethod
    def of(cls, positions: PositionMap) -> Lips:
        """The lips of a face: the texels next to the slit, or the landmarks where there is none."""
        slit = positions.atlas.slit
        if slit is None:
            marks = positions.landmarks[:, :2]
            return cls(marks[[60, 61, 62, 63, 64]], marks[[60, 67, 66, 65, 64]])
        places = positions.values[..., :2]
        return cls(places[slit.upper_texels, slit.columns], places[slit.lower_texels, slit.columns])

    @property
    def gaps(self) -> Float:
        """How far they are apart, ``(n,)`` pixels."""
        out: Float = np.linalg.norm(self.lower - self.upper, axis=1)
        return out

    def narrowed(self, share: float) -> Lips:
        """The lips ended so much of the mouth's width earlier where they are apart."""
        back = share * self.width * self.apart / np.maximum(self.gaps, np.float32(1e-6))
        shift = np.asarray(back[:, None] * (self.lower - self.upper), np.float32)
        return Lips(self.upper - shift, self.lower + shift)

    @property
    def width(self) -> float:
        """The mouth's, pixels."""
        return float(np.linalg.norm(self.upper[-1] - self.upper[0]))

    def window(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """The part of an image of `shape` (H, W) that holds what is seen between them."""
        return _window(
            Box.around(np.concatenate([self.upper, self.lower])), 2 + _SOFT * self.width, shape
        )

    @property
    def apart(self) -> Float:
        """How surely they do not touch, ``(n,)`` in [0, 1]."""
        return smoothstep(self.gaps / np.float32(max(self.width, 1e-6)), *_OPEN)


def fit_lips(image: Float, positions: PositionMap, parsing: Parsing | None = None) -> PositionMap:
    """Positions whose lips end where the photograph shows teeth, or the dark between lips.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    positions : PositionMap
        Pixels of the image.
    parsing : Parsing, optional
        What it says to be the mouth's interior counts beside the colours.

    Returns
    -------
    PositionMap
        Changed on the lips alone, most at their inner edges and nothing at their outer ones; the
        same where the layout has no slit between the lips.
    """
    if positions.atlas.slit is None or Lips.of(positions).width < 1:
        return positions
    return with_lips(positions, _shown(image, positions, parsing))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of texels of the lips in the columns of the slit, ``(n,)`` each, from above.

    Parameters
    ----------
    top, first, upper, lower, last, bottom
        The upper lip's outer edge, where lines begin, the inner edges, where lines end, and the
        lower lip's outer edge.
    """

    top: Int
    first: Int
    upper: Int
    lower: Int
    last: Int
    bottom: Int


@cache
def rows_of(atlas: Atlas) -> Rows:
    """The rows of the lips in an atlas with a slit between them."""
    assert atlas.slit is not None
    upper, lower = atlas.slit.upper_texels, atlas.slit.lower_texels
    lips = atlas.region("lips", atlas.size)[:, atlas.slit.columns] > 0.5
    top, bottom = lips.argmax(axis=0), len(lips) - 1 - lips[::-1].argmax(axis=0)
    first = np.rint(upper - _INWARD * (upper - top)).astype(int)
    last = np.rint(lower + _INWARD * (bottom - lower)).astype(int)
    return Rows(*(np.asarray(row, np.int32) for row in (top, first, upper, lower, last, bottom)))


def _shown(image: Float, positions: PositionMap, parsing: Parsing | None) -> Lips:
    """The lips' inner edges as the photograph shows them."""
    slit, rows = positions.atlas.slit, rows_of(positions.atlas)
    assert slit is not None
    places = positions.values[..., :2]
    begin, end = places[rows.first, slit.columns], places[rows.last, slit.columns]
    down = np.linspace(0, 1, _SAMPLES, dtype=np.float32)[:, None, None]
    lines = begin + down * (end - begin)
    evidence = _interior(image, positions, lines)
    if parsing is not None:
        told = 2 * smoothstep(parsing.at(lines, "mouth"), *_BETWEEN) - 1
        evidence = evidence + np.float32(_TOLD) * told
    here = Lips.of(positions)
    long = np.maximum(np.linalg.norm(end - begin, axis=1), np.float32(1e-6))
    along = (end - begin) / long[:, None] ** 2
    above, below = (((edge - begin) * along).sum(axis=1) for edge in (here.upper, here.lower))
    beyond = np.maximum(np.maximum(above - down[..., 0], down[..., 0] - below), 0)
    evidence = evidence - np.float32(_FARTHER / here.width) * beyond * long
    evidence = cv2.GaussianBlur(evidence, (0, 0), _ALONG, sigmaY=0.6)
    return Lips(*(begin + share[:, None] * (end - begin) for share in _interval(evidence)))


def _interior(image: Float, positions: PositionMap, lines: Float) -> Float:
    """How far colours are those of teeth or of the dark rather than of lips, [-1, 1].

    Each is measured against the lips beside it, so that light and complexion cancel: teeth are
    less red for their lightness (a* over L* in CIELAB), and the dark is darker.
    """
    colours = _Colours.around(image, positions)
    slit, rows = positions.atlas.slit, rows_of(positions.atlas)
    assert slit is not None
    shares = np.linspace(0.1, 1, 8)[:, None]
    lips = []
    for outer, inner in ((rows.top + 1, rows.first), (rows.bottom - 1, rows.last)):
        chosen = np.rint(outer + shares * (inner - outer)).astype(int)
        lips.append(colours.lip(positions.values[chosen, slit.columns, :2]))
    light = np.minimum(*(lip[:, 0] for lip in lips))
    red = np.minimum(*(lip[:, 1] / np.maximum(lip[:, 0], 1) for lip in lips))
    seen = colours.at(lines)
    lightness = np.asarray(seen[..., 0] / np.maximum(light, 1), np.float32)
    teeth = toothlike(seen, light, red)
    found = 2 * np.maximum(teeth, 1 - smoothstep(lightness, *_DARK)) - 1
    # Lips that touch do so where it is darkest, however light that is.
    lighter = np.clip((lightness - np.float32(_DARK[1])) * _LIGHTER, 0, 1)
    return np.asarray(found - lighter * (1 - teeth), np.float32)


def toothlike(lab: Float, light: float | Float, red: float | Float) -> Float:
    """How far colours are those of teeth: pale and light beside lips so light and so red.

    Parameters
    ----------
    lab : (..., 3) float32
        CIELAB.
    light, red : float or (...) float32
        The lips' L*, and their a* over L*.

    Returns
    -------
    (...) float32
        In [0, 1].
    """
    lightness = lab[..., 0] / np.maximum(light, 1)
    redness = lab[..., 1] / np.maximum(lab[..., 0], 1) / np.maximum(red, 0.05)
    pale, bright = (np.asarray(one, np.float32) for one in (redness, lightness))
    return (1 - smoothstep(pale, *_PALE)) * smoothstep(bright, *_LIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class _Colours:
    """A photograph's colours around a mouth, CIELAB, and the pixel (x, y) where they begin."""

    lab: Float
    corner: Float

    @classmethod
    def around(cls, image: Float, positions: PositionMap) -> _Colours:
        places = positions.values[..., :2]
        lips = positions.atlas.region("lips", positions.atlas.size) > 0.5
        window = _window(Box.around(places[lips]), 4, image.shape[:2])
        sigma = max(_BLUR * Lips.of(positions).width, 0.3)
        part = cv2.GaussianBlur(np.clip(image[window], 0, 1), (0, 0), sigma)
        corner = np.array([window[1].start, window[0].start], np.float32)
        return cls(cv2.cvtColor(part, cv2.COLOR_RGB2Lab), corner)

    def at(self, places: Float) -> Float:
        """At places ``(h, w, 2)`` of the photograph, ``(h, w, 3)``."""
        x, y = cv2.split(np.asarray(places - self.corner, np.float32))
        out: Float = cv2.remap(self.lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out

    def lip(self, places: Float) -> Float:
        """The colour of a lip in each column of places, ``(n, 3)``, smooth along it."""
        middle = np.median(self.at(places), axis=0).astype(np.float32)
        out: Float = cv2.GaussianBlur(
            middle[None], (0, 0), _AROUND, sigmaY=1e-3, borderType=cv2.BORDER_REPLICATE
        )[0]
        return out


def _interval(evidence: Float) -> tuple[Float, Float]:
    """The interval of each column with the greatest sum, ``(n,)`` each in [0, 1]; smooth along.

    It has a sample at least: touching lips meet where it is darkest. The best interval that ends
    at a sample begins where the sum so far is lowest (Kadane; Bentley, "Programming Pearls", 1984).
    """
    count, columns = evidence.shape
    sums = np.vstack([np.zeros((1, columns)), np.cumsum(evidence, axis=0, dtype=np.float64)])
    lowest = np.minimum.accumulate(sums[:-1], axis=0)  # of the sums before each end
    last = (sums[1:] - lowest).argmax(axis=0)
    first = (sums[:-1] == lowest[last, np.arange(columns)]).argmax(axis=0)
    return _smooth(first / count), _smooth((last + 1) / count)


def _smooth(edge: Float) -> Float:
    """An edge ``(n,)`` without specks and steps."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(edge, _STEADY // 2, "edge"), _STEADY)
    steady = np.median(around, axis=1).astype(np.float32)
    out: Float = cv2.GaussianBlur(
        steady[None], (0, 0), 2.0, sigmaY=1e-3, borderType=cv2.BORDER_REPLICATE
    )[0]
    return out


def with_lips(positions: PositionMap, lips: Lips) -> PositionMap:
    """Positions with their lips' inner edges where `lips` has them, and even rows up to there.

    A lip that rolls inward has its last rows on one pixel, and would be drawn as streaks where
    another shows more of itself; rows at even parts of what is seen lay lip on lip. They stay the
    same where the layout has no slit between the lips.
    """
    if positions.atlas.slit is None:
        return positions
    slit, rows = positions.atlas.slit, rows_of(positions.atlas)
    places = positions.values[..., :2]
    inward = np.minimum(np.arange(len(slit.columns)), np.arange(len(slit.columns))[::-1]) + 1
    taper = smoothstep(np.asarray(inward / TAPER, np.float32))[:, None]
    here = Lips.of(positions)
    upper = here.upper + taper * (lips.upper - here.upper)
    lower = here.lower + taper * (lips.lower - here.lower)
    first, last = int(rows.top.min()), int(rows.bottom.max()) + 1
    row = np.arange(first, last)[:, None]
    lip = places[first:last, slit.columns]
    shift = np.zeros((last - first, positions.atlas.size, 2), np.float32)
    for outer, inner, edge in ((rows.top, rows.upper, upper), (rows.bottom, rows.lower, lower)):
        share = np.clip((row - outer) / (inner - outer), 0, 1)[..., None]
        begin = places[outer, slit.columns]
        moved = (begin + share * (edge - begin) - lip) * taper
        shift[:, slit.columns] += moved * ((row - outer) * (row - inner) <= 0)[..., None]
    between = ((row > rows.upper) & (row < rows.lower))[..., None]
    shift[:, slit.columns] += between * ((upper + lower) / 2 - lip)
    values = positions.values.copy()
    values[first:last, :, :2] += cv2.GaussianBlur(shift, (0, 0), 0.7, sigmaY=1e-3)
    return replace(positions, values=values)


def with_margin(positions: PositionMap) -> PositionMap:
    """Positions whose lips end a little before what lies between them, where they are apart.

    Pixels at the edge mix both.

    Parameters
    ----------
    positions : PositionMap
        As `fit_lips` leaves it.
    """
    return with_lips(positions, Lips.of(positions).narrowed(_MARGIN))


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """What lies between the lips in a photograph.

    Parameters
    ----------
    lips : Lips
    share : (n,) float32
        How much of it is meant at each of the lips' points, [0, 1].
    """

    lips: Lips
    share: Float

    @classmethod
    def kept(cls, lips: Lips, others: Sequence[Lips]) -> Interior:
        """What stays of a face's mouth when the faces of others are put on.

        All of it where the lips are apart in any photograph; where they touch in all of them, the
        others' own line between the lips goes with their lips.
        """
        apart = np.maximum.reduce([lips.apart, *(other.apart for other in others)])
        return cls(lips, apart)

    def over(self, window: tuple[slice, slice], moved: Motion | None = None) -> Float:
        """How much of each pixel of a window of the photograph it is, ``(h, w)`` in [0, 1].

        Parameters
        ----------
        window : (rows, columns) slices
        moved : Motion, optional
            By which the photograph has been warped since.
        """
        rows, columns = window
        out = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
        corner = np.array([columns.start, rows.start], np.float32)
        lips = Lips(self.lips.upper - corner, self.lips.lower - corner)
        soft = max(_SOFT * lips.width, 0.4)
        part = _window(
            Box.around(np.concatenate([lips.upper, lips.lower])), 2 + 4 * soft, out.shape
        )
        out[part] = cv2.GaussianBlur(self._coverage(lips, part), (0, 0), soft)
        return out if moved is None else moved.carried(out, window)

    def _coverage(self, lips: Lips, part: tuple[slice, slice]) -> Float:
        """How much of each pixel of a part lies between the lips, times the share that is meant."""
        rows, columns = part
        size = columns.stop - columns.start, rows.stop - rows.start
        fine = np.zeros((_FINE * size[1], _FINE * size[0]), np.float32)
        corner = np.array([columns.start, rows.start], np.float32)
        above, below = (
            np.rint(16 * (_FINE * (edge - corner + 0.5) - 0.5)).astype(np.int32)
            for edge in (lips.upper, lips.lower)
        )
        for k in range(len(above) - 1):
            corners = np.stack([above[k], above[k + 1], below[k + 1], below[k]])
            cv2.fillConvexPoly(fine, corners, float(self.share[k : k + 2].mean()), cv2.LINE_8, 4)
        out: Float = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
        return out


def _window(box: Box, room: float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The part of an image of `shape` that a box reaches, or the nearest pixel of it."""
    rows, columns = (
        slice(int(np.clip(low - room, 0, side - 1)), int(np.clip(high + room, 0, side - 1)) + 1)
        for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1]))
    )
    return rows, columns
