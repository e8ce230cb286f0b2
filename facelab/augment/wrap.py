"""What a photograph shows of a figure, laid around it like a label around a bottle, and completed.

Columns are the direction around the figure's upright axis, rows the height along it, from the
crown down. What the photograph does not show goes on in the tone of what it shows of the same
kind, hair, skin or clothes; over hair lies detail of its own in overlapping patches (after Efros &
Freeman, "Image Quilting for Texture Synthesis and Transfer", SIGGRAPH 2001, without their search).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.backdrop import pulled
from facelab.augment.classes import CLASSES
from facelab.augment.figure import Figure, Tones, normals
from facelab.augment.neckline import hairline, neckline
from facelab.heads import HeadFamily
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import smoothstep

UInt8 = NDArray[np.uint8]
Side = tuple[slice, slice]

_RADIUS = 10.0  # cm: of the cylinder, and of the dome on top of it
_TEXEL = 0.25  # cm
_DOWN = 36.0  # cm below the middle of the skull
_CROWN = np.pi / 2 * _RADIUS  # cm above it, along the dome
COLUMNS, ROWS = int(2 * np.pi * _RADIUS / _TEXEL), int((_CROWN + _DOWN) / _TEXEL)
_SEAM = COLUMNS // 8  # columns repeated beyond the seam while the wrap is completed

_HAIR, _SKIN, _CLOTHES = range(3)  # kinds
_FACING = 0.25, 0.5  # cosine to the line of sight below which nothing is taken, and above all is
_PERSON = 0.9  # of the matte, from which a pixel shows the person alone
_BEHIND = 0.6  # cm behind what is nearest, from which a place is hidden
_HUE, _BRIGHT = 0.05, 0.2  # deviation of the hues of one kind, and of its brightness
_OPPONENT = np.array(  # brightness and two hues, in deviations
    [
        np.full(3, 1 / 3) / _BRIGHT,
        np.array([1, -1, 0]) / np.sqrt(2) / _HUE,
        np.array([1, 1, -2]) / np.sqrt(6) / _HUE,
    ],
    np.float32,
) / np.float32(np.sqrt(2))
_SEEN = 0.01  # weight of a kind's own colours from which these tell its tone
_UNLIKE, _ALIKE = 0.05, 0.2  # likeness to skin below which nothing is skin, and hair is none
_NAPE = 100 / 360 * COLUMNS  # columns from the front, from which hair hides a nape at the latest
_ROW = np.arange(ROWS)[:, None]
_BROW = (_CROWN - 2.0) / _TEXEL  # the row from which hair may hang beside a face
_MOUTH, _BEARD = (_CROWN + 7.0) / _TEXEL, 0.3  # what is hair of the face below the row of a beard
_TIPS = 6.0 / _TEXEL  # rows below a neck, over which hair that hangs covers clothes
_BEHIND_EARS = np.abs(np.arange(COLUMNS) + 0.5 - COLUMNS / 2) > 70 / 360 * COLUMNS
_OVAL = 0.6  # share of the face from which it is drawn as such
_HIDDEN = 0.6  # of what is seen of the other side, from which a side tells something
_SOFT = 1.2  # texels, sigma of the border between two kinds
_PATCH, _DETAIL = 14, 1.6  # texels: side of a patch, sigma of what is no detail
_STRENGTH, _MOST = 0.7, 0.35  # of the detail in patches, of its own; of its logarithm


@dataclass(frozen=True, eq=False)
class Wrap:
    """A texture around a figure.

    Parameters
    ----------
    colour : (ROWS, COLUMNS, 4) float32
        RGB, and how much something in front covers it, [0, 1].
    made : (ROWS, COLUMNS) float32
        How much of that is made up and has no light of its own, [0, 1].
    classes : (ROWS, COLUMNS) uint8
        Of `facelab.augment.classes`.
    lean : (2,) float64
        Of the figure's axis.
    """

    colour: Float = field(repr=False)
    made: Float = field(repr=False)
    classes: UInt8 = field(repr=False)
    lean: NDArray[np.float64]

    def sampled(self, points: Float, shade: Float) -> Float:
        """The texture ``(h, w, 4)`` at points ``(h, w, 3)`` of the figure, with its shade."""
        column, row = places(points, self.lean)
        drawn, made = (
            cv2.remap(layer, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            for layer in (self.colour, self.made)
        )
        drawn[..., :3] *= (1 - made * (1 - shade))[..., None]
        return np.asarray(drawn, np.float32)

    def classes_at(self, points: Float) -> UInt8:
        """The classes ``(h, w)`` at points ``(h, w, 3)`` of the figure."""
        column, row = places(points, self.lean)
        found = cv2.remap(self.classes, column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP)
        return np.asarray(found, np.uint8)


def places(points: Float, lean: NDArray[np.float64]) -> tuple[Float, Float]:
    """Columns and rows ``(...)`` of a wrap at which points ``(..., 3)`` of the figure lie."""
    x, y, z = np.moveaxis(points, -1, 0)
    down = np.minimum(y, 0)
    x, z = (along - np.float32(by) * down for along, by in ((x, lean[0]), (z, lean[1])))
    turn = np.arctan2(x, z) / np.float32(2 * np.pi) + np.float32(0.5)
    height = np.where(y > 0, np.arctan2(y, np.hypot(x, z)) * np.float32(_RADIUS), y)
    row = (np.float32(_CROWN) - height) / np.float32(_TEXEL) - np.float32(0.5)
    return turn * np.float32(COLUMNS) - np.float32(0.5), row


def wrap_of(figure: Figure, image: Float, occlusion: Float, matte: Float | None) -> Wrap:
    """What a photograph shows of its person, completed all around.

    Parameters
    ----------
    figure : Figure
    image : (H, W, 3) float32
    occlusion : (H, W) float32
        How much something in front hides the person.
    matte : (H, W) float32, optional
        How much of each pixel is a person.
    """
    view = _View.of(figure, image, occlusion, matte)
    kind, other = view.kinds(figure.tones, figure.hangs)
    view = replace(view, known=view.known * (1 - cv2.blur(other.astype(np.float32), (3, 3))))
    shade = np.where(kind == _HAIR, 1, view.shade)[..., None]
    unlit = np.asarray(view.colour / shade, np.float32)
    colour, made = _completed(view.colour, unlit, view.known, kind, figure.tones)
    classes = np.select(
        [kind == _HAIR, kind == _CLOTHES],
        [np.uint8(CLASSES["hair"]), np.uint8(CLASSES["clothes"])],
        view.part,
    )
    occlusion = view.occlusion * (view.known > 0)
    made = made * (kind != _HAIR)
    layers = np.dstack([colour, occlusion])
    return Wrap(layers, made.astype(np.float32), classes.astype(np.uint8), figure.lean)


@dataclass(frozen=True, eq=False)
class _View:
    """A figure's surface as a wrap has it, each array ``(ROWS, COLUMNS)``.

    Parameters
    ----------
    colour, occlusion : float32
        What the photograph shows there.
    known : float32
        How well it shows the person there, [0, 1].
    covered : bool
        Where there is a surface.
    part : uint8
        Its class.
    hair, shade : float32
        The figure's.
    face : bool
        Where the face's oval is.
    """

    colour: Float
    occlusion: Float
    known: Float
    covered: Bool
    part: UInt8
    hair: Float
    face: Bool
    shade: Float

    @classmethod
    def of(cls, figure: Figure, image: Float, occlusion: Float, matte: Float | None) -> _View:
        """Lay a photograph around a figure."""
        placed, (height, width) = figure.placed(), image.shape[:2]
        facing = normals(placed, figure.triangles)[:, 2]
        own = [placed, facing, figure.hair, figure.shade, HeadFamily.load().atlas_share]
        carried = np.column_stack(own).astype(np.float32)
        seen, part = _unrolled(figure)
        layers = raster.interpolate(seen[0], seen[1], carried)
        x, y, depth, cosine, hair, shade, face = (
            np.ascontiguousarray(layers[..., k]) for k in range(7)
        )
        known = smoothstep((cosine - _FACING[0]) / (_FACING[1] - _FACING[0])) * seen[0].covered
        known = known * ((x > 0) & (y > 0) & (x < width - 1) & (y < height - 1))
        front = raster.rasterize(placed, figure.triangles, (height, width)).depth
        nearest = cv2.remap(front, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        known = known * (depth > nearest - _BEHIND * figure.scale)
        if matte is not None:
            alone = cv2.erode(matte, np.ones((3, 3), np.uint8))
            known = known * (cv2.remap(alone, x, y, cv2.INTER_LINEAR) > _PERSON)
        return cls(
            cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            cv2.remap(occlusion, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.asarray(known, np.float32),
            seen[0].covered,
            part,
            hair,
            face > _OVAL,
            np.where(seen[0].covered, shade, 1).astype(np.float32),
        )

    def kinds(self, tones: Tones, hangs: bool) -> tuple[UInt8, Bool]:
        """What each texel is of, hair, skin or clothes; and where the photograph shows another."""
        clothes = self.part == CLASSES["clothes"]
        kind = np.where(clothes, _CLOTHES, np.where(self.hair > 0.5, _HAIR, _SKIN))
        kind = nearest_of(kind.astype(np.uint8), self.covered)
        neck, seen = self.part == CLASSES["neck"], self.known > 0
        if not np.isfinite(tones.skin).all():
            return kind, np.zeros_like(seen)
        bare, hairy = (_likeness(self.colour, tone) for tone in (tones.skin, tones.hair))
        hair, strange = tones.hair_like(self.colour), bare < _UNLIKE
        hair |= hairy > np.maximum(bare, _UNLIKE)
        aside = neck | ((kind == _SKIN) & ~self.face & ((_ROW > _BROW) | _BEHIND_EARS))
        line = neckline(strange & ~hair, seen & neck & ~hair, clothes)
        kind[neck & (line <= _ROW)] = _CLOTHES
        hung = np.zeros_like(hair)
        if hangs:
            hung = self._hung(hair, aside | clothes, neck)
            kind[hung] = _HAIR
        other = np.select([kind == _SKIN, kind == _HAIR], [strange | hair, ~hair], bare > _ALIKE)
        if _share(hair, seen, self.face & (_ROW > _MOUTH)) > _BEARD:
            aside &= neck | hung  # a beard goes on beside the face
        spread = cv2.dilate((other & seen).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        return kind, spread & (aside | hung)

    def _hung(self, hair: Bool, where: Bool, neck: Bool) -> Bool:
        """Where hair hangs down all along the neck: behind a line on each side."""
        seen, half, rows = self.known > 0.5, COLUMNS // 2, np.argwhere(neck)[:, 0]
        where = where & (rows.max() + _TIPS > _ROW)
        lower = slice(int(rows.mean()), rows.max())
        sides = (np.s_[:, half:], np.s_[:, half::-1])
        out = np.zeros_like(hair)
        for side, told in zip(sides, _telling(seen & where, *sides), strict=True):
            line = np.minimum(hairline(hair[told], (seen & where)[told]), _NAPE)
            line[lower] = np.minimum.accumulate(line[lower])  # it does not end on the neck
            out[side] = np.arange(half + 1) >= line[:, None]
        return out & where


def _telling(seen: Bool, left: Side, right: Side) -> tuple[Side, Side]:
    """Which side tells of each, as a photograph of a turned head may not show the other."""
    count = seen[left].sum(), seen[right].sum()
    if min(count) > _HIDDEN * max(count):
        return left, right
    more = left if count[0] > count[1] else right
    return more, more


def _share(hair: Bool, seen: Bool, where: Bool) -> float:
    """How much of what is seen somewhere is hair."""
    return float((hair & where).sum() / max((seen & where).sum(), 1))


def _unrolled(figure: Figure) -> tuple[tuple[raster.Fragments, NDArray[np.int32]], UInt8]:
    """The figure's surface as a wrap has it: fragments with their triangles, and classes."""
    column, row = places(figure.vertices, figure.lean)
    axis = np.minimum(figure.vertices[:, 1:2], 0) * figure.lean.astype(np.float32)
    away = np.hypot(*(figure.vertices[:, ::2] - axis).T)
    screen = np.column_stack([column, row, away]).astype(np.float32)
    whole = np.ptp(column[figure.triangles], axis=1) < COLUMNS / 2  # others cross the seam
    triangles, part = figure.triangles[whole], figure.part[whole]
    seen = raster.rasterize(screen, triangles, (ROWS, COLUMNS))
    return (seen, triangles), nearest_of(part[np.maximum(seen.triangle, 0)], seen.covered)


def nearest_of(values: UInt8, known: Bool) -> UInt8:
    """Values ``(h, w)`` where they are known; elsewhere those of the nearest known place."""
    if not known.any():
        return values
    labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    of = np.zeros(labels.max() + 1, np.uint8)
    of[labels[known]] = values[known]
    out: UInt8 = of[labels]
    return out


def _completed(
    colour: Float, unlit: Float, known: Float, kind: UInt8, tones: Tones
) -> tuple[Float, Float]:
    """Colours all around, and how much of each is made up.

    Parameters
    ----------
    colour, unlit : (ROWS, COLUMNS, 3) float32
        With the light that falls on them, and without.
    known : (ROWS, COLUMNS) float32
    kind : (ROWS, COLUMNS) uint8
    tones : Tones
    """

    def around(values: Float) -> Float:
        turned = cv2.copyMakeBorder(values, 0, 0, _SEAM, _SEAM, cv2.BORDER_WRAP)
        return np.asarray(turned, np.float32)

    colour, unlit, known = around(colour), around(unlit), around(known)
    out, total = np.zeros_like(colour), np.zeros_like(known)
    hair, skin = (_likeness(unlit, tone) for tone in (tones.hair, tones.skin))
    bare = known
    for number, like in ((_SKIN, _rather(skin, hair)), (_HAIR, _rather(hair, skin)), (_CLOTHES, 1)):
        which = around((kind == number).astype(np.float32))
        own = known * which * like
        if own.max() < _SEEN:  # nothing tells but the skin
            own = bare
        bare = own if number == _SKIN else bare
        made = _made(unlit, own, patched=number == _HAIR)
        share = cv2.GaussianBlur(which, (0, 0), _SOFT)
        out += share[..., None] * made
        total += share
    share = (cv2.blur(known, (3, 3)) * (known > 0))[..., None]
    mixed = out / total[..., None]
    mixed += share * (colour - mixed)
    inner = slice(_SEAM, _SEAM + COLUMNS)
    return np.clip(mixed[:, inner], 0, 1), 1 - share[:, inner, 0]


def _rather(like: Float, other: Float) -> Float:
    """How much colours are to be taken for one thing rather than for another, [0, 1]."""
    return np.asarray(like * (like / np.maximum(like + other, np.float32(1e-6))) ** 4, np.float32)


def _made(unlit: Float, own: Float, patched: bool) -> Float:
    """What is made up of one kind from where it is seen, `own`."""
    if not own.any():
        own = np.ones_like(own)
    made = _smooth(unlit, own)
    core = cv2.erode((own > own.max() / 2).astype(np.uint8), np.ones((5, 5), np.uint8))
    if not (patched and core.any()):
        return made
    seen = made + (own > 0)[..., None] * (unlit - made)
    return np.asarray(made * _detail(seen, core)[..., None], np.float32)


def _smooth(values: Float, weight: Float) -> Float:
    """Values carried to where there is no weight, at half the resolution: they are smooth."""
    height, width = weight.shape
    half = (-(-width // 2), -(-height // 2))
    share = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(values * weight[..., None], half, interpolation=cv2.INTER_AREA)
    filled = pulled(mean / np.maximum(share, np.float32(1e-6))[..., None], share)
    return np.asarray(
        cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _likeness(colour: Float, tone: NDArray[np.float64]) -> Float:
    """How much colours are of a tone, [0, 1]; brightness may differ more than hue."""
    if not np.isfinite(tone).all():
        return np.zeros(colour.shape[:2], np.float32)
    away = cv2.transform(colour - tone.astype(np.float32), _OPPONENT)
    bright, red, blue = cv2.split(away)
    out: Float = np.exp(-(bright * bright + red * red + blue * blue))
    return out


def _detail(colour: Float, core: UInt8) -> Float:
    """Gains ``(h, w)`` of mean 1, patched together of the brightness of a core.

    Patches overlap by half; their windows are sines, the squares of which sum to 1, so that their
    sum varies as each does.
    """
    grey = colour.mean(axis=2) + np.float32(0.02)
    gain = np.log(grey / cv2.GaussianBlur(grey, (0, 0), _DETAIL))
    away = distance_within(core > 0)
    inside = np.argwhere(away >= min(float(away.max()) / 2, _PATCH / 2))
    rng, (height, width) = np.random.default_rng(0), core.shape
    row, column = np.indices((height, width), sparse=True)
    total = np.zeros((height, width), np.float32)
    for down in (0, _PATCH // 2):
        for across in (0, _PATCH // 2):
            y, x = (row + down) % _PATCH, (column + across) % _PATCH
            block = (row + down) // _PATCH, (column + across) // _PATCH
            count = (block[0].max() + 1, block[1].max() + 1)
            corner = inside[rng.integers(len(inside), size=count)] - _PATCH // 2
            at = corner[block[0], block[1]]
            rows = np.clip(at[..., 0] + y, 0, height - 1)
            columns = np.clip(at[..., 1] + x, 0, width - 1)
            window = np.sin((y + 0.5) * np.pi / _PATCH) * np.sin((x + 0.5) * np.pi / _PATCH)
            total += window.astype(np.float32) * gain[rows, columns]
    gains: Float = np.exp(np.clip(_STRENGTH * total, -_MOST, _MOST))
    return gains
