"""Whom a skin is drawn for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Whom a skin is for.

    Parameters
    ----------
    age : float
        Years, 16 to 90.
    male : float
        0 for a woman, 1 for a man.
    lightness : float, optional
        CIELAB lightness of the skin, about 25 (very dark) to 78 (very light); drawn by default.
    hair : (3,) floats
        sRGB-encoded RGB in [0, 1] of the hair: beard and a shorn scalp have its colour.
    shorn : float
        How densely short hair covers the scalp, [0, 1]: below other hair it hides gaps.
    """

    age: float = 30.0
    male: float = 0.5
    lightness: float | None = None
    hair: tuple[float, float, float] = (0.16, 0.11, 0.08)
    shorn: float = 0.85
