"""``camera``: exposure, contrast and colour of the whole photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import number
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float

_GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)  # luminance of sRGB's primaries
_WARM = np.array([0.12, 0.0, -0.12], np.float32)


@dataclass(frozen=True, kw_only=True)
class Camera(Photometric):
    """Another exposure, contrast, colour temperature and saturation, of all there is to see."""

    name: ClassVar[str] = "camera"
    exposure: float = number(0.0, -3.0, 3.0, "brighter; below 0 darker", "stops")
    contrast: float = number(0.0, -0.9, 1.0, "more; below 0 less")
    temperature: float = number(0.0, -1.0, 1.0, "warmer; below 0 cooler")
    saturation: float = number(0.0, -1.0, 1.0, "more; -1 is grey")

    def apply(self, image: Float, seen: Seen) -> Float:  # noqa: ARG002  # as every step
        """The picture as another camera would have taken it."""
        # A factor of linear light is one of what is encoded by a power, too.
        image = np.minimum(image * np.float32(2 ** (self.exposure / 2.2)), 1)
        image = np.float32(0.5) + (image - np.float32(0.5)) * np.float32(1 + self.contrast)
        image = image * (1 + np.float32(self.temperature) * _WARM)
        grey = product(image, _GREY)[..., None]
        image = grey + (image - grey) * np.float32(1 + self.saturation)
        return np.clip(image, 0, 1).astype(np.float32)
