"""Colour spaces by number: code points of ITU-T H.273, as PNG and AVIF carry them."""

from __future__ import annotations

from facelab.images.colour_space import SRGB_PRIMARIES, Primaries
from facelab.images.icc import SRGB_CURVE, profile

_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)

_PRIMARIES: dict[int, Primaries] = {
    1: SRGB_PRIMARIES,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: (_DCI, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""White, red, green and blue as CIE xy (H.273, table 2)."""

# 1, 6, 14 and 15 are the curve of BT.709 cameras. What displays show for it is nearer to sRGB's
# curve, which browsers take, and many AVIF encoders say 1 of sRGB pictures.
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 6, 13, 14, 15), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
"""Parameters as `facelab.images.icc.profile` takes them (H.273, table 3)."""

HDR = {16: "PQ", 18: "HLG"}
"""Curves for high dynamic range, whose values are no picture by themselves."""

_UNSPECIFIED = 2

Code = tuple[int, int, int, int]
"""Primaries, transfer characteristics, matrix coefficients, and 1 for the full range."""


def profile_of(code: Code) -> bytes | None:
    """The ICC profile of a code; None for sRGB, and where it leaves the space open.

    Raises
    ------
    ValueError
        If it is none that facelab knows.
    """
    primaries, curve, *_ = code
    if _UNSPECIFIED in (primaries, curve):
        return None
    if primaries not in _PRIMARIES or curve not in _CURVES:
        raise ValueError(f"primaries {primaries} with curve {curve} are not known")
    if (_PRIMARIES[primaries], _CURVES[curve]) == (SRGB_PRIMARIES, SRGB_CURVE):
        return None
    return profile(_PRIMARIES[primaries], _CURVES[curve])
