"""Names that settings, recipes and the command line know, each written down here alone.

Imports nothing, so that ``facelab --help`` has them without the time to load what they name.
"""

from __future__ import annotations

BLEND = ("poisson", "mixed", "alpha")
"""How a face is blended in; `facelab.face.blend` has the functions."""

KEEP = ("mouth", "eyes")
"""What of a target can stay in a swap: the inside of the mouth, the eyeballs."""

OWNERS = ("target", "source")
"""Whose beard and glasses a swap shows."""

ONE_FACE = ("largest", "left", "right")
"""Words for one face of a photograph, beside its index by size."""

FACES = ("all", *ONE_FACE)
"""Words for faces of a photograph."""

DETECTORS = ("blazeface", "insightface")
BACKENDS = ("map", "mesh", "prn")
RUNTIMES = ("onnx", "torch")
DEVICES = ("cpu", "cuda")

CONSENT = ("self", "written", "licensed", "synthetic", "public-domain", "unspecified")
"""By what right faces are used, as records say it."""

FORMATS = ("jpg", "png", "webp", "avif", "tif")
"""What the photographs of a folder can become."""

ENGINES = ("local", "dask")
"""What `facelab augment` can run on."""

PARTS = (
    "background",
    "skin",
    "brows",
    "eyes",
    "lips",
    "mouth",
    "hair",
    "beard",
    "glasses",
    "lenses",
    "front",
    "ears",
    "neck",
    "clothes",
)
"""What a pixel around a face may show, in the order in which shares of them are kept.

``skin`` is the bare skin of the face and ``neck`` that of the body, ``mouth`` the mouth's interior,
``glasses`` rims and temples, ``lenses`` what is seen through them or reflected; ``front`` is
whatever else lies in front of the face: a hand, a hat, a mask, a microphone.
"""
