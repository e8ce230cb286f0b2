"""What others publish of AFLW2000-3D, the faces at the true box, none lost.

Landmarks: the mean distance of the 68 in the picture over the root of the area of the true ones'
box, %, at yaw 0-30, 30-60 and 60-90, and the mean of these three. Angles: the mean difference,
degrees, of the faces without an angle beyond 99. None where nothing is published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from facelab.benchmark.outcomes import Outcomes

PHOTOGRAPHS = 2000

LANDMARKS: Mapping[str, tuple[float | None, ...]] = {
    "PRNet": (2.75, 3.51, 4.61, 3.62),  # Feng et al., ECCV 2018
    "3DDFA_V2": (None, None, None, 3.51),  # Guo et al., ECCV 2020
    "SynergyNet": (2.66, 3.32, 4.27, 3.41),  # Wu et al., 3DV 2021
}
POSE: Mapping[str, tuple[float | None, ...]] = {
    "6DRepNet": (3.63, 4.91, 3.37, 3.97),  # Hempel et al., ICIP 2022
    "3DDFA_V2": (None, None, None, None),
}
"""Yaw, pitch, roll and the mean of the three."""

_NAME = re.compile(r"(.*/)?image\d{5}\.\w+")


def comparable(outcomes: Outcomes) -> bool:
    """Whether these are outcomes of AFLW2000-3D as it is published, all of it at the true box.

    It is told by its 2,000 names and by labels with depth.
    """
    return (
        outcomes.values("way") == ["boxes"]
        and outcomes.pictures == PHOTOGRAPHS
        and all(_NAME.fullmatch(row.name) for row in outcomes.rows)
        and all(row.face is None or row.face.truth.shape[1] == 3 for row in outcomes.rows)
    )
