"""Hats: surfaces around the skull, from the crown down to a rim that sits on the forehead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.materials import cloth, dye, knit, opaque, plain, uneven
from facelab.augment.occluders.surface import Surface, of_grid, tube
from facelab.numerics.algebra import Floats

Rng = np.random.Generator

_MIDDLE = np.array([0.0, 3.0, -4.5])  # of the skull, cm
_WIDE, _LONG = 7.9, 9.8  # its radii to the side and to the front, above the ears
_RIM = 2.0  # cm of a rim above that middle
_HAIR = 0.7  # cm between the skull and a hat
_BACK = 0.93  # of that radius, behind
_COLUMNS = 41


@dataclass(frozen=True, slots=True, eq=False)
class Hat:
    """A hat.

    Parameters
    ----------
    surfaces : list of Surface
    rim, up : (3,) float
        The plane above which it leaves no hair: a point of it, cm, and its normal.
    beside : float
        cm beside the face where hair stays all the same.
    """

    surfaces: list[Surface]
    rim: Floats
    up: Floats
    beside: float = 1.0


class Seat:
    """How a hat sits: the axes of its rim, and how large it is there.

    Parameters
    ----------
    frame : HeadFrame
    lean : float
        Radians by which the rim is higher in front.
    roomy : float
        cm between the skull and the rim.
    tilt : float
        Radians by which it sits askew.
    """

    def __init__(
        self, frame: HeadFrame, lean: float, roomy: float = _HAIR, tilt: float = 0.0
    ) -> None:
        self.up = np.array([np.sin(tilt), np.cos(lean) * np.cos(tilt), -np.sin(lean)])
        self.right = np.array([np.cos(tilt), -np.sin(tilt), 0.0])
        self.front = np.cross(self.right, self.up)
        self.radii = frame.width * _WIDE + roomy, _LONG + roomy
        self.middle = _MIDDLE + _RIM * self.up

    def around(
        self, radius: Floats, height: Floats, turn: Floats, back: Floats | float = 0.0
    ) -> Floats:
        """Points at multiples of the rim's radius, cm above it and an angle from the front."""
        across = (radius * np.sin(turn) * self.radii[0])[..., None] * self.right
        long = self.radii[1] * np.where(np.cos(turn) < 0, _BACK, 1.0)
        along = (radius * np.cos(turn) * long - back)[..., None] * self.front
        return np.asarray(self.middle + across + along + height[..., None] * self.up)

    def ring(self, profile: Floats, back: Floats | None = None) -> Floats:
        """The grid of a profile ``(k, 2)`` of radius and height, from the crown downward."""
        turn = np.linspace(-np.pi, np.pi, _COLUMNS)[None]
        radius, height = profile.T[:, :, None]
        moved = 0.0 if back is None else back[:, None]
        return self.around(radius + 0 * turn, height + 0 * turn, turn + 0 * radius, moved)


def dome(height: float, power: float, rows: int = 14, rim: float = 1.0) -> Floats:
    """A profile from the crown to the rim: a superellipse."""
    rise = np.linspace(np.pi / 2, 0, rows)
    radius, up = np.cos(rise) ** (2 / power), np.sin(rise) ** (2 / power)
    return np.stack([np.maximum(radius, 1e-3) * rim, up * height], axis=1)


def beanie(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """A knitted cap with a cuff, sometimes with a bobble."""
    seat = Seat(frame, float(rng.uniform(0.14, 0.32)), 0.6, float(rng.normal(0, 0.04)))
    height = float(rng.uniform(9.6, 11.5))
    profile = dome(height, 2.3, rim=1.02)
    slouch = float(rng.uniform(0, 3.0)) * (profile[:, 1] / height) ** 2
    texture = knit(rng, colour, 36, 30)
    out = [of_grid(seat.ring(profile, slouch), texture, "hat", closed=True, thin=True)]
    if rng.random() < 0.75:
        deep = float(rng.uniform(3.0, 5.5))
        up = np.linspace(1, 0, 7)
        bulge = 1.055 + 0.05 * np.sin(np.pi * up) ** 0.6
        band = np.stack([bulge, deep * up - 0.5], axis=1)
        second = knit(rng, colour if rng.random() < 0.7 else dye(rng), 60, 8)
        out.append(of_grid(seat.ring(band), second, "hat", closed=True, thin=True))
    if rng.random() < 0.3:
        top = seat.middle + seat.up * (height + 1.8) - seat.front * slouch[0]
        out.append(_ball(top, 2.6, opaque(dye(rng) * uneven(rng, (64, 64), 0.7, (24, 40)))))
    return Hat(out, seat.middle, seat.up)


def cap(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """A baseball cap, now and then worn back to front."""
    seat = Seat(frame, float(rng.uniform(0.1, 0.26)), 0.6, float(rng.normal(0, 0.04)))
    texture = cloth(rng, colour, 192)
    v, u = np.mgrid[0:1:192j, 0:1:192j]
    seams = np.exp(-((((u * 6 + 0.5) % 1 - 0.5) / 0.025) ** 2))[..., None]
    texture[..., :3] *= 1 - 0.35 * seams
    if rng.random() < 0.5:  # something sewn on in front
        spot = (np.hypot((u - 0.5) * 9, (v - 0.72) * 3.2) < 0.45)[..., None]
        texture[..., :3] = np.where(spot, dye(rng), texture[..., :3])
    crown = of_grid(
        seat.ring(dome(float(rng.uniform(9.2, 10.6)), 2.5)), texture, "hat", closed=True, thin=True
    )
    way = np.pi if rng.random() < 0.12 else 0.0
    turn = np.linspace(-1.25, 1.25, 25)[None] + way
    out = np.linspace(0, 1, 8)[:, None]
    reach = float(rng.uniform(6.0, 7.8)) * np.cos((turn - way) * 0.98) ** 0.75
    radius = 1.0 + out * reach / seat.radii[1]
    bent = (
        -0.25
        - float(rng.uniform(0.6, 1.6)) * out
        - float(rng.uniform(1.0, 3.0)) * out**0.5 * (np.sin(turn - way) ** 2)
    )
    brim = seat.around(radius, bent + 0 * radius, turn + 0 * radius)
    second = cloth(rng, colour if rng.random() < 0.7 else dye(rng))
    return Hat([crown, of_grid(brim, second, "hat", thin=True)], seat.middle, seat.up)


def wide_brim(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """A felt or straw hat with a brim all around and a ribbon."""
    seat = Seat(frame, float(rng.uniform(0.06, 0.2)), 0.7, float(rng.normal(0, 0.05)))
    height, narrow = float(rng.uniform(9.2, 11.0)), float(rng.uniform(0.8, 0.95))
    up = np.array([1.0, 1.0, 0.985, 0.95, 0.88, 0.75, 0.55, 0.3, 0.0])
    share = np.array([1e-3, 0.55, 0.75, 0.87, 0.94, 0.97, 0.98, 0.99, 1.0])
    radius = share * (narrow + (1 - narrow) * (1 - up))
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)[None]
    pinch = -1.3 * float(rng.random()) * np.exp(-(((share[:, None] * np.sin(turn)) / 0.3) ** 2))
    high = height * up[:, None] + pinch * (up[:, None] > 0.94)
    crown = seat.around(radius[:, None] + 0 * turn, high + 0 * turn, turn + 0 * high)
    width = float(rng.uniform(4.5, 9.0))
    out = np.linspace(0, 1, 9)[:, None]
    wave = float(rng.uniform(-0.6, 1.6)) * np.cos(2 * turn) - float(rng.uniform(0, 1.8))
    brim = seat.around(
        1 + out * width / seat.radii[1] + 0 * turn, out**1.5 * wave + 0.1, turn + 0 * out
    )
    felt = opaque(colour * uneven(rng, (128, 128), 0.2, (5, 16, 60)))
    if rng.random() < 0.4:  # straw
        v, u = np.mgrid[0:1:128j, 0:1:128j]
        plait = 0.8 + 0.2 * np.sin(2 * np.pi * 40 * u) * np.sin(2 * np.pi * 40 * v)
        felt = opaque(
            np.array([0.82, 0.68, 0.45]) * plait[..., None] * uneven(rng, (128, 128), 0.25, (40,))
        )
    band = np.stack([np.full(4, 1.012), np.linspace(2.6, 0.15, 4)], axis=1)
    ribbon = seat.ring(band * [1 - 0.3 * (1 - narrow), 1])
    surfaces = [
        of_grid(crown, felt, "hat", closed=True, thin=True),
        of_grid(ribbon, cloth(rng, dye(rng)), "hat", closed=True, thin=True),
        of_grid(brim, felt, "hat", closed=True, thin=True),
    ]
    return Hat(surfaces, seat.middle, seat.up)


def helmet(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """A hard helmet with a small brim, ridges and a strap under the chin."""
    seat = Seat(frame, float(rng.uniform(0.08, 0.2)), 1.9)
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)[None]
    profile = dome(float(rng.uniform(10.5, 11.5)), 2.15, rows=16)
    lower = float(rng.uniform(0, 2.5)) * (1 - np.cos(turn)) / 2
    radius, high = profile.T[:, :, None]
    ridge = (
        0.03
        * np.exp(-(((np.abs(turn) - 0.35 * np.round(np.abs(turn) / 0.35)) / 0.08) ** 2))
        * (np.abs(turn) < 0.8)
    )
    shell = seat.around(
        radius * (1 + ridge), high - lower * (1 - high / high.max()), turn + 0 * high
    )
    out = np.linspace(0, 1, 5)[:, None]
    width = 1.2 + float(rng.uniform(0.5, 4.0)) * np.clip(np.cos(turn), 0, 1) ** 2
    brim = seat.around(1 + out * width / seat.radii[1], -0.6 * out - lower, turn + 0 * out)
    shine = plain(colour)
    strap = plain(np.array([0.06, 0.06, 0.07]))
    made = [
        of_grid(shell, shine, "hat", closed=True, gloss=0.55, thin=True),
        of_grid(brim, shine, "hat", closed=True, gloss=0.55, thin=True),
    ]
    chin = frame.points[152]
    for side in (-1, 1):
        path = np.array([
            [side * (seat.radii[0] - 0.3), 5.0, -1.5],
            [side * (frame.width * 7.9 + 0.15), 0.0, -1.0],
            [side * frame.width * 6.9, -5.0, 0.0],
            [side * 4.2, -9.6, chin[2] - 2.6],
            [0.0, chin[1] - 0.7, chin[2] - 1.2],
        ])  # fmt: skip
        at = np.linspace(0, 4, 24)
        smooth = np.stack([np.interp(at, np.arange(5), axis) for axis in path.T], axis=1)
        made.append(of_grid(tube(smooth, (0.1, 0.55)), strap, "hat", closed=True))
    return Hat(made, seat.middle, seat.up)


def headscarf(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """A scarf around head and neck that leaves the face free."""
    return _wrapped(
        frame, rng, cloth(rng, colour, 192), loose=float(rng.uniform(0.0, 0.5)), chin=True
    )


def hood(frame: HeadFrame, rng: Rng, colour: Floats) -> Hat:
    """The hood of a pullover or a coat."""
    return _wrapped(
        frame, rng, cloth(rng, colour, 192), loose=float(rng.uniform(1.0, 2.2)), chin=False
    )


def _wrapped(frame: HeadFrame, rng: Rng, texture: Floats, *, loose: float, chin: bool) -> Hat:
    """Cloth around the head with an opening for the face, and around the neck down to the chest.

    Rows lead from the opening's edge backward over an ellipsoid, columns around the face.
    """
    wide = frame.width
    turn = np.linspace(-np.pi, np.pi, 57)[None]
    cos, sin = np.cos(turn), np.sin(turn)
    edge = np.stack(
        [
            (7.15 * wide + 0.75 * loose) * np.sign(sin) * np.abs(sin) ** 0.9,
            -1.4 + np.where(cos > 0, 8.4 + 1.4 * loose, (9.2 if chin else 10.5) + loose) * cos,
            0.2 + 0.8 * loose + np.where(cos > 0, 5.3 * cos**2, (2.2 if chin else -1.0) * cos**2),
        ],
        axis=-1,
    )
    back = np.linspace(0.3, np.pi - 0.02, 22)[:, None]
    radii = 8.6 * wide + 0.8 * loose, 13.0 + loose, 10.2 + 0.9 * loose
    folds = float(rng.uniform(0.15, 0.4)) * (1 + loose)
    phase = rng.uniform(0, 6, 3)
    waves = sum(
        np.sin(k * turn + 1.5 * back * k + p) / k for k, p in zip((3, 7, 11), phase, strict=True)
    )
    shell = np.stack(
        [
            (radii[0] + folds * waves) * sin * np.sin(back),
            0.6 + (radii[1] + folds * waves) * cos * np.sin(back),
            -4.4 + radii[2] * np.cos(back) + 0 * turn,
        ],
        axis=-1,
    )
    start = np.abs(shell[..., 2] - edge[..., 2]).argmin(axis=0)
    at = start + (np.arange(20)[:, None] / 19) ** 1.3 * (len(back) - 1 - start)
    low = np.floor(at).astype(int).clip(0, len(back) - 2)
    column = np.arange(turn.shape[1])[None]
    share = (at - low)[..., None]
    rows = shell[low, column] * (1 - share) + shell[low + 1, column] * share
    blend = np.exp(-np.arange(20) / 2.2)[:, None, None]
    rows = rows + blend * (edge - rows[:1])
    hem = rows[:1] * [0.97, 0.985, 1] + [0, 0, -0.9]
    head = of_grid(np.concatenate([hem, rows]), texture, "hat", closed=True, thin=True)
    low = np.array([0.0, -13.0, -4.5])
    return Hat(
        [_drape(rng, wide, loose, texture, chin), head], low, np.array([0.0, 1.0, 0.0]), beside=0.0
    )


def _drape(rng: Rng, wide: float, loose: float, texture: Floats, chin: bool) -> Surface:
    """Cloth from below the chin down over neck and shoulders."""
    turn = np.linspace(-np.pi, np.pi, 57)[None]
    down = np.linspace(0, 1, 14)[:, None]
    phase, folds = rng.uniform(0, 6, 3), float(rng.uniform(0.3, 0.7))
    waves = sum(np.sin(k * turn + p + 3 * down) / k for k, p in zip((4, 9, 14), phase, strict=True))
    grow = 1 + 1.5 * down**1.4
    radius = (7.0 * wide + loose) * grow + folds * waves * (0.3 + down) * 2
    deep = ((7.2 if chin else 7.4) + 0.5 * loose) * (1 + 0.55 * down) + folds * waves * (
        0.3 + down
    ) * 2
    high = -(9.0 if chin else 11.5) - 22 * down + 0.9 * (1 - np.cos(turn)) * (1 - down)
    grid = np.stack([radius * np.sin(turn), high + 0 * turn, -4.2 + deep * np.cos(turn)], axis=-1)
    return of_grid(grid, texture, "clothes", closed=True, thin=True)


def _ball(middle: Floats, radius: float, texture: Floats) -> Surface:
    rise = np.linspace(np.pi / 2, -np.pi / 2, 12)[:, None]
    turn = np.linspace(-np.pi, np.pi, 19)[None]
    unit = np.stack(
        [np.cos(rise) * np.sin(turn), np.sin(rise) + 0 * turn, np.cos(rise) * np.cos(turn)], axis=-1
    )
    return of_grid(middle + radius * unit, texture, "hat", closed=True, thin=True)


HATS: dict[str, Callable[[HeadFrame, Rng, Floats], Hat]] = {
    "beanie": beanie,
    "cap": cap,
    "hat": wide_brim,
    "helmet": helmet,
    "headscarf": headscarf,
    "hood": hood,
}
