"""The classes that a recipe is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeGuard, overload

from facelab.constants import BLEND, FACES, FORMATS, KEEP, ONE_FACE, OWNERS
from facelab.edits import Edit
from facelab.edits.edit import Step
from facelab.edits.parameters import choice, choices, number, reference, switch
from facelab.errors import UsageError
from facelab.face.texture import LARGEST, SMALLEST
from facelab.types import Box

if TYPE_CHECKING:
    from facelab.images.given import Photograph
    from facelab.model import FaceModel
    from facelab.recipe.inputs import Given
    from facelab.recipe.result import Result
    from facelab.recipe.video import VideoResult
    from facelab.video.reader import Video

VERSION = 1
SEEDS = 2**32  # seeds are below it
SOURCE = "source"  # what the recipe of a swap calls the person whose face is used


@dataclass(frozen=True)
class Photographs:
    """Photographs of one person, whose face is used.

    Parameters
    ----------
    files : tuple of Path
        One or more.
    face : str
        ``largest``, ``left``, ``right`` or an index by size from 0.
    box : Box, optional
        Where the face is in the one file; skips detection.

    Raises
    ------
    UsageError
        If it is not said rightly which face.
    """

    files: tuple[Path, ...]
    face: str = "largest"
    box: Box | None = None

    def __post_init__(self) -> None:
        if self.face not in ONE_FACE and not self.face.isdecimal():
            raise UsageError(f"face: {self.face!r} is not {', '.join(ONE_FACE)} or an index")
        if self.box is not None and (self.face != "largest" or len(self.files) > 1):
            raise UsageError("box: goes with one photograph and no face")


@dataclass(frozen=True)
class PictureFile:
    """A picture laid out in the atlas, or to be placed on a face."""

    file: Path


@dataclass(frozen=True)
class PictureFiles:
    """Pictures of which augmentation takes another one each time, such as backgrounds."""

    files: tuple[Path, ...]


Input = Photographs | PictureFile | PictureFiles


def files_of(given: Input) -> tuple[Path, ...]:
    """Return the files of an input."""
    return (given.file,) if isinstance(given, PictureFile) else given.files


@dataclass(frozen=True)
class MostFaces:
    """The largest faces of a photograph, at most so many.

    Examples
    --------
    >>> facelab.Recipe([], faces=facelab.MostFaces(3))("astronaut.png", model=model)
    <Result 512x512, 1 face>
    """

    count: int


Faces = str | int | MostFaces | Box


@dataclass(frozen=True)
class Output:
    """The settings of the pictures that are written.

    Parameters
    ----------
    format : str, optional
        Of `FORMATS`: what the files of a folder become. A file that is named has its suffix.
    quality : int, optional
        Of JPEG, WebP and AVIF, 1 to 100; by default as `facelab.images.write` says.

    Raises
    ------
    UsageError
        If a value is not allowed.
    """

    format: str | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise UsageError(f"format: {self.format!r} is none of {', '.join(FORMATS)}")
        if self.quality is not None and not (_whole(self.quality) and 1 <= self.quality <= 100):
            raise UsageError(f"quality: {self.quality!r} is not a whole number from 1 to 100")


@dataclass(frozen=True, kw_only=True)
class Swap(Step):
    """The face of another person, in the light of the photograph.

    Examples
    --------
    A swap with steps after it; alone, `facelab.swap` is shorter.

    >>> from facelab.edits import Smooth
    >>> recipe = facelab.Recipe([facelab.Swap(source="friend", tone=0.8), Smooth()])
    >>> recipe("mona-lisa.jpg", model=model, inputs={"friend": "astronaut.png"})
    <Result 512x512, 1 face>
    """

    name: ClassVar[str] = "swap"
    source: str = reference("photographs of the person whose face is put on")
    tone: float = number(1.0, 0.0, 1.0, "how far tone and shading are those of the photograph")
    shape: float = number(1.0, 0.0, 1.0, "how far the face takes on the other person's shape")
    keep: tuple[str, ...] = choices(
        ("mouth",), (*KEEP, "none"), "what stays: the inside of the mouth, the eyeballs"
    )
    blend: str = choice("poisson", BLEND, "how the face is blended in")
    occlusion: bool = switch(True, "keep hair and the like in front of the face")
    beard: str = choice("target", OWNERS, "whose beard is shown, of the photograph or the source")
    glasses: str = choice("target", OWNERS, "whose glasses are shown, likewise")

    @property
    def kept(self) -> tuple[str, ...]:
        """The parts in `keep`, of which ``none`` is none."""
        return tuple(part for part in self.keep if part != "none")


@dataclass(frozen=True)
class Recipe:
    """Steps to do to the faces of a photograph, and what they are made with.

    Parameters
    ----------
    steps : sequence of Step
        Edits and swaps, done in this order.
    inputs : mapping of str to Input
        What the steps are made with, by name; more may be given when the recipe is called.
    name : str
        For people.
    seed : int
        The seed of steps that have one and are not given it.
    faces : str, int, MostFaces or Box
        ``all``, ``largest``, ``left`` or ``right``; one by its index; at most so many of the
        largest; or where in the photograph the one is, pixels, which skips detection.
    texture_size : int, optional
        256 to 2048; by default chosen from each face's size.
    blend : str
        How edited faces are put back, one of `facelab.constants.BLEND`.
    mask : Path, optional
        A grey picture of the photograph's size, white where it may change.
    output : Output
        How pictures are written.

    Raises
    ------
    UsageError
        If a value is not allowed.

    Examples
    --------
    >>> from facelab.edits import Lipstick, Turn
    >>> recipe = facelab.Recipe([Lipstick(colour="#a01030"), Turn(yaw=8)])
    >>> recipe
    <Recipe lipstick, turn>
    >>> recipe("astronaut.png", model=model)
    <Result 512x512, 1 face>
    """

    steps: Sequence[Edit | Swap] = ()
    _: KW_ONLY
    inputs: Mapping[str, Input] = field(default_factory=dict)
    name: str = ""
    seed: int = 0
    faces: Faces = "all"
    texture_size: int | None = None
    blend: str = "alpha"
    mask: Path | None = None
    output: Output = Output()

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        if isinstance(self.faces, str) and self.faces.isdecimal():
            object.__setattr__(self, "faces", int(self.faces))
        for key, check in CHECKS.items():
            try:
                check(getattr(self, key))
            except ValueError as error:
                raise UsageError(f"{key}: {error}") from None

    def __repr__(self) -> str:
        name = f"{self.name}: " if self.name else ""
        return f"<Recipe {name}{', '.join(step.name for step in self.steps) or 'no steps'}>"

    @overload
    def __call__(
        self,
        photograph: Video,
        *,
        model: FaceModel | None = None,
        inputs: Mapping[str, Given] | None = None,
        mask: Photograph | None = None,
    ) -> VideoResult: ...

    @overload
    def __call__(
        self,
        photograph: Photograph,
        *,
        model: FaceModel | None = None,
        inputs: Mapping[str, Given] | None = None,
        mask: Photograph | None = None,
    ) -> Result: ...

    def __call__(
        self,
        photograph: Photograph | Video,
        *,
        model: FaceModel | None = None,
        inputs: Mapping[str, Given] | None = None,
        mask: Photograph | None = None,
    ) -> Result | VideoResult:
        """Return the photograph with the steps done to its faces.

        For many photographs `facelab.recipe.runner.prepare` reads the inputs once.

        Parameters
        ----------
        photograph : path, PIL image, Image, array or Video
            As `facelab.images.given` says. Of a video a `VideoResult` comes back, also of the path
            of one, which a type checker takes for a photograph's.
        model : FaceModel, optional
            Of `facelab.load_model`; give it where several photographs follow.
        inputs : mapping of str to path, Image, array, FaceObservation or several, optional
            What the steps are made with, in place of the recipe's own inputs or beside them.
        mask : path, Image or array, optional
            In place of the recipe's: grey, white where the photograph may change.

        Raises
        ------
        UsageError
            If a step's input is not there or of another kind, or the mask of another size.
        ImageError
            If a photograph cannot be read.
        NoFaceError
            If a photograph has no face, or not the one asked for.
        """
        from facelab.model import load_model
        from facelab.recipe.runner import carried_out, prepare

        model = model or load_model()
        return carried_out(self, model, photograph, lambda: prepare(self, model, inputs, mask))


def check_inputs(steps: Sequence[Edit | Swap], inputs: Mapping[str, object]) -> None:
    """Raise ``UsageError`` unless all inputs that steps need are there."""
    for index, step in enumerate(steps, 1):
        try:
            check_needs(step, inputs)
        except ValueError as error:
            raise UsageError(f"step {index} ({step.name}): {error}") from None


def check_needs(step: Step, inputs: Mapping[str, object]) -> None:
    """Raise ``ValueError`` unless all inputs that a step needs are there."""
    for key, name in step.needs:
        if name not in inputs:
            known = ", ".join(inputs) or "none"
            raise ValueError(f"{key}: no input is called {name!r} (inputs: {known})")


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_name(value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")


def _check_seed(value: object) -> None:
    if not (_whole(value) and 0 <= value < SEEDS):
        raise ValueError(f"{value!r} is not a whole number from 0 to {SEEDS - 1}")


def _check_faces(value: object) -> None:
    indexes = _whole(value) and value >= 0
    if not indexes and not isinstance(value, MostFaces | Box) and value not in FACES:
        raise ValueError(f"{value!r} is not {', '.join(FACES)} or an index from 0")


def _check_size(value: object) -> None:
    if value is None or (_whole(value) and SMALLEST <= value <= LARGEST):
        return
    raise ValueError(f"{value!r} is not a whole number from {SMALLEST} to {LARGEST}")


def _check_blend(value: object) -> None:
    if not isinstance(value, str) or value not in BLEND:
        raise ValueError(f"{value!r} is none of {', '.join(BLEND)}")


CHECKS = {
    "name": _check_name,
    "seed": _check_seed,
    "faces": _check_faces,
    "texture_size": _check_size,
    "blend": _check_blend,
}
"""Top-level key to what raises ``ValueError`` unless its value is allowed."""
