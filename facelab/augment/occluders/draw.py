"""Drawing surfaces into a scene: in the face's light, behind what is nearer, with a soft shadow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import CLASSES, COVERED
from facelab.augment.occluders.grain import grain_of, with_grain
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.shading import Placed, Window, window_of
from facelab.augment.occluders.shadow import shadow
from facelab.augment.occluders.surface import Surface
from facelab.augment.scene import Scene
from facelab.numerics import raster
from facelab.numerics.arrays import Float

_AROUND = 6.5  # cm around surfaces, where shadows fall
_SOFT = ("hair", "hat")  # what gives way to what is worn
_HELD = ("hand", "object")  # what is in front of all that is worn


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What is drawn in a window: colours times opacity, opacity, main classes, lenses."""

    colour: Float
    alpha: Float
    labels: NDArray[np.uint8]
    lenses: Float


def draw(
    scene: Scene,
    frame: HeadFrame,
    surfaces: Sequence[Surface],
    light: Light,
    *,
    worn: bool,
    give: float,
    seed: int = 0,
) -> Scene:
    """Draw surfaces into a scene.

    Parameters
    ----------
    scene : Scene
    frame : HeadFrame
        Of the scene's face.
    surfaces : sequence of Surface
        Where opacities are mixed, those behind come first.
    light : Light
    worn : bool
        Whether they are worn, and so behind hands and what is held; else before everything but
        the head's own nearer parts.
    give : float
        cm that they may lie below the head's surface and still be seen; that is known roughly.
    seed : int
        Of their grain, which is as strong as the photograph's.

    Returns
    -------
    Scene
        With them in `occlusion` and, by their labels, in `truth`. Labels of the face stay.
    """
    placed = [Placed.of(surface, frame, light) for surface in surfaces]
    every = np.concatenate([each.vertices for each in placed])
    window = window_of(every, scene.occlusion.shape, _AROUND * frame.scale)
    if window is None:
        return scene
    ground = _person(scene, frame, window, pressed=worn)
    layer = _drawn(placed, ground - np.float32(give * frame.scale), window)
    free = _free(scene, window) if worn else np.ones_like(layer.alpha)
    dark = shadow(placed, ground, frame.scale, light, window) * free
    if scene.matte is not None:
        dark = dark * scene.matte[window]
    alpha, image, occlusion = layer.alpha * free, scene.image.copy(), scene.occlusion.copy()
    under = image[window] * ((1 - dark) * (1 - alpha))[..., None]
    drawn = np.clip(under + layer.colour * free[..., None], 0, 1)
    rough = with_grain(drawn, grain_of(scene.image), seed)
    image[window] = np.clip(drawn + alpha[..., None] * (rough - drawn), 0, 1)
    occlusion[window] = 1 - (1 - occlusion[window]) * (1 - alpha)
    truth = scene.truth
    if truth is not None:
        classes, covered = truth.classes.copy(), alpha > COVERED
        classes[window][covered] = layer.labels[covered]
        lenses = np.zeros_like(occlusion) if truth.lenses is None else truth.lenses.copy()
        lenses[window] = np.maximum(lenses[window] * (1 - alpha), layer.lenses * free)
        truth = replace(truth, classes=classes, lenses=lenses)
    return replace(scene.with_image(image), occlusion=occlusion, truth=truth)


def _person(scene: Scene, frame: HeadFrame, window: Window, *, pressed: bool) -> Float:
    """The depth of the person in a window, -inf where nobody is.

    Where it is known, that; but hair that is `pressed` by what is worn does not count.
    """
    known = None if scene.truth is None else scene.truth.depth
    if scene.truth is None or known is None:
        return _plain_head(frame, window)
    depth = np.where(np.isnan(known[window]), np.float32(-np.inf), known[window])
    soft = np.isin(scene.truth.classes[window], [CLASSES[name] for name in _SOFT])
    if pressed and soft.any():
        depth = np.where(soft, _plain_head(frame, window), depth)
    return depth


def _plain_head(frame: HeadFrame, window: Window) -> Float:
    """The depth of a plain head, -inf beside it."""
    vertices, triangles = frame.mesh()
    rows, columns = window
    placed = frame.pixels(vertices) - np.array([columns.start, rows.start, 0], np.float32)
    placed[:, :2] = placed[:, :2].clip(-raster.REACH / 2, raster.REACH / 2)
    shape = rows.stop - rows.start, columns.stop - columns.start
    seen = raster.rasterize(placed.astype(np.float32), triangles, shape)
    return np.where(seen.covered, seen.depth, np.float32(-np.inf))


def _drawn(placed: Sequence[Placed], ground: Float, window: Window) -> _Layer:
    """Draw surfaces one after the other, each before or behind what is there."""
    rows, columns = window
    colour = np.zeros((*ground.shape, 3), np.float32)
    alpha, lenses, front = np.zeros_like(ground), np.zeros_like(ground), ground.copy()
    shares = {each.surface.label: np.zeros_like(ground) for each in placed}
    for each in placed:
        own = _within(each, window)
        if own is None:
            continue
        part = _moved(own, -rows.start, -columns.start)
        if each.surface.lens:
            lenses[part] = np.maximum(lenses[part], _covered(each, own, front[part]))
        drawn, opacity, depth = each.drawn(own, front[part])
        colour[part] = colour[part] * (1 - opacity[..., None]) + drawn
        alpha[part] += opacity * (1 - alpha[part])
        for label, share in shares.items():
            share[part] += opacity * ((label == each.surface.label) - share[part])
        front[part] = np.where(opacity > COVERED, np.maximum(depth, front[part]), front[part])
    names = list(shares)
    numbers = np.array([CLASSES[name] for name in names], np.uint8)
    return _Layer(colour, alpha, numbers[np.argmax(list(shares.values()), axis=0)], lenses)


def _covered(placed: Placed, window: Window, front: Float) -> Float:
    """How much of each pixel a surface covers, were it opaque."""
    texture = np.ones((1, 1, 4), np.float32)
    _, covered, _ = replace(placed, surface=replace(placed.surface, texture=texture)).drawn(
        window, front
    )
    return covered


def _within(placed: Placed, window: Window) -> Window | None:
    """The part of a window that a surface reaches."""
    rows, columns = window
    own = placed.window((rows.stop, columns.stop))
    if own is None:
        return None
    top, left = max(own[0].start, rows.start), max(own[1].start, columns.start)
    if top >= own[0].stop or left >= own[1].stop:
        return None
    return slice(top, own[0].stop), slice(left, own[1].stop)


def _moved(window: Window, down: int, right: int) -> Window:
    rows, columns = window
    return (
        slice(rows.start + down, rows.stop + down),
        slice(columns.start + right, columns.stop + right),
    )


def _free(scene: Scene, window: Window) -> Float:
    """Where nothing is held before what is worn."""
    occlusion = scene.occlusion[window]
    if not occlusion.any():
        return np.ones_like(occlusion)
    if scene.truth is None:
        return 1 - occlusion
    classes = scene.truth.classes[window]
    held = np.isin(classes, [CLASSES[name] for name in _HELD]).astype(np.uint8)
    near = cv2.dilate(held, np.ones((3, 3), np.uint8))
    return np.asarray(1 - occlusion * near, np.float32)
