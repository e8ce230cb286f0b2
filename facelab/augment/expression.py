"""The names that coefficients of expressions go by."""

from __future__ import annotations

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
