"""The inside of a mouth as a mesh: both rows of teeth with their gums, and the tongue.

Frame: the canonical face frame (`facelab.types.Pose`), cm, from where closed lips meet. MakeHuman's
teeth and tongue (CC0), of which weights/mouth.md says more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from facelab import weights
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float, Int

_FLIP = np.array([1, -1, 1], np.float32)  # pixels have y down, the canonical frame has y up
_LEVER = 7.0  # cm from the joints of the jaw to the lips


@dataclass(frozen=True, slots=True, eq=False)
class OralCavity:
    """Teeth, gums and tongue of a closed mouth.

    Parameters
    ----------
    vertices, normals : (n, 3) float32
    reflectance : (n, 3) float32
        sRGB-encoded, [0, 1].
    triangles : (m, 3) int32
    upper : (n,) bool
        Which vertices belong to the skull; the others to the jaw.
    edges : (2, 3) float32
        Where the upper and the lower central incisors end, in the middle.
    """

    vertices: Float = field(repr=False)
    normals: Float = field(repr=False)
    reflectance: Float = field(repr=False)
    triangles: Int = field(repr=False)
    upper: Bool = field(repr=False)
    edges: Float = field(repr=False)

    @classmethod
    def load(cls) -> OralCavity:
        """The model that facelab ships; read once.

        Raises
        ------
        WeightsError
            If its file is missing or damaged.
        """
        return _loaded()

    def placed(
        self,
        lips: tuple[Float, Float],
        shown: tuple[float, float],
        rotation: Float,
        scale: float,
    ) -> tuple[Float, Float]:
        """Vertices in an image and normals in the camera's frame, ``(n, 3)``, behind open lips.

        Across and in depth the skull's pose says where teeth are. How far they stand out of the
        lips is given: seen from a little above or below, a network's word on the pose is not good
        enough for that. The jaw is turned about its joints as far as the lips are apart.

        Parameters
        ----------
        lips : (upper, lower), each (3,) float32
            The middles of their inner edges; pixels, y down, and depth.
        shown : (upper, lower)
            How far the incisors stand out of them, cm.
        rotation : (3, 3) float32
            Of the skull, as of `facelab.types.Pose`.
        scale : float
            Pixels per cm.
        """
        down = -rotation[:2, 1] * _FLIP[:2]
        down /= max(float(np.linalg.norm(down)), 1e-6)
        gap = float(((lips[1] - lips[0])[:2] * down).sum()) / scale
        vertices, normals = np.empty_like(self.vertices), np.empty_like(self.normals)
        jaw = product(rotation, _about_x(max(gap, 0.0) / _LEVER))
        rows = zip((self.upper, ~self.upper), self.edges, lips, (rotation, jaw), strict=True)
        for (own, edge, lip, turn), out in zip(rows, (shown[0], -shown[1]), strict=True):
            along = np.float32(scale) * product(np.vstack([edge, self.vertices[own]]), turn.T)
            along *= _FLIP
            further = np.float32(out * scale) - (along[0, :2] * down).sum()
            vertices[own] = along[1:] + lip + np.append(further * down, 0)
            normals[own] = product(self.normals[own], turn.T)
        return vertices, normals


def _about_x(angle: float) -> Float:
    """The rotation ``(3, 3)`` that lowers what lies in front of an axis along x."""
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]], np.float32)


@cache
def _loaded() -> OralCavity:
    stored = weights.load("mouth")
    positions = stored["positions"] * stored["step"]
    normals = stored["normals"].astype(np.float32) / np.float32(127)
    return OralCavity(
        np.asarray(positions, np.float32),
        normals,
        stored["colours"].astype(np.float32) / np.float32(255),
        stored["triangles"].astype(np.int32),
        np.arange(len(positions)) < int(stored["upper"][0]),
        stored["edges"],
    )
