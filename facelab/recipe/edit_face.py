"""One face of a photograph through steps: unwrapped, changed, and put back.

Texture -> edit* (swap among them) -> rasterize -> blend
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from itertools import accumulate, pairwise

import numpy as np

from facelab.constants import PARTS
from facelab.edits import Edit
from facelab.edits.edit import References
from facelab.face.composite import composite, unchanged
from facelab.face.continuation import AROUND, Change, Continuation
from facelab.face.front import Front
from facelab.face.mouth import Interior, Lips, fit_lips
from facelab.face.occlusion import occlusion
from facelab.face.quality import SURFACE
from facelab.face.skin import learn
from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion, motion
from facelab.numerics.arrays import Float
from facelab.numerics.windows import mixed
from facelab.recipe.inputs import Inputs, Person, Pictures
from facelab.types import Face, PositionMap

_HIDDEN = set(PARTS) - {"front"}  # over these lie the things that edits put on a face


def edit_face(
    image: Float,
    before: Face,
    edits: Sequence[Edit],
    inputs: Inputs,
    blend: str,
    mask: Float | None = None,
    parsing: Parsing | None = None,
    head: Parsing | None = None,
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
    head : Parsing, optional
        The same, farther and more coarsely, for edits that go on over the skin around the face.

    Raises
    ------
    UsageError
        If an input is not of the kind that an edit needs.
    """
    needed = {name for edit in edits for _, name in edit.needs}
    references: References = {
        name: given.face if isinstance(given, Person) else given
        for name, given in inputs.items()
        if name in needed and not isinstance(given, Pictures)
    }
    faces = list(accumulate(edits, lambda face, edit: edit(face, references), initial=before))
    after = faces[-1]
    done = [edit for edit in edits if edit.strength > 0]
    drawn = image
    if not unchanged(before, after):
        interior = _interior(image, before, done, references, parsing)
        drawn = _put_back(image, faces, edits, blend, mask, parsing, head, interior)
    places = before.positions, after.positions
    return _between_lips(drawn, image, *places, done, mask, parsing), after.positions


def _put_back(
    image: Float,
    faces: Sequence[Face],
    edits: Sequence[Edit],
    blend: str,
    mask: Float | None,
    parsing: Parsing | None,
    head: Parsing | None,
    interior: Interior | None,
) -> Float:
    """The image with a face as edits left it; `faces` are before, between and after them.

    For the other parameters see `edit_face`.
    """
    before, after = faces[0], faces[-1]
    done = [edit for edit in edits if edit.strength > 0]
    if parsing is None:
        shown = _shown(before, done)
        return composite(image, before, after, shown, blend, mask, None, interior)
    shown = np.ones((after.texture.size,) * 2, np.float32)
    front = _front(before, done, parsing)
    beyond = _continuation(faces, edits, parsing, head or parsing)
    drawn = composite(
        image, before, after, shown, blend, mask, front, interior, continuation=beyond
    )
    bare = Face(after.positions, before.texture)  # in the light of the skin without it
    worn = [one for edit in done for one in edit.worn(bare)]
    if worn:
        moved = motion(before.positions, after.positions, image.shape[:2])
        for one in worn:
            drawn = one.drawn(drawn, partial(_shares, image, parsing, moved), mask)
    return drawn


def _between_lips(
    image: Float,
    photo: Float,
    before: PositionMap,
    after: PositionMap,
    edits: Sequence[Edit],
    mask: Float | None,
    parsing: Parsing | None,
) -> Float:
    """The image with what shows between a face's lips as edits leave it; itself if they do.

    `photo` is the image as it was parsed, with the face at `before`.
    """
    asked = [edit for edit in edits if "mouth" in edit.paints]
    lips = Lips.of(after)
    if not asked or not lips.apart.any():
        return image
    window = lips.window(image.shape[:2])
    shown = Interior.kept(lips, []).over(window)
    if mask is not None:
        shown = shown * mask[window]
    if parsing is not None:
        moved = motion(before, after, image.shape[:2])
        shown = shown * _shares(photo, parsing, moved, window, SURFACE)
    was = image[window]
    colour = reduce(lambda now, edit: edit.between_lips(now, shown), asked, was)
    if colour is was:
        return image
    out = image.copy()
    out[window] = mixed(was, colour, shown)
    return out


def _continuation(
    faces: Sequence[Face], edits: Sequence[Edit], near: Parsing, head: Parsing
) -> Continuation | None:
    """What goes on over the skin around a face, which lay between edits as `faces` say."""
    changing = [
        (edit, pair)
        for edit, pair in zip(edits, pairwise(faces), strict=True)
        if edit.goes_on and not unchanged(*pair)
    ]
    if not changing:
        return None
    change = Change.of([pair for _, pair in changing])
    beard = all("beard" in edit.paints for edit, _ in changing)
    return Continuation(change, near, head, (*AROUND, "beard") if beard else AROUND)


def _shown(face: Face, edits: Sequence[Edit]) -> Float:
    """Opacity of an edited face whose parts are not known: hair in front stays in front.

    Asked of the face as it was, or paint would pass for hair.
    """
    atlas, texture = face.positions.atlas, face.texture
    shown = 1 - occlusion(texture, learn(texture, atlas), atlas)
    out: Float = np.maximum.reduce([shown, *(edit.hides(atlas, texture.size) for edit in edits)])
    return out


def _front(face: Face, edits: Sequence[Edit], parsing: Parsing) -> Front:
    """What lies in front of an edited face: what none of the edits paints or hides."""
    atlas, size = face.positions.atlas, face.texture.size
    changed = {part for edit in edits for part in edit.painted(face.texture)}
    if any(edit.hides(atlas, size).any() for edit in edits):
        changed |= _HIDDEN
    return Front(parsing, tuple(part for part in PARTS if part in changed))


def _interior(
    image: Float,
    face: Face,
    edits: Sequence[Edit],
    references: References,
    parsing: Parsing | None,
) -> Interior | None:
    """What stays between the lips, unless an edit puts something over them.

    Of a face whose parts are not known positions may be as a network tells them, so the edges are
    looked for in the image.
    """
    atlas = face.positions.atlas
    lips = atlas.region("lips", atlas.size) > 0.5
    if any((edit.hides(atlas, atlas.size)[lips] > 0).any() for edit in edits):
        return None
    others = [Lips.of(one.positions) for one in references.values() if isinstance(one, Face)]
    place = fit_lips(image, face.positions) if parsing is None else face.positions
    return Interior.kept(Lips.of(place), others)


def _shares(
    image: Float,
    parsing: Parsing,
    moved: Motion | None,
    window: tuple[slice, slice],
    parts: tuple[str, ...],
) -> Float:
    """How much of each pixel of a window any of some parts is, ``(h, w)`` in [0, 1]."""
    return 1 - Front(parsing, parts).over(image, window, moved)
