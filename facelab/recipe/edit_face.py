"""One face of a photograph through steps: unwrapped, changed, and put back.

Texture -> edit* (swap among them) -> rasterize -> blend
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

import numpy as np

from facelab.constants import PARTS
from facelab.edits import Edit
from facelab.edits.edit import References
from facelab.face.composite import composite, unchanged
from facelab.face.front import Front
from facelab.face.mouth import Interior, Lips, fit_lips
from facelab.face.occlusion import occlusion
from facelab.face.skin import learn
from facelab.geometry.parsing import Parsing
from facelab.geometry.warp import Motion, motion
from facelab.numerics.arrays import Float
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
    references: References = {
        name: given.face if isinstance(given, Person) else given
        for name, given in inputs.items()
        if name in needed and not isinstance(given, Pictures)
    }
    after = reduce(lambda face, edit: edit(face, references), edits, before)
    if unchanged(before, after):
        return image, before.positions
    done = [edit for edit in edits if edit.strength > 0]
    interior = _interior(image, before, done, references, parsing)
    if parsing is None:
        shown = _shown(before, done)
        drawn = composite(image, before, after, shown, blend, mask, None, interior)
        return drawn, after.positions
    shown = np.ones((after.texture.size,) * 2, np.float32)
    front = _front(before, done, parsing)
    drawn = composite(image, before, after, shown, blend, mask, front, interior)
    bare = Face(after.positions, before.texture)  # in the light of the skin without it
    worn = [one for edit in done for one in edit.worn(bare)]
    if worn:
        moved = motion(before.positions, after.positions, image.shape[:2])
        for one in worn:
            drawn = one.drawn(drawn, partial(_shares, image, parsing, moved), mask)
    return drawn, after.positions


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
    """What stays between the lips, unless an edit paints that, too.

    Of a face whose parts are not known, that is asked only where others' lips are put on it: there
    its positions may be as a network tells them, so the edges are looked for in the image.
    """
    if any("mouth" in edit.paints for edit in edits):
        return None
    others = [Lips.of(one.positions) for one in references.values() if isinstance(one, Face)]
    if parsing is None and not others:
        return None
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
