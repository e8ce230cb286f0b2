"""A photograph's person as a whole head that wears what the photograph shows, to be turned.

It hangs on the photograph alone, so that it is worked out once for all its samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment.border import cut_out
from facelab.augment.classes import CLASSES
from facelab.augment.figure import Figure, Tones, figure_of, outer_skin
from facelab.augment.wrap import COLUMNS, ROWS, Wrap, wrap_of
from facelab.geometry.head import POINTS, Head
from facelab.geometry.landmarks import points468
from facelab.heads import HeadFamily
from facelab.numerics import raster
from facelab.numerics.arrays import Float, require
from facelab.types import Crop, PositionMap

Arrays = dict[str, NDArray[Any]]

_FACE = 160  # px: its size where what it wears is read; about two a texel of the wrap
_ROOM = 2.0  # sizes of the face around it, of what is read of the person
_BY_VERTEX = ("vertices", "hair", "shade")  # of the figure


@dataclass(frozen=True, eq=False)
class Dressed:
    """A whole head in the place of the photograph's person.

    Parameters
    ----------
    head : Head
        Of the shipped family, fitted to the face; pixels, as of `figure`.
    figure : Figure
    wrap : Wrap
        What the figure wears.
    uncovered : float
        The share of the head that the matte does not have, [0, 1].
    """

    head: Head
    figure: Figure
    wrap: Wrap
    uncovered: float

    @classmethod
    def of(
        cls, positions: PositionMap, image: Float, occlusion: Float, matte: Float | None
    ) -> Dressed:
        """Dress a head in what a picture shows.

        Parameters
        ----------
        positions : PositionMap
            Of the face.
        image : (H, W, 3) float32
        occlusion : (H, W) float32
            How much something in front hides the person.
        matte : (H, W) float32, optional
            How much of each pixel is a person, [0, 1].
        """
        head = HeadFamily.load().head_model().fit(points468(positions))
        figure = figure_of(head, positions, image, matte)
        wrap = wrap_of(figure, image, occlusion, matte)
        return cls(head, figure, wrap, _uncovered(head, matte))

    @classmethod
    def of_photograph(cls, positions: PositionMap, image: Float, matte: Float | None) -> Dressed:
        """Dress a head in a photograph of any size, of which it takes no more than it needs."""
        box = positions.box
        crop = Crop(box.centre, _ROOM * box.size, 0.0, round(_ROOM * _FACE))
        near = cut_out(image, crop)
        matte = None if matte is None else cut_out(matte[..., None], crop)
        free = np.zeros(near.shape[:2], np.float32)
        return cls.of(positions.seen_in(crop), near, free, matte).seen_in(_back(crop))

    def seen_in(self, crop: Crop) -> Dressed:
        """The same in the pixels of a crop."""
        return replace(self, head=self.head.seen_in(crop), figure=self.figure.seen_in(crop))

    def packed(self) -> Arrays:
        """The same as arrays by name, for a file."""
        head, figure, wrap = self.head, self.figure, self.wrap
        tones = [figure.tones.hair, figure.tones.skin, *figure.tones.ears]
        return {
            "points": head.points,
            "head": head.vertices,
            "axes": head.axes,
            **{name: getattr(figure, name) for name in _BY_VERTEX},
            "place": np.column_stack([figure.matrix, figure.middle]),
            "lean": figure.lean,
            "hangs": np.array(figure.hangs),
            "tones": np.stack(tones),
            "colour": wrap.colour.astype(np.float16),
            "made": wrap.made.astype(np.float16),
            "classes": wrap.classes,
            "uncovered": np.array(self.uncovered),
        }

    @classmethod
    def unpacked(cls, stored: Mapping[str, NDArray[Any]]) -> Dressed:
        """What was `packed`.

        Raises
        ------
        ValueError
            If the arrays are not those of this family of heads, or not finite.
        """
        family = HeadFamily.load()
        for name, (shape, kind) in _layout(len(family.base)).items():
            require(name, stored[name], shape, kind)
            if name != "tones" and not np.isfinite(stored[name]).all():
                raise ValueError(f"{name} must be finite")
        triangles, part = outer_skin(family)
        hair, skin, *ears = stored["tones"]
        lean, place = stored["lean"], stored["place"]
        vertices, hairs, shade = (stored[name] for name in _BY_VERTEX)
        return cls(
            Head(family.head_model(), stored["points"], stored["head"], stored["axes"]),
            Figure(
                vertices,
                triangles,
                part,
                hairs,
                bool(stored["hangs"]),
                shade,
                place[:, :3],
                place[:, 3],
                Tones(hair, skin, (ears[0], ears[1])),
                lean,
            ),
            Wrap(
                stored["colour"].astype(np.float32),
                stored["made"].astype(np.float32),
                stored["classes"],
                lean,
            ),
            float(stored["uncovered"]),
        )


def _layout(count: int) -> dict[str, tuple[tuple[int, ...], type]]:
    """Shape and dtype of each array of a file; `count` vertices."""
    single, double, half = np.float32, np.float64, np.float16
    return {
        "points": ((POINTS, 3), single),
        "head": ((count, 3), single),
        "axes": ((3, 3), single),
        "vertices": ((count, 3), single),
        **dict.fromkeys(_BY_VERTEX[1:], ((count,), single)),
        "place": ((3, 4), double),
        "lean": ((2,), double),
        "hangs": ((), np.bool_),
        "tones": ((4, 3), double),
        "colour": ((ROWS, COLUMNS, 4), half),
        "made": ((ROWS, COLUMNS), half),
        "classes": ((ROWS, COLUMNS), np.uint8),
        "uncovered": ((), double),
    }


NAMES = tuple(_layout(0))
"""Of the arrays of a file."""


def _back(crop: Crop) -> Crop:
    """What takes pixels of a crop that is not turned to those of the whole picture."""
    times, middle = crop.side / crop.size, (crop.size - 1) / 2
    x, y = (middle - (along - middle) / times for along in crop.centre)
    return Crop((x, y), crop.size / times, 0.0, crop.size)


def _uncovered(head: Head, matte: Float | None) -> float:
    """The share of the head of a face that a matte does not have."""
    if matte is None:
        return 0.0
    family = HeadFamily.load()
    skull = family.triangles[family.part == CLASSES["skin"]]
    drawn = raster.rasterize(head.vertices, skull, matte.shape).covered
    return float(1 - matte[drawn].mean()) if drawn.any() else 0.0
