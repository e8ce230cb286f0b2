"""Making the samples of a plan: photograph -> sampled steps -> image with its geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from itertools import groupby

import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.plan import Item, Place, Plan
from facelab.augment.portrait_cache import Portrait, PortraitCache
from facelab.augment.renders import KeptRender
from facelab.augment.sample import Sample, Source
from facelab.augment.scene import Augmentation, Photometric, Scene, Seen
from facelab.augment.template import OTHER, Template
from facelab.edits import Edit
from facelab.edits.cover import Cover
from facelab.edits.edit import Picture, Step
from facelab.face.composite import render
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Float
from facelab.provenance import file_sha256
from facelab.recipe import Input, Photographs, PictureFile, Swap
from facelab.recipe.apply import edit_face, swap_face
from facelab.recipe.inputs import Inputs, Person, files_of, person_of, picture_of
from facelab.recipe.write import step_values

_KEPT = 8  # portraits that a process remembers
_CLASS = {"mask": "mask", "glasses": "glasses", "patch": "object"}  # of what a cover puts on
_CHOICE = 1  # marks the random numbers that choose the other identity


@dataclass(frozen=True, slots=True, eq=False)
class Render:
    """What all steps but the photometric ones at the end make of a photograph.

    Parameters
    ----------
    scene : Scene
    steps : sequence of Step
        What was done.
    sources : sequence of Source
        The photograph first.
    """

    scene: Scene
    steps: Sequence[Step]
    sources: Sequence[Source]


@dataclass(frozen=True, eq=False)
class Generator:
    """Makes the samples of a plan, each by itself: any order, any process, the same sample.

    Parameters
    ----------
    plan : Plan
    template : Template
    portraits : PortraitCache
    """

    plan: Plan
    template: Template
    portraits: PortraitCache

    def __call__(self, index: int, epoch: int = 0, renewed: int = 0) -> Sample:
        """Make one sample.

        Parameters
        ----------
        index : int
        epoch : int
            Of a training: in each, photometric steps at the recipe's end are drawn anew.
        renewed : int
            How often all the others have been drawn anew.

        Raises
        ------
        FacelabError
            If a photograph that went in cannot be read any more.
        """
        place = self.plan.place(index)
        render = self._render(place.item, place.render, renewed)
        return self.sample(render, index, self.drawn(place, epoch))

    def kept(self, index: int, renewed: int, names: Sequence[str] = ()) -> KeptRender:
        """Make what a sample is drawn from, to be kept with the maps of these names."""
        place = self.plan.place(index)
        render = self._render(place.item, place.render, renewed)
        sample = self.sample(render, index, [])
        return KeptRender.of(sample, render.scene.surface, self.plan.seed, names)

    def drawn(self, place: Place, epoch: int = 0) -> list[Step]:
        """Draw the photometric steps of a sample."""
        seed, sha256, part = self.plan.seed, place.item.sha256, self.template.draws
        return self.template.sample(seed, sha256, place.variant, part, epoch)

    @cached_property
    def _render(self) -> Callable[[Item, int, int], Render]:
        """Make the render of a photograph of that number; the last one is remembered."""
        return lru_cache(maxsize=1)(self._rendered)

    def _rendered(self, item: Item, number: int, renewed: int) -> Render:
        seed, part = self.plan.seed, self.template.renders
        steps = self.template.sample(seed, item.sha256, number, part, renewed)
        taking = [step for step in steps if OTHER in dict(step.needs).values()]
        other = self._other(item, number, renewed) if taking else None
        if other is None:  # nobody else in its split
            steps = [step for step in steps if step not in taking]
        portrait = self._portrait(item)
        scene = Scene.of(portrait.image, portrait.face, self.template.texture_size, portrait.matte)
        scene = replace(scene, head=portrait.head)
        scene = apply_steps(steps, scene, self._inputs(other), self.template.blend)
        return Render(scene, steps, [_source("face", item), *self._used(steps, other)])

    def sample(self, render: Render, index: int, drawn: Sequence[Step]) -> Sample:
        """Make one of the samples that a render serves, by these photometric steps."""
        place, scene = self.plan.place(index), render.scene
        return Sample(
            index=index,
            variant=place.variant,
            split=place.item.split,
            image=changed(scene.image, drawn, scene),
            positions=scene.positions,
            occlusion=scene.occlusion,
            steps=[(step.name, step_values(step)) for step in (*render.steps, *drawn)],
            sources=render.sources,
            truth=scene.truth or GroundTruth.of_photograph(scene.image.shape[:2]),
        )

    def _other(self, item: Item, render: int, renewed: int) -> Item | None:
        """Another identity for a render, of its split: no identity is in two splits."""
        others = self._by_split[item.split]
        again = [renewed] if renewed else []
        entropy = [self.plan.seed, int(item.sha256[:32], 16), render, _CHOICE, *again]
        rng = np.random.default_rng(entropy)
        first = int(rng.integers(len(others)))
        candidates = (others[(first + at) % len(others)] for at in range(len(others)))
        return next((one for one in candidates if one.identity != item.identity), None)

    @cached_property
    def _by_split(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.plan.items:
            found.setdefault(item.split, []).append(item)
        return found

    @cached_property
    def _portrait(self) -> Callable[[Item], Portrait]:
        return lru_cache(maxsize=_KEPT)(self.portraits.portrait)

    def _inputs(self, other: Item | None) -> Inputs:
        """The inputs of the steps, the other identity among them."""
        return self._own if other is None else {**self._own, OTHER: self._portrait(other).person}

    @cached_property
    def _own(self) -> dict[str, Person | Picture]:
        """The recipe's inputs, read when the first sample is made."""
        return {name: self._read(given) for name, given in self.template.inputs.items()}

    def _read(self, given: Input) -> Person | Picture:
        images = [read(file) for file in files_of(given)]
        if isinstance(given, PictureFile):
            return picture_of(images[0])
        return person_of(given, images, self.portraits.model)

    def _used(self, steps: Sequence[Step], other: Item | None) -> list[Source]:
        """The files that steps were made with."""
        names = {name for step in steps for _, name in step.needs}
        found = [source for source in self._files if source.role in names]
        return found if other is None else [_source(OTHER, other), *found]

    @cached_property
    def _files(self) -> list[Source]:
        """The files of the recipe's inputs; people in them are called after the input."""
        return [
            Source(
                name,
                file.name,
                file_sha256(file),
                identity=name if isinstance(given, Photographs) else "",
            )
            for name, given in self.template.inputs.items()
            for file in files_of(given)
        ]


def apply_steps(steps: Sequence[Step], scene: Scene, inputs: Inputs, blend: str) -> Scene:
    """Apply steps to a scene in their order; edits that follow each other are put back once."""
    for kind, group in groupby(steps, _kind):
        if kind is Edit:
            edits = [step for step in group if isinstance(step, Edit)]
            scene = _edit(scene, edits, inputs, blend)
        else:
            scene = reduce(
                lambda scene, step: _apply_step(scene, step, inputs, blend), group, scene
            )
    return scene


def changed(image: Float, steps: Sequence[Step], seen: Seen) -> Float:
    """Change a picture by photometric steps in their order."""
    for step in steps:
        assert isinstance(step, Photometric)
        image = step.apply(image, seen)
    return image


def _kind(step: Step) -> type[Step]:
    """`Edit` for a step that changes the face itself, else `Step`."""
    return Edit if isinstance(step, Edit) and not isinstance(step, Cover) else Step


def _apply_step(scene: Scene, step: Step, inputs: Inputs, blend: str) -> Scene:
    """Apply a swap, a cover or a step that only augmentation has."""
    if isinstance(step, Cover):
        return _cover(scene, step, blend)
    if isinstance(step, Swap):
        size = scene.texture_size
        image = swap_face(scene.image, scene.positions, step, inputs, size, _free(scene))
        return scene.with_image(image)
    assert isinstance(step, Augmentation)
    return step(scene)


def _edit(scene: Scene, edits: Sequence[Edit], inputs: Inputs, blend: str) -> Scene:
    image, positions = edit_face(scene.image, scene.face, edits, inputs, blend, _free(scene))
    head = scene.head
    if head is not None and positions is not scene.positions:  # another shape
        head = head.model.fit(points468(positions))
    return replace(scene.with_image(image), positions=positions, head=head)


def _cover(scene: Scene, step: Cover, blend: str) -> Scene:
    """Put something on the face, which stays what it is below."""
    image, _ = edit_face(scene.image, scene.face, [step], {}, blend, _free(scene))
    hidden = step.hides(scene.positions.atlas, scene.face.texture.size)
    layer = render(scene.face, hidden, image.shape[:2])
    occlusion = scene.occlusion.copy()
    if layer is not None:
        window = occlusion[layer.window]
        occlusion[layer.window] = np.maximum(window, layer.opacity * (layer.oval > 0))
    truth = scene.truth and scene.truth.behind(occlusion > COVERED, _CLASS[step.item])
    return replace(scene.with_image(image), occlusion=occlusion, truth=truth)


def _free(scene: Scene) -> Float | None:
    """Where the face may be changed: not where something lies in front of it."""
    return 1 - scene.occlusion if scene.occlusion.any() else None


def _source(role: str, item: Item) -> Source:
    return Source(role, item.file.name, item.sha256, item.identity)
