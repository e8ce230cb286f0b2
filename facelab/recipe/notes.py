"""Notes on swaps and turns that will not look good, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facelab.edits.turn import Turn, supported
from facelab.geometry import pose
from facelab.geometry.visibility import normals
from facelab.numerics.arrays import Bool
from facelab.types import PositionMap

SMALLER = 0.5  # of the target's size: a smaller source leaves the result soft
SHOWN = 0.8  # of what the target shows: where sources show less, two faces meet
_GRAZING = 0.1  # cosine to the viewing ray below which a texel is hardly seen


def size_note(sources: Iterable[float], target: float) -> str | None:
    """Return the note that a source's face is much smaller than the target's; none if it is not.

    Parameters
    ----------
    sources : iterable of float
        Sizes of the faces whose texture is used (`facelab.types.Box.size`), pixels; the largest
        counts, since several photographs of one person are fused. One or more.
    target : float
        Size of the face that they are put on, pixels.
    """
    largest = max(sources)
    if largest >= SMALLER * target:
        return None
    return (
        f"the source's face is {largest:.0f} px, the target's {target:.0f}: the result will be "
        "soft; give a larger photograph"
    )


def unseen_note(sources: Iterable[PositionMap], target: PositionMap) -> str | None:
    """Return the note that sources do not show much of what a photograph shows of a face.

    Parameters
    ----------
    sources : iterable of PositionMap
        Where the person whose texture is used was seen. One or more, of one layout with the target.
    target : PositionMap
        The face that they are put on.
    """
    wanted = _shown(target)
    seen = np.logical_or.reduce([_shown(one) for one in sources])
    share = float((wanted & seen).sum() / max(wanted.sum(), 1))
    if share >= SHOWN:
        return None
    return (
        f"the sources show only {100 * share:.0f} % of what the photograph shows of the face: the "
        "rest stays its own; give a photograph from that side"
    )


def turn_note(turn: Turn, positions: PositionMap) -> str | None:
    """Return the note that a head is turned less far than was asked for; none if it is not."""
    was, wanted = pose.estimate(positions).yaw, turn.strength * turn.yaw
    held = supported(wanted, was)
    if held == wanted:
        return None
    return (
        f"the head is turned by {abs(was):.0f} degrees, and its far side was not seen: turned by "
        f"{abs(held):.0f} degrees instead of {abs(wanted):.0f}"
    )


def _shown(positions: PositionMap) -> Bool:
    """The texels of a face that look at the viewer, ``(256, 256)``."""
    out: Bool = (normals(positions)[..., 2] > _GRAZING) & positions.atlas.face
    return out
