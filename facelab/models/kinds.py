"""Which networks there are: what each is called, takes and gives, and its values.

A network is a graph and values. The values are a weights file, under the names that torch's state
dict has; the graph is that of the class in the module named here, for ONNX Runtime as a file in
``graphs`` (`facelab.models.graph`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from facelab import weights

Values = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A network, without its values.

    Parameters
    ----------
    name : str
        Of its graph and of the weights that come with facelab.
    network : str
        Its class, ``module.Class`` in `facelab.models`.
    side : int
        Of the square input that it was trained with, pixels; 0 if it takes points.
    outputs : tuple of str
        What its outputs are called, in their order.
    any_size : bool
        Whether it takes images of other sizes as well, one at a time.
    points : int
        How many points, x and y, it takes in place of an image; 0 for images.
    """

    name: str
    network: str
    side: int
    outputs: tuple[str, ...]
    any_size: bool = False
    points: int = 0

    def __str__(self) -> str:
        return self.network.partition(".")[2]

    def values(self, own: Path | None = None) -> Values:
        """The arrays of its weights by name, as stored.

        Parameters
        ----------
        own : Path, optional
            A file such as `facelab train` writes, in place of the weights that come with facelab.

        Raises
        ------
        WeightsError
            If a file is missing or damaged, or `own` has the weights of another network.
        """
        shipped = weights.load(self.name)
        if own is None:
            return shipped
        found = weights.load_file(own, str(self))
        for name in shipped.keys() | found.keys():
            expected, got = (_shape(arrays.get(name)) for arrays in (shipped, found))
            if expected != got:
                raise weights.of_another(own, str(self), f"{name} is {got}, not {expected}")
        return found


def _shape(array: NDArray[Any] | None) -> str:
    return "missing" if array is None else " x ".join(map(str, array.shape))


_ANCHORS = ("logits", "regressions")
BLAZEFACE_SHORT = Kind("blazeface_short", "blazeface.BlazeFaceShort", 128, _ANCHORS, any_size=True)
BLAZEFACE_FULL = Kind("blazeface_full", "blazeface.BlazeFaceFull", 192, _ANCHORS, any_size=True)
FACEMESH = Kind("facemesh", "facemesh.FaceMesh", 192, ("points", "score"))
FACEMAP = Kind("facemap", "facemap.FaceMap", 192, ("points", "score"))
FACEPARSE = Kind("faceparse", "faceparse.FaceParse", 256, ("shares",))
MULTICLASS = Kind("multiclass", "multiclass_segmenter.MulticlassSegmenter", 256, ("shares",))
SELFIE = Kind("selfie", "selfie_segmenter.SelfieSegmenter", 256, ("opacity",))
LANDMARKER = Kind("landmarker", "landmarker.Landmarker", 256, ("points", "score", "tongue"))
BLENDSHAPES = Kind("blendshapes", "blendshapes.Blendshapes", 0, ("coefficients",), points=146)
PRN = Kind("prn", "resfcn.PRN", 256, ("positions",))

KINDS = (
    BLAZEFACE_SHORT, BLAZEFACE_FULL, FACEMESH, FACEMAP, FACEPARSE, MULTICLASS, SELFIE, LANDMARKER,
    BLENDSHAPES, PRN,
)  # fmt: skip
