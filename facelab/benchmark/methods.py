"""The reconstructors that are compared, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facelab.benchmark.fitted import HeadDepthReconstructor
from facelab.errors import UsageError
from facelab.geometry.head import HeadModel
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor, load_reconstructor
from facelab.types import Box, Detection, Reconstruction

TEACHER = "mesh"  # finds the faces that pictures are made of, and the points that heads are fit to


class CachedReconstructor:
    """A reconstructor that remembers the faces of the picture it has just seen.

    Parameters
    ----------
    reconstructor : Reconstructor
    """

    def __init__(self, reconstructor: Reconstructor) -> None:
        self._reconstructor = reconstructor
        self._last: tuple[Float, list[Box | Detection] | None, list[Reconstruction]] | None = None

    @property
    def description(self) -> str:
        """The network and what runs it, for people."""
        return self._reconstructor.description

    def __call__(
        self, image: Float, boxes: Sequence[Box] | Sequence[Detection] | None = None
    ) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)`` float32, the largest first; or those in `boxes`."""
        places: list[Box | Detection] | None = None if boxes is None else list(boxes)
        if self._last is None or self._last[0] is not image or self._last[1] != places:
            self._last = image, places, self._reconstructor(image, boxes)
        return self._last[2]

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face of `image`, if there is one."""
        return self._reconstructor.largest(image)


def default_methods(*, head: bool) -> tuple[str, ...]:
    """The names of the methods compared by default: `fit` where there is a head."""
    return ("map", "mesh", "fit") if head else ("map", "mesh")


def load_methods(
    names: Sequence[str],
    teacher: Reconstructor,
    model: HeadModel | None = None,
    weights: Path | None = None,
) -> dict[str, Reconstructor]:
    """Reconstructors by name, in the order of `names`.

    Parameters
    ----------
    names : sequence of str
        Of `facelab.benchmark.METHODS`.
    teacher : Reconstructor
        The reconstructor called `TEACHER`.
    model : HeadModel, optional
        For ``fit``.
    weights : Path, optional
        For ``map``, instead of those that come with facelab.

    Raises
    ------
    UsageError
        If there is no such method, or what it needs is not given.
    WeightsError
        If weights are missing or damaged.
    """
    if weights is not None and "map" not in names:
        raise UsageError(f"{weights}: weights are for the method map; add it to --methods")
    return {name: _method(name, teacher, model, weights) for name in dict.fromkeys(names)}


def _method(
    name: str, teacher: Reconstructor, model: HeadModel | None, weights: Path | None
) -> Reconstructor:
    if name == TEACHER:
        return teacher
    if name == "fit":
        if model is None:
            raise UsageError("the method fit needs a head model; give --head MODEL.safetensors")
        return HeadDepthReconstructor(teacher, model)
    if name == "map":
        return load_reconstructor(backend="map", weights=weights)
    if name == "prn":
        return load_reconstructor(backend="prn")
    raise UsageError(f"no method {name!r}; there are map, mesh, fit, prn")
