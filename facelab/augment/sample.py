"""One augmented image with what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facelab.augment.ground_truth import GroundTruth
from facelab.numerics.arrays import Float, require, require_image
from facelab.types import PositionMap

Values = Mapping[str, object]  # as JSON has them


@dataclass(frozen=True, slots=True)
class Source:
    """A file that went into a sample: a photograph, or an input of the recipe.

    Parameters
    ----------
    role : str
        ``face``, ``other`` (another identity of the folder) or the input's name.
    file : str
        Its name, without a folder.
    sha256 : str
        Of its bytes, hexadecimal.
    identity : str
        Who is in it: for an input with a person the input's name; empty for pictures.
    """

    role: str
    file: str
    sha256: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Redraw:
    """Why a sample was drawn again, see `facelab.augment.torn`.

    Parameters
    ----------
    reason : str
        In a word or two.
    value : float or None
        Of the measure that told it.
    step : str
        The step that found it; empty for a measure of the finished sample.
    """

    reason: str
    value: float | None = None
    step: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An augmented image and the geometry that it shows.

    Parameters
    ----------
    index : int
        Its number in the data set, from 0.
    variant : int
        How many samples of the same photograph come before it.
    split : str
        ``train``, ``validation`` or ``test``.
    image : (H, W, 3) float32
        RGB in [0, 1].
    positions : PositionMap
        Of the face that is shown, in pixels of `image`: what was rendered, not an estimate.
    occlusion : (H, W) float32
        How far something in front of the face hides it, [0, 1].
    steps : sequence of (name, values)
        What was done, with the values that were drawn.
    sources : sequence of Source
        The photograph first.
    truth : GroundTruth
        What else is known of the image.
    redrawn : sequence of Redraw
        One for each time that it was drawn again.
    """

    index: int
    variant: int
    split: str
    image: Float
    positions: PositionMap
    occlusion: Float
    steps: Sequence[tuple[str, Values]]
    sources: Sequence[Source]
    truth: GroundTruth
    redrawn: Sequence[Redraw] = ()

    def __post_init__(self) -> None:
        require_image("image", self.image)
        require("occlusion", self.occlusion, self.image.shape[:2], np.float32)

    @property
    def name(self) -> str:
        """The name of its files: the index, in nine digits."""
        return f"{self.index:09d}"
