"""PRNet's atlas (Feng et al., ECCV 2018), once its data were imported from a user's PRNet.

43,867 texels of the BFM face, with its ears and the underside of its jaw.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab import weights
from facelab.atlas.canonical import canonical
from facelab.atlas.layout import Atlas, Bool, Float, places_of

NAME = "prn_atlas"
_UNIT = 16  # grey levels of the published mask for a weight of 1: 255, 64, 48 are 16, 4, 3


@cache
def prnet() -> Atlas:
    """PRNet's atlas.

    Raises
    ------
    WeightsError
        If ``facelab weights import-prnet`` was not run.
    """
    stored = weights.load(NAME)
    valid = stored["valid"].astype(np.bool_)
    vertices = stored["vertices"].astype(np.float32)
    positions = np.zeros((*valid.shape, 3), np.float32)
    positions[valid] = vertices
    return Atlas(
        name="prnet",
        uv=places_of(valid),
        vertices=vertices,
        canonical_positions=positions,
        landmark_places=stored["landmarks"].astype(np.float32),
        landmark_weights=np.eye(68, dtype=np.float32),
        outline=outline_of(valid),
        face=valid,
        valid=valid,
        contours=canonical().contours,
        loss_weights=np.rint(stored["weight"] / np.float32(_UNIT)),
        chart=stored["chart"].astype(np.float32),
    )


def outline_of(texels: Bool) -> Float:
    """The polygon through the centres of a region's border texels, ``(k, 2)``."""
    contours, _ = cv2.findContours(
        texels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    largest = max(contours, key=cv2.contourArea)
    return np.asarray(largest[:, 0], np.float32)
