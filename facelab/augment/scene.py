"""A scene, a photograph with one face on its way to a sample, and the steps that change it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from facelab.augment.dressed import Dressed
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.light.surface import Surface, surface_of
from facelab.edits.edit import Step
from facelab.face.texture import at_size, texture_size, unwrap
from facelab.geometry.head import Head
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs
from facelab.types import Box, Face, PositionMap, Texture


@dataclass(frozen=True, eq=False)
class Scene:
    """A photograph, its face, what hides it, and what is behind it.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    positions : PositionMap
        Of the face, pixels of `image`.
    occlusion : (H, W) float32
        How far something in front hides the face, [0, 1].
    texture : Texture, optional
        The face's, where it is known; else it is read from the image.
    texture_size : int, optional
        Of the face as edits take it; by default as large as it shows.
    matte : (H, W) float32, optional
        How much of each pixel is a person, [0, 1], for steps that ask what is behind.
    head : Head, optional
        The morphable head fitted to the face, for steps that ask for all of the head's shape.
    dressed : Dressed, optional
        The photograph's person as a whole head, where it is known, for steps that turn it.
    truth : GroundTruth, optional
        What else is known of the picture; by default no more than that it shows a face.
    """

    image: Float
    positions: PositionMap
    occlusion: Float
    texture: Texture | None = None
    texture_size: int | None = None
    matte: Float | None = None
    head: Head | None = None
    dressed: Dressed | None = None
    truth: GroundTruth | None = None

    @classmethod
    def of(
        cls,
        image: Float,
        face: Face,
        texture_size: int | None = None,
        matte: Float | None = None,
        classes: NDArray[np.uint8] | None = None,
    ) -> Scene:
        """The scene of a photograph as it is, of which `classes` are what is known of it."""
        occlusion = np.zeros(image.shape[:2], np.float32)
        truth = GroundTruth.of_photograph(image.shape[:2], matte, classes)
        return cls(image, face.positions, occlusion, face.texture, texture_size, matte, truth=truth)

    @cached_property
    def face(self) -> Face:
        """The face as edits take it."""
        size = self.texture_size or texture_size(self.positions)
        if self.texture is None or self.texture.size < size:
            return Face(self.positions, unwrap(self.image, self.positions, size))
        return Face(self.positions, at_size(self.texture, size))

    @cached_property
    def box(self) -> Box:
        """The box of the whole face."""
        return self.positions.box

    @cached_property
    def surface(self) -> Surface:
        """The surface that light falls on."""
        return surface_of(self.positions, self.occlusion, self.matte, self.truth)

    def with_image(self, image: Float) -> Scene:
        """The scene with other pixels of the same size that show the same geometry."""
        return replace(self, image=image, texture=None, dressed=None)


@dataclass(frozen=True, kw_only=True)
class Augmentation(Step):
    """A step that only augmentation has; its fields are the keys of the recipe."""

    needs_matte: ClassVar[bool] = False  # whether it needs to know who is a person

    @abstractmethod
    def __call__(self, scene: Scene) -> Scene:
        """Change the scene; nothing is sampled here, whatever is random came with the keys."""


@dataclass(frozen=True, kw_only=True)
class Composition(Augmentation):
    """A step that puts something of the recipe's inputs into the picture."""

    @abstractmethod
    def compose(self, scene: Scene, inputs: Inputs) -> Scene:
        """Change the scene with what it takes of the inputs.

        Raises
        ------
        UsageError
            If an input is not of the kind that it needs.
        """

    def taken(self, inputs: Inputs) -> list[tuple[str, Path]]:  # noqa: ARG002
        """The files that it takes of inputs which have several, by the input's name."""
        return []

    def __call__(self, scene: Scene) -> Scene:
        """Change the scene without inputs."""
        return self.compose(scene, {})


class Seen(Protocol):
    """What a photometric step may ask about the picture that it changes."""

    @property
    def box(self) -> Box:
        """The box of the whole face, pixels."""

    @property
    def surface(self) -> Surface:
        """The surface that light falls on."""


@dataclass(frozen=True, kw_only=True)
class Photometric(Augmentation):
    """A step that changes pixels in place, and neither moves nor hides the face.

    At the end of a recipe such steps can be drawn several times for one render of all before.
    """

    @abstractmethod
    def apply(self, image: Float, seen: Seen) -> Float:
        """Return the picture ``(H, W, 3)`` changed, itself if nothing is to be done."""

    def __call__(self, scene: Scene) -> Scene:
        """Change the scene's picture."""
        image = self.apply(scene.image, scene)
        return scene if image is scene.image else scene.with_image(image)
