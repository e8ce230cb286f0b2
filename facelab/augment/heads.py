"""``heads:`` of a recipe: people who are drawn, beside photographs or instead of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from facelab import atlas, weights
from facelab.augment.classes import CLASSES
from facelab.augment.distributions import Choice, Constant, Distribution, Normal, Rng, Uniform
from facelab.augment.ground_truth import Eyes, GroundTruth
from facelab.augment.plan import DrawnItem, Item, Plan, split_of
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.geometry.landmarks import position_map
from facelab.heads.person import Looks, Person, person_of
from facelab.heads.shot import LARGEST, SMALLEST, WIDEST, Picture, Shot, take
from facelab.numerics.arrays import Float
from facelab.recipe.recipe import SEEDS
from facelab.types import PositionMap, Texture

MOST_PEOPLE = 1_000_000
WEIGHTS = ("heads", "skins")
"""Names of the weights that heads are drawn with."""

_AROUND = 1.15  # more than a frame cuts out: a turned face is not in the middle of its head
_LOOKS, _SHOT, _SKIN = range(3)  # mark the random numbers for each
_IN_FRONT = ("hair", "hat")  # what of a person may hide the face, which is
_FACE = ("skin", "right eye", "left eye", "mouth interior")

DEFAULTS: Mapping[str, Distribution] = {
    "age": Uniform(18, 80),
    "male": Choice((Uniform(0, 0.3), Uniform(0.7, 1))),
    "weight": Normal(0, 0.35, -1, 1),
    "hat": Choice((*[Constant("none")] * 22, Constant("fedora"), Constant("fedora_cocked"))),
    "yaw": Choice((Uniform(-90, 90), Normal(0, 25, -110, 110))),
    "pitch": Normal(0, 12, -60, 60),
    "roll": Normal(0, 9, -180, 180),
    "neck": Uniform(0, 1),
    "view": Uniform(12, 55),
    "room": Uniform(1.6, 2.6),
    "right": Normal(0, 0.04, -1, 1),
    "down": Normal(0.04, 0.04, -1, 1),
    "expression": Constant("any"),
    "gaze_right": Normal(0, 9, -35, 35),
    "gaze_up": Normal(0, 5, -25, 25),
}
"""What is drawn where a recipe says nothing; any other key has its own default."""


@dataclass(frozen=True)
class Heads:
    """The people of a recipe who are drawn.

    Parameters
    ----------
    people : int
        How many there are.
    share : float
        Of the renders that show them, [0, 1]; the others are photographs.
    distributions : mapping of str to Distribution
        Of the keys of `Looks` and `Shot` that the recipe gives.
    """

    people: int = 500
    share: float = 1.0
    distributions: Mapping[str, Distribution] = field(default_factory=dict)

    @property
    def needs_photographs(self) -> bool:
        """Whether some samples are photographs, or some people have the skin of one."""
        return self.share < 1 or self._of("skin").may_give(lambda skin: skin == "photographs")

    def items(self, seed: int) -> list[DrawnItem]:
        """The people, each with a split by name as photographs' people have theirs."""
        names = [f"head {number:04d}" for number in range(self.people)]
        return [DrawnItem.named(name, _digest(name), split_of(name, seed)) for name in names]

    def looks(self, seed: int, sha256: str) -> Looks:
        """What a person looks like: the same in all pictures."""
        return Looks(**self._drawn(Looks, _rng(seed, sha256, _LOOKS)))

    def shot(self, seed: int, sha256: str, variant: int, again: tuple[int, int] = (0, 0)) -> Shot:
        """How one of the pictures of a person is taken; `again` as of `Template.sample`."""
        marks = (_SHOT, variant, *(again if any(again) else ()))
        return Shot(**self._drawn(Shot, _rng(seed, sha256, *marks)))

    def _drawn(self, kind: type, rng: Rng) -> dict[str, Any]:
        """Draw the values of a kind; each key has its own random numbers."""
        keys = fields(kind)
        streams = [np.random.default_rng(seed) for seed in rng.integers(2**63, size=len(keys))]
        drawn = {
            key.name: self._of(key.name).sample(stream)
            for key, stream in zip(keys, streams, strict=True)
            if key.name != "seed"
        }
        return {"seed": int(rng.integers(SEEDS)), **drawn}

    def _of(self, key: str) -> Distribution:
        default = Constant(known_keys()[key].default)
        return self.distributions.get(key) or DEFAULTS.get(key) or default


def plan_of(
    items: Sequence[Item], count: int, seed: int, variants: int, heads: Heads | None
) -> Plan:
    """Return the plan of a data set of photographs, and of heads where there are any."""
    if heads is None:
        return Plan(items, count, seed, variants)
    return Plan(items, count, seed, variants, heads.items(seed), heads.share)


def known_keys() -> dict[str, Field[Any]]:
    """The keys that a recipe may give values or distributions, by name."""
    return {key.name: key for key in (*fields(Looks), *fields(Shot)) if key.name != "seed"}


def choose(items: Sequence[Item], seed: int, sha256: str) -> Item | None:
    """Choose one of some photographs for a person's skin; None if there are none."""
    rng = _rng(seed, sha256, _SKIN)
    return items[int(rng.integers(len(items)))] if items else None


def framed(shot: Shot, frame: Frame) -> Shot:
    """Return the shot with the head in the middle and all in sight that a frame may cut out."""
    past = 1 + 2 * max(abs(frame.right), abs(frame.down))
    turned = np.sqrt(2.0) if frame.roll else 1.0
    room = min(_AROUND * frame.room * past * turned, WIDEST)
    size = min(round(frame.size * room / frame.room), LARGEST)
    return replace(shot, room=room, size=max(size, SMALLEST), right=0.0, down=0.0)


def draw_scene(
    looks: Looks, shot: Shot, texture: Texture | None = None, frame: Frame | None = None
) -> Scene:
    """Draw a person as a scene; as `photographed`."""
    return scene_of(*photographed(looks, shot, texture, frame))


def photographed(
    looks: Looks, shot: Shot, texture: Texture | None = None, frame: Frame | None = None
) -> tuple[Person, Picture]:
    """Draw a person.

    Parameters
    ----------
    looks : Looks
    shot : Shot
    texture : Texture, optional
        Of the face in a photograph, whose skin the person has.
    frame : Frame, optional
        What is cut out: the picture is as after this step, but nothing else was drawn.
    """
    if frame is None:
        person = person_of(looks, shot.size, texture)
        return person, take(person, shot)
    person = person_of(looks, frame.size, texture)
    return person, take(person, shot, lambda points: frame.crop(_positions(points).box))


def values(looks: Looks, shot: Shot) -> dict[str, object]:
    """The values that a head was drawn with, as records have them."""
    return {**asdict(looks), **asdict(shot), "looks_seed": looks.seed}


def scene_of(person: Person, picture: Picture) -> Scene:
    """The scene that a picture of a person is."""
    drawing = picture.drawing
    positions = _positions(picture.points)
    eyes = Eyes(picture.irises, picture.gaze)
    truth = GroundTruth(
        _classes(picture),
        drawing.depth,
        drawing.normals,
        eyes,
        picture.coefficients,
        beard=person.skin.beard,
    )
    return Scene(picture.image, positions, _occlusion(picture), matte=drawing.opacity, truth=truth)


def _positions(points: Float) -> PositionMap:
    return position_map(points, atlas.canonical())


def _classes(picture: Picture) -> Any:  # noqa: ANN401
    """The class of each pixel, ``(H, W)`` uint8."""
    numbers = [CLASSES[name] for name in picture.drawing.names] + [CLASSES["background"]]
    return np.array(numbers, np.uint8)[picture.drawing.label]


def _occlusion(picture: Picture) -> Float:
    """Where hair and hat hide the face, ``(H, W)``."""
    drawing = picture.drawing
    return (drawing.shows(*_IN_FRONT) & drawing.hides(*_FACE)).astype(np.float32)


def _digest(name: str) -> str:
    """Of a head's name and the weights that it is drawn with, hexadecimal."""
    said = [name, *(weights.entry_of(each).sha256 for each in WEIGHTS)]
    return hashlib.sha256(" ".join(said).encode()).hexdigest()


def _rng(seed: int, sha256: str, *marks: int) -> Rng:
    return np.random.default_rng([seed, int(sha256[:32], 16), *marks])
