"""Hair of a photograph that makes room for a hat, and strands that fall across the face."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.surface import Surface, of_grid
from facelab.augment.scene import Scene
from facelab.numerics.algebra import Floats, product
from facelab.numerics.arrays import Bool
from facelab.numerics.smoothing import smoothstep, spread

Rng = np.random.Generator

_SKULL = np.array([0.0, 3.0, -4.5], np.float32)  # its middle, cm
_SOFT = 0.5  # cm, of the edge of what is taken away
_FREE = 1.5  # cm above the plane: there hair is pressed down, not gone
_TRACE = 0.02  # of a person in a pixel that counts
_NEAR = 1.6  # cm from a strand, where it must lie above the face
_SMALL = 128  # pixels of the picture in which the background is filled in
_GAMMA = 2.2
_UNLIKE_SKIN = 0.12  # least difference of hair from the face's tone, in RGB
_DARK_BROWN = np.array([0.16, 0.11, 0.08])


def without_hair(
    scene: Scene, frame: HeadFrame, middle: Floats, up: Floats, beside: float
) -> Scene:
    """The scene without the hair above a plane, where a hat is to come; the background goes on.

    Parameters
    ----------
    scene : Scene
        Without a matte it stays as it is.
    frame : HeadFrame
    middle, up : (3,) float
        A point of the plane, cm, and its normal.
    beside : float
        cm beside the face that stay, too.
    """
    if scene.matte is None:
        return scene
    height, width = scene.matte.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    depth = np.full_like(x, frame.pixels(_SKULL[None])[0, 2])
    places = frame.unprojected(np.stack([x, y, depth], axis=-1))
    above = product(places - middle, np.asarray(up))
    share = smoothstep(above.astype(np.float32), _FREE - _SOFT, _FREE + _SOFT) * ~_keeps(
        scene, frame, beside
    )
    somebody = cv2.dilate((scene.matte > _TRACE).astype(np.uint8), np.ones((5, 5), np.uint8))
    taken = share * somebody  # beyond its soft edge, which would stay as a line
    if not taken.any():
        return scene
    taken = cv2.GaussianBlur(taken.astype(np.float32), (0, 0), 0.7)
    image = scene.image + taken[..., None] * (_background(scene) - scene.image)
    truth = scene.truth
    if truth is not None:
        loose = np.isin(truth.classes, [NOT_KNOWN, CLASSES["hair"]])
        truth = _without(truth, (taken > 0.5) & loose)
    matte = np.asarray(scene.matte * (1 - taken), np.float32)
    return replace(scene.with_image(image.astype(np.float32)), matte=matte, truth=truth)


def _without(truth: GroundTruth, gone: Bool) -> GroundTruth:
    """What is known of a picture in which background is seen where hair was."""
    depth, normals = truth.depth, truth.normals
    if depth is not None:
        depth = np.where(gone, np.float32(np.nan), depth)
    if normals is not None:
        normals = np.where(gone[..., None], np.float32(0), normals)
    return replace(truth.behind(gone, "background"), depth=depth, normals=normals)


def _keeps(scene: Scene, frame: HeadFrame, beside: float) -> Bool:
    """The face, and all else that is known not to be hair."""
    height, width = scene.image.shape[:2]
    face = np.zeros((height, width), np.uint8)
    for part in (frame.points, frame.neck()):
        hull = cv2.convexHull(frame.pixels(part)[:, :2].astype(np.float32))
        cv2.fillConvexPoly(face, np.rint(np.clip(hull, -8000, 8000)).astype(np.int32), (1,))
    reach = 2 * int(beside * frame.scale) + 1
    face = cv2.dilate(face, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    keeps = face.astype(np.bool_) | (scene.occlusion > 0.5)
    if scene.truth is not None:
        hidden = np.isin(scene.truth.classes, [NOT_KNOWN, CLASSES["hair"], CLASSES["background"]])
        keeps |= ~hidden
    return np.asarray(keeps, np.bool_)


def _background(scene: Scene) -> Floats:
    """The background, carried on smoothly to where somebody is, ``(H, W, 3)``."""
    assert scene.matte is not None
    height, width = scene.matte.shape
    shrink = max(max(height, width) / _SMALL, 1.0)
    size = max(int(width / shrink), 1), max(int(height / shrink), 1)
    person = cv2.resize(
        np.maximum(scene.matte, scene.occlusion), size, interpolation=cv2.INTER_AREA
    )
    person = cv2.dilate(person, np.ones((3, 3), np.uint8))
    free = np.clip(1 - 4 * person, 0, 1)
    small = cv2.resize(scene.image, size, interpolation=cv2.INTER_AREA)
    filled = spread(small, free) if free.any() else small
    return np.asarray(
        cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def colour_of(scene: Scene, frame: HeadFrame, light: Light) -> Floats:
    """The colour of a person's hair without the light, sRGB ``(3,)``; dark brown if unseen."""
    turn = np.linspace(-1.1, 1.1, 23)[:, None]
    rise = np.linspace(0.75, 1.25, 7)[None]
    shell = np.stack(
        [
            8.4 * np.sin(turn) * np.cos(rise),
            11.4 * np.sin(rise) + 0 * turn,
            10.3 * np.cos(turn) * np.cos(rise),
        ],
        axis=-1,
    )
    x, y = frame.pixels(shell.reshape(-1, 3).astype(np.float32) + _SKULL)[:, :2].T
    height, width = scene.image.shape[:2]
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    row, column = np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)
    colours, free = scene.image[row, column], scene.occlusion[row, column] < 0.1
    if scene.matte is not None:
        free &= scene.matte[row, column] > 0.8
    tone = light.tone ** (1 / _GAMMA)
    free &= np.abs(colours - tone).max(axis=1) > _UNLIKE_SKIN
    if free.sum() < 8:
        return _DARK_BROWN
    found = np.median(colours[free], axis=0) / light.level ** (1 / _GAMMA)
    return np.asarray(found.clip(0.02, 0.9))


def strands(frame: HeadFrame, rng: Rng, colour: Floats) -> list[Surface]:
    """Hair that falls across the face: a fringe, or locks from the side.

    In layers, the farthest first, since the edges of strands are transparent.
    """
    fringe = rng.random() < 0.55
    texture = _streaks(rng, colour)
    side = -1.0 if rng.random() < 0.5 else 1.0
    parting = float(rng.uniform(-0.7, 0.7))
    length, layers = float(rng.uniform(0, 1)), []
    for layer in range(3):
        count = int(rng.integers(16, 26)) if fringe else int(rng.integers(6, 12))
        locks = [
            _lock(
                frame,
                rng,
                layer,
                *(_fringe(rng, parting, length) if fringe else _side(rng, side, length)),
            )
            for _ in range(count)
        ]
        layers.append(_joined([of_grid(each, texture, "hair", thin=True) for each in locks]))
    return layers


def _fringe(rng: Rng, parting: float, length: float) -> tuple[Floats, float]:
    """Three points (x, y) of a lock over the forehead, and its width, cm."""
    x = float(rng.uniform(-6.2, 6.2))
    low = 5.5 - 4.0 * length + float(rng.normal(0, 1.1))
    sway = 0.25 * (x - 4 * parting) + float(rng.normal(0, 0.5))
    path = np.array([[0.75 * x + parting, 11.0], [x, 8.0], [x + sway, low]])
    return path, float(rng.uniform(0.35, 0.9))


def _side(rng: Rng, side: float, length: float) -> tuple[Floats, float]:
    """Four points of a lock from a parting across the side of the face."""
    start = float(rng.uniform(-2.0, 2.5)) * side
    bow = float(rng.uniform(3.5, 7.0)) * side
    low = -2.0 - 10.0 * length + float(rng.normal(0, 1.5))
    path = np.array(
        [
            [start, 11.2],
            [0.6 * (start + bow), 7.5],
            [bow, 2.5],
            [bow + 0.8 * side * rng.normal(), low],
        ]
    )
    return path, float(rng.uniform(0.3, 1.1))


def _lock(frame: HeadFrame, rng: Rng, layer: int, path: Floats, width: float) -> Floats:
    """The grid of a lock along a path on the face, a little above it."""
    at = np.linspace(0, len(path) - 1, 16)
    knots = np.arange(len(path))
    x, y = (np.interp(at, knots, axis) for axis in path.T)
    for values in (x, y):
        values[1:-1] = (values[:-2] + 2 * values[1:-1] + values[2:]) / 4
        values[2:-2] = (values[:-4] + values[1:-3] + values[2:-2] + values[3:-1] + values[4:]) / 5
    x = x * frame.width
    z = _above_face(frame, x, y) + 0.25 + 0.2 * layer + 0.12 * rng.random()
    taper = width * np.sqrt(np.clip(1.15 - np.linspace(0, 1, 16), 0, 1)) / 2
    wave = float(rng.uniform(0, 0.25)) * np.sin(np.linspace(0, 7, 16) + float(rng.uniform(0, 6)))
    left, right = (np.stack([x + wave + sign * taper, y, z], axis=-1) for sign in (-1, 1))
    bulge = (left + right) / 2 + [0, 0, 0.18]
    return np.stack([left, bulge, right], axis=1)


def _above_face(frame: HeadFrame, x: Floats, y: Floats) -> Floats:
    """Where in front the head's surface is at places (x, y): of the near points the foremost."""
    across, down = frame.points[:, 0] - x[:, None], frame.points[:, 1] - y[:, None]
    near = np.where(across**2 + down**2 < _NEAR**2, frame.points[:, 2], -np.inf).max(axis=1)
    inside = 1 - (x / (8.3 * frame.width)) ** 2 - ((y - 3.0) / 11.2) ** 2
    skull = -4.5 + 10.0 * np.sqrt(np.maximum(inside, 0))
    low = np.maximum(skull, np.where(np.isfinite(near), near, -np.inf))
    return _evened(low)


def _evened(values: Floats) -> Floats:
    """Values without steps: a running mean."""
    padded = np.concatenate([values[:1]] * 2 + [values] + [values[-1:]] * 2)
    return np.asarray(sum(padded[k : k + len(values)] for k in range(5)) / 5)


def _streaks(rng: Rng, colour: Floats) -> Floats:
    """The texture of a lock: hairs along v, thin at its edges and at its end."""
    rows, columns = 48, 24
    shade = np.repeat(rng.uniform(0.55, 1.35, (1, columns)), rows, axis=0)
    shade = shade * cv2.resize(
        rng.uniform(0.8, 1.2, (6, 4)), (columns, rows), interpolation=cv2.INTER_CUBIC
    )
    across = np.abs(np.linspace(-1, 1, columns))[None]
    hairs = rng.uniform(0.35, 1.0, (1, columns))
    down = np.linspace(0, 1, rows)[:, None]
    fade = np.clip((1.02 - down) / 0.5, 0, 1) * np.clip(down / 0.12, 0, 1)
    alpha = np.clip(1.35 - across**3 - (1 - hairs) * (0.5 + down), 0, 1) * fade**0.6
    rgb = np.clip(shade[..., None] * colour, 0, 1)
    return np.dstack([rgb, alpha]).astype(np.float32)


def _joined(surfaces: list[Surface]) -> Surface:
    """Surfaces of one material as one."""
    starts = np.cumsum([0, *(len(each.vertices) for each in surfaces[:-1])])
    return replace(
        surfaces[0],
        vertices=np.concatenate([each.vertices for each in surfaces]),
        triangles=np.concatenate(
            [each.triangles + np.int32(start) for each, start in zip(surfaces, starts, strict=True)]
        ).astype(np.int32),
        normals=np.concatenate([each.normals for each in surfaces]),
        uv=np.concatenate([each.uv for each in surfaces]),
    )
