"""A picture of a person who does not exist, and all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from facelab.edits import parameters
from facelab.heads.backdrop import KINDS, draw_backdrop
from facelab.heads.camera import Camera
from facelab.heads.expressions import EXPRESSIONS, expression
from facelab.heads.eyes import looks
from facelab.heads.family import HeadFamily
from facelab.heads.figure import Figure
from facelab.heads.lamps import SETTINGS, draw_light
from facelab.heads.person import Person
from facelab.heads.surface import Drawing, draw
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.types import Crop

SMALLEST, LARGEST = 32, 2048  # sides of a picture, pixels
WIDEST = 8.0  # side of a picture, in sizes of the face
_FIGURE, _BACKDROP = range(2)  # mark the random numbers for each


@dataclass(frozen=True, kw_only=True)
class Shot:
    """How a person is photographed. Fields are keys of a recipe's ``heads``."""

    size: int = parameters.whole(256, SMALLEST, LARGEST, "the picture's side, pixels")
    room: float = parameters.number(2.2, 0.7, WIDEST, "its side in sizes of the face")
    right: float = parameters.number(
        0.0, -1.0, 1.0, "how far the face is off the middle, of the side"
    )
    down: float = parameters.number(0.0, -1.0, 1.0, "how far below it")
    yaw: float = parameters.number(0.0, -110.0, 110.0, "the nose to the image's right", "degrees")
    pitch: float = parameters.number(0.0, -60.0, 60.0, "the nose down", "degrees")
    roll: float = parameters.number(0.0, -180.0, 180.0, "counter-clockwise as seen", "degrees")
    neck: float = parameters.number(0.5, 0.0, 1.0, "of the turn, that the neck does, not the body")
    view: float = parameters.number(30.0, 10.0, 70.0, "field of view of the picture", "degrees")
    expression: str = parameters.choice("neutral", ("any", *EXPRESSIONS), "of the face")
    strength: float = parameters.number(1.0, 0.0, 1.5, "of the expression")
    gaze_right: float = parameters.number(0.0, -35.0, 35.0, "of the eyes in the head", "degrees")
    gaze_up: float = parameters.number(0.0, -25.0, 25.0, "of the eyes in the head", "degrees")
    light: str = parameters.choice("any", ("any", *SETTINGS), "that falls on the person")
    background: str = parameters.choice("any", ("any", *KINDS), "what is behind")
    seed: int = parameters.whole(0, 0, 2**32 - 1, "of all else about the picture")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture of a person.

    Parameters
    ----------
    image : (H, W, 3) float32
        sRGB-encoded RGB in [0, 1].
    drawing : Drawing
        The person without what is behind.
    points : (468, 3) float32
        Of the canonical mesh: pixels, depth the nearer the larger.
    irises : (2, 5, 3) float32
        As `facelab.augment.ground_truth.Eyes` has them, right eye first.
    gaze : (2, 3) float32
        Unit vectors out of the pupils, the camera's frame.
    coefficients : mapping of str to float
        ARKit's 52.
    """

    image: Float
    drawing: Drawing
    points: Float
    irises: Float
    gaze: Float
    coefficients: Mapping[str, float] = field(repr=False)


def take(person: Person, shot: Shot, crop_of: Callable[[Float], Crop] | None = None) -> Picture:
    """Photograph a person.

    Parameters
    ----------
    person : Person
    shot : Shot
    crop_of : callable, optional
        Tells from the face's points ``(468, 3)`` in the picture what is cut out of it: no more
        than that is drawn.
    """
    family, figure = HeadFamily.load(), figure_of(person, shot)
    shape = shot.size, shot.size
    if crop_of is not None:
        crop = crop_of(figure.camera.project(family.points468(figure.head)))
        figure, shape = figure.seen_in(crop), (crop.size, crop.size)
    drawing = draw(figure.surfaces(), shape)
    rng = np.random.default_rng([shot.seed, _BACKDROP])
    image = drawing.over(draw_backdrop(shot.background, shape, rng))
    camera, eyeballs = figure.camera, figure.eyeballs
    names = family.names[-family.expressions :]
    made = {**figure.expression, **figure.looks}
    return Picture(
        image=image,
        drawing=drawing,
        points=camera.project(family.points468(figure.head)),
        irises=camera.project(eyeballs.irises.reshape(-1, 3)).reshape(2, 5, 3),
        gaze=np.asarray(product(eyeballs.gaze, camera.rotation.T.astype(np.float32)), np.float32),
        coefficients={name: round(made.get(name, 0.0), 4) for name in names},
    )


def figure_of(person: Person, shot: Shot) -> Figure:
    """Return the person as the shot has them: posed, lit and before the camera."""
    rng = np.random.default_rng([shot.seed, _FIGURE])
    return Figure(
        person=person,
        expression=expression(shot.expression, shot.strength, rng),
        looks=looks(shot.gaze_right, shot.gaze_up),
        gaze=(shot.gaze_right, shot.gaze_up),
        camera=_camera(person, shot),
        turn=((shot.yaw, shot.pitch, shot.roll), shot.neck),
        light=draw_light(shot.light, rng),
    )


def _camera(person: Person, shot: Shot) -> Camera:
    """The camera that shows the face where the shot wants it."""
    family = HeadFamily.load()
    face = family.points468(person.rest)
    middle = (face.min(axis=0) + face.max(axis=0)) / 2
    side = float(np.ptp(face, axis=0)[:2].mean())
    at = (shot.size - 1) / 2 + shot.size * np.array([shot.right, shot.down])
    return Camera.looking(
        (shot.yaw, shot.pitch, shot.roll),
        middle,
        shot.size / (shot.room * side),
        shot.view,
        (shot.size, shot.size),
        (float(at[0]), float(at[1])),
    )
