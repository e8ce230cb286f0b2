"""Means of errors over photographs and training seeds, and how sure they are (bootstrap).

Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979; photographs
and seeds are both drawn again, since a figure would differ with other photographs as well as with
other networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
SURE = 95.0  # % of the draws lie within the interval

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.1f} [{self.low:.1f}, {self.high:.1f}]"


def mean(errors: Array) -> Estimate:
    """The mean of errors ``(seeds, photographs)``."""
    return _estimate(errors.mean(), _resampled(errors, _photographs(errors), salt=0))


def gain(errors: Array, base: Array) -> Estimate:
    """By how much errors are below others of the same photographs, of which some are harder.

    Parameters
    ----------
    errors, base : (seeds, photographs) float
    """
    drawn = _photographs(errors)  # the same for both
    below = _resampled(base, drawn, salt=1) - _resampled(errors, drawn, salt=0)
    return _estimate(base.mean() - errors.mean(), below)


def _photographs(errors: Array) -> Array:
    """How often each photograph is drawn, as shares ``(DRAWS, photographs)``."""
    return _shares(errors.shape[1], np.random.default_rng(0))


def _resampled(errors: Array, photographs: Array, salt: int) -> Array:
    """Means over seeds and photographs that were drawn again, ``(DRAWS,)``."""
    seeds = _shares(len(errors), np.random.default_rng([1, salt]))
    out: Array = ((seeds @ errors) * photographs).sum(axis=1)
    return out


def _shares(count: int, rng: np.random.Generator) -> Array:
    return rng.multinomial(count, np.full(count, 1 / count), DRAWS) / count


def _estimate(value: float, draws: Array) -> Estimate:
    low, high = np.percentile(draws, [50 - SURE / 2, 50 + SURE / 2])
    return Estimate(float(value), float(low), float(high))
