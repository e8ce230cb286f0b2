"""Where hands go before a face: over the mouth, at the cheek, before the eyes, waving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.augment.occluders.hand import HandPlace, Hands, arm
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.materials import cloth, dye
from facelab.augment.occluders.surface import Surface, unit
from facelab.numerics.algebra import Floats

Rng = np.random.Generator
Triple = tuple[float, float, float]

_SHIFT, _LEAN = 0.9, 0.16  # deviations: of a place, cm; of directions
_BARE = 0.4  # how many arms have no sleeve
_LONG = 0.5  # how many hands lie a little above the skin rather than on it
_DROOP = 0.7  # of the arms of those who hold something: they come from below
_TURNED = 0.35  # sine of the yaw from which only the nearer side of the head is reached
_CROSSED = 2.6  # cm: the second hand is so far before the first
_MIXED = 0.35  # at most, on the way to another posture
_SIZE = 0.95, 0.07  # of hands: mean and deviation


@dataclass(frozen=True, slots=True)
class Gesture:
    """What a right hand does before the right half of the picture; a left one mirrors it.

    Parameters
    ----------
    middle, palm, fingers
        As of `HandPlace`, in the frame of the canonical head.
    postures : tuple of str
        Of which one is drawn.
    outward : (x, y, z)
        Where the hand comes from: it moves there until it lies on the head.
    """

    middle: Triple
    palm: Triple
    fingers: Triple
    postures: tuple[str, ...]
    outward: Triple = (0.0, 0.0, 1.0)


_SOFT = ("closed", "cupped", "relaxed")
_FISTS = ("fist", "loose fist", "thinking")
GESTURES = {
    "mouth": Gesture((-1.5, -5.0, 7), (-0.1, 0.1, -1), (0.8, 0.6, 0), _SOFT),
    "mouth from below": Gesture((-1.0, -7.0, 7), (0, 0.25, -1), (0.25, 1, 0), _SOFT),
    "cheek": Gesture(
        (-6.0, -5.5, 3), (0.75, 0.1, -0.65), (0.1, 1, 0.1), ("flat", *_SOFT), (-0.7, 0, 0.7)
    ),
    "chin": Gesture(
        (-1.5, -11.5, 5), (0.1, 0.75, -0.7), (0.3, 0.8, 0.5), (*_FISTS, "pinch"), (0, -0.6, 0.8)
    ),
    "jaw": Gesture((-5.0, -9.0, 3), (0.55, 0.4, -0.7), (0.2, 1, 0), _FISTS, (-0.5, -0.3, 0.8)),
    "eye": Gesture((-4.0, 0.0, 6), (0.1, 0, -1), (0.3, 1, 0), ("scratching", "claw", *_FISTS)),
    "eyes": Gesture((-2.0, 3.0, 6), (0, 0, -1), (0.95, 0.25, 0), ("closed", "flat", "spread")),
    "forehead": Gesture((-3.0, 6.8, 5), (0, -0.2, -1), (0.9, 0.35, 0), ("flat", *_SOFT)),
    "nose": Gesture((-2.0, -5.0, 8), (0.35, 0.2, -0.9), (0.35, 0.9, 0), ("pinch", "pointing")),
    "temple": Gesture(
        (-8.0, 1.0, 1), (0.85, 0, -0.5), (0.15, 1, 0.1), ("relaxed", "scratching"), (-0.85, 0, 0.5)
    ),
    "stop": Gesture((-3.0, -3.0, 17), (0.1, 0.1, 1), (0.1, 1, 0), ("flat", "spread", "closed")),
    "wave": Gesture((-8.0, -2.0, 12), (0.2, 0.1, 1), (-0.15, 1, 0), ("spread", "flat", "relaxed")),
    "victory": Gesture((-6.5, -4.0, 9), (0.15, 0, 1), (0.1, 1, 0), ("two fingers",)),
    "pointing": Gesture((-5.0, -6.0, 11), (0.9, -0.2, 0.4), (0.3, 0.9, 0.2), ("pointing",)),
    "from above": Gesture((-3.0, 4.0, 8), (0.1, -0.1, -1), (0.3, -1, 0), (*_SOFT, "spread")),
    "from beside": Gesture((-5.0, -0.5, 9), (0.1, 0, -1), (1, -0.1, 0), (*_SOFT, "spread")),
}
PAIRS = ("mouth", "cheek", "eyes", "eye", "jaw", "temple", "stop", "wave", "forehead")


def hands(
    frame: HeadFrame, light: Light, rng: Rng, count: int, shift: Floats, size: float
) -> list[Surface]:
    """One hand or two before a face, by chance; `shift` cm from where they would be."""
    name = str(rng.choice(list(GESTURES) if count == 1 else PAIRS))
    sides = (True, False) if count == 2 else (bool(rng.random() < 0.5),)
    if near := nearer_side(frame):
        sides = (near > 0,)
    sleeve = None if rng.random() < _BARE else cloth(rng, dye(rng))
    hem, grown = float(rng.uniform(1, 12)), float(rng.normal(*_SIZE)) * size
    tilt = rng.normal(0, 0.2) if count == 1 else 0.0
    out: list[Surface] = []
    for right in sides:
        gesture = GESTURES[name]
        posture = str(rng.choice(gesture.postures)), str(rng.choice(Hands.load().names))
        place = _place(gesture, frame, rng, tilt)
        place = place if right else place.mirrored()
        place = _moved(place, shift)
        outward = unit(np.array(gesture.outward, np.float32) * [1 if right else -1, 1, 1])
        mixed = (*posture, float(rng.uniform(0, _MIXED)))
        surfaces = arm(frame, light, place, mixed, grown, sleeve, hem)
        above = float(abs(rng.normal(0, _LONG))) + _CROSSED * (len(out) > 0)
        push = frame.pushed_out(surfaces[0].vertices, outward, above)
        push = push if (push * outward).sum() > 0 or gesture.middle[2] < 9 else push * 0
        out += [each.moved(np.eye(3, dtype=np.float32), push) for each in surfaces]
    return out


def nearer_side(frame: HeadFrame) -> int:
    """Which side of a turned head is seen: 1 the subject's right, -1 the left, 0 both."""
    toward = float(frame.rotation[2, 0])
    return 0 if abs(toward) < _TURNED else -int(np.sign(toward))


def arm_of(
    frame: HeadFrame, light: Light, rng: Rng, place: HandPlace, posture: tuple[str, str, float]
) -> list[Surface]:
    """The arm of somebody who holds something, bare or in a sleeve by chance."""
    sleeve = None if rng.random() < _BARE else cloth(rng, dye(rng))
    hem = float(rng.uniform(1, 12))
    return arm(frame, light, place, posture, _SIZE[0], sleeve, hem, _DROOP)


def _place(gesture: Gesture, frame: HeadFrame, rng: Rng, tilt: float) -> HandPlace:
    """A place about the gesture's, leaning a little; on a wider head further out."""
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    middle = np.array(gesture.middle) * [frame.width, 1, 1] + rng.normal(0, _SHIFT, 3)
    palm, fingers = (
        turn @ (np.array(each) + rng.normal(0, _LEAN, 3))
        for each in (gesture.palm, gesture.fingers)
    )
    return HandPlace(middle, palm, fingers)


def _moved(place: HandPlace, shift: Floats) -> HandPlace:
    return HandPlace(place.middle + shift, place.palm, place.fingers, place.right)
