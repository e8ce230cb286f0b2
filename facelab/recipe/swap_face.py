"""One face of a photograph replaced by another person's: unwrapped, lit, drawn and blended in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.face.beard import Beard, with_whole_beard, without_beards
from facelab.face.brow_ends import without_ends
from facelab.face.composite import Place, put_back
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.face.eyelids import even_lids
from facelab.face.front import Front
from facelab.face.mouth import Interior, Lips, fit_lips, with_margin
from facelab.face.mouth_line import with_line
from facelab.face.opacity import eyeballs, opacity
from facelab.face.quality import SURFACE, clear_lenses, share
from facelab.face.shape import transferred
from facelab.face.shave import shaved, with_shade
from facelab.face.skin import learn
from facelab.face.stubble import Stubble
from facelab.face.swap import Source, fuse, swap
from facelab.face.teeth import without_teeth
from facelab.face.texture import STEP, texture_size
from facelab.face.whole_features import with_both_brows, without_halves
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.numerics.parallel import both
from facelab.recipe.inputs import Inputs, Person
from facelab.recipe.recipe import Swap
from facelab.types import EyePoints, Face, PositionMap, Texture

_SPARE = 1.5  # texels for a pixel of a source, from which more make nothing sharper


def reshaped(positions: PositionMap, step: Swap, inputs: Inputs) -> PositionMap:
    """Return where a face will be once it has the other person's shape.

    Parameters
    ----------
    positions : PositionMap
        Of the face as it is.
    step : Swap
    inputs : mapping of str to Person or Picture
        The other person among them.

    Raises
    ------
    UsageError
        If the step's input is a picture.
    """
    seen = [one.positions for one in _person(step, inputs).observations]
    return transferred(seen, positions, step.shape)


def swap_face(
    image: Float,
    positions: PositionMap,
    step: Swap,
    inputs: Inputs,
    size: int | None = None,
    mask: Float | None = None,
    parsing: Parsing | None = None,
    after: PositionMap | None = None,
    eyes: EyePoints | None = None,
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
        What the image shows around the face, with the rims of its glasses.
    after : PositionMap, optional
        Where the face will be, if that is known: what `reshaped` gives.
    eyes : EyePoints, optional
        Where the image shows the eyes, for a step that keeps them.

    Raises
    ------
    UsageError
        If the step's input is a picture.
    """
    person = _person(step, inputs)
    after = reshaped(positions, step, inputs) if after is None else after
    size = size or _size(positions, person)
    place, lips = _target(image, positions, parsing)
    target, source = both(
        lambda: _unwrapped(image, place, size, parsing, eyes), lambda: _views(person, size)
    )
    front = _front(parsing, target, step) if mask is None else None
    interior = _interior(lips, source, step)
    # The shape moves the fitted face as it moves the one that was found.
    moved = replace(place, values=place.values + (after.values - positions.values))
    ready, (texture, shown) = both(
        lambda: Place.of(image, place, moved, mask, front, interior),
        lambda: _put_on(target, source, step, person, interior),
    )
    face = Face(moved, texture)
    return put_back(ready, target.face, face, shown, step.blend, step.tone), after


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """The face that is swapped, its beard a whole one, and that beard."""

    face: Face
    beard: Beard


@dataclass(frozen=True, slots=True, eq=False)
class _Views:
    """What each photograph shows of the other person."""

    faces: Sequence[Face]
    beards: Sequence[Beard]


def _unwrapped(
    image: Float,
    place: PositionMap,
    size: int,
    parsing: Parsing | None,
    eyes: EyePoints | None,
) -> _Target:
    """The face that is swapped, with its texture."""
    face = without_teeth(image, place, size, parsing)
    beard = Beard.of(face.texture, place.atlas)
    eyes = eyes and replace(eyes, positions=place)
    texture = replace(with_whole_beard(face.texture, beard), eyes=eyes)
    return _Target(replace(face, texture=texture), beard)


def _views(person: Person, size: int) -> _Views:
    """The other person's photographs, unwrapped."""
    faces = [view.unwrapped(size) for view in person.sources]
    return _Views(faces, [Beard.of(face.texture, face.positions.atlas) for face in faces])


def _front(parsing: Parsing | None, target: _Target, step: Swap) -> Front | None:
    """What lies in front of the target's face and stays."""
    if parsing is None or not step.occlusion:
        return None
    return Front(parsing, _painted(target, step))


def _interior(lips: Lips, source: _Views, step: Swap) -> Interior | None:
    """What lies between the target's lips and stays."""
    if "mouth" not in step.kept:
        return None
    return Interior.kept(lips, [Lips.of(face.positions) for face in source.faces])


def _put_on(
    target: _Target, source: _Views, step: Swap, person: Person, interior: Interior | None
) -> tuple[Texture, Float]:
    """The other person's texture in the target's light, and how much of each texel shows."""
    atlas, worn, own = target.face.positions.atlas, source.beards, target.beard
    before = target.face.texture
    bearded = tuple(step.beard == "source" or _both_stubble(one, own) for one in worn)
    fused = person.fused.of(
        (before.size, bearded, step.glasses),
        lambda: _fused(source, bearded, step, atlas),
    )
    grown = Beard.none() if any(bearded) else own
    lit, (shown, stubble) = both(
        lambda: swap(fused, target.face, learn(before, atlas), step.tone).texture,
        lambda: (_shown(fused.texture, target.face, step), Stubble.of(before, grown, atlas)),
    )
    if not any(bearded):
        lit = with_shade(lit, before, worn, own, atlas)
    if stubble is not None:
        lit = stubble.on(lit)
    if interior is not None:
        lit = _with_line(lit, before, interior, atlas)
    lit, shown = without_ends(lit, shown, before, atlas)
    if step.beard == "target":
        shown = without_beards(shown, own, atlas)
    return lit, shown


def _fused(source: _Views, bearded: Sequence[bool], step: Swap, atlas: Atlas) -> Source:
    """The other person's face of all views, with its beard or shaved."""
    views = [
        with_whole_beard(face.texture, beard) if keeps else shaved(face.texture, beard, atlas)
        for face, beard, keeps in zip(source.faces, source.beards, bearded, strict=True)
    ]
    fused = fuse(views, atlas, _taken(views, step))
    return replace(fused, texture=with_both_brows(fused.texture, atlas))


def _person(step: Swap, inputs: Inputs) -> Person:
    """Whose face a swap puts on."""
    person = inputs[step.source]
    if not isinstance(person, Person):
        raise UsageError(f"swap: {step.source} is a picture; give a photograph with a face")
    return person


def _size(positions: PositionMap, person: Person) -> int:
    """The side of the textures: a texel for a pixel drawn, and no more than the person's show."""
    shown = _SPARE * max(texture_size(view.positions) for view in person.sources)
    return min(texture_size(positions), int(np.ceil(shown / STEP)) * STEP)


def _shown(source: Texture, target: Face, step: Swap) -> Float:
    """How much of each texel of the source shows, ``(S, S)`` in [0, 1]; ends of brows aside."""
    atlas = target.positions.atlas
    shown = opacity(source.reduced(atlas.size).confidence, atlas, source.size)
    if "eyes" in step.kept:
        shown = shown * (1 - _kept_eyes(target))
    return without_halves(shown, atlas, _brows(target.texture))


def _kept_eyes(target: Face) -> Float:
    """Where the target's eyes stay, ``(S, S)`` in [0, 1]: between the lids of both faces."""
    eyes, size = eyes_of(target), target.texture.size
    shown = over_texture(eyes, [eye.opening for eye in eyes], size)
    return np.maximum(shown, eyeballs(target.positions.atlas, size))


def _with_line(texture: Texture, target: Texture, interior: Interior, atlas: Atlas) -> Texture:
    """A texture with the line between the target's lips, if any of both mouths is open."""
    colour = with_line(texture.colour, target, atlas, float(interior.share.max()))
    return replace(texture, colour=colour)


def _target(
    image: Float, positions: PositionMap, parsing: Parsing | None
) -> tuple[PositionMap, Lips]:
    """Positions whose lips and lids are where the photograph has them, and the lips' edges.

    Its lips reach over what may be either: another's are drawn there, and cover the target's.
    """
    fitted = fit_lips(image, positions, parsing)
    return even_lids(with_margin(fitted)), Lips.of(fitted)


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


def _painted(target: _Target, step: Swap) -> tuple[str, ...]:
    """The parts of the target that a swap paints over."""
    painted = set(SURFACE) | _worn(step, "source")
    if step.beard == "target" and target.beard.dense:
        painted.remove("beard")
    if clear_lenses(target.face.texture):
        painted.add("lenses")
    return tuple(part for part in PARTS if part in painted)


def _worn(step: Swap, owner: str) -> set[str]:
    """What a face wears of `owner`'s."""
    return {"glasses", "lenses"} if step.glasses == owner else set()
