"""People who are drawn, beside the photographs: whole heads with ears, neck and hair, at any yaw.

What is turned from a photograph shows ears, neck and the back of the head as they were made up.
These are seen from all sides, and their points are known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from facelab.augment.generate import apply_steps
from facelab.augment.heads import Heads, choose, framed, photographed, scene_of
from facelab.augment.plan import DrawnItem, Item
from facelab.augment.redraw import first_whole
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.profile import Profile
from facelab.augment.template import Template
from facelab.geometry.landmarks import points468
from facelab.numerics.arrays import Float
from facelab.types import Texture

_HELD_OUT = 0.1  # of the photographs, the first: some of them are validated on, and lend no skin

Drawn = tuple[Scene, Float]
"""A picture of a person, and the points ``(468, 3)`` of the face in it."""


def people_of(heads: Heads | None, photographs: int, seed: int) -> list[DrawnItem]:
    """The people who are drawn: so many that they have their share of all views.

    Parameters
    ----------
    heads : Heads, optional
        Of a recipe; its ``share`` is below 1, and there are at most ``people``.
    photographs : int
        How many there are; each has as many views as a person.
    seed : int
    """
    if heads is None:
        return []
    count = round(photographs * heads.share / (1 - heads.share))
    return replace(heads, people=min(count, heads.people)).items(seed)


def lender(heads: Heads, item: DrawnItem, photographs: Sequence[Item], seed: int) -> Item | None:
    """The photograph whose face's skin a person has; None for one with skin of their own."""
    if heads.looks(seed, item.sha256).skin != "photographs":
        return None
    return choose(photographs[int(_HELD_OUT * len(photographs)) :], seed, item.sha256)


def shots(
    template: Template,
    item: DrawnItem,
    texture: Texture | None,
    frame: Frame,
    count: int,
    seed: int,
) -> Iterator[Drawn]:
    """Pictures of a person, each from another side and in other light.

    Parameters
    ----------
    template : Template
        Its ``heads`` say how people are drawn; its steps but ``profile`` are done to them.
    item : DrawnItem
    texture : Texture, optional
        Of the face in a photograph, whose skin the person has.
    frame : Frame
        What is cut out around the face.
    count, seed : int
    """
    for number in range(count):
        draw = partial(_shot, template, item, texture, frame, seed, number)
        yield first_whole(draw, lambda drawn: template.refuse.check_face(drawn[0]))[0]


def _shot(
    template: Template,
    item: DrawnItem,
    texture: Texture | None,
    frame: Frame,
    seed: int,
    number: int,
    attempt: int,
    without: frozenset[str],
) -> Drawn:
    """An attempt at a picture of a person, without the steps of some names."""
    assert template.heads is not None
    looks = template.heads.looks(seed, item.sha256)
    shot = framed(template.heads.shot(seed, item.sha256, number, (0, attempt)), frame)
    person, picture = photographed(looks, shot, texture, frame)
    drawn = template.sample(seed, item.sha256, number, attempt=attempt)
    steps = [s for s in drawn if s.name not in without and not isinstance(s, Profile)]
    scene = scene_of(person, picture)
    after = apply_steps(steps, scene, {}, template.blend)
    moved = after.positions is not scene.positions
    return after, points468(after.positions) if moved else picture.points
