"""What must be said of a swap before anybody looks at it."""

from __future__ import annotations

from collections.abc import Iterable

SMALLER = 0.5
"""A source's face below this part of the target's is said to be small: its texture is then soft."""


def size_note(sources: Iterable[float], target: float) -> str | None:
    """The note that a source's face is much smaller than the target's; none where it is not.

    Parameters
    ----------
    sources : iterable of float
        Sizes of the faces whose texture is used (`facelab.types.Box.size`), pixels; the largest
        counts, since several photographs of one person are fused. One or more.
    target : float
        Size of the face that they are put on, pixels.

    Returns
    -------
    str or None
        A clause that names both sizes and what to do.
    """
    largest = max(sources)
    if largest >= SMALLER * target:
        return None
    return (
        f"the source's face is {largest:.0f} px, the target's {target:.0f}: the result will be "
        "soft; give a larger photograph"
    )
