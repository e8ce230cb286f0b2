"""One face of a photograph replaced by another person's: unwrapped, lit, drawn and blended in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.face.beard import Beard, with_whole_beard, without_beards
from facelab.face.brow_ends import without_ends
from facelab.face.composite import Place, put_back
from facelab.face.eyelids import even_lids
from facelab.face.front import Front
from facelab.face.mouth import MARGIN, Interior, Lips, fit_lips, with_lips, without_teeth
from facelab.face.mouth_line import with_line
from facelab.face.opacity import eyeballs, opacity
from facelab.face.quality import SURFACE, clear_lenses, share
from facelab.face.shape import transferred
from facelab.face.shave import shaved, with_shade
from facelab.face.skin import learn
from facelab.face.spectacles import with_whole_rims
from facelab.face.stubble import with_stubble
from facelab.face.swap import Source, fuse, swap
from facelab.face.texture import STEP, texture_size
from facelab.face.whole_features import with_both_brows, without_halves
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs, Person
from facelab.recipe.recipe import Swap
from facelab.types import Face, PositionMap, Texture

_SPARE = 1.5  # texels for a pixel of a source, from which more make nothing sharper


def swap_face(
    image: Float,
    positions: PositionMap,
    step: Swap,
    inputs: Inputs,
    size: int | None = None,
    mask: Float | None = None,
    parsing: Parsing | None = None,
) -> tuple[Float, PositionMap]:
    """Return the image with another person's face at `positions`, and where that face is then.

    Parameters
    ----------
    image : (H, W, 3) float32
    positions : PositionMap
        Of the face, pixels of the image.
    step : Swap
    inputs : mapping of str to Person or Picture
        The other person among them.
    size : int, optional
        Of the texture; by default chosen from the face's size and the person's.
    mask : (H, W) float32, optional
        Where the image may change, [0, 1]; takes the place of the occlusion mask.
    parsing : Parsing, optional
        What the image shows around the face.

    Raises
    ------
    UsageError
        If the step's input is a picture.
    """
    person = inputs[step.source]
    if not isinstance(person, Person):
        raise UsageError(f"swap: {step.source} is a picture; give a photograph with a face")
    size = size or _size(positions, person)
    atlas = positions.atlas
    parsing = _parsed(image, positions, parsing)
    place, lips = _target(image, positions, parsing)
    with ThreadPoolExecutor(1) as beside:  # NumPy and OpenCV let go of Python's lock
        target = beside.submit(_unwrapped, image, place, size, parsing)
        wider = tuple(view.opens_wider(lips) for view in person.sources)
        faces = [
            view.unwrapped(size, wide) for view, wide in zip(person.sources, wider, strict=True)
        ]
        before, own = target.result()
        front = interior = None
        if parsing is not None and mask is None and step.occlusion:
            front = Front(parsing, _painted(before.texture, own.dense, step))
        if "mouth" in step.kept:
            interior = Interior.kept(lips, [Lips.of(face.positions) for face in faces])
        moved = beside.submit(_moved, place, positions, person, step.shape)
        ready = beside.submit(
            lambda: Place.of(image, place, moved.result()[0], mask, front, interior)
        )
        worn = [Beard.of(face.texture, atlas) for face in faces]
        bearded = tuple(step.beard == "source" or _both_stubble(one, own) for one in worn)
        source = person.fused.of(
            (size, wider, bearded, step.glasses),
            lambda: _fused([face.texture for face in faces], worn, bearded, step, atlas),
        )
        shown = beside.submit(_shown, source.texture, before.texture, step, atlas)
        lit = swap(source, before, learn(before.texture, atlas), step.tone).texture
        if not any(bearded):
            lit = with_shade(lit, before.texture, worn, own, atlas)
            lit = with_stubble(lit, before.texture, own, atlas)
        if interior is not None:
            lit = _with_line(lit, before.texture, interior, atlas)
        lit, opaque = without_ends(lit, shown.result(), before.texture, atlas)
        if step.beard == "target":
            opaque = without_beards(opaque, own, atlas)
        after, shape = moved.result()
        image = put_back(ready.result(), before, Face(after, lit), opaque, step.blend, step.tone)
    return image, shape


def _size(positions: PositionMap, person: Person) -> int:
    """The side of the textures: a texel for a pixel drawn, and no more than the person's show."""
    shown = _SPARE * max(texture_size(view.positions) for view in person.sources)
    return min(texture_size(positions), int(np.ceil(shown / STEP)) * STEP)


def _moved(
    place: PositionMap, positions: PositionMap, person: Person, share: float
) -> tuple[PositionMap, PositionMap]:
    """Where a face will be drawn that lies at `place`, and where the face that was found is then.

    The shape moves the one as it moves the other.
    """
    shape = transferred([seen.positions for seen in person.observations], positions, share)
    return replace(place, values=place.values + (shape.values - positions.values)), shape


def _shown(source: Texture, target: Texture, step: Swap, atlas: Atlas) -> Float:
    """How much of each texel of the source shows, ``(S, S)`` in [0, 1]; ends of brows aside."""
    shown = opacity(source.reduced(atlas.size).confidence, atlas, source.size)
    if "eyes" in step.kept:
        shown = shown * (1 - eyeballs(atlas, source.size))
    return without_halves(shown, atlas, _brows(target))


def _with_line(texture: Texture, target: Texture, interior: Interior, atlas: Atlas) -> Texture:
    """A texture with the line between the target's lips, if any of both mouths is open."""
    colour = with_line(texture.colour, target, atlas, float(interior.share.max()))
    return replace(texture, colour=colour)


def _unwrapped(
    image: Float, place: PositionMap, size: int, parsing: Parsing | None
) -> tuple[Face, Beard]:
    """A face with its texture, whose beard is a whole one, and that beard."""
    face = without_teeth(image, place, size, parsing)
    own = Beard.of(face.texture, place.atlas)
    return replace(face, texture=with_whole_beard(face.texture, own)), own


def _parsed(image: Float, positions: PositionMap, parsing: Parsing | None) -> Parsing | None:
    """What an image shows around a face, with the rims of its glasses; None where not known."""
    return None if parsing is None else with_whole_rims(parsing, image, positions)


def _target(
    image: Float, positions: PositionMap, parsing: Parsing | None
) -> tuple[PositionMap, Lips]:
    """Positions whose lips and lids are where the photograph has them, and the lips' edges.

    Its lips reach over what may be either: another's are drawn there, and cover the target's.
    """
    fitted = fit_lips(image, positions, parsing)
    lips = Lips.of(fitted)
    return even_lids(with_lips(fitted, lips.narrowed(MARGIN))), lips


def _fused(
    textures: Sequence[Texture],
    worn: Sequence[Beard],
    bearded: Sequence[bool],
    step: Swap,
    atlas: Atlas,
) -> Source:
    """One person's face of the textures that photographs gave, with its beard or shaved."""
    views = [
        with_whole_beard(texture, beard) if keeps else shaved(texture, beard, atlas)
        for texture, beard, keeps in zip(textures, worn, bearded, strict=True)
    ]
    source = fuse(views, atlas, _taken(views, step))
    return replace(source, texture=with_both_brows(source.texture, atlas))


def _brows(texture: Texture) -> Float | None:
    """Where a face's brows are, ``(S, S)``; None where that is not known."""
    return None if texture.parts is None else share(texture, texture.size, "brows")


def _both_stubble(worn: Beard, own: Beard) -> bool:
    """Whether a source and a target both have stubble: then the source's may stay.

    Stubble ends where a bare neck begins, and no neck is painted.
    """
    return all(one.cover.any() and not one.dense for one in (worn, own))


def _taken(views: Sequence[Texture], step: Swap) -> tuple[str, ...]:
    """The parts that a swap takes of its source."""
    taken = {"skin", "brows", "eyes", "lips", "mouth", "beard"} | _worn(step, "source")
    if all(view.parts is None or clear_lenses(view) for view in views):
        taken.add("lenses")
    return tuple(part for part in PARTS if part in taken)


def _painted(target: Texture, dense: bool, step: Swap) -> tuple[str, ...]:
    """The parts of the target that a swap paints over."""
    painted = set(SURFACE) | _worn(step, "source")
    if step.beard == "target" and dense:
        painted.remove("beard")
    if clear_lenses(target):
        painted.add("lenses")
    return tuple(part for part in PARTS if part in painted)


def _worn(step: Swap, owner: str) -> set[str]:
    """What a face wears of `owner`'s."""
    return {"glasses", "lenses"} if step.glasses == owner else set()
