"""The mouth interior between lips that were opened: the photograph's own, and a made-up one.

An atlas keeps lips closed, so a texture cannot hold what lies behind them. The photograph's own
teeth stay with the lip before them, and so with skull and jaw; the rest is a model (`OralCavity`),
placed behind the lips by the head's pose, its jaw as far down as the lower lip, in the light on the
face.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from facelab.atlas import Atlas, grid_triangles
from facelab.face import blend
from facelab.face.mouth import Lips
from facelab.face.oral_cavity import OralCavity
from facelab.face.skin import learn
from facelab.geometry import pose
from facelab.geometry.visibility import normals as normals_of
from facelab.numerics import raster
from facelab.numerics.algebra import product, solve
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import SEEN, Box, Face, PositionMap, Texture

# Parts of the mouth's width by which the gap grew: where it is drawn, and somewhere if at all.
_GROWN, _OPENED = (0.01, 0.04), (0.035, 0.06)
_SOFT = 0.012  # of the mouth's width: how softly the lips' edges meet it
_FADE = 0.02  # of the mouth's width, over which the photograph's own interior ends
_OWN_AT_LEAST = 0.4  # of the gap that there was
_TWO_ROWS = 0.95  # of the gap: with less of it teeth of both jaws show
_ROWS = 24  # samples across the gap

_BRIGHT = 0.4  # of white: the lightest of a gap in which teeth show
_DARK = np.array([0.1, 0.04, 0.035], np.float32)  # of the light: what is behind the teeth
_FINEST, _WIDE = 3, 300  # samples along a pixel's side, of mouths less wide than so many pixels
_DEEP = np.float32(1.1)  # cm over which light fades to 1/e
_REDDENED = np.array([1.25, 0.9, 0.85], np.float32)  # by how much farther each channel reaches
_FRONT, _BESIDE = 1.3, 1.5  # cm behind the lips, and to a side, to which light is not yet less
_IN_SHADE, _SHADE = 0.4, 0.07  # light right below the upper lip, and how far that reaches, widths
_NARROW, _LETS_IN = 0.6, (0.02, 0.15)  # light through the narrowest gap; gaps, widths, with more
_JAW = 0.85  # of the light: what is left for the lower row, behind the upper one and its lip
_SHOWN = 0.5, 0.1  # cm by which upper and lower incisors stand out of lips that part
_BARE = 0.2, 0.5  # cm apart, from which lips between which no teeth show would have shown some
_OVERLAP = 0.05  # cm by which the model's teeth end before the photograph's own
_WET, _SHARP = 0.22, 40.0  # how much wet surfaces mirror of a lamp, and how sharply
_PRIOR = 0.02  # of the weight of all texels, against a light that few of them tell


def opened(image: Float, photo: Float, before: Face, after: PositionMap) -> Float:
    """Draw what comes into view between the lips of a face that opened its mouth.

    Parameters
    ----------
    image : (H, W, 3) float32
        With the face in its new place.
    photo : (H, W, 3) float32
        With the face in its old place.
    before : Face
        In `photo`.
    after : PositionMap
        Where it is in `image`.

    Returns
    -------
    (H, W, 3) float32
        `image` itself unless the gap between the lips has grown.
    """
    was, now = Lips.of(before.positions), Lips.of(after)
    width = max(now.width, 1e-6)
    grown = (now.gaps - was.gaps) / np.float32(width)
    if grown.max() <= _OPENED[0]:  # a moved face never keeps its gap to the pixel
        return image
    light = _light(before.texture, after.atlas)
    kept = _own_teeth(photo, was, light)
    attributes = [now.gaps, grown, *kept, was.upper - now.upper, was.lower - now.lower]
    window, inside, here = _drawn(now, attributes, image.shape[:2])
    if not inside.any():
        return image
    _, t, gap, growth, above, below, *shifts = np.moveaxis(here, 2, 0)
    shade = _IN_SHADE + (1 - _IN_SHADE) * _step(t * gap / np.float32(width), 0, _SHADE)
    shade *= _NARROW + (1 - _NARROW) * _step(gap / np.float32(width), *_LETS_IN)
    reached = np.asarray(light * shade[..., None] ** (1 / _REDDENED), np.float32)
    colour = reached * _modelled(before, after, window, kept)
    fade = np.float32(_FADE * width)
    for away, end, shift in ((t, above, shifts[:2]), (1 - t, below, shifts[2:])):
        share = 1 - _step(away * gap, end - fade, end)
        colour = blend.alpha(_moved(photo, window, shift), colour, share)
    out = image.copy()
    alpha = inside * _step(growth, *_GROWN) * _step(grown.max(), *_OPENED)
    shown = blend.alpha(colour, image[window], alpha)
    out[window] = blend.within_gamut(shown, image[window])
    return out


def _moved(photo: Float, window: tuple[slice, slice], shift: Sequence[Float]) -> Float:
    """A window of a photograph from so far away in x and y, ``(h, w)`` pixels each."""
    rows, columns = np.mgrid[window].astype(np.float32)
    places = columns + shift[0], rows + shift[1]
    out: Float = cv2.remap(photo, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return out


def _modelled(
    before: Face, after: PositionMap, window: tuple[slice, slice], kept: tuple[Float, Float]
) -> Float:
    """The inside of a mouth in a window of the image, in white light: ``(h, w, 3)``.

    The model's teeth go on where the photograph's own end, which are `kept` as far from the lips.
    """
    model, (rotation, scale) = OralCavity.load(), _skull(before.positions, after)
    rows, columns = (part.stop - part.start for part in window)
    shown = _shown(Lips.of(before.positions), kept, scale)
    vertices, normals = model.placed(_middles(after), shown, rotation, scale)
    row = np.where(model.upper, 1, _JAW).astype(np.float32)[:, None]
    colours = _lit(row * model.reflectance, model.vertices, normals, before)
    fine = _FINEST if columns < _WIDE else 1
    corner = np.array([window[1].start, window[0].start, 0], np.float32)
    placed = (vertices - corner) * np.float32(fine)
    placed[:, :2] += (fine - 1) / 2
    fragments = raster.rasterize(placed, model.triangles, (fine * rows, fine * columns))
    seen = raster.interpolate(fragments, model.triangles, colours)
    seen = np.where(fragments.covered[..., None], seen, _DARK)
    out: Float = cv2.resize(seen, (columns, rows), interpolation=cv2.INTER_AREA)
    return out


def _shown(lips: Lips, kept: tuple[Float, Float], scale: float) -> tuple[float, float]:
    """How far upper and lower incisors stand out of the lips once they are opened, cm.

    As far as the photograph's own; not at all where it shows an open mouth without teeth.
    """
    middle = slice(len(lips.gaps) // 3, -(len(lips.gaps) // 3))
    upper, lower = (float(np.median(own[middle])) / scale - _OVERLAP for own in kept)
    if upper > 0:
        return upper, lower if lower > 0 else _SHOWN[1]
    closed = 1 - float(_step(float(np.median(lips.gaps[middle])) / scale, *_BARE))
    return _SHOWN[0] * closed, _SHOWN[1] * closed


def _skull(before: PositionMap, after: PositionMap) -> tuple[Float, float]:
    """Rotation and scale of the head in its new place, by what no jaw moves: nose and brow."""
    head, atlas = pose.estimate(before), before.atlas
    upper = np.flatnonzero((atlas.region("nose", atlas.size) > 0.5).ravel())
    upper = np.union1d(upper, np.flatnonzero((atlas.region("forehead", atlas.size) > 0.5).ravel()))
    was, now = (
        place.values.reshape(-1, 3)[upper].astype(np.float64) * [1, -1, 1]
        for place in (before, after)
    )
    scale, rotation, _ = pose.similarity(was, now)
    return product(rotation.astype(np.float32), head.rotation), scale * head.scale


def _middles(positions: PositionMap) -> tuple[Float, Float]:
    """The middles of the lips' inner edges, ``(3,)`` each: pixels and depth."""
    slit = positions.atlas.slit
    if slit is None:
        return positions.landmarks[62], positions.landmarks[66]
    middle = len(slit.columns) // 2
    near = slice(middle - 2, middle + 3)
    upper, lower = (
        positions.values[rows[near], slit.columns[near]].mean(axis=0)
        for rows in (slit.upper_texels, slit.lower_texels)
    )
    return upper, lower


def _lit(reflectance: Float, vertices: Float, normals: Float, face: Face) -> Float:
    """Reflectance ``(n, 3)`` in the light on a face: the less of it the deeper in the mouth.

    What light reaches there has met its red walls before.
    """
    light = _directional(face)
    shade = light[0] + product(normals, light[1:])
    toward = light[1:] + np.array([0, 0, np.linalg.norm(light[1:]) + 1e-3], np.float32)
    mirrored = product(normals, toward / np.linalg.norm(toward))
    shine = np.float32(_WET) * np.maximum(mirrored, 0) ** np.float32(_SHARP)
    deep = np.maximum(-vertices[:, 2] - _FRONT, 0) + np.maximum(np.abs(vertices[:, 0]) - _BESIDE, 0)
    reached = np.exp(-deep[:, None] / (_DEEP * _REDDENED))
    lit = reflectance * np.clip(shade, 0.25, 1.2)[:, None] + shine[:, None]
    return np.asarray(lit * reached, np.float32)


def _directional(face: Face) -> Float:
    """What of the light on a face goes by the surface's direction: ``(4,)``.

    Light is its first number plus the rest times the normal in the camera's frame (the first order
    of Ramamoorthi & Hanrahan, SIGGRAPH 2001), 1 on a surface that looks at the viewer.
    """
    skin = learn(face.texture, face.positions.atlas)
    directions = resized(normals_of(face.positions), len(skin.tone)).reshape(-1, 3)
    basis = np.column_stack([np.ones(len(directions), np.float32), directions])
    weight = skin.likelihood.reshape(-1, 1)
    ridge = np.diag(np.array([0, 1, 1, 1]) * _PRIOR * weight.sum() + 1e-3)
    wanted = product(basis.T, weight * skin.tone.reshape(-1, 3)).mean(axis=1)
    light = solve(product(basis.T, weight * basis) + ridge, wanted)
    return np.asarray(light / max(float(light[0] + light[3]), 1e-3), np.float32)


def _drawn(
    lips: Lips, attributes: Sequence[Float], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], Float, Float]:
    """Rasterize the mouth: a window of the image, its opacity there, and attributes.

    That is s, t (0 at the upper lip, 1 at the lower) and the attributes, ``(n,)`` or ``(n, k)``.
    """
    around = Box.around(np.concatenate([lips.upper, lips.lower]))
    room = int(_SOFT * lips.width) + 2
    rows, columns = (
        slice(max(int(low) - room, 0), max(min(int(high) + room + 2, side), 0))
        for low, high, side in zip(
            (around.y0, around.x0), (around.y1, around.x1), shape, strict=True
        )
    )
    size = max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0)
    if 0 in size:  # outside of the image
        return (rows, columns), np.zeros(size, np.float32), np.zeros((*size, 0), np.float32)
    count = len(lips.upper)
    s = np.linspace(-1, 1, count, dtype=np.float32)
    held = [np.column_stack([s, np.full(count, t), *attributes]) for t in (0, 1)]
    places = np.concatenate([lips.upper, lips.lower]) - np.array(
        [columns.start, rows.start], np.float32
    )
    flat = np.column_stack([places, np.zeros(2 * count, np.float32)])
    triangles = grid_triangles(np.ones((2, count), np.bool_))
    fragments = raster.rasterize(flat, triangles, size)
    here = raster.interpolate(fragments, triangles, np.concatenate(held).astype(np.float32))
    soft = max(_SOFT * lips.width, 0.6)
    blurred = cv2.GaussianBlur(fragments.covered.astype(np.float32), (0, 0), soft)
    return (rows, columns), np.clip(2 * blurred - 1, 0, 1) * fragments.covered, here


def _own_teeth(photo: Float, lips: Lips, light: Float) -> tuple[Float, Float]:
    """How far teeth of a photograph reach from the upper and the lower lip, ``(n,)`` pixels each.

    One row that fills the gap is the upper one: there are two only where it is dark between them.
    """
    upper = _teeth_end(photo, lips, light)
    lower = _teeth_end(photo, Lips(lips.lower, lips.upper), light)
    middle = slice(len(upper) // 3, -(len(upper) // 3))
    two = float(np.median((upper + lower)[middle])) < _TWO_ROWS
    return lips.gaps * upper, lips.gaps * lower * np.float32(two)


def _teeth_end(photo: Float, lips: Lips, light: Float) -> Float:
    """Where in the gap the teeth behind the first lip end, ``(n,)``: 0 there, 1 at the other.

    What is red there is the other lip, and what is dark lies between the teeth. Where the gap is
    dark all over, no teeth show: 0.
    """
    down = np.linspace(0, 1, _ROWS, dtype=np.float32)[:, None, None]
    x, y = np.moveaxis(lips.upper + down * (lips.lower - lips.upper), 2, 0)
    colour = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) / light
    grey, red = colour.mean(axis=2), colour[..., 0]
    dark = grey < 0.6 * grey.max(axis=0)
    reddish = red - colour[..., 1:].mean(axis=2) > 0.17 * np.maximum(red, 0.05)
    other = (dark | reddish) & (down[..., 0] > _OWN_AT_LEAST)
    end = np.where(other.any(axis=0), other.argmax(axis=0) / np.float32(_ROWS - 1), np.float32(1))
    lightest = np.where(reddish, 0, grey).max(axis=0)[lips.apart > 0.5]
    if not len(lightest) or np.median(lightest) < _BRIGHT:
        return np.zeros_like(end)  # no teeth, but the dark between lips
    smooth: Float = cv2.GaussianBlur(end[None].astype(np.float32), (0, 0), 1.5)[0]
    return smooth


def _light(texture: Texture, atlas: Atlas) -> Float:
    """The colour of white on this face, RGB: the whites of its eyes, lighter than its skin."""
    known = texture.confidence >= SEEN
    eyes = texture.colour[(atlas.region("eyes", texture.size) > 0.5) & known]
    skin = texture.colour[(atlas.region("chin", texture.size) > 0.5) & known]
    if not len(eyes) or not len(skin):
        return np.full(3, 0.7, np.float32)
    grey = eyes.mean(axis=1)
    low, high = np.quantile(grey, (0.75, 0.92))
    white = eyes[(grey >= low) & (grey <= high)].mean(axis=0)
    lighter = max(1.0, 1.15 * skin.mean() / max(white.mean(), 0.05))
    return np.asarray(np.clip(lighter * white, 0.2, 1), np.float32)


def _step(values: Float | float, low: Float | float, high: Float | float) -> Float:
    """From 0 at `low` smoothly to 1 at `high`."""
    share: Any = (values - low) / (np.asarray(high) - low)
    return np.asarray(smoothstep(share), np.float32)
