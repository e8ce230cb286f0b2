"""A photograph that is changed window by window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facelab.geometry.window import Window
from facelab.images import Image
from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import rescaled


class Canvas:
    """A photograph's pixels as in its file, floats only where they are read.

    It is copied once, with the first change, however many follow.

    Parameters
    ----------
    image : Image
        The photograph, which stays as it is.
    """

    def __init__(self, image: Image) -> None:
        self._photograph = self._image = image

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self._image.shape

    @property
    def image(self) -> Image:
        """The photograph as it is by now; itself if nothing has changed."""
        return self._image

    def pixels(self, window: Window) -> Float:
        """The pixels of a window, ``(h, w, 3)`` float32, as `Image.pixels`; not to be written."""
        return np.ascontiguousarray(self._image.window(window.rows, window.columns))

    def frame(self, window: Window) -> Frame:
        """The same as networks look at them, as `Image.frame`."""
        return self._image.part(window.rows, window.columns)

    def change(self, window: Window, pixels: Float) -> None:
        """Put other pixels ``(h, w, 3)`` into a window, rounded to what the file holds."""
        if self._image is self._photograph:
            self._image = _copied(self._photograph)
        there = window.part(self._image.values)
        there[...] = self._image.held(pixels, window.rows, window.columns)


def _copied(image: Image) -> Image:
    """A copy whose pixels may be written; it does not hold on to those that were read."""
    values = image.values
    if values.dtype != np.float32:
        values = rescaled(values, image.bits)
    if values is image.values:
        values = values.copy()
    origin = image.origin and image.origin.name_only
    stored = None if image.stored is None else values
    return replace(image, values=values, origin=origin, stored=stored)
