"""A swap: a recipe of one step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, overload

from facelab.images.given import Photograph
from facelab.model import FaceModel, load_model
from facelab.recipe.inputs import Given, as_input
from facelab.recipe.recipe import SOURCE, Faces, Recipe, Swap
from facelab.recipe.result import Result
from facelab.recipe.runner import SWAP, carried_out, prepare
from facelab.types import Box

if TYPE_CHECKING:
    from facelab.recipe.video import VideoResult
    from facelab.video.reader import Video


@overload
def swap(
    target: Video,
    sources: Given,
    *,
    model: FaceModel | None = None,
    faces: Faces = "largest",
    keep: Sequence[str] = ("mouth",),
    blend: str = "poisson",
    tone: float = 1.0,
    shape: float = 1.0,
    occlusion: bool = True,
    beard: str = "target",
    glasses: str = "target",
    mask: Photograph | None = None,
    texture_size: int | None = None,
    source_face: str | int = "largest",
    source_box: Box | None = None,
) -> VideoResult: ...


@overload
def swap(
    target: Photograph,
    sources: Given,
    *,
    model: FaceModel | None = None,
    faces: Faces = "largest",
    keep: Sequence[str] = ("mouth",),
    blend: str = "poisson",
    tone: float = 1.0,
    shape: float = 1.0,
    occlusion: bool = True,
    beard: str = "target",
    glasses: str = "target",
    mask: Photograph | None = None,
    texture_size: int | None = None,
    source_face: str | int = "largest",
    source_box: Box | None = None,
) -> Result: ...


def swap(
    target: Photograph | Video,
    sources: Given,
    *,
    model: FaceModel | None = None,
    faces: Faces = "largest",
    keep: Sequence[str] = ("mouth",),
    blend: str = "poisson",
    tone: float = 1.0,
    shape: float = 1.0,
    occlusion: bool = True,
    beard: str = "target",
    glasses: str = "target",
    mask: Photograph | None = None,
    texture_size: int | None = None,
    source_face: str | int = "largest",
    source_box: Box | None = None,
) -> Result | VideoResult:
    """Put one person's face onto faces of a photograph or a video.

    Parameters
    ----------
    target : path, PIL image, Image, array or Video
        The photograph to change, as `facelab.images.given` says, or a video; of the path of one,
        too, a `VideoResult` comes back, though a type checker takes it for a photograph's.
    sources : path, PIL image, Image, array or FaceObservation, or several of these
        Photographs of one person, which are fused texel by texel.
    model : FaceModel, optional
        Of `facelab.load_model`; give it where several photographs follow.
    faces : str, int, MostFaces or Box
        Of the target: ``largest``, ``left``, ``right``, ``all``, an index by size from 0, or where
        the face is, which skips detection.
    keep : sequence of str
        Parts of the target that stay: of ``mouth`` (its interior) and ``eyes`` (the eyeballs).
    blend : str
        ``poisson``, ``mixed`` or ``alpha``, see `facelab.face.blend`.
    tone : float
        How far the source is brought to the target's tone and shading, [0, 1].
    shape : float
        How far the face takes on the source's shape, [0, 1]; pose and expression stay.
    occlusion : bool
        Keep what lies in front of the target's face at its sides and forehead, as hair does.
    beard, glasses : str
        Whose are shown, ``target`` or ``source``. Those of the other face are left out; without
        them the target's own skin shows there.
    mask : path, Image or array, optional
        Grey, of the target's size, white where it may change; replaces the occlusion mask. Of the
        kinds of a photograph.
    texture_size : int, optional
        256 to 2048; by default chosen from the target face's size.
    source_face : str or int
        Which face of the sources: ``largest``, ``left``, ``right`` or an index by size from 0.
    source_box : Box, optional
        Where the face is in the one source, which is a file; skips detection.

    Raises
    ------
    UsageError
        If a value is not allowed.
    ImageError
        If a photograph cannot be read.
    NoFaceError
        If a photograph has no face, or not the one asked for.

    Examples
    --------
    >>> out = facelab.swap("astronaut.png", ["mona-lisa.jpg"], model=model)
    >>> out
    <Result 512x512, 1 face>
    >>> out.save("out.jpg", consent="public-domain")
    ()
    """
    step = Swap(
        source=SOURCE,
        tone=tone,
        shape=shape,
        keep=tuple(keep) or ("none",),
        blend=blend,
        occlusion=occlusion,
        beard=beard,
        glasses=glasses,
    )
    recipe = Recipe((step,), name="swap", faces=faces, texture_size=texture_size)
    person = as_input(sources, picture=False, face=source_face, box=source_box)
    model, given = model or load_model(), {SOURCE: person}
    ready = partial(prepare, recipe, model, given, mask, SWAP, source_face)
    return carried_out(recipe, model, target, ready)
