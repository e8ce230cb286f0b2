"""Making the samples of a plan: photograph -> sampled steps -> image with its geometry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial, reduce
from itertools import groupby

import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.ground_truth import Eyes, GroundTruth
from facelab.augment.heads import choose, draw_scene, framed, values
from facelab.augment.people import Places
from facelab.augment.plan import HEAD, DrawnItem, Item, Place, Plan
from facelab.augment.portrait_cache import Portrait, PortraitCache
from facelab.augment.redraw import first_whole
from facelab.augment.refuse import sight
from facelab.augment.renders import KeptRender
from facelab.augment.sample import Redraw, Sample, Source, Values
from facelab.augment.scene import Augmentation, Composition, Photometric, Scene, Seen
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.profile import Profile
from facelab.augment.template import OTHERS, Template
from facelab.augment.torn import Torn
from facelab.edits import Edit
from facelab.edits.cover import Cover
from facelab.edits.edit import Picture, Step
from facelab.edits.gaze import Gaze
from facelab.face.composite import render
from facelab.geometry.eyes import LIDS
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Float
from facelab.provenance import file_sha256
from facelab.recipe import Input, Photographs, PictureFile, PictureFiles, Swap
from facelab.recipe.edit_face import edit_face
from facelab.recipe.inputs import Inputs, Person, Pictures, person_of, picture_of
from facelab.recipe.plain import step_values
from facelab.recipe.recipe import files_of
from facelab.recipe.swap_face import swap_face
from facelab.types import EyePoints, Face, PositionMap

_KEPT = 8  # portraits that a process remembers
_CLASS = {"mask": "mask", "glasses": "glasses", "patch": "object"}  # of what a cover puts on
_OTHER_EYES = ("anonymise", "average", "transplant")  # edits that bring them
_CHOICE = 1  # marks the random numbers that choose the other identity


@dataclass(frozen=True, slots=True, eq=False)
class Render:
    """What all steps but the photometric ones at the end make of a photograph or a head.

    Parameters
    ----------
    scene : Scene
    begun : sequence of (name, values)
        What the scene was drawn with, where it is no photograph.
    steps : sequence of Step
        What was done.
    sources : sequence of Source
        The photograph first.
    redrawn : sequence of Redraw
        Why it was drawn again, once for each time.
    """

    scene: Scene
    begun: Sequence[tuple[str, Values]]
    steps: Sequence[Step]
    sources: Sequence[Source]
    redrawn: Sequence[Redraw] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """The picture of a render after the photometric steps at the recipe's end.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    steps : sequence of Step
        What was done.
    redrawn : sequence of Redraw
        Why it was drawn again, once for each time.
    """

    image: Float
    steps: Sequence[Step] = ()
    redrawn: Sequence[Redraw] = ()


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
        """Make one sample, drawn again where it is torn.

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
            If a photograph that went in cannot be read any more, or all attempts are torn.
        """
        place = self.plan.place(index)
        render = self._render(place.item, place.render, renewed)
        lit = self.lit(place, epoch, render.scene.image, render.scene, sight(render.scene))
        return self._sample(render, index, lit)

    def kept(self, index: int, renewed: int, names: Sequence[str] = ()) -> KeptRender:
        """Make what a sample is drawn from, to be kept with the maps of these names."""
        place = self.plan.place(index)
        render = self._render(place.item, place.render, renewed)
        sample = self._sample(render, index, Lit(render.scene.image))
        return KeptRender.of(sample, render.scene.surface, self.plan.seed, names)

    def lit(self, place: Place, epoch: int, image: Float, seen: Seen, shown: Places) -> Lit:
        """Draw the photometric steps of a sample, again where they leave too little to see.

        Parameters
        ----------
        place : Place
            Of the sample.
        epoch : int
        image : (H, W, 3) float32
            What its render shows, RGB in [0, 1].
        seen : Seen
        shown : Places
            Pixels of its face, see `facelab.augment.refuse.sight`.
        """
        seed, sha256, part = self.plan.seed, place.item.sha256, self.template.draws
        if not self.template.lights:
            return Lit(image)

        def draw(attempt: int, without: frozenset[str]) -> Lit:
            drawn = self.template.sample(seed, sha256, place.variant, part, epoch, attempt)
            steps = [step for step in drawn if step.name not in without]
            return Lit(changed(image, steps, seen), steps)

        def require(lit: Lit) -> None:
            self.template.refuse.check_light(lit.image, shown)

        lit, redrawn = first_whole(draw, require)
        return replace(lit, redrawn=redrawn)

    @cached_property
    def _render(self) -> Callable[[Item, int, int], Render]:
        """Make the render of a photograph or head of that number; the last one is remembered."""
        return lru_cache(maxsize=1)(self._rendered)

    def _rendered(self, item: Item, number: int, renewed: int) -> Render:
        """Make a render, again where it is torn."""
        refuse = self.template.refuse

        def require(render: Render) -> None:
            refuse.check_face(render.scene)
            if not self.template.lights:  # no draw of the light can make it better
                refuse.check_light(render.scene.image, sight(render.scene))

        draw = partial(self._attempted, item, number, renewed)
        render, redrawn = first_whole(draw, require)
        return replace(render, redrawn=redrawn)

    def _attempted(
        self, item: Item, number: int, renewed: int, attempt: int, without: frozenset[str]
    ) -> Render:
        """Make an attempt at a render, without the steps of some names."""
        seed, part = self.plan.seed, self.template.renders
        drawn = self.template.sample(seed, item.sha256, number, part, renewed, attempt)
        steps = [step for step in drawn if step.name not in without]
        if isinstance(item, DrawnItem):  # its own keys say how it is turned
            steps = [step for step in steps if not isinstance(step, Profile)]
        others = self._others(item, number, renewed) if _named(steps) & set(OTHERS) else {}
        absent = set(OTHERS) - others.keys()  # nobody else in its split
        steps = [step for step in steps if not _named([step]) & absent]
        scene, begun, sources = self._begun(item, number, (renewed, attempt), steps)
        left = steps[1:] if _own_frame(item, steps) else steps
        scene = apply_steps(left, scene, self._inputs(steps, others), self.template.blend)
        return Render(scene, begun, steps, [*sources, *self._used(steps, others)])

    def _sample(self, render: Render, index: int, lit: Lit) -> Sample:
        """One of the samples that a render serves."""
        place, scene = self.plan.place(index), render.scene
        return Sample(
            index=index,
            variant=place.variant,
            split=place.item.split,
            image=lit.image,
            positions=scene.positions,
            occlusion=scene.occlusion,
            steps=[*render.begun, *((s.name, step_values(s)) for s in (*render.steps, *lit.steps))],
            sources=render.sources,
            truth=scene.truth or GroundTruth.of_photograph(scene.image.shape[:2]),
            redrawn=(*render.redrawn, *lit.redrawn),
        )

    def _begun(
        self, item: Item, number: int, again: tuple[int, int], steps: Sequence[Step]
    ) -> tuple[Scene, list[tuple[str, Values]], list[Source]]:
        """The scene that steps begin with, with what values it was drawn, and of what files."""
        if isinstance(item, DrawnItem):
            return self._drawn(item, number, again, steps)
        portrait = self._portrait(item)
        known = self.template.texture_size, portrait.matte, portrait.classes
        scene = Scene.of(portrait.image, portrait.face, *known)
        turned = any(isinstance(step, Profile) for step in steps)
        dressed = self.portraits.dressed(item, portrait) if turned else None
        return replace(scene, head=portrait.head, dressed=dressed), [], [_source("face", item)]

    def _drawn(
        self, item: DrawnItem, number: int, again: tuple[int, int], steps: Sequence[Step]
    ) -> tuple[Scene, list[tuple[str, Values]], list[Source]]:
        """The scene of a head that is drawn."""
        assert self.template.heads is not None
        looks = self.template.heads.looks(self.plan.seed, item.sha256)
        shot = self.template.heads.shot(self.plan.seed, item.sha256, number, again)
        for frame in (step for step in steps if isinstance(step, Frame)):
            shot = framed(shot, frame)
        sources, texture = [_source(HEAD, item)], None
        same = self._by_split.get(item.split, []) if looks.skin == "photographs" else []
        skin = choose(same, self.plan.seed, item.sha256)
        if skin is not None:
            texture = self._portrait(skin).face.texture
            sources.append(_source("skin", skin))
        scene = draw_scene(looks, shot, texture, _own_frame(item, steps))
        scene = replace(scene, texture_size=self.template.texture_size)
        return scene, [(HEAD, values(looks, shot))], sources

    def _others(self, item: Item, render: int, renewed: int) -> dict[str, Item]:
        """Other identities for a render, of its split: no identity is in two splits."""
        there = self._by_split.get(item.split)
        if not there:
            return {}
        again = [renewed] if renewed else []
        entropy = [self.plan.seed, int(item.sha256[:32], 16), render, _CHOICE, *again]
        first, found = int(np.random.default_rng(entropy).integers(len(there))), list[Item]()
        for at in range(len(there)):
            one = there[(first + at) % len(there)]
            if one.identity not in {item.identity, *(each.identity for each in found)}:
                found.append(one)
            if len(found) == len(OTHERS):
                break
        return dict(zip(OTHERS, found, strict=False))

    @cached_property
    def _by_split(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.plan.items:
            found.setdefault(item.split, []).append(item)
        return found

    @cached_property
    def _portrait(self) -> Callable[[Item], Portrait]:
        return lru_cache(maxsize=_KEPT)(self.portraits.portrait)

    def _inputs(self, steps: Sequence[Step], others: Mapping[str, Item]) -> Inputs:
        """The inputs of the steps, the other identities among them."""
        named = _named(steps)
        people = {
            name: self._portrait(item).person for name, item in others.items() if name in named
        }
        return {**self._own, **people}

    @cached_property
    def _own(self) -> Inputs:
        """The recipe's inputs, read when the first sample is made."""
        return {name: self._read(given) for name, given in self.template.inputs.items()}

    def _read(self, given: Input) -> Person | Picture | Pictures:
        if isinstance(given, PictureFiles):
            return Pictures(given.files)
        images = [read(file) for file in files_of(given)]
        if isinstance(given, PictureFile):
            return picture_of(images[0])
        person = person_of(given, images, self.portraits.model)
        return replace(person, matte=self.portraits.matte(images[0].srgb))

    def _used(self, steps: Sequence[Step], others: Mapping[str, Item]) -> list[Source]:
        """The files that steps were made with."""
        named = _named(steps)
        found = [_source(name, item) for name, item in others.items() if name in named]
        found += [source for source in self._files if source.role in named]
        compositions = [step for step in steps if isinstance(step, Composition)]
        taken = [pair for step in compositions for pair in step.taken(self._own)]
        found += [Source(name, file.name, file_sha256(file)) for name, file in taken]
        return found

    @cached_property
    def _files(self) -> list[Source]:
        """The files of the recipe's inputs that are used as a whole.

        People in them are called after the input.
        """
        return [
            Source(
                name,
                file.name,
                file_sha256(file),
                identity=name if isinstance(given, Photographs) else "",
            )
            for name, given in self.template.inputs.items()
            if not isinstance(given, PictureFiles)
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


def _own_frame(item: Item, steps: Sequence[Step]) -> Frame | None:
    """The frame that a head is drawn in from the start: nothing comes before it."""
    first = steps[0] if steps and isinstance(item, DrawnItem) else None
    return first if isinstance(first, Frame) else None


def _named(steps: Sequence[Step]) -> set[str]:
    """The inputs that steps are made with."""
    return {name for step in steps for _, name in step.needs}


def _kind(step: Step) -> type[Step]:
    """`Edit` for a step that changes the face itself, else `Step`."""
    return Edit if isinstance(step, Edit) and not isinstance(step, Cover) else Step


def _apply_step(scene: Scene, step: Step, inputs: Inputs, blend: str) -> Scene:
    """Apply a swap, a cover or a step that only augmentation has."""
    if isinstance(step, Cover):
        return _cover(scene, step, blend)
    if isinstance(step, Swap):
        return _swap(scene, step, inputs)
    if isinstance(step, Composition):
        return step.compose(scene, inputs)
    assert isinstance(step, Augmentation)
    try:
        return step(scene)
    except Torn as torn:
        raise Torn(torn.reason, torn.value, step.name) from None


def _edit(scene: Scene, edits: Sequence[Edit], inputs: Inputs, blend: str) -> Scene:
    face, truth = scene.face, scene.truth
    if truth and truth.eyes and any(edit.looks_at_eyes for edit in edits):
        known = _eye_points(truth.eyes, scene.positions)
        face = replace(face, texture=replace(face.texture, eyes=known))
    image, positions = edit_face(scene.image, face, edits, inputs, blend, _free(scene))
    scene = scene.with_image(image)
    if truth and truth.eyes and any(isinstance(edit, Gaze) for edit in edits):
        scene = replace(scene, truth=replace(truth, eyes=_turned(face, edits)))
    if scene.truth and any(edit.name in _OTHER_EYES for edit in edits):
        scene = replace(scene, truth=replace(scene.truth, eyes=None))
    return _moved(scene, positions)


def _eye_points(eyes: Eyes, positions: PositionMap) -> EyePoints:
    """The eyes of a head as edits take them."""
    lids = np.ascontiguousarray(points468(positions)[LIDS, :2])
    return EyePoints(eyes.irises, eyes.gaze, lids, np.ones(2, np.bool_), positions)


def _turned(face: Face, edits: Sequence[Edit]) -> Eyes | None:
    """The eyes of a face, which are known, once edits have turned them."""
    for edit in edits:
        if isinstance(edit, Gaze):
            face = edit(face, {})
    known = face.texture.eyes
    return None if known is None else Eyes(known.irises, known.gaze)


def _swap(scene: Scene, step: Swap, inputs: Inputs) -> Scene:
    size, truth = scene.texture_size, scene.truth
    image, positions = swap_face(scene.image, scene.positions, step, inputs, size, _free(scene))
    scene = _moved(scene.with_image(image), positions)
    if scene.truth and truth:  # the eyes are the other's, the expression stays
        scene = replace(scene, truth=replace(scene.truth, eyes=None, expression=truth.expression))
    return scene


def _moved(scene: Scene, positions: PositionMap) -> Scene:
    """The scene once its face has another shape."""
    if positions is scene.positions:
        return scene
    head = scene.head and scene.head.model.fit(points468(positions))
    truth = scene.truth and scene.truth.edited(scene.positions, positions)
    return replace(scene, positions=positions, head=head, truth=truth)


def _cover(scene: Scene, step: Cover, blend: str) -> Scene:
    """Put something on the face, which stays what it is below."""
    image, _ = edit_face(scene.image, scene.face, [step], {}, blend, _free(scene))
    hidden = step.hides(scene.positions.atlas, scene.face.texture.size)
    layer = render(scene.face, hidden, image.shape[:2])
    cover = np.zeros(image.shape[:2], np.float32)
    if layer is not None:
        cover[layer.window] = layer.opacity * (layer.oval > 0)
    shown = (cover > COVERED) & (scene.occlusion <= COVERED)  # behind what is in front already
    truth = scene.truth and scene.truth.behind(shown, _CLASS[step.item])
    occlusion = np.maximum(scene.occlusion, cover)
    return replace(scene.with_image(image), occlusion=occlusion, truth=truth)


def _free(scene: Scene) -> Float | None:
    """Where the face may be changed: not where something lies in front of it."""
    return 1 - scene.occlusion if scene.occlusion.any() else None


def _source(role: str, item: Item) -> Source:
    return Source(role, item.file.name, item.sha256, item.identity)
