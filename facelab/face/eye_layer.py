"""The eyes of a texture: iris, pupil, sclera and the edge of the lids, texel by texel.

Frame: of each eye its iris's, as the photograph shows it: the origin is the middle of the pupil, x
runs to the image's right and y down on an upright face, and the iris's rim is at 1. The iris is a
disk that the lids clip, so what lies behind them has a place, too.

Where the iris's points are not known (`Texture.eyes`), it is looked for between the lids that the
atlas has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.atlas.layout import sample
from facelab.face.limbus import Found, find_limbus
from facelab.face.quality import share
from facelab.geometry.eyes import LIDS, looking
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import Window, around, scaled
from facelab.types import EyePoints, Face, PositionMap, Texture

Array = NDArray[np.float64]

_SIDES = "right eye", "left eye"
_ROOM = 12  # texels of the position map around an eye of the atlas
_OUTER, _INNER = 0, 8  # the corners, in the points of the lids
_IRIS = 0.39  # of the eye's width: an iris of 11.7 mm between corners that are 30 mm apart
_STEPS = 8  # points of a smooth lid between two that are given
_OPEN = 0.25, 0.45  # of an iris's diameter: how far apart closed and open lids are
_SHOWN = (
    0.3,
    0.6,
)  # share of what is between lids that shows an eye: of closed lids, and of open ones
_PUPIL = 0.4  # of the iris's radius, in indoor light
_LIGHTER = 10.0  # CIELAB lightness by which a white is lighter than its iris at least
_AS_LIGHT = 0.35, 0.75  # of the way from the iris's lightness to the white's
_RISING = 1e-4  # radii by which the points of a lid go on at least
_SMALLEST = 1.0  # pixels: the radius of an iris from which an eye can be told
_FARTHEST = 3.0  # texels of one step of Newton's method
_FINEST = 512  # side of the texture in which the iris's rim is looked for
_COMMON = 256  # side at which confidences are read
_PATCH, _REACH = 80, 2.0  # side of the view of an iris, and how far it reaches in radii


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye in a window of a texture.

    Parameters
    ----------
    box : (rows, columns) slices
        The window.
    size : int
        The texture's side.
    centre : (2,) float64
        The middle of the pupil, pixels of the photograph.
    axes : (2, 2) float64
        Columns: the iris's radii to the image's right and down, pixels of the photograph.
    lids : (16, 2) float64
        The edge of the lids as `EyePoints` has it, in the iris's frame.
    positions : PositionMap
        Which texel shows which place.
    known : bool
        Whether the photograph told the eye's place, and not the atlas alone.
    side : int
        0 for the right eye, 1 for the left one.
    opened : float
        How surely the lids are open, [0, 1].
    """

    box: Window
    size: int
    centre: Array
    axes: Array
    lids: Array
    positions: PositionMap
    known: bool
    side: int
    opened: float = 1.0

    def in_frame(self, places: Float | Array) -> Array:
        """Places ``(..., 2)`` of the photograph in the iris's frame."""
        return np.asarray(product(places - self.centre, np.linalg.inv(self.axes).T))

    def in_photograph(self, places: Array) -> Array:
        """Places ``(..., 2)`` of the iris's frame in the photograph."""
        return np.asarray(product(places, self.axes.T)) + self.centre

    @cached_property
    def places(self) -> Float:
        """Of each texel of the window its place in the iris's frame, ``(h, w, 2)``."""
        rows, columns = self.box
        ratio = self.positions.atlas.size / self.size
        u, v = (
            (np.arange(one.start, one.stop, dtype=np.float32) + np.float32(0.5)) * ratio - 0.5
            for one in (columns, rows)
        )
        texels = np.dstack(np.meshgrid(u, v)).astype(np.float32)
        return self.in_frame(sample(self._photographed, texels)).astype(np.float32)

    @cached_property
    def lid(self) -> Float:
        """Of each texel its distance from the edge of the lids, inside above 0, ``(h, w)``."""
        return self.within_lids(self.places)

    @cached_property
    def texel(self) -> float:
        """The longest step between texels at the iris, in the iris's frame."""
        steps = [np.linalg.norm(np.diff(self.places, axis=axis), axis=2) for axis in (0, 1)]
        near = np.linalg.norm(self.places, axis=2) < 1
        return max(float(np.median(step[near[1:, 1:]])) if near[1:, 1:].any() else 1.0
                   for step in (steps[0][:, 1:], steps[1][1:]))  # fmt: skip

    @property
    def blur(self) -> float:
        """Half the width of an edge: a pixel of the photograph, or a texel."""
        return max(1.2 / float(np.sqrt(abs(np.linalg.det(self.axes)))), self.texel)

    @cached_property
    def opening(self) -> Float:
        """How much of each texel lies between open lids, ``(h, w)`` in [0, 1]."""
        return smoothstep(self.lid, 0, 2 * self.blur) * np.float32(self.opened)

    @property
    def radius(self) -> Float:
        """Of each texel its distance from the pupil's middle, ``(h, w)``; 1 is the iris's rim."""
        out: Float = np.linalg.norm(self.places, axis=2)
        return out

    def disk(self, radius: float) -> Float:
        """How much of each texel lies within a radius of the pupil's middle, ``(h, w)``."""
        return 1 - smoothstep(self.radius, radius - self.blur, radius + self.blur)

    @property
    def iris(self) -> Float:
        """How much of each texel shows the iris or the pupil in it, ``(h, w)`` in [0, 1]."""
        return self.opening * self.disk(1)

    @property
    def pupil(self) -> Float:
        """How much of each texel shows the pupil, ``(h, w)`` in [0, 1]."""
        return self.opening * self.disk(_PUPIL)

    @property
    def sclera(self) -> Float:
        """How much of each texel shows the white of the eye, ``(h, w)`` in [0, 1]."""
        return self.opening * (1 - self.disk(1 + self.blur))

    def white(self, lightness: Float) -> Float:
        """How much of each texel shows plain sclera, ``(h, w)`` in [0, 1], by its lightness.

        Lashes, veins and the lids' shade are darker, and so is an iris that is larger than told.
        """
        inside, iris = self.sclera > 0.5, self.iris > 0.5
        if not (inside.any() and iris.any()):
            return np.zeros_like(self.lid)
        dark = float(np.median(lightness[iris]))
        way = max(float(np.quantile(lightness[inside], 0.8)) - dark, _LIGHTER)
        return self.sclera * smoothstep((lightness - np.float32(dark)) / way, *_AS_LIGHT)

    def within_lids(self, places: Float | Array) -> Float:
        """The distance of places ``(..., 2)`` from the edge of the lids, inside above 0."""
        lower, upper, corners = self._from_lids(places)
        return np.minimum(np.minimum(lower, upper), corners).astype(np.float32)

    def below_upper_lid(self, places: Float | Array) -> Float:
        """The distance of places ``(..., 2)`` from the upper lid's edge, below it above 0."""
        return self._from_lids(places)[1].astype(np.float32)

    def _from_lids(self, places: Float | Array) -> tuple[Array, Array, Array]:
        """How far places ``(..., 2)`` lie inward of the lower and the upper lid, and of corners.

        In the iris's radii, to first order: the height over the lid divided by the length of its
        gradient (Taubin, "Distance approximations for rasterizing implicit curves", 1994).
        """
        origin, along = self.lids[_OUTER], self.lids[_INNER] - self.lids[_OUTER]
        width = float(np.linalg.norm(along))
        along = along / max(width, 1e-6)
        upward = np.array([along[1], -along[0]])
        upward *= np.sign(product(self.lids[_INNER + 1 :] - origin, upward).mean() or 1)
        turn = np.stack([along, upward], axis=1)
        away = product(np.asarray(places, np.float64) - origin, turn)
        t, height = away[..., 0], away[..., 1]
        upper = product(np.vstack([self.lids[:1], self.lids[: _INNER - 1 : -1]]) - origin, turn)
        lower = product(self.lids[: _INNER + 1] - origin, turn)
        corners = np.minimum(t, width - t)
        return _over(lower, t, height, 1), _over(upper, t, height, -1), corners

    def texels(self, places: Array) -> Float:
        """Which texels of the position map show places ``(..., 2)`` of the iris's frame.

        Newton's method on the position map, from the affine map that is nearest to it.
        """
        wanted = self.in_photograph(places).reshape(1, -1, 2)
        ratio = self.positions.atlas.size / self.size
        rows, columns = (slice(s.start * ratio, s.stop * ratio) for s in self.box)
        low = np.array([columns.start, rows.start])
        high = np.array([columns.stop - 1, rows.stop - 1])
        slopes = self._slopes
        place = np.broadcast_to((low + high) / 2, wanted.shape).astype(np.float32)
        for _ in range(12):
            missing = wanted - sample(self._photographed, place)
            xu, xv, yu, yv = np.moveaxis(sample(slopes, place).astype(np.float64), -1, 0)
            area = xu * yv - xv * yu
            area = np.where(np.abs(area) < 1e-3, 1e-3, area)
            u = (yv * missing[..., 0] - xv * missing[..., 1]) / area
            v = (xu * missing[..., 1] - yu * missing[..., 0]) / area
            step = np.clip(np.stack([u, v], axis=-1), -_FARTHEST, _FARTHEST)
            place = np.clip(place + step, low, high).astype(np.float32)
        return place.reshape(places.shape)

    def view(self, values: Float, places: Array) -> Float:
        """A texture ``(S, S[, c])`` at places ``(h, w, 2)`` of the iris's frame."""
        ratio = np.float32(len(values) / self.positions.atlas.size)
        texels = (self.texels(places) + np.float32(0.5)) * ratio - np.float32(0.5)
        u, v = cv2.split(texels)
        out: Float = cv2.remap(values, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out

    @cached_property
    def _photographed(self) -> Float:
        """Where the photograph shows each texel, ``(256, 256, 2)``."""
        return np.ascontiguousarray(self.positions.values[..., :2])

    @cached_property
    def _slopes(self) -> Float:
        """Derivatives of x by u and v and of y by u and v, ``(256, 256, 4)``, pixels a texel."""
        x, y = np.moveaxis(self._photographed, -1, 0)
        (xv, xu), (yv, yu) = np.gradient(x), np.gradient(y)
        return np.asarray(np.dstack([xu, xv, yu, yv]), np.float32)


def _over(lid: Array, t: Array, height: Array, way: int) -> Array:
    """How far places lie on one side of a lid ``(9, 2)``, of height over t."""
    points = _smooth(lid)
    # On an eye turned far away the lids fold back: there the nearer part is taken.
    points[:, 0] = np.maximum.accumulate(points[:, 0]) + _RISING * np.arange(len(points))
    slope = np.gradient(points[:, 1], points[:, 0])
    away = way * (height - np.interp(t, *points.T))
    return np.asarray(away / np.hypot(1, np.interp(t, points[:, 0], slope)))


def _smooth(points: Array) -> Array:
    """A Catmull-Rom spline through points ``(k, 2)``, ``(8 (k - 1) + 1, 2)``."""
    ends = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    p = np.vstack([ends[0], points, ends[1]])
    s = (np.arange(_STEPS) / _STEPS)[None, :, None]
    a, b, c, d = (p[k : len(p) - 3 + k, None] for k in range(4))
    curve = b + s / 2 * (c - a + s * (2 * a - 5 * b + 4 * c - d + s * (3 * (b - c) + d - a)))
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def eyes_of(face: Face) -> list[Eye]:
    """The eyes of a face that its texture shows, the right one first.

    The iris's rim is looked for in the texture, about where the points tell.
    """
    points = eye_points(face)
    return [
        _refined(_eye(points, k, face.texture), face.texture)
        for k in np.flatnonzero(points.shown).tolist()
        if abs(np.linalg.det(_axes(points.irises[k]))) >= _SMALLEST**2
    ]


def eye_points(face: Face) -> EyePoints:
    """The points of a face's eyes, of the photograph or, where that is not known, of the atlas."""
    return face.texture.eyes or _by_atlas(face.positions)


def over_texture(eyes: list[Eye], masks: list[Float], size: int) -> Float:
    """Masks of the windows of eyes laid out in a texture, ``(size, size)``."""
    out = np.zeros((size, size), np.float32)
    for eye, mask in zip(eyes, masks, strict=True):
        out[eye.box] = np.maximum(out[eye.box], mask)
    return out


def _by_atlas(positions: PositionMap) -> EyePoints:
    """The lids that the atlas has, and an iris of the usual size in the middle of them."""
    lids = points468(positions)[LIDS]
    width = np.linalg.norm(lids[:, _OUTER] - lids[:, _INNER], axis=1)
    middle = lids[..., :2].mean(axis=1)
    rim = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]], np.float32)
    flat = middle[:, None] + rim * (_IRIS / 2 * width)[:, None, None]
    irises, gaze = looking(flat.astype(np.float64), positions)
    lids = np.ascontiguousarray(lids[..., :2])
    return EyePoints(irises, gaze, lids, np.ones(2, np.bool_), positions)


def _eye(points: EyePoints, k: int, texture: Texture) -> Eye:
    """The eye `k` by its points."""
    positions, size = points.positions, texture.size
    axes, centre = _axes(points.irises[k]), points.irises[k, 0, :2].astype(np.float64)
    box = scaled(_box(positions.atlas, k), positions.atlas.size, size)
    eye = Eye(box, size, centre, axes, np.zeros((16, 2)), positions, texture.eyes is not None, k)
    return replace(eye, lids=eye.in_frame(points.lids[k]))


def _axes(iris: Float) -> Array:
    """The radii of an iris ``(5, 3)`` to the image's right and down as columns, ``(2, 2)``."""
    _, right, top, left, bottom = iris[:, :2].astype(np.float64)
    return np.stack([right - left, bottom - top], axis=1) / 2


def _box(atlas: Atlas, k: int) -> Window:
    return around(atlas.region(_SIDES[k], atlas.size) > 0, _ROOM)


def _refined(eye: Eye, texture: Texture) -> Eye:
    """The eye with its iris's rim where the texture shows it."""
    side = (np.arange(_PATCH) + 0.5) / _PATCH * 2 * _REACH - _REACH
    places = np.dstack(np.meshgrid(side, side))
    lid = eye.within_lids(places)
    grey = cv2.cvtColor(texture.reduced(min(texture.size, _FINEST)).colour, cv2.COLOR_RGB2GRAY)
    found: Found = find_limbus(eye.view(grey, places), lid, _REACH, eye.known)
    centre = eye.in_photograph(np.array(found.centre))
    lids = (eye.lids - found.centre) / found.radius
    opened = _opened(eye, texture, places, lid)
    return replace(eye, centre=centre, axes=eye.axes * found.radius, lids=lids, opened=opened)


def _opened(eye: Eye, texture: Texture, places: Array, lid: Float) -> float:
    """How surely an eye is open: by how far apart its lids are, and by what is seen between them.

    Networks find lids that are somewhat apart on closed eyes, too.
    """
    upper, lower = eye.lids[(_INNER + len(eye.lids)) // 2], eye.lids[_INNER // 2]
    apart = np.array([np.linalg.norm(upper - lower) / 2], np.float32)
    opened = float(smoothstep(apart, *_OPEN)[0])
    if texture.parts is None:
        return opened
    parts = share(texture, len(texture.parts), "eyes", "lenses")
    seen = eye.view(texture.reduced(_COMMON).confidence, places) * (lid > 0)
    shown = (eye.view(parts, places) * seen).sum(keepdims=True) / max(float(seen.sum()), 1e-6)
    return opened * float(smoothstep(shown, *_SHOWN)[0, 0])
