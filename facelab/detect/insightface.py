"""insightface's detectors: any model pack that is installed on this machine.

A pack is a folder of ONNX networks, ``ROOT/models/PACK``; ROOT is ``$INSIGHTFACE_HOME`` or
``~/.insightface``. Nothing is ever downloaded. The library is MIT; its models are for
non-commercial research only, which `NOTICE` says to whoever uses them.

Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Protocol, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import atlas as atlases
from facelab.errors import WeightsError
from facelab.numerics.arrays import Float, Frame, require, require_frame
from facelab.numerics.integers import to_integers, unit
from facelab.types import Box, Detection

NOTICE = "insightface's models are for non-commercial research only"
PREFERRED = "buffalo_l"  # where several packs are installed and none is named
PROVIDERS = ["CPUExecutionProvider"]
LOOKS = [(128, 128), (640, 640)]  # px; the small look sees frame-filling faces
LEAST_SCORE = 0.5
_FARTHEST = 1e6  # px
_FATAL = 4  # of ONNX Runtime's levels of what it logs

# The six points that facelab wants, as vertices of the canonical face mesh (see facelab.atlas).
EYES = ("right eye", "left eye")  # the mean of each contour
NOSE, MOUTH_CORNERS, EARS = 4, (61, 291), (234, 454)


class Network(Protocol):
    """The part of insightface's ``SCRFD`` that is used here."""

    input_size: tuple[int, int]

    def prepare(self, ctx_id: int, *, det_thresh: float, input_size: list[tuple[int, int]]) -> None:
        """Set the device (below 0 for the CPU), the least score and the sizes to look at."""

    def detect(self, img: NDArray[np.uint8]) -> tuple[Float, Float]:
        """Boxes with scores ``(n, 5)`` and points ``(n, 5, 2)`` in a BGR image."""
        ...


class InsightFaceDetector:
    """Finds faces with the detection network of an installed insightface pack.

    It gives five points: the eyes, the nose and the corners of the mouth. The mouth's centre is
    the mean of its corners; the ears are estimated, see `ear_weights`. Boxes go from the hairline
    to the chin.

    Parameters
    ----------
    pack : str, optional
        The pack's name; ``buffalo_l`` by default or, without it, the first that is installed.
    root : Path, optional
        The folder that holds ``models/PACK``.

    Attributes
    ----------
    notice : str
        The terms of the models, for whoever uses them.
    path : Path
        The pack's folder.

    Raises
    ------
    WeightsError
        If the pack is missing, damaged or has no detection network with five points.
    """

    notice = NOTICE

    def __init__(self, pack: str | None = None, root: Path | None = None) -> None:
        self.path = locate(pack, root or default_root())
        self._network = load(self.path)
        try:
            self._network.prepare(ctx_id=-1, det_thresh=LEAST_SCORE, input_size=LOOKS)
        except Exception as error:
            raise unusable(
                self.path, f"a network that does not work ({first_line(error)})"
            ) from error
        self._seen(np.zeros((LOOKS[0][1], LOOKS[0][0], 3), np.uint8))  # an error now, if there is

    def __call__(self, image: Frame) -> list[Detection]:
        """Every face of an image ``(H, W, 3)`` RGB, the largest first."""
        require_frame("image", image)
        view = reduced(image, max(self._network.input_size))
        if min(view.shape[:2]) * LOOKS[0][0] < max(view.shape[:2]):
            return []  # too thin for the small look, which would not be one pixel wide
        boxes, points = self._seen(np.ascontiguousarray(to_integers(view, 8)[..., ::-1]))
        scale = np.divide(image.shape[1::-1], view.shape[1::-1], dtype=np.float32)
        corners = in_source(boxes[:, :4].reshape(-1, 2, 2), scale)
        found = zip(corners, boxes[:, 4], in_source(points, scale), strict=True)
        faces = [detection(box, score, five) for box, score, five in found]
        return sorted(faces, key=lambda face: -face.box.size)

    def _seen(self, bgr: NDArray[np.uint8]) -> tuple[Float, Float]:
        """Boxes with scores and points, as of `Network.detect`, of a network that is what it says.

        Raises
        ------
        WeightsError
            If it gives something else.
        """
        try:
            with np.errstate(all="ignore"):  # of a damaged network
                boxes, points = self._network.detect(bgr)
            require("boxes", boxes, ("n", 5), np.float32)
            require("points", points, (len(boxes), 5, 2), np.float32)
            if not all((np.abs(values) < _FARTHEST).all() for values in (boxes, points)):
                raise ValueError("places that are in no image")
        except Exception as error:  # ONNX Runtime's, or NumPy's of what it did not expect
            raise unusable(
                self.path, f"a network that does not work ({first_line(error)})"
            ) from error
        return boxes, points

    def coarse_to_fine(self, image: Frame) -> Iterator[list[Detection]]:
        """Every face at once: one look finds the large ones and the small ones."""
        yield self(image)


def default_root() -> Path:
    """``$INSIGHTFACE_HOME`` or ``~/.insightface``."""
    return Path(os.environ.get("INSIGHTFACE_HOME") or Path.home() / ".insightface")


def locate(pack: str | None, root: Path) -> Path:
    """Find the folder of a pack; by default of `PREFERRED` or, without it, the first by name.

    Raises
    ------
    WeightsError
        If it is not there.
    """
    installed = {file.parent.name: file.parent for file in (root / "models").glob("*/*.onnx")}
    name = pack or (PREFERRED if PREFERRED in installed else min(installed, default=PREFERRED))
    if name not in installed:
        raise WeightsError(
            f"no insightface pack {name} in {root / 'models'}: unpack its ONNX files into "
            f"{root / 'models' / name} or set $INSIGHTFACE_HOME ({NOTICE}; facelab downloads none)"
        )
    return installed[name]


def load(folder: Path) -> Network:
    """Load the pack's detection network, on the CPU.

    Raises
    ------
    WeightsError
        If no file of the pack is such a network, or one cannot be read.
    """
    # insightface takes a second to import, and most runs do not use it.
    import onnxruntime
    from insightface.model_zoo import get_model
    from insightface.model_zoo.package_manifest import has_model_package_manifest

    onnxruntime.set_default_logger_severity(_FATAL)  # what matters comes as an exception
    try:
        if has_model_package_manifest(folder):
            networks = iter([get_model(str(folder), model_task="detection", providers=PROVIDERS)])
        else:
            # Recognition networks are the large files: the detector is met before them.
            found = (file for file in folder.glob("*.onnx") if file.is_file())
            files = sorted(found, key=lambda file: (file.stat().st_size, file.name))
            networks = (get_model(str(file), providers=PROVIDERS) for file in files)
        with redirect_stdout(io.StringIO()):  # where ONNX Runtime prints that it tries again
            return next(network for network in networks if finds_points(network))
    except StopIteration:
        reason = "no network that detects faces with five points"
    except Exception as error:  # ONNX Runtime's and protobuf's errors share no other base
        reason = f"a file that cannot be read ({first_line(error)})"
    raise unusable(folder, reason)


def unusable(folder: Path, reason: str) -> WeightsError:
    """The error of a pack that has something it should not have."""
    return WeightsError(f"the insightface pack {folder} has {reason}: install it again")


def first_line(error: Exception) -> str:
    """The first line of what an error says, or else its kind."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0]


def finds_points(network: object) -> TypeGuard[Network]:
    """Whether a network of the pack detects faces and gives their five points."""
    return getattr(network, "taskname", None) == "detection" and getattr(network, "use_kps", False)


def reduced(image: Frame, side: int) -> Float:
    """The image with its longer side at most `side`.

    insightface itself reduces without smoothing first, which loses faces of large photographs.
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return unit(image)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return unit(np.asarray(small, image.dtype))


def in_source(points: Float, scale: NDArray[np.float32]) -> Float:
    """Points ``(n, k, 2)`` of the reduced image in the source image, pixel centres at integers."""
    return (points + np.float32(0.5)) * scale - np.float32(0.5)


def detection(corners: Float, score: float, five: Float) -> Detection:
    """A box's corners ``(2, 2)``, a score and five points ``(5, 2)`` as the public type."""
    points = np.concatenate([five[:3], five[3:].mean(axis=0)[None], ear_weights() @ five])
    return Detection(Box.around(corners), float(score), points.astype(np.float32))


@cache
def ear_weights() -> Float:
    """Weights of the five points whose sums are the ears: ``(2, 5)``, rows that sum to 1.

    The affine camera that takes the canonical face's five points nearest to the ones seen, in the
    least squares sense, shows where its ears are: linear in the points, exact for any affine view
    of that face (Hartley and Zisserman, "Multiple View Geometry", 2nd ed., section 6.3). The ears
    are where the mesh ends beside them. An estimate: on the four sample photographs it is 3 to 20 %
    of the face's size from where FaceMesh sees them.
    """
    atlas = atlases.canonical()
    eyes = [atlas.vertices[list(*atlases.CONTOURS[name])].mean(axis=0) for name in EYES]
    five = np.array([*eyes, *atlas.vertices[[NOSE, *MOUTH_CORNERS]]], np.float64)
    ears = atlas.vertices[list(EARS)].astype(np.float64)
    weights = homogeneous(ears) @ np.linalg.pinv(homogeneous(five))
    return weights.astype(np.float32)


def homogeneous(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points ``(n, 3)`` with a column of ones."""
    return np.column_stack([points, np.ones(len(points))])
