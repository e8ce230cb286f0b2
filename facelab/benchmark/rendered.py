"""Heads of known geometry: photographs with the head turned, and then made hard to see.

The face that is drawn is the truth, to the last texel, see `facelab.augment.steps.profile`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from facelab.augment.scene import Augmentation, Scene
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.downscale import Downscale
from facelab.augment.steps.occlude import Occlude
from facelab.augment.steps.profile import Profile
from facelab.augment.steps.shade import Shade
from facelab.augment.torn import Torn
from facelab.benchmark.evaluation import LabelledPicture
from facelab.benchmark.measures import bin_of, errors_of
from facelab.benchmark.outcomes import Outcomes
from facelab.geometry import pose

TARGETS = (0, -15, 15, -30, 30, -45, 45, -60, 60, -75, 75, -90, 90)  # yaw in degrees
LEVEL_TARGETS = (0, 45, -75)  # those at which the levels are shown: one of each range of yaw
PLAIN = "plain"

_FARTHEST = 88  # yaw in degrees: `Profile` goes no further
_MOST = 90.0  # degrees by which a head may be turned: beyond, too little of it was seen
_TILT, _MOST_TILT = 7.0, 18.0  # degrees: deviation of pitch and roll, and their limit
_IDENTITY, _EXPRESSION = 0.7, 0.4  # of `Profile`: the most there is of them


def pictures(scene: Scene, key: int, seed: int) -> Iterator[LabelledPicture]:
    """Render the pictures of a photograph, plain and at each level.

    Labels: ``target`` is the yaw that was asked for, ``yaw`` its range, ``level`` what was done.

    Parameters
    ----------
    scene : Scene
        With a head, the shape and the expression change too.
    key : int
        Names the photograph; with the seed it decides everything random.
    seed : int
    """
    for target in TARGETS:
        rng = np.random.default_rng([seed, key, target + _FARTHEST + _FARTHEST])
        turned = _turned(scene, target, rng)
        if turned is None:
            continue
        yield _picture(turned, key, target, PLAIN)
        if target in LEVEL_TARGETS:
            for level, step in levels(rng).items():
                yield _picture(step(turned), key, target, level)


def plain(outcomes: Outcomes) -> Outcomes:
    """The outcomes of pictures to which nothing was done, at every yaw."""
    return outcomes.where(level=PLAIN)


def hard(outcomes: Outcomes) -> Outcomes:
    """The outcomes at the yaws at which there is every level, `PLAIN` among them."""
    return outcomes.among("target", map(str, LEVEL_TARGETS))


def levels(rng: np.random.Generator) -> dict[str, Augmentation]:
    """Steps that make a face hard to see, by name, from easy to hard; where they lie is drawn."""
    return {
        **{f"shadow {dark}": _shade(dark, rng) for dark in (0.5, 0.8)},
        "exposure -1.5": Camera(exposure=-1.5),
        "exposure +1": Camera(exposure=1.0),
        **{f"occluder {size}": _occluder(size, rng) for size in (0.3, 0.5, 0.7)},
        **{f"1/{times} of the side": Downscale(times=float(times)) for times in (4, 8)},
        **{f"blur {sigma}": Blur(sigma=float(sigma)) for sigma in (3, 6)},
    }


def _turned(scene: Scene, target: int, rng: np.random.Generator) -> Scene | None:
    """The head at a yaw; None where too little of it was seen to turn it so far."""
    yaw = float(np.clip(target, -_FARTHEST, _FARTHEST)) - pose.estimate(scene.positions).yaw
    pitch, roll = rng.normal(0, _TILT, 2).clip(-_MOST_TILT, _MOST_TILT)
    shape = {"identity": rng.uniform(0, _IDENTITY), "expression": rng.uniform(0, _EXPRESSION)}
    seed = _seed(rng)
    if abs(yaw) > _MOST:
        return None
    turn = Profile(yaw=yaw, pitch=pitch, roll=roll)
    if scene.head is not None:
        turn = replace(turn, seed=seed, **shape)
    try:
        return turn(scene)
    except Torn:
        return None


def _picture(scene: Scene, key: int, target: int, level: str) -> LabelledPicture:
    labels = {"target": str(target), "yaw": bin_of(target), "level": level}
    return LabelledPicture(
        name=f"{key:x} at {target}, {level}",
        image=scene.image,
        box=scene.positions.box,
        measure=partial(errors_of, truth=scene.positions),
        labels=labels,
    )


def _shade(dark: float, rng: np.random.Generator) -> Shade:
    angle, place = rng.uniform(-180, 180), rng.uniform(-0.25, 0.25)
    return Shade(dark=dark, angle=angle, place=place, seed=_seed(rng))


def _occluder(size: float, rng: np.random.Generator) -> Occlude:
    right, down = rng.uniform(-0.3, 0.3, 2)
    red, green, blue = rng.integers(0, 256, 3)
    return Occlude(
        size=size,
        right=float(right),
        down=float(down),
        angle=float(rng.uniform(-180, 180)),
        colour=f"#{red:02x}{green:02x}{blue:02x}",
        seed=_seed(rng),
    )


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**32))
