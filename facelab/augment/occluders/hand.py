"""Hands with their forearm, bare or in a sleeve, that reach into the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab import weights
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.surface import Surface, normal_sums, of_grid, unit
from facelab.numerics.algebra import Floats, product
from facelab.numerics.arrays import Int

_REACH = 75.0  # cm: how far an arm goes on, out of any picture of a face
# Of the arm's rings, cm from where the forearm's stub ends.
_RINGS = np.array([2.0, 4.5, 7.5, 11.0, 15.0, 20.0, 28.0, 40.0, _REACH])
_BENT = 22.0  # cm, over which it turns there
_WIDER = 0.012  # per cm, toward the elbow
_WIDEST = 1.35
_STEEP = -0.1, 0.6  # of an arm's direction, toward the camera: it does not come from behind
_SLEEVE = 1.04, 1.22, 1.27, 1.28, 1.3, 1.34, 1.38, 1.42, 1.46, 1.5, 1.6  # over the arm's width
_WITHIN = 0.8  # of its width an arm has in a sleeve, which it must not pierce
_DARK_SKIN = 0.06, 0.22  # linear luminance of a tone that has the dark, the light skin's detail
_GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)
_GAMMA = 2.2
_SKIN_GLOSS = 0.06
_LEAST = 0.3  # of the light, in the closest folds


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """The hand of weights/occluders.md in its postures, a right one.

    Parameters
    ----------
    positions : (poses, k, 3) float32
        cm; x to the thumb's side, y along the fingers, z out of the palm, from its middle.
    openness : (poses, k) float32
        How much of the light reaches each, [0, 1].
    wrist : (3,) float32
        Where the forearm bends.
    names : tuple of str
        Of the postures.
    vertex : (n,) int32
        Which of the k each vertex is.
    triangles : (m, 3) int32
    uv : (n, 2) float32
    rim : (r,) int32
        Which of the k are the rim of the forearm's stub, in order.
    skins : mapping of str to (S, T, 3) float32
        Detail of ``light`` and ``dark`` skin, 1 is its mean.
    """

    positions: Floats
    openness: Floats
    wrist: Floats
    names: tuple[str, ...]
    vertex: Int
    triangles: Int
    uv: Floats
    rim: Int
    skins: Mapping[str, Floats]

    @classmethod
    @cache
    def load(cls) -> Hands:
        """The hands that come with facelab."""
        stored = weights.load("occluders")
        return cls(
            stored["positions"] * stored["step"],
            np.asarray(stored["openness"] / np.float32(255), np.float32),
            stored["wrist"],
            tuple(stored["names"].tobytes().decode().split("\n")),
            stored["vertex"].astype(np.int32),
            stored["triangles"].astype(np.int32),
            stored["uv"].astype(np.float32),
            stored["rim"].astype(np.int32),
            {name: stored[f"skin.{name}"] / np.float32(128) for name in ("light", "dark")},
        )

    def posed(self, name: str, other: str, share: float) -> tuple[Floats, Floats]:
        """Positions and openness of a posture that is `share` of the way to another one."""
        first, second = self.names.index(name), self.names.index(other)
        amount = np.float32(share)
        mixed = [
            values[first] + amount * (values[second] - values[first])
            for values in (self.positions, self.openness)
        ]
        return mixed[0], mixed[1]

    def skin(self, light: Light) -> Floats:
        """The texture ``(S, T, 4)`` of a hand of the face's tone, as `Surface` takes it."""
        low, high = _DARK_SKIN
        bright = float((light.tone * _GREY).sum()) / max(light.level, 1e-3)
        share = np.float32(np.clip((bright - low) / (high - low), 0, 1))
        dark, fair = self.skins["dark"], self.skins["light"]
        tone = (light.tone / np.float32(light.level)) ** np.float32(1 / _GAMMA)
        colour = np.clip(tone * (dark + share * (fair - dark)), 0, 1)
        return np.dstack([colour, np.ones(colour.shape[:2], np.float32)])


@dataclass(frozen=True, slots=True, eq=False)
class HandPlace:
    """Where a hand is, in the head's frame.

    Parameters
    ----------
    middle : (3,) float
        Of its palm, cm.
    palm : (3,) float
        Where the palm looks.
    fingers : (3,) float
        Where the fingers point, as far as the palm lets them.
    right : bool
        Whether it is a right hand.
    """

    middle: Floats
    palm: Floats
    fingers: Floats
    right: bool = True

    @property
    def axes(self) -> Floats:
        """The hand's axes as columns ``(3, 3)``; of a left hand they mirror."""
        palm = unit(np.asarray(self.palm, np.float32))
        fingers = np.asarray(self.fingers, np.float32)
        fingers = unit(fingers - palm * (fingers * palm).sum())
        thumb = np.cross(fingers, palm) * (1 if self.right else -1)
        return np.stack([thumb, fingers, palm], axis=1).astype(np.float32)

    def mirrored(self) -> HandPlace:
        """The other hand on the other side of the head."""
        turn = np.array([-1, 1, 1])
        return HandPlace(self.middle * turn, self.palm * turn, self.fingers * turn, not self.right)


def arm(
    frame: HeadFrame,
    light: Light,
    place: HandPlace,
    posture: tuple[str, str, float],
    size: float = 1.0,
    cloth: Floats | None = None,
    hem: float = 4.0,
    droop: float = 0.0,
) -> list[Surface]:
    """A hand with its arm, which goes on beyond the picture.

    Parameters
    ----------
    frame, light
        Of the head.
    place : HandPlace
    posture : (name, other, share)
        As of `Hands.posed`.
    size : float
        1 is a grown person's.
    cloth : (S, T, 4) float32, optional
        Of a sleeve; by default the arm is bare.
    hem : float
        cm from the wrist to the sleeve's hem, toward the elbow.
    droop : float
        How much the arm tends downward: 0 goes on as the wrist has it.
    """
    hands = Hands.load()
    points, openness = hands.posed(*posture)
    axes, middle = place.axes * np.float32(size), np.asarray(place.middle, np.float32)
    points, wrist = (product(each, axes.T) + middle for each in (points, hands.wrist))
    loop = points[hands.rim]
    rings = _rings(frame, loop, wrist, droop)
    skin = hands.skin(light)
    if cloth is None:
        return [_skin_surface(hands, points, openness, rings, skin, place.right)]
    middles = rings.mean(axis=1, keepdims=True)
    within = middles + np.float32(_WITHIN) * (rings - middles)
    surface = _skin_surface(hands, points, openness, within, skin, place.right)
    return [surface, _sleeve(wrist, loop, rings, cloth, hem, place.right)]


def _rings(frame: HeadFrame, loop: Floats, wrist: Floats, droop: float) -> Floats:
    """The loops of an arm behind its stub, ``(rings, r, 3)``, which lead out of the picture."""
    centre = loop.mean(axis=0)
    along = unit(centre - wrist)
    onward = product(_onward(frame.toward_camera(along[None])[0], droop), frame.rotation)
    out, place, before = [], centre, 0.0
    for away in _RINGS:
        bend = min(away / _BENT, 1.0)
        way = unit(along + np.float32(bend) * (onward - along))
        place = place + way * np.float32(away - before)
        shape = product(loop - centre, _between(along, way).T)
        out.append(place + shape * np.float32(min(1 + _WIDER * away, _WIDEST)))
        before = away
    return np.array(out, np.float32)


def _onward(seen: Floats, droop: float) -> Floats:
    """Where an arm goes on to that begins in a direction of the camera's frame: out of view."""
    flat = seen[:2] + np.array([0, -max(droop, 0.02)], np.float32)
    steep = float(np.clip(seen[2], *_STEEP))
    level = unit(np.append(flat, 0)) * np.sqrt(1 - steep * steep)
    return np.asarray(level + np.array([0, 0, steep]), np.float32)


def _between(first: Floats, second: Floats) -> Floats:
    """The rotation that takes one unit vector to another the shortest way."""
    axis = np.cross(first, second)
    sine = float(np.sqrt((axis * axis).sum()))
    turn = np.arctan2(sine, float((first * second).sum()))
    return np.asarray(cv2.Rodrigues(axis / max(sine, 1e-9) * turn)[0], np.float32)


def _skin_surface(
    hands: Hands, points: Floats, openness: Floats, rings: Floats, skin: Floats, right: bool
) -> Surface:
    """The hand and its bare arm as one surface."""
    count, around = len(points), len(hands.rim)
    every = np.concatenate([points, rings.reshape(-1, 3)])
    loops = np.concatenate(
        [hands.rim[None], count + np.arange(rings.shape[0] * around).reshape(-1, around)]
    )
    arm_triangles = _bands(loops)
    own = np.concatenate([hands.vertex[hands.triangles], arm_triangles])
    own = own if right else own[:, ::-1]
    normals = unit(normal_sums(every, own))
    first = np.full(len(every), 0, np.int32)
    first[hands.vertex[::-1]] = np.arange(len(hands.vertex), dtype=np.int32)[::-1]
    extra = len(hands.vertex) + np.arange(len(every) - count, dtype=np.int32)
    first[count:] = extra
    vertex = np.concatenate([hands.vertex, np.arange(count, len(every))])
    triangles = np.concatenate([hands.triangles, first[arm_triangles]])
    uv = np.concatenate([hands.uv, np.zeros((len(extra), 2), np.float32)])
    open_to = np.concatenate([openness, np.ones(len(extra), np.float32)])
    return Surface(
        every[vertex],
        np.ascontiguousarray(triangles if right else triangles[:, ::-1], np.int32),
        normals[vertex],
        uv,
        skin,
        "hand",
        gloss=_SKIN_GLOSS,
        openness=np.float32(_LEAST) + np.float32(1 - _LEAST) * open_to[vertex] ** np.float32(1.5),
    )


def _bands(loops: Int) -> Int:
    """The triangles between loops of vertices ``(rings, r)``."""
    after = np.roll(loops, -1, axis=1)
    a, b, c, d = loops[:-1], after[:-1], loops[1:], after[1:]
    quads = np.stack([a, b, c, b, d, c], axis=-1)
    return np.asarray(quads.reshape(-1, 3)[:, ::-1], np.int32)


def _sleeve(
    wrist: Floats, loop: Floats, rings: Floats, cloth: Floats, hem: float, right: bool
) -> Surface:
    """A sleeve around an arm from its hem on, cm from the wrist."""
    stub = loop.mean(axis=0)
    length = float(np.sqrt(((stub - wrist) ** 2).sum()))
    centres = np.concatenate([[wrist, stub], rings.mean(axis=1)])
    shapes = np.concatenate([[loop - stub], rings - rings.mean(axis=1, keepdims=True)])
    away = np.concatenate([[0.0, length], length + _RINGS])
    at = hem + np.array([0.0, 0.2, 0.5, 1.5, 4, 8, 12, 18, 28, 40, _REACH])
    at = at.clip(0, away[-1])
    middle = np.stack([np.interp(at, away, axis) for axis in centres.T], axis=1)
    nearest = np.abs(at[:, None] - away[1:]).argmin(axis=1)
    grid = middle[:, None] + shapes[nearest] * np.array(_SLEEVE)[:, None, None]
    grid = np.concatenate([grid, grid[:, :1]], axis=1)
    return of_grid(grid if right else grid[:, ::-1], cloth, "clothes", closed=True, thin=True)
