"""A result of a swap against the two photographs it was made of: every measure of it, by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import swap_measures as measures
from identity import cosine
from swap_pairs import Pair

from facelab import FaceModel, FaceObservation, NoFaceError, images
from facelab.numerics.arrays import Float


class Net(Protocol):
    """A recognition network: image and 68 landmarks to an embedding."""

    def __call__(self, image: Float, landmarks: Float) -> Float: ...


class Judge:
    """Measures results; faces and embeddings of photographs are worked out once.

    Parameters
    ----------
    photographs : Path
        Their folder.
    model : FaceModel
        What finds the faces of every version's results.
    nets : dict of str to Net
    """

    def __init__(self, photographs: Path, model: FaceModel, nets: dict[str, Net]) -> None:
        self._photographs = photographs
        self._model = model
        self._nets = nets
        self._embeddings: dict[str, dict[str, Float]] = {}
        self._means: dict[str, Float] = {}

    def prepare(self, pairs: Sequence[Pair]) -> None:
        """Embed the photographs: cosines are taken from their mean.

        The networks send all faces into a narrow cone, in which the plain cosine of two strangers
        is about 0.9.
        """
        for name in sorted({name for pair in pairs for name in pair}):
            self._embeddings[name] = self._embedded(self.observed(name))
        for net in self._nets:
            shown = [self._embeddings[name][net] for pair in pairs for name in pair]
            self._means[net] = np.mean(shown, axis=0)

    def observed(self, name: str) -> FaceObservation:
        """The largest face of a photograph."""
        return self._model.observe(self._photographs / name, "largest")[0]

    def _embedded(self, face: FaceObservation) -> dict[str, Float]:
        return {name: net(face.image, face.landmarks68) for name, net in self._nets.items()}

    def measured(self, pair: Pair, folder: Path) -> dict[str, float]:
        """A result's measures by name."""
        target = self.observed(pair.target)
        result, under = (
            images.read(folder / f"{pair.name}{kind}.png").pixels for kind in ("", ".under")
        )
        area = cv2.imread(str(folder / f"{pair.name}.area.png"))
        _, made_up, painted = cv2.split(area.astype(np.float32) / 255)
        found = self._of_identity(pair, result)
        found |= of_pixels(target, under, result, painted, made_up)
        seconds = json.loads((folder / f"{pair.name}.json").read_text())
        return found | {f"{stage}, ms": 1000 * spent for stage, spent in seconds.items()}

    def _of_identity(self, pair: Pair, result: Float) -> dict[str, float]:
        """Whom the result shows, read at the landmarks found in it, or else at the target's."""
        try:
            (shown,) = self._model.observe(result, "largest")
        except NoFaceError:
            shown = replace(self.observed(pair.target), photograph=images.Image(result))
        embeddings = self._embedded(shown)
        out = {}
        for net, mean in self._means.items():
            source, target = (self._embeddings[name][net] - mean for name in pair)
            found = embeddings[net] - mean
            out[f"{net}: to source"] = cosine(found, source)
            out[f"{net}: to target"] = cosine(found, target)
            out[f"{net}: source to target"] = cosine(source, target)
        return out


def of_pixels(
    target: FaceObservation, under: Float, result: Float, painted: Float, made_up: Float
) -> dict[str, float]:
    """The measures that need no network; arrays as in `swap_pairs.Swapped`."""
    before, positions = target.image, target.positions
    size, shape, atlas = target.box.size, before.shape[:2], positions.atlas
    face = measures.drawn(atlas.region("oval", atlas.size), positions, shape)
    skin = measures.drawn(measures.bare(atlas), positions, shape) * painted > measures.HALF
    seam = measures.seam(under, result, painted, size)
    return {
        "tone": measures.tone_difference(before, result, positions),
        "invented, %": 100 * measures.invented_share(painted, made_up),
        "painted, %": 100 * measures.painted_share(painted, face),
        "fine contrast": measures.fine_contrast_ratio(before, result, skin, size),
        "seam, across over along": seam.ratio,
        "seam, step in L*": seam.step,
    }
