"""UV layouts: that of the canonical face mesh, the default everywhere, and PRNet's."""

from __future__ import annotations

from facelab.atlas.canonical import (
    CONTOURS,
    LOWER_INNER_LIP,
    MARGIN,
    OVAL,
    UPPER_INNER_LIP,
    canonical,
    inner51,
)
from facelab.atlas.layout import SIZE, Atlas, grid_triangles
from facelab.atlas.prnet import prnet
from facelab.atlas.surface import LIPS, MOUTH_CORNERS, surface

__all__ = [
    "CONTOURS",
    "LIPS",
    "LOWER_INNER_LIP",
    "MARGIN",
    "MOUTH_CORNERS",
    "OVAL",
    "SIZE",
    "UPPER_INNER_LIP",
    "Atlas",
    "canonical",
    "grid_triangles",
    "inner51",
    "prnet",
    "surface",
]
