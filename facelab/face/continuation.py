"""A face's change of light or colour, carried on over the skin around it.

A face ends at its oval, halfway up the forehead and before the ears; other light, or skin of
another shade, does not. What a change does is learnt in CIELAB where the face shows bare skin: a
field, which varies slowly over the face and goes on smoothly beyond it, and a curve of how much
lighter or darker than the skin's tone a pixel is, which tells highlights and folds. Black stays
black: less light than the tone's changes by so much less. Where skin is, a parser says, and the
photograph's own edges say where it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facelab.face.front import guided_edges
from facelab.face.quality import share
from facelab.face.skin import SIZE, learn, smooth
from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.lookup import bilinear
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import around
from facelab.types import Face

AROUND = ("skin", "ears", "neck")
"""The parts of a photograph that have the light and the colour of a face."""

Window = tuple[slice, slice]

_LEAST, _MOST = np.float32(0.3), np.float32(1.3)  # lightness over the tone's that counts
_STEP = np.float32(5)  # CIELAB lightness from one knot of the curve to the next
_KNOTS = 17  # of the curve, the middle one at the skin's tone
_FEW = np.float32(20)  # texels at a knot that tell half of what it is
_ROUNDS = 2  # of field and curve in turn
_CELLS = 128  # of the grid on which the field is carried on, along a face's crop
_NEAR, _FAR = 0.4, 0.65  # of a face's crop, along skin: as far as all of it goes, and any
_BESIDE = 0.5  # of those, where the skin may be another face's
_BORDER = 4.0, 24.0  # pixels of a parsing's crop from its border: nothing is told, and all is
_FAINT = np.float32(1 / 256)  # share of a change that is not to be seen


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What steps have done to the colours of a face's skin.

    Parameters
    ----------
    field : (128, 128, 3) float32
        CIELAB after less that before, at the skin's tone.
    tone : (128, 128, 3) float32
        CIELAB of the skin's tone before.
    seen : (128, 128) float32
        How well a texel tells them, [0, 1].
    curve : (17, 3) float32
        What is added to the field where a pixel is 40 darker to 40 lighter than the tone.
    """

    field: Float
    tone: Float
    seen: Float
    curve: Float

    @classmethod
    def of(cls, steps: Sequence[tuple[Face, Face]]) -> Change:
        """The change by some steps together, each a face before and after; at least one."""
        face = steps[0][0]
        texture = face.texture.reduced(SIZE)
        change = np.zeros((SIZE, SIZE, 3), np.float32)
        for before, after in steps:
            change += _lab(after.texture.reduced(SIZE).colour)
            change -= _lab(before.texture.reduced(SIZE).colour)
        tone = _lab(learn(face.texture, face.positions.atlas).tone)
        seen = smoothstep(share(face.texture, SIZE, *AROUND), 0.7, 0.95)
        seen *= smoothstep(texture.confidence, 0.1, 0.4)
        own = _lab(texture.colour)
        change /= np.maximum(_shares(own, tone, change), _LEAST)
        field, curve = _fitted(change, own[..., 0] - tone[..., 0], seen)
        return cls(field, tone, seen, curve)

    @property
    def maps(self) -> Float:
        """Field, tone and how well each texel tells them, ``(128, 128, 7)``."""
        return np.dstack([self.field, self.tone, self.seen])

    def applied(self, image: Float, fields: Float, share: Float) -> Float:
        """An image ``(h, w, 3)`` changed by a share ``(h, w)``; `fields` are drawn `maps`."""
        lab, tone = _lab(image), fields[..., 3:6]
        change = fields[..., :3] + _read(self.curve, lab[..., 0] - tone[..., 0])
        change *= _shares(lab, tone, change)
        change *= share[..., None]
        out: Float = image - np.clip(image, 0, 1) + _rgb(lab + change)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Continuation:
    """A change of a face, and what the photograph shows around it.

    Parameters
    ----------
    change : Change
    near, far : Parsing
        Of the face, and of head and neck, more coarsely.
    parts : tuple of str
        Of `facelab.constants.PARTS`, those over which it goes on.
    """

    change: Change
    near: Parsing
    far: Parsing
    parts: tuple[str, ...] = AROUND

    @property
    def step(self) -> int:
        """Pixels from one place at which the change's `maps` are drawn to the next."""
        return max(1, round(self.near.crop.side / _CELLS))

    def over(
        self,
        photo: Float,
        image: Float,
        drawn: Float,
        below: Bool,
        window: Window,
        moved: Motion | None,
    ) -> tuple[Window, Float]:
        """Return the change over the skin around the face: a window of the image and its pixels.

        Parameters
        ----------
        photo, image : (H, W, 3) float32
            As the parsings saw it, and moved along with its face.
        drawn : (n, m, 7) float32
            The change's `maps` where the face lies in the image, at every `step` pixels of the
            window; 0 where it does not.
        below : (h, w) bool
            Where more is seen than the face that will be drawn there.
        window : (rows, columns) slices
            Of the face.
        moved : Motion or None
            By which the image was moved.

        Returns
        -------
        window : (rows, columns) slices
        pixels : (h, w, 3) float32
            Bit for bit those of `image` where no skin is, and far from the face.
        """
        step = self.step
        region, grid = _on_grid(drawn, window, self.far.window(image.shape[:2]), step)
        within, matte = self._matte(photo, region, grid[..., 6] > 0, step)
        if moved is not None:
            within, matte = _carried(matte, within, moved)
        matte[matte < _FAINT] = 0
        here, there = _common(within, window), _common(window, within)
        matte[here] *= below[there]
        fields = _enlarged(spread(grid[..., :6], grid[..., 6]), step, region, within)
        out, changed = image[within].copy(), matte > 0
        pixels = (one[changed][None] for one in (out, fields, matte))
        out[changed] = self.change.applied(*pixels)[0]
        return within, out

    def _matte(self, photo: Float, region: Window, face: Bool, step: int) -> tuple[Window, Float]:
        """Where the person's skin is, and how much of each pixel there, ``(h, w)`` in [0, 1]."""
        rows, columns = region
        cells = slice(rows.start, rows.stop, step), slice(columns.start, columns.stop, step)
        told = smoothstep(self.near.margin(cells), *_BORDER)
        skin, neck = (self._told(cells, told, *parts) for parts in (self.parts, ("neck",)))
        reach = _reach(skin, neck, face, self.near.crop.side / step)
        reach *= smoothstep(self.far.margin(cells), *_BORDER)
        inner = around(reach, 1)
        down, right = (
            slice(part.start + own.start * step, min(part.start + own.stop * step, part.stop))
            for part, own in zip(region, inner, strict=True)
        )
        within = down, right
        told, reach = (_enlarged(one, step, region, within) for one in (told, reach))
        rough = self._told(within, told, *self.parts)
        return within, reach * guided_edges(rough, photo[within], self.near)

    def _told(self, window: Window, told: Float, *parts: str) -> Float:
        """How much of each pixel some parts are, by the finer parsing where it has `told`."""
        far, near = (one.over(window, *parts) for one in (self.far, self.near))
        out: Float = np.clip(far + told * (near - far), 0, 1)
        return out


def _lab(colour: Float) -> Float:
    out: Float = cv2.cvtColor(np.clip(colour, 0, 1), cv2.COLOR_RGB2Lab)
    return out


def _rgb(lab: Float) -> Float:
    out: Float = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return out


def _shares(lab: Float, tone: Float, change: Float) -> Float:
    """How much of a tone's change colours take, in CIELAB ``(h, w, 3)``.

    In proportion to their lightness, as where light changes; but chroma that fades, in proportion
    to their own, so that what is paler than the tone does not turn into the opposite hue.
    """
    (light, a, b), (tone_light, tone_a, tone_b) = cv2.split(lab), cv2.split(tone)
    _, more_a, more_b = cv2.split(change)
    lit = np.minimum(light / np.maximum(tone_light, 1), _MOST)
    squared = np.maximum(tone_a * tone_a + tone_b * tone_b, 1)
    own = np.clip((a * tone_a + b * tone_b) / squared, 0, _MOST)
    far = np.sqrt(squared * np.maximum(more_a * more_a + more_b * more_b, 1))
    fading = np.clip(-(more_a * tone_a + more_b * tone_b) / far, 0, 1)
    chroma = lit + fading * (own - lit)
    out: Float = cv2.merge([lit, chroma, chroma])
    return out


def _fitted(change: Float, apart: Float, seen: Float) -> tuple[Float, Float]:
    """Field and curve that add up to the change of texels ``(128, 128, 3)``."""
    place = np.clip(apart / _STEP + np.float32(_KNOTS // 2), 0, _KNOTS - 1)
    near = np.clip(1 - np.abs(np.arange(_KNOTS) - place[..., None]), 0, 1) * seen[..., None]
    count = near.sum(axis=(0, 1), dtype=np.float64) + _FEW
    curve = np.zeros((_KNOTS, 3), np.float32)
    field = smooth(change, seen)
    for _ in range(_ROUNDS):
        for channel, rest in enumerate(cv2.split(change - field)):
            curve[:, channel] = (near * rest[..., None]).sum(axis=(0, 1), dtype=np.float64) / count
        field = smooth(change - _read(curve, apart), seen)
    return field, curve


def _read(curve: Float, apart: Float) -> Float:
    """A curve ``(17, 3)`` at lightnesses ``(h, w)`` from the tone's: ``(h, w, 3)``."""
    place = (apart / _STEP + np.float32(_KNOTS // 2)).ravel()
    return bilinear(curve[None], place, np.zeros_like(place)).reshape(*apart.shape, 3)


def _on_grid(drawn: Float, window: Window, region: Window, step: int) -> tuple[Window, Float]:
    """A region of the image on the pixels at which a window is drawn, and all that is drawn there.

    Returns
    -------
    region : (rows, columns) slices
        From such a pixel on, and with all of the window.
    grid : (n, m, c) float32
        At every `step` pixels of it; 0 where nothing is drawn.
    """
    (rows, top), (columns, left) = (
        (
            slice(own.start - before * step, max(part.stop, own.stop)),
            before,
        )
        for part, own in zip(region, window, strict=True)
        for before in [max(own.start - part.start, 0) // step]
    )
    size = (-(-(part.stop - part.start) // step) for part in (rows, columns))
    grid = np.zeros((*size, drawn.shape[2]), np.float32)
    grid[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return (rows, columns), grid


def _enlarged(grid: Float, step: int, region: Window, window: Window) -> Float:
    """A grid of every so many pixels of a region at all pixels of a window, linear between."""
    (down, height), (right, width) = (
        ((own.start - part.start) / step, own.stop - own.start)
        for part, own in zip(region, window, strict=True)
    )
    out: Float = cv2.warpAffine(
        grid,
        np.array([[1 / step, 0, right], [0, 1 / step, down]]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return out


def _reach(skin: Float, neck: Float, face: Bool, size: float) -> Float:
    """How far a change goes on from a face along skin, on a grid ``(h, w)`` in [0, 1].

    By the number of steps from cell to cell over skin: what is apart from the face, such as a hand
    or another face, is not reached. Beside the face it ends sooner than on the neck.

    Parameters
    ----------
    skin, neck : (h, w) float32
        How much of a cell is any skin, and the neck's.
    face : (h, w) bool
        Where the face itself is.
    size : float
        Of the face's crop, cells.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    free, reached = (skin > 0.5).astype(np.uint8), face.astype(np.uint8)
    away = np.where(face, 0, np.inf).astype(np.float32)
    for distance in range(1, int(_FAR * size) + 1):
        wider = cv2.dilate(reached, cross) & (free | reached)
        new = wider > reached
        if not new.any():
            break
        away[new] = distance
        reached = wider
    far = size * (_BESIDE + (1 - _BESIDE) * np.clip(neck, 0, 1))
    reach = 1 - smoothstep(np.minimum(away, np.float32(10 * size)) / far, _NEAR, _FAR)
    # Cells at edges hold too little skin to be reached; the matte itself says how much.
    out: Float = cv2.blur(cv2.dilate(reach, cross), (3, 3))
    return out


def _carried(matte: Float, window: Window, moved: Motion) -> tuple[Window, Float]:
    """A matte of a window, and 0 around it, moved along where a motion moves the image."""
    rows, columns = (
        slice(min(one.start, other.start), max(one.stop, other.stop))
        for one, other in zip(window, moved.window, strict=True)
    )
    both, out = (
        (rows, columns),
        np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32),
    )
    out[_common(both, window)] = matte
    inner = _common(both, moved.window)
    out[inner] = moved.carried(np.ascontiguousarray(out[inner]), moved.window)
    return both, out


def _common(window: Window, other: Window) -> Window:
    """What another window of an image has in common with a window, in that one's pixels."""
    rows, columns = (
        slice(max(two.start - one.start, 0), max(min(two.stop, one.stop) - one.start, 0))
        for one, two in zip(window, other, strict=True)
    )
    return rows, columns
