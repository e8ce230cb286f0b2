"""A reconstructor that keeps what it found in a folder: the same photograph is looked at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

import facelab
from facelab import FaceModel, load_model
from facelab.atlas import canonical
from facelab.numerics.arrays import Float
from facelab.types import PositionMap, Reconstruction

# What finding a face hangs on.
PARTS = ("atlas", "detect", "geometry", "models", "numerics", "reconstruct")


class KeptFaces:
    """A reconstructor whose largest faces are kept.

    Parameters
    ----------
    reconstructor : Reconstructor
        Asked for everything that is not kept.
    folder : Path
        Where; one file a photograph and version of the code.
    """

    def __init__(self, reconstructor: Any, folder: Path) -> None:  # noqa: ANN401
        self._reconstructor = reconstructor
        self._folder = folder / version()
        self._folder.mkdir(parents=True, exist_ok=True)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._reconstructor, name)

    def __call__(self, *arguments: Any) -> list[Reconstruction]:  # noqa: ANN401
        return list(self._reconstructor(*arguments))

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face, as `FaceReconstructor.largest`."""
        path = self._folder / f"{hashlib.sha256(image.tobytes()).hexdigest()[:20]}.npz"
        if path.exists():
            with np.load(path) as kept:
                positions = PositionMap(kept["positions"], canonical())
                return [Reconstruction(positions, float(kept["score"]))]
        found: list[Reconstruction] = self._reconstructor.largest(image)
        if found:
            whole = path.with_suffix(f".{os.getpid()}.npz")  # others may be reading meanwhile
            np.savez(whole, positions=found[0].positions.values, score=found[0].score)
            whole.replace(path)
        return found


def version() -> str:
    """A hash of the code and the weights that find faces."""
    package = Path(facelab.__file__).parent
    files = [path for part in PARTS for path in sorted((package / part).rglob("*.py"))]
    files += sorted(package.parent.glob("weights/manifest.toml"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def model(folder: Path) -> FaceModel:
    """facelab's model, which keeps the faces it finds."""
    own = load_model()
    return FaceModel(KeptFaces(own.reconstructor, folder), own.networks)
