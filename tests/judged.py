"""What the benchmark is tried on: reconstructors with known errors, labelled photographs."""

from __future__ import annotations

import io

import numpy as np
import scipy.io

from facelab.benchmark import consistency, portraits, rendered
from facelab.geometry.head import HeadModel
from facelab.geometry.landmarks import position_map
from facelab.types import Reconstruction
from tests.commands import picture
from tests.synthetic import ATLAS, StubReconstructor, canonical_points, frozen


class Stub(StubReconstructor):
    """What every reconstructor has."""

    description = "a stub"
    images = 0

    def __call__(self, image, boxes=None):
        self.images += 1
        return super().__call__(image, boxes)


def head_model():
    """The canonical face, and wider ones."""
    points = ATLAS.vertices.astype(np.float32)
    wider = (points * [0.1, 0, 0]).astype(np.float32)[None]
    return HeadModel(
        base=points,
        modes=wider,
        triangles=np.array([[0, 1, 2]], np.int32),
        points=points,
        point_modes=wider,
        deviations=np.ones(1, np.float32),
    )


def matlab(**arrays):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, arrays)
    return buffer.getvalue()


def landmarks():
    return np.random.default_rng(3).uniform(20, 100, (3, 68))


def labels_file(folder, data=None, name="a", **arrays):
    """A photograph with labels."""
    picture(folder / f"{name}.jpg", 1, 120, 120)
    given = {"pt3d_68": landmarks(), "Pose_Para": np.zeros((1, 7))} | arrays
    (folder / f"{name}.mat").write_bytes(matlab(**given) if data is None else data)
    return folder / f"{name}.mat"


class Middle(Stub):
    """A face in the middle of any picture but small ones."""

    def __init__(self, depth=1.0):
        super().__init__()
        self.depth = depth

    def __call__(self, image, boxes=None):
        height, width = image.shape[:2]
        if min(height, width) < 100:
            return []
        points = canonical_points(scale=0.03 * height, origin=(width / 2, height / 2, 0.0))
        return [Reconstruction(position_map(frozen(points * [1, 1, self.depth]), ATLAS), 0.9)]

    def largest(self, image):
        return self(image)


def shorten(monkeypatch):
    """Little of each part: a test of how it hangs together."""
    monkeypatch.setattr(portraits, "SIDE", 160)
    monkeypatch.setattr(rendered, "TARGETS", (0, 45))
    monkeypatch.setattr(rendered, "LEVEL_TARGETS", ())
    monkeypatch.setattr(consistency, "CHANGES", consistency.CHANGES[-2:])
