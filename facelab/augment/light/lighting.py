"""What light does to a picture: gains, and light that comes on top."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.numerics.arrays import Float

GAMMA = 2.2  # of what a picture holds, to linear light
_NOISE = 3  # bytes whose sum is about normal
_DEVIATION = np.float32(np.sqrt(_NOISE * (256**2 - 1) / 12))


@dataclass(frozen=True, slots=True, eq=False)
class Lighting:
    """Light on a picture; its fields may be of any resolution.

    Parameters
    ----------
    gain : (h, w, 3) float32
        Of linear light, 0 or more.
    behind : (h, w, 3) float32, optional
        That of what is behind the person; by default the same.
    glow : (h, w, 3) float32, optional
        Linear light that comes on top: glare and highlights.
    glow_behind : (h, w, 3) float32, optional
        That of what is behind the person; by default the same.
    grain : float
        Deviation of a sensor's noise, of the range.
    """

    gain: Float
    behind: Float | None = None
    glow: Float | None = None
    glow_behind: Float | None = None
    grain: float = 0.0

    def faded(self, strength: float) -> Lighting:
        """Less of it: 1 is all, 0 changes nothing."""
        factor = np.float32(strength)
        return Lighting(
            self.gain**factor,
            None if self.behind is None else self.behind**factor,
            None if self.glow is None else self.glow * factor,
            None if self.glow_behind is None else self.glow_behind * factor,
            self.grain * strength,
        )

    def through(self, filter_: Float) -> Lighting:
        """The same through a filter, a gain ``(h, w, 3)``."""
        behind, glow, glow_behind = (
            None if own is None else own * _like(filter_, own)
            for own in (self.behind, self.glow, self.glow_behind)
        )
        gain = self.gain * _like(filter_, self.gain)
        return Lighting(gain, behind, glow, glow_behind, self.grain)


FLAT = Lighting(np.ones((1, 1, 3), np.float32))


def lit(image: Float, person: Float | None, light: Lighting) -> Float:
    """A picture ``(H, W, 3)`` in other light; may exceed 1.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1], sRGB-encoded.
    person : (H, W) float32, optional
        How much of each pixel is a person, for light that differs behind.
    light : Lighting

    Returns
    -------
    (H, W, 3) float32
        New; without glow that is `image` times a field, since a gain of linear light to the power
        of 1 / 2.2 is one of the encoded.
    """
    shape = image.shape[:2]
    exponent = np.float32(1 / GAMMA)
    gain = _enlarged(light.gain**exponent, shape)
    if light.behind is not None and person is not None:
        gain = _over(gain, _enlarged(light.behind**exponent, shape), person)
    out = np.multiply(image, gain, out=gain)
    if light.glow is not None:
        glow = _enlarged(light.glow, shape)
        if light.glow_behind is not None and person is not None:
            glow = _over(glow, _enlarged(light.glow_behind, shape), person)
        out = cv2.pow(out, GAMMA) + glow
        out = cv2.pow(out, 1 / GAMMA)
    return out


def grainy(image: Float, deviation: float, rng: Rng) -> Float:
    """A picture with noise of a sensor, half of it alike in all channels; changed in place."""
    height, width = image.shape[:2]
    raw = np.frombuffer(rng.bytes(height * width * 4 * _NOISE), np.uint8)
    sums = raw.reshape(_NOISE, height, width, 4).sum(axis=0, dtype=np.uint16).astype(np.float32)
    sums -= np.float32(_NOISE * 127.5)
    sums *= np.float32(deviation * np.sqrt(0.5)) / _DEVIATION
    image += sums[..., :3]
    image += sums[..., 3:]
    return image


def _over(front: Float, behind: Float, person: Float) -> Float:
    """The one where a person is, the other behind; `front` is changed."""
    front -= behind
    front *= person[..., None]
    front += behind
    return front


def _like(field: Float, other: Float) -> Float:
    """A field in the resolution of another, or its own if the other is uniform."""
    return field if other.shape[:2] == (1, 1) else _enlarged(field, other.shape[:2])


def _enlarged(field: Float, shape: tuple[int, int]) -> Float:
    """A field ``(h, w, 3)`` in the size of a picture; new."""
    out: Float = cv2.resize(field, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return out
