"""One face of a photograph through steps: unwrapped, changed, and put back.

Texture -> edit* (swap among them) -> rasterize -> blend
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

import numpy as np

from facelab.constants import PARTS
from facelab.edits import Edit
from facelab.errors import UsageError
from facelab.face.composite import composite, unchanged
from facelab.face.eyelids import even_lids
from facelab.face.front import Front
from facelab.face.mouth import MARGIN, Interior, Lips, fit_lips, lips_alone, with_lips
from facelab.face.occlusion import occlusion
from facelab.face.opacity import opacity
from facelab.face.quality import SURFACE, clear_lenses
from facelab.face.shape import transferred
from facelab.face.skin import learn
from facelab.face.swap import fuse, swap
from facelab.face.texture import texture_size, unwrap
from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion, motion
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs, Person, Pictures
from facelab.recipe.recipe import Swap
from facelab.types import Face, PositionMap, Texture

_HIDDEN = set(PARTS) - {"front"}  # over these lie the things that edits put on a face


def edit_face(
    image: Float,
    before: Face,
    edits: Sequence[Edit],
    inputs: Inputs,
    blend: str,
    mask: Float | None = None,
    parsing: Parsing | None = None,
) -> tuple[Float, PositionMap]:
    """Return the image with a face edited, and where the face is then.

    Parameters
    ----------
    image : (H, W, 3) float32
    before : Face
        As read from the image.
    edits : sequence of Edit
        Done in this order; the face is put back once.
    inputs : mapping of str to Person or Picture
        What they are made with, among others.
    blend : str
        One of `facelab.constants.BLEND`.
    mask : (H, W) float32, optional
        Where the image may change, [0, 1].
    parsing : Parsing, optional
        What the image shows around the face; `before` then knows its parts.

    Raises
    ------
    UsageError
        If an input is not of the kind that an edit needs.
    """
    needed = {name for edit in edits for _, name in edit.needs}
    references = {
        name: given.face if isinstance(given, Person) else given
        for name, given in inputs.items()
        if name in needed and not isinstance(given, Pictures)
    }
    after = reduce(lambda face, edit: edit(face, references), edits, before)
    if unchanged(before, after):
        return image, before.positions
    done = [edit for edit in edits if edit.strength > 0]
    if parsing is None:
        shown = _shown(before, done)
        return composite(image, before, after, shown, blend, mask), after.positions
    shown = np.ones((after.texture.size,) * 2, np.float32)
    front, interior = _kept(before, done, parsing)
    drawn = composite(image, before, after, shown, blend, mask, front, interior)
    worn = Face(after.positions, before.texture)  # in the light of the skin without it
    temples = [temple for edit in done for temple in edit.temples(worn)]
    if temples:
        moved = motion(before.positions, after.positions, image.shape[:2])
        for temple in temples:
            drawn = temple.drawn(drawn, partial(_shares, image, parsing, moved), mask)
    return drawn, after.positions


def _shown(face: Face, edits: Sequence[Edit]) -> Float:
    """Opacity of an edited face whose parts are not known: hair in front stays in front.

    Asked of the face as it was, or paint would pass for hair.
    """
    atlas, texture = face.positions.atlas, face.texture
    shown = 1 - occlusion(texture, learn(texture, atlas), atlas)
    out: Float = np.maximum.reduce([shown, *(edit.hides(atlas, texture.size) for edit in edits)])
    return out


def _kept(face: Face, edits: Sequence[Edit], parsing: Parsing) -> tuple[Front, Interior | None]:
    """What of a photograph stays when a face is edited: what none of the edits paints or hides."""
    atlas, size = face.positions.atlas, face.texture.size
    changed = {part for edit in edits for part in edit.painted(face.texture)}
    if any(edit.hides(atlas, size).any() for edit in edits):
        changed |= _HIDDEN
    front = Front(parsing, tuple(part for part in PARTS if part in changed))
    if any("mouth" in edit.paints for edit in edits):
        return front, None
    return front, Interior.kept(Lips.of(face.positions), [])


def _shares(
    image: Float,
    parsing: Parsing,
    moved: Motion | None,
    window: tuple[slice, slice],
    parts: tuple[str, ...],
) -> Float:
    """How much of each pixel of a window any of some parts is, ``(h, w)`` in [0, 1]."""
    return 1 - Front(parsing, parts).over(image, window, moved)


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
    shift = shape.values - positions.values
    fitted = fit_lips(image, positions, parsing)
    lips = Lips.of(fitted)
    positions = even_lids(with_lips(fitted, lips.narrowed(MARGIN)))
    size = size or texture_size(positions)
    before = Face(positions, unwrap(image, positions, size, parsing))
    skin = learn(before.texture, positions.atlas)
    places, views = _views(person, size)
    source = fuse(views, positions.atlas, _taken(views, step))
    moved = PositionMap(positions.values + shift, positions.atlas)
    after = Face(moved, swap(source, before, skin, step.tone).texture)
    eyes = tuple(part for part in step.kept if part == "eyes")
    shown = opacity(positions, positions, source.texture.confidence, eyes)
    front = interior = None
    if parsing is not None and mask is None and step.occlusion:
        front = Front(parsing, _painted(before.texture, step))
    if "mouth" in step.kept:
        interior = Interior.kept(lips, [Lips.of(place) for place in places])
    image = composite(
        image, before, after, shown, step.blend, mask, front, interior, toned=step.tone
    )
    return image, shape


def _views(person: Person, size: int) -> tuple[list[PositionMap], list[Texture]]:
    """Where a person's face is in each photograph, and its textures, without teeth."""
    places, views = [], []
    for seen, parsing in zip(person.observations, person.parsings, strict=True):
        place = even_lids(fit_lips(seen.image, seen.positions, parsing, MARGIN))
        texture = unwrap(seen.image, place, size, parsing)
        places.append(place)
        views.append(lips_alone(texture, Lips.of(place), place.atlas))
    return places, views


def _taken(views: Sequence[Texture], step: Swap) -> tuple[str, ...]:
    """The parts that a swap takes of its source."""
    taken = {"skin", "brows", "eyes", "lips", "mouth"} | _worn(step, "source")
    if all(view.parts is None or clear_lenses(view) for view in views):
        taken.add("lenses")
    return tuple(part for part in PARTS if part in taken)


def _painted(target: Texture, step: Swap) -> tuple[str, ...]:
    """The parts of the target that a swap paints over."""
    painted = set(SURFACE) - {"beard"} | _worn(step, "source")
    if clear_lenses(target):
        painted.add("lenses")
    return tuple(part for part in PARTS if part in painted)


def _worn(step: Swap, owner: str) -> set[str]:
    """What a face wears of `owner`'s."""
    worn = {"beard"} if step.beard == owner else set()
    return worn | ({"glasses", "lenses"} if step.glasses == owner else set())
