"""``300wlp``: as 300W-LP and AFLW2000-3D are laid out (Zhu et al., CVPR 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment.formats.loose import Loose
from facelab.augment.sample import Sample
from facelab.export.mat import encode
from facelab.export.subject import Subject
from facelab.geometry.pose import angles
from facelab.types import Pose

_MICROMETRES = 1e4  # to a centimetre, the unit of the canonical face


class W300LP(Loose):
    """``NAME.jpg`` with ``NAME.mat``; label records and maps in folders of their own.

    Of the published sets' fields those that are true here: no ``Shape_Para``, since no morphable
    model drew the face.
    """

    def picture_name(self, name: str) -> str:
        """The file of a sample's image."""
        return f"{name}.jpg"

    def others(self, sample: Sample, subject: Subject) -> dict[str, bytes]:
        """The MATLAB file."""
        return {f"{sample.name}.mat": encode(fields(subject))}


def fields(subject: Subject) -> dict[str, NDArray[Any]]:
    """The arrays of the MATLAB file.

    Returns
    -------
    dict
        - ``pt2d`` (2, 68) and ``pt3d_68`` (3, 68) float32: the landmarks, x right, y down, depth
          the nearer the larger. Pixel centres count from 0, as the loaders in Python have it; the
          published files were made in MATLAB, where they count from 1.
        - ``roi`` (1, 4) int32: the first and last column and row that the image shows of the one it
          was made for, x0, y0, x1, y1: all of it.
        - ``Pose_Para`` (1, 7) float32, see `pose_parameters`.
    """
    height, width = subject.image.shape[:2]
    points = subject.landmarks.T
    return {
        "pt2d": points[:2],
        "pt3d_68": points,
        "roi": np.array([[0, 0, width - 1, height - 1]], np.int32),
        "Pose_Para": pose_parameters(subject.pose, height),
    }


def pose_parameters(pose: Pose, height: int) -> NDArray[np.float32]:
    """The pose as 300W-LP states it, ``(1, 7)``: pitch, yaw, roll, tx, ty, tz, scale.

    A point X of the canonical face, in micrometres (x image right, y up, z out of the face), lies
    at ``V = scale * R X + t``: in column ``V_x`` and row ``height - 1 - V_y`` of the image, with
    depth ``V_z``. ``R = Rx(pitch) Ry(yaw) Rz(roll)``, in radians, of transposed elementary
    matrices: ``Rx(a) = [1 0 0; 0 cos a, sin a; 0, -sin a, cos a]`` and the like. So positive yaw
    turns the nose to image left, positive pitch lifts it and positive roll turns the head
    clockwise as seen.

    The convention is that of 3DDFA's code for its parameters, which face3d's
    ``angle2matrix_3ddfa`` restates; the unit of length is that of the Basel Face Model.
    """
    # The transpose is Rz Ry Rx of ordinary matrices, with these very angles.
    yaw, pitch, roll = np.deg2rad(angles(pose.rotation.T.astype(np.float64)))
    x, y, z = pose.translation
    row = [pitch, yaw, roll, x, height - 1 - y, z, pose.scale / _MICROMETRES]
    return np.array([row], np.float32)
