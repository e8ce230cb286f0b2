"""What a result says of its making, whichever job made it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from facelab.images import Image
from facelab.provenance.save import Making, Mark, Part

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor


def making_of(
    target: Image,
    parts: Sequence[Part],
    recipe: Mapping[str, object],
    reconstructor: Reconstructor,
    mark: Callable[[str], Mark],
    seed: int | None = None,
) -> Making:
    """How a picture was made of `target` and `parts`, as the record of the command has it.

    Of a reconstructor that `facelab.load_reconstructor` did not give, networks are not known.
    """
    used = getattr(reconstructor, "used", None)
    recipe = {**(used.said if used else {}), **recipe}
    return Making(
        target=target,
        parts=[*parts, Part("target", target.pixels, target.origin)],
        recipe=json.loads(json.dumps(recipe)),
        weights=used.weights if used else {},
        mark=mark,
        seed=seed,
    )
