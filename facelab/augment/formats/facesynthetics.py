"""``facesynthetics``: named as Microsoft's Face Synthetics (Wood et al., ICCV 2021)."""

from __future__ import annotations

import numpy as np

from facelab.augment.classes import CLASSES
from facelab.augment.formats.loose import Loose
from facelab.augment.maps import segmentation
from facelab.augment.sample import Sample
from facelab.export.encode import grey_png
from facelab.export.subject import Subject

IGNORE = 255

_SENTENCE = "Classes of the pixels of a face, worked out by facelab."

THEIR_CLASSES = {
    "skin": 1,
    "nose": 2,
    "right eye": 3,
    "left eye": 4,
    "right brow": 5,
    "left brow": 6,
    "mouth interior": 9,
    "upper lip": 10,
    "lower lip": 11,
}
"""Numbers of the published set for the classes of `facelab.augment.classes.CLASSES`."""


class FaceSynthetics(Loose):
    """``NAME.png``, ``NAME_seg.png``, ``NAME_ldmks.txt``; records and maps in folders of their own.

    In the segmentation everything is 255, to be ignored, that is not known: hair, neck and
    background, and what hides the face. The text has 68 lines ``x y``, pixel centres counted from
    0; of the published set's 70 points the last two, the pupils, are not known.
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
        lines = (f"{x:.4f} {y:.4f}\n" for x, y in subject.landmarks[:, :2].tolist())
        return {
            f"{sample.name}_seg.png": grey_png(seen, _SENTENCE),
            f"{sample.name}_ldmks.txt": "".join(lines).encode(),
        }
