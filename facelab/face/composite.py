"""Putting a face back into its image: the one way from UV space to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face import blend
from facelab.face.antialias import Silhouettes, silhouettes
from facelab.face.continuation import Continuation
from facelab.face.front import Front
from facelab.face.grain import match_grain
from facelab.face.mouth import Interior
from facelab.face.mouth_interior import opened
from facelab.face.quality import share
from facelab.face.texture import at_size
from facelab.geometry.drawing import Drawing, drawing
from facelab.geometry.warp import Motion, fill_disoccluded, motion
from facelab.numerics import raster
from facelab.numerics.arrays import Float, require, require_image
from facelab.numerics.distance import distance_within
from facelab.numerics.parallel import both
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import SEEN, Face, PositionMap, Texture

# Parts of the side: how softly painting starts inside the oval at its top, where it crosses bare
# foreheads, and elsewhere.
_TOP_RAMP, _RAMP = 0.03, 0.01
_LIKE, _UNLIKE = 0.08, 0.2  # difference of colour between the same skin and something else
_SAME, _STRIDE = 0.015, 4  # mean difference of a face from itself, over every fourth texel
_CHANGED = 0.06  # difference of colour from which on a face no longer is the same
_TOP = 0.35  # of the oval's height, over which the one ramp becomes the other
_OVAL_SIZE = 256
_FADE = 0.06  # of the drawn window: over which the border's tone fades inward, to 1/e
_FEATURES = "brows", "eyes", "lips"
_WELL_SEEN = 0.4, 0.8  # confidence from which and with which a warped image must show a texel
_WARP_TOLERANCE = (
    0.005  # of the face's size: how far a warped image may be off the texel drawn there
)


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Where a face lies in an image, pixel by pixel; no colour yet.

    Parameters
    ----------
    window : (rows, columns) slices
        Where in the image.
    oval : (h, w) float32
        1 inside the face, falling smoothly to 0 at its oval; 0 where nothing was drawn.
    uv : (h, w, 2) float32
        Where in the position map each pixel lies, texels.
    fragments : Fragments
        Which of the atlas' triangles each pixel sees.
    footprint : (h, w) float32
        Squared texels of the position map that a pixel steps over, see `raster.footprint`.
    silhouettes : Silhouettes or None
        Samples of the pixels where the face stands before itself.
    atlas : Atlas
        The face's.
    """

    window: tuple[slice, slice]
    oval: Float
    uv: Float
    fragments: raster.Fragments
    footprint: Float
    silhouettes: Silhouettes | None
    atlas: Atlas

    def sampled(self, texture: Float) -> Float:
        """A texture ``(S, S, c)`` at the pixels: ``(h, w, c)``, meaningless where not covered."""
        size = len(texture)
        squared = self.footprint * np.float32(size / self.atlas.size) ** 2
        drawn = raster.sample_sharply(texture, self._scaled(self.uv, size), squared)
        return self._smoothed(drawn, texture)

    def faded(self, mask: Float) -> Float:
        """A mask ``(S, S)`` without fine detail at the pixels: as `sampled`, but linear."""
        return self._smoothed(_linear(mask, self._scaled(self.uv, len(mask))), mask)

    def interpolated(self, values: Float) -> Float:
        """A map ``(256, 256, c)`` at the pixels, linear between texels; 0 where not covered."""
        out: Float = cv2.copyTo(_linear(values, self.uv), self.fragments.covered.view(np.uint8))
        return out

    def _scaled(self, places: Float, size: int) -> Float:
        """Places in the position map, texels, in a texture of side `size`."""
        ratio = np.float32(size / self.atlas.size)
        return places * ratio + (ratio - 1) / 2

    def _smoothed(self, drawn: Float, texture: Float) -> Float:
        """A drawn texture, in place, with the means of finer samples at silhouettes."""
        if self.silhouettes is not None:
            places = self._scaled(self.silhouettes.uv, len(texture))[:, None]
            self.silhouettes.smooth(drawn, _linear(texture, places)[:, 0])
        return drawn


def _linear(values: Float, uv: Float) -> Float:
    """Read a map at texel coordinates ``(h, w, 2)``, linear between texels."""
    out: Float = cv2.remap(values, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Layer(Surface):
    """A face drawn over a window of the image.

    Parameters
    ----------
    colour : (h, w, 3) float32
        RGB in [0, 1]; meaningless where nothing was drawn.
    opacity : (h, w) float32
        How much of it shows, [0, 1].
    """

    colour: Float
    opacity: Float


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An image that is ready for a face to be put back into it.

    Parameters
    ----------
    photo, image : (H, W, 3) float32
        As it was, and moved along with its face.
    moved : Motion or None
        How it was moved; None if the face stays where it is.
    surface : Surface or None
        Where the face lies then; None outside the image.
    hidden : (h, w) float32 or None
        How much of each pixel of the surface's window is none of the face's and stays, [0, 1].
    mask : (H, W) float32 or None
        Where the image may change, [0, 1].
    between : (h, w) float32 or None
        How much of each pixel of the surface's window lies between the lips, [0, 1].
    """

    photo: Float
    image: Float
    moved: Motion | None
    surface: Surface | None
    hidden: Float | None
    mask: Float | None
    between: Float | None = None

    @classmethod
    def of(
        cls,
        image: Float,
        before: PositionMap,
        after: PositionMap,
        mask: Float | None = None,
        front: Front | None = None,
        interior: Interior | None = None,
    ) -> Place:
        """Make an image ready for a face that shall lie at `after` instead of `before`."""
        drawn = drawing(after, image.shape[:2])
        moved = motion(before, after, image.shape[:2], drawn)
        photo = image
        if moved is not None:
            warped = moved.apply(image)
            image = warped if mask is None else blend.alpha(warped, image, mask)
        if drawn is None:
            return cls(photo, image, moved, None, None, mask)
        surface = _surface(drawn, after.atlas)
        hidden, between = np.zeros_like(surface.oval), None
        if front is not None:
            hidden = front.over(photo, surface.window, moved)
        if interior is not None:
            between = interior.over(surface.window, moved)
            hidden = np.maximum(hidden, between)
        return cls(photo, image, moved, surface, hidden, mask, between)


def composite(
    image: Float,
    before: Face,
    after: Face,
    opacity: Float,
    method: str = "poisson",
    mask: Float | None = None,
    front: Front | None = None,
    interior: Interior | None = None,
    toned: float = 0.0,
    continuation: Continuation | None = None,
) -> Float:
    """Put a changed face back into its image.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    before, after : Face
        As read from the image, and as it shall be.
    opacity : (S, S) float32
        How much of each texel shows, [0, 1]: what lies in front of the face is 0.
    method : str
        One of `facelab.constants.BLEND`.
    mask : (H, W) float32, optional
        Where the image may change, [0, 1].
    front : Front, optional
        What of the photograph lies in front of the face and stays.
    interior : Interior, optional
        What of the photograph lies between its lips and stays.
    toned : float
        How far the face has been brought to the photograph's tone, [0, 1]: so far the tone of what
        lies around it changes it at the border alone.
    continuation : Continuation, optional
        What of the change goes on over the skin around the face.

    Returns
    -------
    (H, W, 3) float32
        `image` itself if the face is unchanged; else a new array, which differs from `image` only
        inside the face's oval, and around it as far as `facelab.geometry.warp` draws it along with
        a face that moves, and where a change goes on over skin.
    """
    require_image("image", image)
    place = Place.of(image, before.positions, after.positions, mask, front, interior)
    return put_back(place, before, after, opacity, method, toned, continuation)


def put_back(
    place: Place,
    before: Face,
    after: Face,
    opacity: Float,
    method: str = "poisson",
    toned: float = 0.0,
    continuation: Continuation | None = None,
) -> Float:
    """Put a changed face into an image that is ready for it: the rest of `composite`."""
    require("opacity", opacity, (after.texture.size,) * 2, np.float32)
    if unchanged(before, after):
        return place.photo
    if place.surface is None or place.hidden is None:
        return place.image
    layer, colour = _drawn(place, place.surface, before, after, opacity)
    moved, mask = place.moved, place.mask
    out = place.image.copy()
    if continuation is not None:
        _carry_on(out, continuation, place, place.surface, place.hidden)
    under = out[layer.window].copy()
    inside = layer.oval
    if mask is not None:
        inside = inside * (mask[layer.window] > 0)
    shown = layer.opacity * (inside > 0)
    if method != "alpha":
        apart = place.hidden
        if toned > 0:
            apart = np.maximum(apart, np.float32(toned) * _apart(colour, under))
        colour = _cloned(colour, under, shown, apart, method, toned)
        shown = smoothstep(shown, 0.5, 1)
    if mask is not None:
        shown = shown * mask[layer.window]
    drawn = blend.alpha(colour, under, shown * inside * (1 - place.hidden))
    out[layer.window] = blend.within_gamut(drawn, under)
    if moved is None:
        return out
    drawn = opened(out, place.photo, before, after.positions)
    return drawn if mask is None or drawn is out else blend.alpha(drawn, out, mask)


def _carry_on(
    out: Float, continuation: Continuation, place: Place, surface: Surface, hidden: Float
) -> None:
    """Carry a change on over the skin around the face, in place in a copy of the place's image."""
    small = continuation.change.maps
    maps = np.dstack([resized(one, surface.atlas.size) for one in cv2.split(small)])
    places = np.s_[:: continuation.step, :: continuation.step]
    drawn = _linear(maps, surface.uv[places].copy()) * (surface.oval[places] > 0.5)[..., None]
    below = (surface.oval < 1) | (hidden > 0)
    if place.between is not None:
        below &= place.between == 0
    window, pixels = continuation.over(place.photo, out, drawn, below, surface.window, place.moved)
    under = out[window]
    if place.mask is not None:
        pixels = blend.alpha(pixels, under, place.mask[window])
    out[window] = blend.within_gamut(pixels, under)


def _drawn(
    place: Place, surface: Surface, before: Face, after: Face, opacity: Float
) -> tuple[Layer, Float]:
    """A face drawn where it lies, and its colours with the grain of the image."""
    under = place.image[surface.window]
    if before.texture.parts is None or _is_same(before, after):
        layer = painted(surface, after.texture, opacity)
        return layer, _painted(layer, under, before, after, place.moved)
    layer, skins = both(
        lambda: painted(surface, after.texture, opacity), lambda: _skin(surface, before, after)
    )
    return layer, match_grain(layer.colour, under, *skins, after.positions.box.size)


def _painted(layer: Layer, under: Float, before: Face, after: Face, moved: Motion | None) -> Float:
    """The colours to paint: the image's own where it can be kept, else the drawn ones."""
    before = Face(before.positions, at_size(before.texture, after.texture.size))
    own, new = before.texture.colour, after.texture.colour
    if moved is None or not _is_own(before, after):  # a warp shows nothing of another's face
        return _with_grain(layer, under, own, new)
    colour = _with_grain(layer, under, _without_paint(before, new, moved.disoccluded), new)
    error = _warp_error(moved, before, layer)[..., None]
    return np.asarray(colour + error * (layer.colour - colour))


def _without_paint(before: Face, new: Float, disoccluded: Float) -> Float:
    """The new texture without its paint: made up where it was changed and newly comes into view."""
    own = before.texture.colour
    if own is new:
        return own
    same = np.logical_and.reduce(
        [a == b for a, b in zip(cv2.split(own), cv2.split(new), strict=True)]
    )
    bare: Float = cv2.copyTo(
        own, same.astype(np.uint8), fill_disoccluded(before, disoccluded).copy()
    )
    return bare


def _with_grain(layer: Layer, under: Float, own: Float, new: Float) -> Float:
    """The drawn colours with what the image has beyond its texture, where the face is the same.

    Grain and the finest detail do not survive unwrapping and drawing. Where the texture has hardly
    changed, the image itself, warped if the face has moved, still has them.
    """
    if own is new or np.array_equal(own, new):
        return under
    was = layer.sampled(own)
    red, green, blue = cv2.split(cv2.absdiff(layer.colour, was))
    changed = cv2.blur(np.maximum(np.maximum(red, green), blue), (3, 3))
    share = np.clip(1 - changed / _CHANGED, 0, 1)[..., None]
    grained: Float = layer.colour + share * (under - was)
    return grained


def _warp_error(moved: Motion, before: Face, layer: Layer) -> Float:
    """How far a warped image does not show the layer's texels although the photograph did, [0, 1].

    That is at silhouettes inside the face, which a warp bridges, and where it would have folded.
    Over what a motion reveals, which was hardly seen, the photograph is stretched on purpose.
    """
    positions, (least, well) = before.positions, _WELL_SEEN
    confidence = before.texture.reduced(layer.atlas.size).confidence
    seen = np.clip((confidence - least) / (well - least), 0, 1)
    x, y, known = cv2.split(layer.interpolated(np.dstack([positions.values[..., :2], seen])))
    across, down = cv2.split(moved.within(layer.window))
    rows, columns = np.mgrid[layer.window].astype(np.float32)
    far = cv2.magnitude(columns + across - x, rows + down - y) / np.float32(
        _WARP_TOLERANCE * positions.box.size
    )
    error: Float = np.clip(far - 1, 0, 1) * known
    soft: Float = cv2.blur(error, (3, 3))
    return soft


def _skin(surface: Surface, before: Face, after: Face) -> tuple[Float, Float]:
    """Where both faces show bare skin, and where either shows features, ``(h, w)`` each."""
    textures = [face.texture for face in (before, after) if face.texture.parts is not None]
    bare, drawn = (
        [share(texture, surface.atlas.size, *parts) for texture in textures]
        for parts in (("skin",), _FEATURES)
    )
    maps = np.dstack([np.minimum.reduce(bare), np.maximum.reduce(drawn)])
    skin, features = cv2.split(surface.interpolated(maps))
    return smoothstep(skin, 0.7, 0.95), features


def _is_own(before: Face, after: Face) -> bool:
    """Whether a face is the photograph's own, edited: an edit keeps the confidences of texels."""
    return np.array_equal(before.texture.confidence, after.texture.confidence)


def _is_same(before: Face, after: Face) -> bool:
    """Whether a face is the photograph's own or looks like it, as after a swap with itself."""
    if _is_own(before, after):
        return True
    new = after.texture.colour[::_STRIDE, ::_STRIDE]
    own = at_size(before.texture, after.texture.size).colour[::_STRIDE, ::_STRIDE]
    seen = after.texture.confidence[::_STRIDE, ::_STRIDE] >= SEEN
    return not seen.any() or float(np.abs(new - own)[seen].mean()) < _SAME


def _cloned(
    colour: Float, under: Float, shown: Float, apart: Float, method: str, toned: float
) -> Float:
    """The colours with the tone that the image has around where they show.

    What lies `apart` says nothing of that tone: the colours there are their own surroundings.
    """
    # One pixel in, so that the ring around the region still holds the face's own gradients.
    region = cv2.erode((shown > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8))
    if region.all():  # a face larger than the image has no border to take a tone from
        return colour
    around = blend.alpha(colour, under, apart)
    cloned, inward = both(
        lambda: blend.METHODS[method](colour, around, region.astype(np.float32)),
        lambda: distance_within(region) if toned > 0 else None,
    )
    if inward is None:
        return cloned
    # Where the tone is right already, what is left to even out is the border's own: a beard's
    # edge, the shadow of a jaw.
    inward /= np.float32(-_FADE * max(region.shape))
    return blend.alpha(cloned, colour, 1 - np.float32(toned) * (1 - np.exp(inward)))


def _apart(colour: Float, under: Float) -> Float:
    """How surely the image shows another thing than what is drawn over it, ``(h, w)`` in [0, 1].

    A strong difference is no skin meeting skin but teeth, hair or background, and Poisson's
    equation would carry its colour into the face.
    """
    drawn, there = both(lambda: cv2.blur(colour, (3, 3)), lambda: cv2.blur(under, (3, 3)))
    red, green, blue = cv2.split(cv2.absdiff(drawn, there))
    difference = np.maximum(np.maximum(red, green), blue)
    return smoothstep(difference, _LIKE, _UNLIKE)


def unchanged(before: Face, after: Face) -> bool:
    """Whether a face is bit for bit the same."""
    return np.array_equal(before.positions.values, after.positions.values) and np.array_equal(
        before.texture.colour, after.texture.colour
    )


def render(face: Face, opacity: Float, shape: tuple[int, int]) -> Layer | None:
    """A face drawn over an image of `shape` (H, W), or None if it lies outside."""
    surface = surface_of(face.positions, shape)
    return None if surface is None else painted(surface, face.texture, opacity)


def surface_of(positions: PositionMap, shape: tuple[int, int]) -> Surface | None:
    """Where a face lies in an image of `shape` (H, W), or None if it lies outside."""
    drawn = drawing(positions, shape)
    return None if drawn is None else _surface(drawn, positions.atlas)


def _surface(drawn: Drawing, atlas: Atlas) -> Surface:
    """Where a face lies that has been drawn."""
    fragments, covered = drawn.fragments, drawn.fragments.covered
    uv = raster.interpolate(fragments, atlas.triangles, atlas.places)
    steps = raster.steps(uv, covered)
    edges = silhouettes(fragments, atlas.triangles, atlas.places, steps)
    footprint = raster.footprint(*steps)
    oval = raster.trilinear(_oval(atlas), uv, footprint)[..., 0]
    edge = cv2.blur(covered.astype(np.float32), (3, 3)) * covered
    return Surface(drawn.window, oval * edge, uv, fragments, footprint, edges, atlas)


def painted(surface: Surface, texture: Texture, opacity: Float) -> Layer:
    """A surface drawn with a texture, and an opacity ``(S, S)`` of its texels in [0, 1]."""
    colour, shown = surface.sampled(texture.colour), surface.faded(opacity)
    seen = surface.window, surface.oval, surface.uv, surface.fragments, surface.footprint
    edges = surface.silhouettes
    return Layer(*seen, edges, surface.atlas, colour, shown)


@cache
def _oval(atlas: Atlas) -> Float:
    """The soft mask of the face's oval, ``(256, 256, 1)``: 0 on its edge, 1 inside."""
    inside = atlas.region("oval", _OVAL_SIZE) > 0.5
    distance = distance_within(inside) / _OVAL_SIZE
    rows = np.flatnonzero(inside.any(axis=1))
    down = (np.arange(_OVAL_SIZE) - rows[0])[:, None] / len(rows)
    ramp = _RAMP + (_TOP_RAMP - _RAMP) * np.clip(1 - down / _TOP, 0, 1)
    soft: Float = smoothstep(distance / ramp).astype(np.float32)[..., None]
    soft.flags.writeable = False
    return soft
