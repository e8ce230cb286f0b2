"""The shape of a face that is put on: the target's, moved toward the source's.

What the source's face is moves over, what it does stays behind: expression, pose and place are the
target's, and so is the size of the head.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facelab.atlas import Atlas, canonical, surface
from facelab.geometry.identity import IdentityModel
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import spread
from facelab.types import PositionMap


def transferred(
    sources: Sequence[PositionMap], target: PositionMap, share: float = 1.0
) -> PositionMap:
    """Return where the target's face lies with the source's identity.

    Parameters
    ----------
    sources : sequence of PositionMap
        One person's face in one or more photographs, in any atlas.
    target : PositionMap
    share : float
        How far, [0, 1]; with 0 the target itself is returned.
    """
    if share == 0:
        return target
    return shaped([points468(source) for source in sources], target, share)


def shaped(sources: Sequence[Float], target: PositionMap, share: float = 1.0) -> PositionMap:
    """The same by the points ``(468, 3)`` of the sources' canonical mesh, each in its own frame."""
    model = IdentityModel.load()
    own = model.likeness(points468(target))
    others = [model.likeness(points) for points in sources]
    offsets = share * product(model.difference(others, own), own.axes.T)
    moved = target.values + _laid_out(offsets.astype(np.float32), target.atlas)
    return PositionMap(moved, target.atlas)


def _laid_out(offsets: Float, atlas: Atlas) -> Float:
    """Offsets of the canonical mesh's points ``(468, 3)`` as a map ``(256, 256, 3)``.

    An atlas may show more than the mesh has, such as ears: that moves as what is next to it does.
    """
    own = canonical()
    laid = own.spread(surface()(offsets))
    if atlas is own:
        return laid
    return atlas.from_canonical(spread(laid, own.valid)) * atlas.valid[..., None]
