"""``jpeg``: losses of JPEG compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import whole
from facelab.numerics.arrays import Float


@dataclass(frozen=True, kw_only=True)
class Jpeg(Photometric):
    """The blocks and rings of JPEG compression."""

    name: ClassVar[str] = "jpeg"
    quality: int = whole(50, 1, 100, "of libjpeg")

    def apply(self, image: Float, seen: Seen) -> Float:  # noqa: ARG002  # as every step
        """The picture compressed and read again."""
        values = np.rint(np.clip(image, 0, 1)[..., ::-1] * np.float32(255)).astype(np.uint8)
        _, data = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        again = cv2.imdecode(data, cv2.IMREAD_COLOR_BGR)
        assert again is not None
        return np.asarray(again[..., ::-1].astype(np.float32) / np.float32(255), np.float32)
