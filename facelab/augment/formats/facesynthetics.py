"""``facesynthetics``: named as Microsoft's Face Synthetics (Wood et al., ICCV 2021)."""

from __future__ import annotations

import numpy as np

from facelab.augment.classes import CLASSES
from facelab.augment.formats.loose import Loose
from facelab.augment.maps import segmentation
from facelab.augment.sample import Sample
from facelab.export.encode import grey_png
from facelab.export.subject import Subject
from facelab.numerics.arrays import Float

IGNORE = 255

_SENTENCE = "Classes of the pixels of a face, worked out by facelab."

THEIR_CLASSES = {
    "background": 0,
    "skin": 1,
    "nose": 2,
    "right eye": 3,
    "left eye": 4,
    "right brow": 5,
    "left brow": 6,
    "right ear": 7,
    "left ear": 8,
    "mouth interior": 9,
    "upper lip": 10,
    "lower lip": 11,
    "neck": 12,
    "hair": 13,
    "clothes": 15,
    "glasses": 16,
    "hat": 17,
    "mask": 18,
}
"""Numbers of the published set for the classes of `facelab.augment.classes.CLASSES`; its 14, beard,
is skin here, and it has none for hands and objects."""


class FaceSynthetics(Loose):
    """``NAME.png``, ``NAME_seg.png``, ``NAME_ldmks.txt``; records and maps in folders of their own.

    In the segmentation what is not known is 255, to be ignored, as are hands and objects in front.
    The text has lines ``x y``, pixel centres counted from 0: the 68 landmarks and, where irises are
    known, the pupils, the right one first, as the published set has 70 points.
    """

    def picture_name(self, name: str) -> str:
        """The file of a sample's image."""
        return f"{name}.png"

    def others(self, sample: Sample, subject: Subject) -> dict[str, bytes]:
        """The segmentation and the landmarks."""
        numbers = np.full(256, IGNORE, np.uint8)
        for name, number in THEIR_CLASSES.items():
            numbers[CLASSES[name]] = number
        seen = numbers[segmentation(sample, subject)]
        lines = (f"{x:.4f} {y:.4f}\n" for x, y in _points(sample, subject).tolist())
        return {
            f"{sample.name}_seg.png": grey_png(seen, _SENTENCE),
            f"{sample.name}_ldmks.txt": "".join(lines).encode(),
        }


def _points(sample: Sample, subject: Subject) -> Float:
    """The landmarks, and the pupils where they are known, ``(68 or 70, 2)``."""
    eyes, points = sample.truth.eyes, subject.landmarks[:, :2]
    return points if eyes is None else np.vstack([points, eyes.irises[:, 0, :2]])
