"""The teacher of `FaceParse`: MediaPipe's multiclass segmenter on the square around a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.models.kinds import MULTICLASS
from facelab.models.runtime import load_runner
from facelab.numerics.arrays import Float, require_image

if TYPE_CHECKING:
    from facelab.models.runtime import Runner


class Teacher:
    """Tells hair, skin and clothes in a square picture.

    Parameters
    ----------
    network : Runner
        `facelab.models.multiclass_segmenter.MulticlassSegmenter`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network

    @classmethod
    def load(cls) -> Teacher:
        """Load the one that comes with facelab."""
        return cls(load_runner(MULTICLASS))

    def __call__(self, image: Float) -> Float:
        """Return the share of each class in each pixel.

        Parameters
        ----------
        image : (S, S, 3) float32
            RGB in [0, 1]; larger than the network's 256 pixels or not.

        Returns
        -------
        (S, S, 6) float32
            In the order of `facelab.models.multiclass_segmenter.CLASSES`.
        """
        require_image("image", image)
        small = cv2.resize(image, (MULTICLASS.side, MULTICLASS.side), interpolation=cv2.INTER_AREA)
        (shares,) = self._network(small[None])
        whole = cv2.resize(shares[0], image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.float32)
