"""One person's face onto the faces of a photograph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from facelab import provenance
from facelab.errors import UsageError
from facelab.face.blend import METHODS
from facelab.face.composite import composite
from facelab.face.occlusion import KEEP, mouth_opening, occlusion, opacity, shared_gaps
from facelab.face.skin import learn
from facelab.face.swap import fuse, swap, trusted
from facelab.face.texture import LARGEST, SMALLEST, texture_size, unwrap
from facelab.images import Image
from facelab.numerics.arrays import Float, require
from facelab.provenance.save import Making, Mark, Part, Saved
from facelab.recipe.making import making_of
from facelab.reconstruct.face_selection import FACES, Sighting, as_image, check_face, choose
from facelab.types import Box, Face, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor


SENTENCE = "The face of a person in this image was replaced with another by facelab."


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """How to swap; every field is a recorded setting.

    Parameters
    ----------
    blend : str
        A key of `facelab.face.blend.METHODS`.
    tone : float
        How far the source is brought to the target's tone and shading, [0, 1].
    keep : tuple of str
        Parts of the target that stay: of ``mouth`` (its interior) and ``eyes`` (the eyeballs).
    target_face : str or int
        ``largest``, ``left``, ``right``, ``all`` or an index by size from 0. Which face of a source
        is meant, `facelab.sight` is told.
    target_box : Box, optional
        Where the face is; skips detection.
    occlusion : bool
        Keep what lies in front of the target's face at its sides and forehead, as hair does.
    texture_size : int, optional
        256 to 2048; by default chosen from the target face's size.

    Raises
    ------
    UsageError
        If a value is not allowed; it names the option, the value and what is allowed.
    """

    blend: str = "poisson"
    tone: float = 1.0
    keep: tuple[str, ...] = ("mouth",)
    target_face: str | int = "largest"
    target_box: Box | None = None
    occlusion: bool = True
    texture_size: int | None = None

    def __post_init__(self) -> None:
        if self.blend not in METHODS:
            raise UsageError(f"blend must be one of {', '.join(METHODS)}, not {self.blend!r}")
        if not 0 <= self.tone <= 1:
            raise UsageError(f"tone must be from 0 to 1, not {self.tone}")
        for part in self.keep:
            if part not in KEEP:
                raise UsageError(f"keep must be of {', '.join(KEEP)}, not {part!r}")
        check_face("target", self.target_face, self.target_box, FACES)
        size = self.texture_size
        if size is not None and not SMALLEST <= size <= LARGEST:
            raise UsageError(f"texture_size must be from {SMALLEST} to {LARGEST}, not {size}")


@dataclass(frozen=True, slots=True, eq=False)
class SwapResult(Saved):
    """A finished swap; ``save`` writes it.

    Parameters
    ----------
    image : (H, W, 3) float32
        The target's photograph with the swapped faces.
    faces : list of Reconstruction
        The target's faces that were swapped.
    making : callable, optional
        Tells how it was made.
    """

    image: Float
    faces: list[Reconstruction]
    making: Callable[[], Making] | None = None


def mark_of_swap(consent: str) -> Mark:
    """What a swap is: source type, by what is said of its people's consent, and a sentence."""
    return provenance.composite(consent), SENTENCE


def swap_into(
    target: Float | Image,
    sources: Sequence[Sighting],
    reconstructor: Reconstructor,
    settings: SwapSettings,
    mask: Float | None = None,
    name: str = "target",
) -> SwapResult:
    """Put one person's face onto the chosen faces of a photograph.

    Parameters
    ----------
    target : Image, or (H, W, 3) float32
        What `facelab.read` gave, so that the result keeps its metadata; or an array.
    sources : sequence of Sighting
        Photographs of one person; they are fused texel by texel.
    reconstructor : Reconstructor
    settings : SwapSettings
    mask : (H, W) float32, optional
        Where the target may change, [0, 1]; takes the place of the occlusion mask.
    name : str
        The target's name for messages.

    Raises
    ------
    NoFaceError
        If the target has no face, or not the one asked for.
    """
    photograph = as_image(target)
    image = photograph.pixels
    if mask is not None:
        require("mask", mask, image.shape[:2], np.float32)
    chosen = choose(image, reconstructor, str(settings.target_face), settings.target_box, name)
    for found in chosen:
        image = swap_one(image, found.positions, sources, settings, mask)
    making = partial(_making, photograph, sources, reconstructor, settings, mask)
    return SwapResult(image, chosen, making)


def _making(
    target: Image,
    sources: Sequence[Sighting],
    reconstructor: Reconstructor,
    settings: SwapSettings,
    mask: Float | None,
) -> Making:
    parts = [*(Part("source", source.image, source.origin) for source in sources)]
    parts += [] if mask is None else [Part("mask", mask)]
    asked = [(source.face, source.box and asdict(source.box)) for source in sources]
    face, box = asked[0] if all(one == asked[0] for one in asked) else zip(*asked, strict=True)
    which = {"target_face": str(settings.target_face), "source_face": face, "source_box": box}
    recipe = {"command": "swap", **asdict(settings), **which}
    return making_of(target, parts, recipe, reconstructor, mark_of_swap)


def swap_one(
    image: Float,
    positions: PositionMap,
    sources: Sequence[Sighting],
    settings: SwapSettings,
    mask: Float | None,
) -> Float:
    """The image with the face at `positions` swapped; the rest as `swap_into`."""
    size = settings.texture_size or texture_size(positions)
    before = Face(positions, unwrap(image, positions, size))
    atlas, skin = positions.atlas, learn(before.texture, positions.atlas)
    views = [unwrap(source.image, source.positions, size) for source in sources]
    source = fuse(views, atlas)
    after = swap(source, before, skin, settings.tone)
    seen = source.texture.confidence
    widest = max((source.positions for source in sources), key=mouth_opening)
    alpha = opacity(positions, widest, seen, settings.keep)
    alpha = alpha * (1 - shared_gaps(seen, trusted(before.texture, skin, atlas).confidence, atlas))
    if mask is None and settings.occlusion:
        alpha = alpha * (1 - occlusion(before.texture, skin, atlas))
    return composite(image, before, after, alpha, settings.blend, mask)
