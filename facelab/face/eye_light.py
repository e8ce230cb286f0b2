"""Eyes in another photograph's light, told by their whites.

The whites of all people are nearly alike, so an eye does not go with the skin's tone: its white
becomes as light and as tinted as the other eyes' whites. What is darker moves the less, and nothing
but the white is lighter than the tone of the skin leaves it, down to a bound: an iris of lighter
skin looks hazy on dark skin, and lashes grey; but brown does not become black.

On dark skin whites are lighter than lids, and what lies between in colour is a mixture of both, as
in a matte: the corners, the wet line of the lower lid. So much of it is lit as the white is. Taken
for lit skin it would glow on a light face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.quality import share
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.guided import guided
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import Window, around, mixed, scaled
from facelab.types import Texture

_SIDE = 256  # of the maps on which eyes are found, texels
_REACH = 3  # texels: how far an eye's edge may be off
_AROUND = 8  # texels beside an eye in which its edge is drawn
_ALIGNED = 4  # texels that a box is a multiple of: whole texels in the sides that textures have
_SOFTEST = 1e-3  # variance of a colour under which the guided filter sees no edge
_INSIDE = 0.6, 0.9  # of the filtered map: the edge of a lid, and of the eye beside it
_SEEN, _SURE = 0.3, 0.7  # confidence, and share of a texel from which it shows an eye alone
_LEAST = 40  # texels of an eye from which it counts as seen
_OPEN = 0.3, 0.6  # share of an eye's texels that show it: of closed lids, and of an open eye
_DARK, _LIGHT = 0.1, 0.95  # quantiles of an eye's lightness: half-way between them whites begin
_APART = np.array([10, 3, 4], np.float32)  # CIELAB by which two eyes' differences may differ
_SCALE = 0.7, 1.6  # of lightness, beyond which whites were not told right
_DARKEST = np.float32(0.6)  # of an eye's colours: darker than that brown becomes black
_BEYOND = 2  # texels around an eye in which whites may go on
_LIDS = 3  # texels beside those: the edges of lids
_UNLIKE = np.float32(12)  # CIELAB by which whites differ from skin at least, where they do
_TOLD = -10, 0  # lightness of a white over the skin's from which, and with which, it is told
_AS_LIGHT = 0.5, 0.8  # of a white's lightness: what is darker is iris or lash
_SHEEN = 6  # lightness by which lids may be lighter than the tone of the skin
_COARSE = 32  # side of the map on which a tone's mean colour is told, texels
_COLOURED = 8.0  # chroma of the skin from which a photograph has colours


@dataclass(frozen=True, slots=True, eq=False)
class _Eye:
    """One eye of an atlas.

    Parameters
    ----------
    core : (h, w) bool
        Texels well inside, in the box.
    box : (rows, columns) slices
        Of maps of side 256: the eye and what is around it.
    """

    core: Bool
    box: Window

    def within(self, size: int) -> Window:
        """The box in a texture of side `size`."""
        return scaled(self.box, _SIDE, size)


@cache
def _eyes(atlas: Atlas) -> tuple[_Eye, _Eye]:
    inside = cv2.erode(atlas.region("eyes", _SIDE), np.ones((3, 3), np.uint8)) > 0.9
    left = atlas.canonical_uv(_SIDE)[..., 0] > 0.5
    first, second = (_eye(core) for core in (inside & ~left, inside & left))
    return first, second


def _eye(core: Bool) -> _Eye:
    box = around(core, _AROUND, _ALIGNED)
    return _Eye(core[box], box)


@dataclass(frozen=True, slots=True, eq=False)
class _Lids:
    """Where an eye lies in its box of a texture.

    Parameters
    ----------
    size : int
        The texture's side.
    region, drawn : (h, w) float32
        Where the atlas has it, and where the texture shows it, [0, 1].
    opened : float32
        How surely it is open, [0, 1].
    """

    size: int
    region: Float
    drawn: Float
    opened: Float

    @classmethod
    def of(cls, eyes: Float, eye: _Eye, atlas: Atlas, size: int) -> _Lids:
        """Of a texture of side `size` that shows `eyes`, ``(256, 256)``."""
        region, drawn = atlas.region("eyes", size)[eye.within(size)], eyes[eye.box]
        opened = smoothstep(drawn[eye.core].mean(), *_OPEN)
        return cls(size, region, cv2.resize(drawn, region.shape[::-1]), opened)


def lit(
    colour: Float,
    source: Texture,
    target: Texture,
    tones: tuple[Float, Float],
    atlas: Atlas,
    amount: float = 1.0,
) -> Float:
    """Return a source's colours with its eyes in the light of the target's.

    Parameters
    ----------
    colour : (S, S, 3) float32
        The source's in the target's tone, RGB in [0, 1].
    source, target : Texture
        With their parts, or the colours stay.
    tones : two of (128, 128, 3) float32
        RGB of the skin of both: a grey photograph takes the colours of eyes, too.
    atlas : Atlas
        Theirs.
    amount : float
        How much of the light changes, [0, 1].

    Returns
    -------
    (S, S, 3) float32
        In [0, 1]. Where an eye of the source is not seen, or closed, it is as in `colour`; where
        none of the target's is, eyes keep their own light.
    """
    if source.parts is None or target.parts is None:
        return colour
    eyes = _eyes(atlas)
    starts = [source.colour[eye.within(source.size)] for eye in eyes]
    drawn, theirs = (share(texture, _SIDE, "eyes") for texture in (source, target))
    others = [_white(target, theirs, eye, target.colour[eye.within(target.size)]) for eye in eyes]
    if any(other is not None for other in others):
        starts = [
            _darker(start, colour[eye.within(source.size)])
            for eye, start in zip(eyes, starts, strict=True)
        ]
    owns = [_white(source, drawn, eye, start) for eye, start in zip(eyes, starts, strict=True)]
    coloured = _coloured(*tones)
    ways = _ways(owns, others, coloured)
    skins = tones[0], tones[0] + np.float32(amount) * (tones[1] - tones[0])
    out = colour.copy()
    for eye, start, own, way in zip(eyes, starts, owns, ways, strict=True):
        if own is None:
            continue
        here = eye.within(len(out))
        kept = 1 + amount * (coloured - 1)
        wanted = own + np.float32(amount) * way
        moved = _relit(start, own, wanted, kept)
        lids, before = _Lids.of(drawn, eye, atlas, len(out)), source.colour[here]
        around_it = _around(skins[0], eye, lids), _around(skins[1], eye, lids)
        out[here] = _within_lids(out[here], before, moved, (own, wanted), around_it, lids)
    return out


def _within_lids(
    skin: Float,
    before: Float,
    moved: Float,
    whites: tuple[Float, Float],
    tones: tuple[Float, Float],
    lids: _Lids,
) -> Float:
    """An eye's box as its skin is lit, ``(h, w, 3)``, with what is eye `moved`.

    `before` is the box as it was in its photograph. Of the white ``(3,)`` and of the skin's tone
    ``(h, w, 3)``, CIELAB: what they were, and what they become.
    """
    lab = _lab(before)
    white = _whiteness(lab, whites[0], tones[0])
    near = cv2.dilate(np.maximum(lids.region, lids.drawn), disk(_texels(_BEYOND, lids.size)))
    inside = np.maximum(_mask(before, lids), white * near)
    lightest = np.maximum(_lab(moved)[..., 0], whites[1][0])
    bound = _lightest(lab, white, *tones, lightest)
    out = mixed(skin, moved, inside)
    return _no_lighter(out, bound, cv2.dilate(near, disk(_texels(_LIDS, lids.size))))


def _around(tone: Float, eye: _Eye, lids: _Lids) -> Float:
    """CIELAB of a field of tone ``(n, n, 3)`` in an eye's box, ``(h, w, 3)``."""
    out: Float = cv2.resize(_lab(tone[eye.within(len(tone))]), lids.region.shape[::-1])
    return out


def _whiteness(colour: Float, white: Float, skin: Float) -> Float:
    """How far texels are white of the eye rather than skin, ``(h, w)`` in [0, 1]; CIELAB.

    By where they lie between both. Whites that are darker than the skin look like lids in shade.
    """
    way, total = white - skin, np.ones((1, 3), np.float32)
    along = cv2.transform((colour - skin) * way, total)
    mixed = np.clip(along / np.maximum(cv2.transform(way * way, total), _UNLIKE**2), 0, 1)
    told = smoothstep(white[0] - skin[..., 0], *_TOLD)
    bright = smoothstep(colour[..., 0] / max(float(white[0]), 1.0), *_AS_LIGHT)
    return np.asarray(mixed * told * bright, np.float32)


def _lightest(before: Float, white: Float, skin: Float, toned: Float, whites: Float) -> Float:
    """The lightness that texels may have, ``(h, w)``: of the matte, and no less than they had."""
    light = before[..., 0]
    lid = toned[..., 0] + np.clip(light - skin[..., 0], 0, _SHEEN)
    out: Float = np.maximum(light, lid + white * (whites - lid))
    return out


def _no_lighter(colour: Float, bound: Float, share: Float) -> Float:
    """Colours ``(h, w, 3)`` no lighter than a bound, as far as their share in [0, 1] goes."""
    light, a, b = cv2.split(_lab(colour))
    light -= share * np.maximum(light - bound, 0)
    out: Float = cv2.cvtColor(cv2.merge([light, a, b]), cv2.COLOR_Lab2RGB)
    return np.clip(out, 0, 1, out=out)


def _lab(colour: Float) -> Float:
    out: Float = cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2Lab)
    return out


def _texels(length: int, size: int) -> int:
    """A length in texels of a map of side 256, in those of a texture; at least one."""
    return max(1, round(length * size / _SIDE))


def _darker(own: Float, lit: Float) -> Float:
    """The colours of an eye ``(h, w, 3)``, as much darker as in the tone of the skin."""
    before, after = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (own, lit))
    fall = np.clip(after / np.maximum(before, np.float32(1e-3)), _DARKEST, 1)
    return np.asarray(fall[..., None] * own, np.float32)


def _ways(owns: Sequence[Float | None], others: Sequence[Float | None], kept: float) -> list[Float]:
    """By how much the white of each eye changes, CIELAB ``(3,)``.

    Both change alike; where light comes from one side, each by what its difference from both is
    another than the target's. `kept` is how much of its colours the face keeps.
    """
    first, second = ([white for white in both if white is not None] for both in (owns, others))
    if not first:
        return [np.zeros(3, np.float32)] * 2
    mean = np.mean(first, axis=0)
    other = np.mean(second, axis=0) if second else mean * np.array([1, kept, kept], np.float32)
    common = other - mean
    if len(first) < 2 or len(second) < 2:
        return [common] * 2
    return [
        common + _beyond(there - other - (here - mean), np.float32(kept) * _APART)
        for here, there in zip(first, second, strict=True)
    ]


def _white(texture: Texture, drawn: Float, eye: _Eye, colour: Float) -> Float | None:
    """CIELAB of an eye's white, ``(3,)``; None where too little of an open eye is seen.

    `drawn` is where the texture shows eyes, ``(256, 256)``; `colour` is the eye's box.

    The median of its lighter half takes no notice of reflections, veins and lashes.
    """
    size, here = texture.size, eye.within(texture.size)
    core = np.nonzero(eye.core & (drawn[eye.box] > _SURE))
    row, column = (
        (2 * (at + part.start) + 1) * size // (2 * _SIDE) - first.start
        for at, part, first in zip(core, eye.box, here, strict=True)
    )
    seen = texture.confidence[here][row, column] > _SEEN
    if np.count_nonzero(seen) < _LEAST:
        return None
    lab = cv2.cvtColor(colour[row, column][seen][None], cv2.COLOR_RGB2Lab)[0]
    dark, light = np.quantile(lab[:, 0], [_DARK, _LIGHT])
    return np.asarray(np.median(lab[lab[:, 0] >= (dark + light) / 2], axis=0), np.float32)


def _beyond(way: Float, apart: Float) -> Float:
    """What of a difference is more than two pairs of eyes differ by in one light."""
    far = float(np.linalg.norm(way / np.maximum(apart, np.float32(1e-3))))
    return way * np.float32(max(0.0, 1 - 1 / max(far, 1e-6)))


def _coloured(own: Float, wanted: Float) -> float:
    """How much of its colours a face keeps, [0, 1]: none in a grey photograph."""
    before, after = (
        float(np.linalg.norm(_lab(resized(tone, _COARSE))[..., 1:].mean(axis=(0, 1))))
        for tone in (own, wanted)
    )
    return min(after / max(min(before, _COLOURED), 1e-3), 1)


def _relit(colour: Float, own: Float, wanted: Float, coloured: float) -> Float:
    """Colours ``(h, w, 3)`` in a light in which a white is another; 0 and 100 stay."""
    light, *chroma = cv2.split(_lab(colour))
    white = np.clip(own[0], 1, 99)
    below = np.minimum(light, white)
    of_white = below / white
    change = np.float32(np.clip(wanted[0] / white, *_SCALE)) - 1
    scale = 1 + change * of_white
    above = (light - below) * (100 - (1 + change) * white) / (100 - white)
    new = [
        np.float32(coloured) * scale * (one - of_white * was) + of_white * now
        for one, was, now in zip(chroma, own[1:], wanted[1:], strict=True)
    ]
    out: Float = cv2.cvtColor(cv2.merge([scale * below + above, *new]), cv2.COLOR_Lab2RGB)
    return np.clip(out, 0, 1, out=out)


def _mask(colour: Float, lids: _Lids) -> Float:
    """How much of each texel of an eye's box lies between its lids, [0, 1]."""
    rough = np.float32(0.5) * (lids.region + lids.drawn)
    edged = guided(rough, np.ascontiguousarray(colour), _texels(_REACH, lids.size), _SOFTEST)
    return smoothstep(edged, *_INSIDE) * lids.opened
