"""Things held before a face, each with the hand that holds it: microphone, cup, phone, book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from facelab.augment.occluders.gestures import arm_of, nearer_side
from facelab.augment.occluders.hand import HandPlace
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.materials import cloth, dye, opaque, plain, uneven
from facelab.augment.occluders.surface import Surface, lathe, of_grid, tube, unit
from facelab.numerics.algebra import Floats, product

Rng = np.random.Generator

_MOUTH, _CHIN = 13, 152  # points of the canonical mesh
_BARK = np.array([0.22, 0.16, 0.1])


def held(
    frame: HeadFrame, light: Light, rng: Rng, kind: str, shift: Floats, size: float
) -> list[Surface]:
    """A thing of a kind of `THINGS` before a face, and who holds it, by chance."""
    mirror = np.diag([_side(frame, rng, kind), 1, 1]).astype(np.float32)
    surfaces = THINGS[kind](frame.mirrored() if mirror[0, 0] < 0 else frame, light, rng)
    turn, about = mirror * np.float32(size), frame.points[_MOUTH]
    origin = np.asarray(shift + about * (1 - size), np.float32)
    return [
        replace(each.moved(turn, origin), normals=each.normals * mirror.diagonal())
        for each in surfaces
    ]


def _side(frame: HeadFrame, rng: Rng, kind: str) -> int:
    """Whether a thing is held on the subject's right, 1, or left, -1.

    Of a turned head a telephone is at the ear that is seen; before its mouth things are held from
    where its nose points, so that no arm lies across the face.
    """
    either = 1 if rng.random() < 0.5 else -1
    near = nearer_side(frame)
    return either if near == 0 else near if kind == "phone" else -near


def microphone(frame: HeadFrame, light: Light, rng: Rng) -> list[Surface]:
    """A microphone with a foam or wire ball before the mouth."""
    axis = unit(np.array([rng.normal(0.25, 0.12), rng.uniform(0.45, 0.9), -rng.uniform(0.45, 0.8)]))
    ball = float(rng.uniform(2.2, 3.0))
    away = np.array([rng.normal(-0.4, 0.8), rng.normal(-1.0, 1.0), ball + rng.uniform(0.6, 3.5)])
    head = frame.points[_MOUTH] + away
    foam = opaque(_dark(rng) * uneven(rng, (64, 64), 0.8, (24, 48)))
    rise = np.linspace(np.pi / 2, -np.pi / 2, 12)
    sphere = np.stack([np.cos(rise) * ball, 1.08 * np.sin(rise) * ball], axis=1)
    bar = np.array([[1.6, -1.6], [1.75, -2.3], [1.5, -2.6], [1.25, -9], [1.15, -19], [0.01, -19.2]])
    metal = plain(_dark(rng))
    turn = _turned(axis)
    made = [
        of_grid(lathe(bar, 20), metal, "object", closed=True, gloss=0.5).moved(turn, _f(head)),
        of_grid(lathe(sphere, 24), foam, "object", closed=True).moved(turn, _f(head)),
    ]
    grip = head - axis * float(rng.uniform(9, 12))
    return made + _gripping(frame, light, rng, grip, axis, "around a handle", 1.2)


def cup(frame: HeadFrame, light: Light, rng: Rng) -> list[Surface]:
    """A paper cup, a mug or a tin at the mouth or below it."""
    kind = str(rng.choice(["paper", "mug", "tin"]))
    radius, height = {"paper": (4.0, 11.0), "mug": (4.0, 9.0), "tin": (3.2, 11.5)}[kind]
    drinks = rng.random() < 0.55
    lean = float(rng.uniform(0.15, 0.5)) if drinks else float(rng.uniform(-0.1, 0.15))
    axis = unit(np.array([rng.normal(0, 0.05), np.cos(lean), -np.sin(lean)]))
    mouth = frame.points[_MOUTH]
    rim = (
        mouth + np.array([rng.normal(0, 0.4), -0.3, radius + 0.4])
        if drinks
        else mouth
        + np.array([rng.normal(-1.5, 1.5), -rng.uniform(1.5, 6), radius + rng.uniform(2, 5)])
    )
    top = rim
    under = 0.78 if kind == "paper" else 1.0
    if kind == "paper":
        profile = np.array(
            [
                [0.01, 0.5],
                [0.8, 0.5],
                [0.95, 0.45],
                [1.03, 0.1],
                [1.03, -0.3],
                [0.98, -0.35],
                [under, -height],
                [0.01, -height],
            ]
        )
    else:
        profile = np.array(
            [
                [0.01, -0.9],
                [0.9, -0.9],
                [0.94, 0],
                [1.0, 0],
                [1.0, -0.4],
                [1.0, -height + 0.5],
                [0.92, -height],
                [0.01, -height],
            ]
        )
    profile = np.array([[r * radius, h] for r, h in profile])
    texture = _print(rng, kind)
    turn = _turned(axis)
    made = [
        of_grid(
            lathe(_finer(profile), 32),
            texture,
            "object",
            closed=True,
            gloss=0.15 if kind == "paper" else 0.4,
            thin=True,
        ).moved(turn, _f(top))
    ]
    grip = top - axis * height * 0.55
    return made + _gripping(frame, light, rng, grip, axis, "around a cup", radius * 0.92)


def phone(frame: HeadFrame, light: Light, rng: Rng) -> list[Surface]:
    """A telephone at the ear, or held up before the face to take a picture."""
    wide, tall, thick = 7.2, 15.0, 0.9
    if rng.random() < 0.5:  # at the ear
        middle = np.array([-(7.9 * frame.width + 1.2), -1.5, -0.5]) + rng.normal(0, 0.5, 3)
        outward, upward = np.array([-1.0, 0.05, 0.25]), np.array([0.0, 0.85, -0.5])
    else:
        middle = np.array([rng.normal(0, 3), rng.uniform(-6, 3), rng.uniform(14, 20)])
        outward = np.array([rng.normal(0, 0.1), rng.normal(0, 0.1), 1.0])
        upward = (
            np.array([rng.normal(0, 0.12), 1.0, 0.0])
            if rng.random() < 0.6
            else np.array([1.0, rng.normal(0, 0.12), 0.0])
        )
    outward = unit(outward + rng.normal(0, 0.05, 3))
    upward = unit(upward - outward * (upward @ outward))
    axes = np.stack([np.cross(upward, outward), upward, outward], axis=1)
    case = _back(rng)
    made = [
        each.moved(_f(axes), _f(middle))
        for each in _slab(wide, tall, thick, case, plain(np.array([0.02, 0.02, 0.025])))
    ]
    if middle[2] < 8:
        fingers = 0.5 * upward + 0.85 * axes[:, 0] * np.sign(axes[2, 0])
        place = HandPlace(middle + outward * (thick / 2 + 2.0) - upward * 2.5, -outward, fingers)
        posture = "around a slab"
    else:  # the fingers lie on its back, which is seen
        beside = wide / 2 if abs(upward[1]) > 0.5 else tall / 2
        grip = middle + outward * (thick / 2 + 1.5) - [beside + 0.5, 2.5, 0]
        place = HandPlace(grip, -outward, np.array([0.85, 0.45, 0]) + rng.normal(0, 0.1, 3))
        posture = "closed"
    return made + arm_of(frame, light, rng, place, (posture, "relaxed", float(rng.uniform(0, 0.3))))


def book(frame: HeadFrame, light: Light, rng: Rng) -> list[Surface]:
    """A book or a sheet before the lower part of the face."""
    wide, tall = float(rng.uniform(13, 20)), float(rng.uniform(18, 25))
    top = float(rng.uniform(-5.5, 1.5))
    middle = np.array([rng.normal(0, 1.2), top - tall / 2, rng.uniform(8.5, 13)])
    lean = float(rng.uniform(-0.25, 0.1))
    outward, upward = (
        np.array([0, np.sin(lean), np.cos(lean)]),
        np.array([rng.normal(0, 0.08), np.cos(lean), -np.sin(lean)]),
    )
    upward = unit(upward - outward * (upward @ outward))
    axes = np.stack([np.cross(upward, outward), upward, outward], axis=1)
    cover = _cover(rng)
    made = [
        each.moved(_f(axes), _f(middle))
        for each in _slab(
            wide, tall, float(rng.uniform(0.3, 2.5)), cover, plain(np.array([0.9, 0.88, 0.82]))
        )
    ]
    grip = middle + axes @ [-wide / 2 + 1.0, -tall * 0.12, 1.6]
    place = HandPlace(grip, -axes[:, 2] + 0.3 * axes[:, 0], axes @ [0.75, 0.65, 0.0])
    return made + arm_of(
        frame, light, rng, place, ("closed", "relaxed", float(rng.uniform(0, 0.5)))
    )


def ball(frame: HeadFrame, light: Light, rng: Rng) -> list[Surface]:
    """A ball or a fruit that somebody holds up."""
    radius = float(rng.uniform(2.8, 5.0))
    middle = np.array([rng.uniform(-6, 6), rng.uniform(-9, 5), 8 + radius + rng.uniform(0, 6)])
    rise = np.linspace(np.pi / 2, -np.pi / 2, 16)
    sphere = lathe(np.stack([np.cos(rise), np.sin(rise)], axis=1) * radius, 28)
    texture = (
        cloth(rng, dye(rng))
        if rng.random() < 0.4
        else opaque(rng.uniform(0.2, 0.9, 3) * uneven(rng, (64, 64), 0.3, (6, 24)))
    )
    made = [
        of_grid(sphere, texture, "object", closed=True, gloss=0.25).moved(
            np.eye(3, dtype=np.float32), _f(middle)
        )
    ]
    axis = unit(np.array([0.2, 0.9, 0.0]) + rng.normal(0, 0.1, 3))
    return made + _gripping(
        frame, light, rng, middle - axis * radius * 0.2, axis, "around a cup", radius * 0.95
    )


def leaf(_frame: HeadFrame, _light: Light, rng: Rng) -> list[Surface]:
    """Leaves of a branch that hangs into the picture before the face."""
    start = np.array(
        [rng.choice([-1, 1]) * rng.uniform(12, 18), rng.uniform(4, 16), rng.uniform(12, 18)]
    )
    way = unit(np.array([-np.sign(start[0]) * 1.0, rng.uniform(-0.9, 0.1), 0.0]))
    green = opaque(_green(rng) * uneven(rng, (64, 64), 0.25, (6, 20)))
    v, u = np.mgrid[0:1:64j, 0:1:64j]
    green[..., :3] *= (1 - 0.25 * np.exp(-(((u - 0.5) / 0.04) ** 2)))[..., None].astype(np.float32)
    half = np.sin(np.pi * np.clip(v[:, :1], 0.02, 0.98)) ** 0.8 * (1 - 0.3 * v[:, :1])
    green[..., 3] = np.clip((half - np.abs(2 * u - 1)) * 14, 0, 1)
    length = float(rng.uniform(14, 26))
    along = np.linspace(-40, length, 24)[:, None]
    bow = np.array([0, 1.0, 0]) * 1.2 * np.sin(along / 7)
    made = [
        of_grid(tube(start + way * along + bow, (0.16, 0.16)), plain(_BARK), "object", closed=True)
    ]
    for at in np.linspace(0, length, int(rng.integers(6, 13))):
        turn = rng.normal(0, 0.9)
        along = unit(
            way * np.cos(turn) + np.array([0, -1, 0]) * abs(np.sin(turn)) + rng.normal(0, 0.25, 3)
        )
        across = unit(np.cross(along, [0, 0, 1]) + rng.normal(0, 0.3, 3))
        long, wide = float(rng.uniform(3.5, 7.5)), float(rng.uniform(1.0, 2.0))
        stem = start + way * at + np.array([0, 1.2 * np.sin(at / 7), 0.1])
        grid = _leaf_grid(stem, along * long, across * wide)
        made.append(of_grid(grid, green, "object", thin=True, gloss=0.1))
    return made


def _leaf_grid(origin: Floats, along: Floats, across: Floats) -> Floats:
    down, side = np.linspace(0, 1, 6)[:, None, None], np.linspace(-1, 1, 5)[None, :, None]
    bend = np.array([0, 0, 1.0]) * (0.5 * side**2 - 1.2 * down**2)
    return np.asarray(origin + down * along + side * across + bend)


def _gripping(
    frame: HeadFrame,
    light: Light,
    rng: Rng,
    grip: Floats,
    axis: Floats,
    posture: str,
    radius: float,
) -> list[Surface]:
    """A hand around something round, thumb up along its axis, its arm to the picture's side."""
    outward = -np.sign(np.linalg.det(frame.rotation))
    seen = np.array([-0.78 * outward, 0.0, 0.62]) + rng.normal(0, 0.1, 3)
    fingers = product(seen.astype(np.float32), frame.rotation)
    fingers = unit(fingers - axis * (fingers * axis).sum())
    palm = np.cross(axis, fingers)
    middle = grip - palm * (radius + 1.1) - fingers * 2.2 - axis * 0.5
    return arm_of(frame, light, rng, HandPlace(middle, palm, fingers), (posture, "relaxed", 0.0))


def _slab(wide: float, tall: float, thick: float, front: Floats, side: Floats) -> list[Surface]:
    """A thin box with rounded corners about the origin, seen with `front` from z."""
    turn = np.linspace(0, 2 * np.pi, 41)
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.22 * wide / 2
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.22 * tall / 2
    outline = np.stack([x, y], axis=1)
    inner = np.concatenate([[outline * share] for share in (1e-3, 0.5, 0.93, 1.0)])
    high = np.array([0.5, 0.5, 0.5, 0.4])[:, None, None] * thick
    face = np.concatenate([inner, np.broadcast_to(high, (*inner.shape[:2], 1))], axis=2)
    surface = of_grid(face, front, "object", closed=True, gloss=0.3)
    uv = np.stack([face[..., 0] / wide + 0.5, 0.5 - face[..., 1] / tall], axis=-1).reshape(-1, 2)
    surface = replace(surface, uv=uv.astype(np.float32))
    rim = np.stack(
        [np.concatenate([outline, np.full((41, 1), z * thick)], axis=1) for z in (0.4, -0.4)]
    )
    back = face[::-1] * [1, 1, -1]
    return [
        of_grid(rim, side, "object", closed=True, gloss=0.3),
        of_grid(back, side, "object", closed=True, gloss=0.5),
        surface,
    ]


def _finer(profile: Floats) -> Floats:
    """A profile with more points on its long stretches."""
    at = np.linspace(0, len(profile) - 1, 3 * len(profile))
    return np.stack([np.interp(at, np.arange(len(profile)), axis) for axis in profile.T], axis=1)


def _turned(axis: Floats) -> Floats:
    """The rotation that takes y to a unit axis."""
    side = unit(np.cross(axis, [0.0, 0.0, 1.0]))
    return np.stack([side, axis, np.cross(side, axis)], axis=1).astype(np.float32)


def _f(values: Floats) -> Floats:
    return np.asarray(values, np.float32)


def _dark(rng: Rng) -> Floats:
    return (
        np.asarray(rng.uniform(0.02, 0.2) * rng.uniform(0.8, 1.2, 3))
        if rng.random() < 0.8
        else dye(rng)
    )


def _green(rng: Rng) -> Floats:
    return np.array([rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.6), rng.uniform(0.05, 0.2)])


def _print(rng: Rng, kind: str) -> Floats:
    """What is printed on a cup."""
    colour = np.array([0.93, 0.92, 0.9]) if rng.random() < 0.4 else dye(rng)
    texture = (
        cloth(rng, colour, 96)
        if rng.random() < 0.3
        else opaque(np.broadcast_to(colour, (96, 96, 3)) * uneven(rng, (96, 96), 0.05, (8,)))
    )
    if kind == "paper":
        texture[:30, :, :3] = 0.95 if rng.random() < 0.6 else 0.06  # the lid
        texture[52:74, :, :3] = np.where(rng.random() < 0.5, dye(rng), texture[52:74, :, :3])
    return texture


def _back(rng: Rng) -> Floats:
    """The back of a telephone in its case, with its cameras."""
    texture = (
        cloth(rng, dye(rng), 96)
        if rng.random() < 0.3
        else opaque(np.broadcast_to(dye(rng), (96, 96, 3)) * uneven(rng, (96, 96), 0.06, (4, 60)))
    )
    v, u = np.mgrid[0:1:96j, 0:1:96j]
    block = (np.abs(u - 0.28) < 0.19) & (np.abs(v - 0.14) < 0.1)
    texture[block, :3] = np.float32(0.08)
    for x, y in ((0.19, 0.1), (0.19, 0.18), (0.37, 0.14)):
        lens = np.hypot(u - x, (v - y) * 2) < 0.07
        texture[lens, :3] = np.float32(0.02)
        texture[np.hypot(u - x + 0.015, (v - y + 0.008) * 2) < 0.018, :3] = np.float32(0.5)
    return texture


def _cover(rng: Rng) -> Floats:
    """The cover of a book: a colour, a picture, lines of a title."""
    texture = opaque(
        np.broadcast_to(dye(rng), (128, 96, 3)) * uneven(rng, (128, 96), 0.08, (5, 40))
    )
    if rng.random() < 0.6:
        picture = np.clip(dye(rng) * uneven(rng, (60, 76), 1.2, (3, 6, 12)), 0, 1)
        texture[50:110, 10:86, :3] = picture
    ink = 0.05 if texture[..., :3].mean() > 0.45 else 0.93
    for row in range(14, 14 + 9 * int(rng.integers(1, 4)), 9):
        end = int(rng.integers(40, 84))
        letters = rng.random(end - 12) < 0.75
        texture[row : row + 5, 12:end, :3] = np.where(
            letters[None, :, None], ink, texture[row : row + 5, 12:end, :3]
        )
    return texture


THINGS: dict[str, Callable[[HeadFrame, Light, Rng], Sequence[Surface]]] = {
    "microphone": microphone,
    "cup": cup,
    "phone": phone,
    "book": book,
    "ball": ball,
    "leaves": leaf,
}
