"""One face of a photograph replaced by another person's: unwrapped, lit, drawn and blended in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.face.beard import Beard, shaved, with_whole_beard, without_beards
from facelab.face.composite import composite
from facelab.face.eyelids import even_lids
from facelab.face.front import Front
from facelab.face.mouth import MARGIN, Interior, Lips, fit_lips, with_lips, without_teeth
from facelab.face.mouth_line import with_line
from facelab.face.opacity import eyeballs, opacity
from facelab.face.quality import SURFACE, clear_lenses, share
from facelab.face.shape import transferred
from facelab.face.skin import learn
from facelab.face.spectacles import with_whole_rims
from facelab.face.swap import fuse, swap
from facelab.face.texture import texture_size
from facelab.face.whole_features import with_both_brows, without_halves
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs, Person
from facelab.recipe.recipe import Swap
from facelab.types import Face, PositionMap, Texture

_WIDER = 0.02  # of the width: by how much a mouth is open wider than another


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
        Of the texture; by default chosen from the face's size.
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
    shape = transferred([seen.positions for seen in person.observations], positions, step.shape)
    size = size or texture_size(positions)
    atlas = positions.atlas
    parsing = _parsed(image, positions, parsing)
    before, lips = _target(image, positions, parsing, size)
    own = Beard.of(before.texture, atlas)
    before = replace(before, texture=with_whole_beard(before.texture, own))
    faces = [
        _source(seen.image, seen.positions, _parsed(seen.image, seen.positions, found), size, lips)
        for seen, found in zip(person.observations, person.parsings, strict=True)
    ]
    views = [_shaven(face.texture, own, step, atlas) for face in faces]
    source = fuse(views, atlas, _taken(views, step))
    source = replace(source, texture=with_both_brows(source.texture, atlas))
    lit = swap(source, before, learn(before.texture, atlas), step.tone)
    interior = None
    if "mouth" in step.kept:
        interior = Interior.kept(lips, [Lips.of(face.positions) for face in faces])
        lit = _with_line(lit, before.texture, interior)
    # The shape moves what is drawn as it moves the face that was found.
    moved = before.positions.values + (shape.values - positions.values)
    after = Face(PositionMap(moved, atlas), lit.texture)
    shown = opacity(source.texture.confidence, atlas)
    if "eyes" in step.kept:
        shown = shown * (1 - eyeballs(atlas, size))
    shown = without_halves(shown, atlas, _brows(before.texture))
    if step.beard == "target":
        shown = without_beards(shown, own, atlas)
    front = None
    if parsing is not None and mask is None and step.occlusion:
        front = Front(parsing, _painted(before.texture, own.dense, step))
    image = composite(
        image, before, after, shown, step.blend, mask, front, interior, toned=step.tone
    )
    return image, shape


def _parsed(image: Float, positions: PositionMap, parsing: Parsing | None) -> Parsing | None:
    """What an image shows around a face, with the rims of its glasses; None where not known."""
    return None if parsing is None else with_whole_rims(parsing, image, positions)


def _target(
    image: Float, positions: PositionMap, parsing: Parsing | None, size: int
) -> tuple[Face, Lips]:
    """A face with its lips and lids where the photograph has them, and the edges of its lips.

    Its lips reach over what may be either: another's are drawn there, and cover the target's.
    """
    fitted = fit_lips(image, positions, parsing)
    lips = Lips.of(fitted)
    place = even_lids(with_lips(fitted, lips.narrowed(MARGIN)))
    return without_teeth(image, place, size, parsing), lips


def _source(
    image: Float, positions: PositionMap, parsing: Parsing | None, size: int, drawn: Lips
) -> Face:
    """A face with its lips and lids where the photograph has them, and without teeth.

    If its mouth is open wider than the one that is `drawn`, what may be teeth is no lip: nothing
    will cover it.
    """
    place = fit_lips(image, positions, parsing)
    lips = Lips.of(place)
    if lips.opening > drawn.opening + _WIDER:
        place = fit_lips(image, positions, parsing, MARGIN)
    else:
        place = with_lips(place, lips.narrowed(MARGIN))
    return without_teeth(image, even_lids(place), size, parsing)


def _with_line(face: Face, target: Texture, interior: Interior) -> Face:
    """A face with the line between the target's lips, if any of both mouths is open."""
    opened = float(interior.share.max())
    colour = with_line(face.texture.colour, target, face.positions.atlas, opened)
    return replace(face, texture=replace(face.texture, colour=colour))


def _brows(texture: Texture) -> Float | None:
    """Where a face's brows are, ``(S, S)``; None where that is not known."""
    return None if texture.parts is None else share(texture, texture.size, "brows")


def _shaven(texture: Texture, own: Beard, step: Swap, atlas: Atlas) -> Texture:
    """A source's texture without its beard, or with stubble where the target has some too.

    Stubble ends where a bare neck begins, and no neck is painted.
    """
    worn = Beard.of(texture, atlas)
    stubble = own.cover.any() and not own.dense and not worn.dense
    if step.beard == "source" or stubble:
        return with_whole_beard(texture, worn)
    return shaved(texture, worn, atlas)


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
