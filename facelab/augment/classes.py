"""The classes of a picture's pixels: parts of people, what they wear, what is in front of them."""

from __future__ import annotations

CLASSES = {
    "background": 0,
    "skin": 1,
    "right brow": 2,
    "left brow": 3,
    "right eye": 4,
    "left eye": 5,
    "nose": 6,
    "upper lip": 7,
    "mouth interior": 8,
    "lower lip": 9,
    "hair": 10,
    "right ear": 11,
    "left ear": 12,
    "neck": 13,
    "clothes": 14,
    "glasses": 15,
    "hat": 16,
    "hand": 17,
    "mask": 18,
    "object": 19,
    "not known": 255,
}
"""Number of each class; right and left are the subject's. ``object`` is whatever else lies in front
of a person, in photographs a hand or hat, too; ``not known`` what nothing has told for sure."""

NOT_KNOWN = CLASSES["not known"]

IN_FRONT = ("glasses", "hat", "hand", "mask", "object")
"""Those of what may hide a face, hair apart."""

MIRRORED = (("right brow", "left brow"), ("right eye", "left eye"), ("right ear", "left ear"))
"""Classes that change places in a mirror image."""

COVERED = 0.5
"""A pixel is hidden by what lies in front of the face where `Sample.occlusion` exceeds this."""
