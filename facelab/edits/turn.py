"""Turn: the head turned by a few degrees, as far as one photograph supports it.

It never saw the far side of a head that is turned already: toward the front that has hardly any
skin to be stretched over what comes into view, and the cheek would swell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from facelab.constants import PARTS
from facelab.edits.edit import Edit, References
from facelab.edits.parameters import number
from facelab.geometry import pose
from facelab.geometry.visibility import disocclusion
from facelab.geometry.warp import fill_disoccluded
from facelab.numerics.algebra import product
from facelab.types import Face, PositionMap

_CENTRE = np.array([0.0, -1.0, -3.0])  # of the head, canonical frame, cm: between the ears
_FARTHEST = 15.0, 3.0  # degrees toward the front: of a head that is frontal, and turned by _TURNED
_TURNED = 25.0
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the camera frame has y up


@dataclass(frozen=True, kw_only=True)
class Turn(Edit):
    """The head turned; what comes into view that was not seen is made up."""

    name: ClassVar[str] = "turn"
    paints: ClassVar[tuple[str, ...]] = PARTS
    yaw: float = number(0.0, -15.0, 15.0, "the nose to the image's right", "degrees")
    pitch: float = number(0.0, -15.0, 15.0, "the nose down", "degrees")
    roll: float = number(0.0, -15.0, 15.0, "counter-clockwise as seen", "degrees")

    def apply(self, face: Face, references: References) -> Face:
        """The face with so much added to its yaw, pitch and roll."""
        was = pose.estimate(face.positions)
        yaw, pitch, roll = self.strength * np.array([self.yaw, self.pitch, self.roll])
        yaw = supported(yaw, was.yaw)
        if not (yaw or pitch or roll):
            return face
        rotation = pose.matrix(was.yaw + yaw, was.pitch + pitch, was.roll + roll)
        turn = rotation @ was.rotation.astype(np.float64).T
        centre = was.translation + was.scale * (was.rotation @ _CENTRE) * _FLIP
        away = (face.positions.values - centre) * _FLIP
        values = (product(away, turn.T) * _FLIP + centre).astype(np.float32)
        positions = PositionMap(values, face.positions.atlas)
        colour = fill_disoccluded(face, disocclusion(face.positions, positions))
        return Face(positions, replace(face.texture, colour=colour))


def supported(yaw: float, was: float) -> float:
    """Return what a photograph of a head supports of a change of its yaw, degrees.

    Parameters
    ----------
    yaw : float
        The change.
    was : float
        The head's own yaw, as of `facelab.types.Pose`.
    """
    if yaw * was >= 0:  # away from the front: what comes into view was seen
        return yaw
    farthest = float(np.interp(abs(was), (0, _TURNED), _FARTHEST))
    return float(np.clip(yaw, -farthest, farthest))
