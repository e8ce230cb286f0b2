"""From a face in a photograph to what each pixel around it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.geometry.crop import cut
from facelab.geometry.landmarks import points468
from facelab.geometry.parsing import SIDE, Parsing
from facelab.numerics.arrays import Frame, require_frame
from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.types import PositionMap

if TYPE_CHECKING:
    from facelab.models.runtime import Runner

HEAD_SCALE = 2.2
"""Side over the face's of a crop in which hair, ears and neck are told well, features less so."""


class FaceParser:
    """Tells the parts around a face.

    Parameters
    ----------
    network : Runner
        `facelab.models.faceparse.FaceParse`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"facelab's FaceParse by {network.description}"

    def __call__(self, image: Frame, positions: PositionMap, scale: float = CROP_SCALE) -> Parsing:
        """Return what each pixel around a face shows.

        Parameters
        ----------
        image : (H, W, 3) float32, uint8 or uint16
            RGB in [0, 1].
        positions : PositionMap
            Where the face is, pixels of the image.
        scale : float
            Side of what is looked at over that of the face: as the network was trained, or
            `HEAD_SCALE`.

        Raises
        ------
        ValueError
            If the image does not have this shape and dtype.
        """
        require_frame("image", image)
        crop = levelled(points468(positions), SIDE, scale)
        (shares,) = self._network(cut(image, crop)[None])
        return Parsing(shares[0], crop)
