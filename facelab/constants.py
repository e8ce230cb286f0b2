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

_BOTH = ("Left", "Right")

ARKIT = (
    *(f"browDown{side}" for side in _BOTH),
    "browInnerUp",
    *(f"browOuterUp{side}" for side in _BOTH),
    "cheekPuff",
    *(f"cheekSquint{side}" for side in _BOTH),
    *(f"eyeBlink{side}" for side in _BOTH),
    *(f"eyeLook{way}{side}" for way in ("Down", "In", "Out", "Up") for side in _BOTH),
    *(f"eyeSquint{side}" for side in _BOTH),
    *(f"eyeWide{side}" for side in _BOTH),
    *("jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose"),
    *(f"mouthDimple{side}" for side in _BOTH),
    *(f"mouthFrown{side}" for side in _BOTH),
    *("mouthFunnel", "mouthLeft"),
    *(f"mouthLowerDown{side}" for side in _BOTH),
    *(f"mouthPress{side}" for side in _BOTH),
    *("mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper"),
    *("mouthShrugLower", "mouthShrugUpper"),
    *(f"mouthSmile{side}" for side in _BOTH),
    *(f"mouthStretch{side}" for side in _BOTH),
    *(f"mouthUpperUp{side}" for side in _BOTH),
    *(f"noseSneer{side}" for side in _BOTH),
    "tongueOut",
)
"""The 52 blend shapes of ARKit, in the order of their names; left and right are the subject's.

MediaPipe's face blend shapes are ``_neutral`` and the first 51 of these, in this order.
"""
