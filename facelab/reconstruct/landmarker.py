"""From a face in a photograph to its irises, lids and expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.constants import ARKIT
from facelab.geometry.crop import cut
from facelab.geometry.eyes import IRISES, LIDS, SeenEyes, eyes_of, looking
from facelab.geometry.landmarks import points468
from facelab.models.kinds import BLENDSHAPES, LANDMARKER
from facelab.models.runtime import load_runner
from facelab.numerics.arrays import Float, Frame, require_frame
from facelab.reconstruct.levelled import levelled
from facelab.reconstruct.point_regressor import require_places
from facelab.types import EyePoints, PositionMap
from facelab.weights import entry_of

if TYPE_CHECKING:
    from facelab.models.runtime import Runner

POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168,
    172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276,
    282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380,
    381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466,
    *range(468, 478),
)  # fmt: skip
"""Of the 478 points, those that tell the expression, as MediaPipe's graph hands them on."""

_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)
_AROUND = (119, 120, 121, 222, 223, 224, 348, 349, 350, 442, 443, 444)  # eyes, as glasses lie
_CHEEKS = (50, 205, 280, 425, 187, 411)  # below them
_BROWS = (9, 107, 336, 69, 299, 108, 337)  # and above
_DARK = 0.6  # of the skin's luminance: what is darker around both eyes is dark glass


@dataclass(frozen=True, eq=False)
class Features:
    """What was found in one face; the rest is worked out when it is asked for.

    Parameters
    ----------
    points : (478, 3) float32
        Of the canonical mesh, then five of each iris; source-image pixels, the nearer the larger.
    positions : PositionMap
        Of the same face.
    level : (478, 2) float32
        The points in the levelled crop, its pixels.
    tongue : float
        How surely it is out, [0, 1].
    covered : bool
        Whether dark glasses hide the eyes.
    expression : callable
        Takes `level` and gives the output ``(52,)`` of `facelab.models.blendshapes.Blendshapes`.
    """

    points: Float
    positions: PositionMap
    level: Float
    tongue: float
    covered: bool
    expression: Callable[[Float], Float] = field(repr=False)

    @cached_property
    def eyes(self) -> SeenEyes:
        """Irises, gaze and how far the eyes are open."""
        return eyes_of(self.points, self.positions, covered=self.covered)

    @property
    def eye_points(self) -> EyePoints:
        """Irises and lids, as a texture that is read from the image with `positions` has them."""
        flat = self.points[:, :2]
        irises, gaze = looking(flat[IRISES].astype(np.float64), self.positions)
        shown = np.isfinite(self.eyes.openness)
        return EyePoints(irises, gaze, flat[LIDS], shown, self.positions)

    @cached_property
    def blendshapes(self) -> Mapping[str, float]:
        """The coefficient of each of `facelab.constants.ARKIT`, in its order, [0, 1]."""
        found = self.expression(self.level)[1:].tolist()
        return dict(zip(ARKIT, [*found, self.tongue], strict=True))


class FaceLandmarker:
    """Finds the irises, the lids and the expression of a face whose place is known.

    Its networks are loaded when they are first needed.

    Parameters
    ----------
    runtime, device : str
        What runs them: of `facelab.constants.RUNTIMES` and ``DEVICES``.
    """

    def __init__(self, runtime: str = "onnx", device: str = "cpu") -> None:
        self._runtime, self._device = runtime, device

    @cached_property
    def _network(self) -> Runner:
        return load_runner(LANDMARKER, self._runtime, self._device)

    @cached_property
    def _blendshapes(self) -> Runner:
        return load_runner(BLENDSHAPES, self._runtime, self._device)

    def __call__(self, image: Frame, positions: PositionMap) -> Features:
        """Look at a face.

        Parameters
        ----------
        image : (H, W, 3) float32, uint8 or uint16
            RGB in [0, 1].
        positions : PositionMap
            Where the face is, pixels of the image.

        Raises
        ------
        ValueError
            If the image does not have this shape and dtype.
        UsageError
            If there is no such runtime or device, or not on this machine.
        WeightsError
            If weights are missing or damaged.
        """
        require_frame("image", image)
        crop = levelled(points468(positions), LANDMARKER.side)
        view = cut(image, crop)
        points, _, tongue = self._network(view[None])
        require_places(points, LANDMARKER.side, "Landmarker")
        level = points[0] * _FLIP - _CORNER
        return Features(
            points=crop.invert(level),
            positions=positions,
            level=level[:, :2],
            tongue=float(tongue[0]),
            covered=_behind_dark_glass(view, level),
            expression=self._expression,
        )

    def _expression(self, level: Float) -> Float:
        (found,) = self._blendshapes(level[list(POINTS)][None])
        out: Float = found[0]
        return out


def landmarker_weights() -> dict[str, str]:
    """Name to sha256 of the weights that a `FaceLandmarker` uses."""
    return {kind.name: entry_of(kind.name).sha256 for kind in (LANDMARKER, BLENDSHAPES)}


@cache
def load_landmarker(runtime: str = "onnx", device: str = "cpu") -> FaceLandmarker:
    """The `FaceLandmarker` of a runtime and a device, the same one each time."""
    return FaceLandmarker(runtime, device)


def _behind_dark_glass(view: Float, points: Float) -> bool:
    """Whether a crop ``(S, S, 3)`` is far darker around the eyes than below and above them."""
    luminance = cv2.GaussianBlur(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), (0, 0), 2)
    column, row = np.rint(points[:, :2]).astype(np.intp).clip(0, len(view) - 1).T
    around, below, above = (
        float(np.median(luminance[row[list(at)], column[list(at)]]))
        for at in (_AROUND, _CHEEKS, _BROWS)
    )
    return around < _DARK * min(below, above)
