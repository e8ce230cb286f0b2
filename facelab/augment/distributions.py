"""Values that are drawn anew for each sample: ranges, normal distributions, choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Rng = np.random.Generator
Check = Callable[[object], object]  # raises ValueError unless a value is allowed

_TRIES = 64  # draws of a normal distribution before the nearest bound is taken


class Draw(ABC):
    """Something that gives a value when it is asked with a generator."""

    @abstractmethod
    def sample(self, rng: Rng) -> object:
        """A value."""

    @abstractmethod
    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless every value that can come out is allowed."""


@dataclass(frozen=True, slots=True)
class Constant(Draw):
    """Always the same."""

    value: object

    def sample(self, rng: Rng) -> object:  # noqa: ARG002  # as every draw
        """The value; nothing is drawn."""
        return self.value

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless it is allowed."""
        allowed(self.value)


@dataclass(frozen=True, slots=True)
class Uniform(Draw):
    """A number between two, each as likely; a whole one where both are and the key takes such."""

    low: float
    high: float
    whole: bool = False

    def sample(self, rng: Rng) -> object:
        """A number from `low` to `high`."""
        if self.whole:
            return int(rng.integers(int(self.low), int(self.high), endpoint=True))
        return float(rng.uniform(self.low, self.high))

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless both ends are allowed."""
        if self.low > self.high:
            raise ValueError(f"uniform: {self.low:g} is above {self.high:g}; swap them")
        allowed(self.low)
        allowed(self.high)


@dataclass(frozen=True, slots=True)
class Normal(Draw):
    """A number about a mean, drawn again until it lies between two others."""

    mean: float
    deviation: float
    low: float
    high: float

    def sample(self, rng: Rng) -> object:
        """A number from `low` to `high`."""
        for _ in range(_TRIES):
            value = float(rng.normal(self.mean, self.deviation))
            if self.low <= value <= self.high:
                return value
        return float(np.clip(value, self.low, self.high))

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless the mean is allowed and the deviation is a size."""
        if self.deviation < 0:
            raise ValueError(f"normal: the deviation {self.deviation:g} is below 0")
        allowed(self.mean)


@dataclass(frozen=True, slots=True)
class Choice(Draw):
    """One of several values or draws, each as likely."""

    options: tuple[Draw, ...]

    def sample(self, rng: Rng) -> object:
        """What one of them gives."""
        return self.options[int(rng.integers(len(self.options)))].sample(rng)

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless all of them are allowed."""
        for option in self.options:
            option.check(allowed)


def draw_of(value: object, about: dict[str, Any] | Any) -> Draw:  # noqa: ANN401
    """What a recipe says of a key.

    Parameters
    ----------
    value : object
        ``{uniform: [low, high]}``, ``{normal: [mean, deviation]}``, ``{choice: [...]}`` or a value.
    about : mapping
        The metadata of the key's field (`facelab.edits.parameters`).

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if not isinstance(value, dict):
        return Constant(value)
    if len(value) != 1 or next(iter(value)) not in _KINDS:
        raise ValueError(f"{value!r} is neither a value nor one of {', '.join(_KINDS)}")
    ((kind, parts),) = value.items()
    return _KINDS[kind](kind, parts, about)


def _uniform(kind: str, parts: object, about: Any) -> Draw:  # noqa: ANN401
    low, high = _two_numbers(kind, parts, about)
    return Uniform(low, high, about["kind"] == "whole")


def _normal(kind: str, parts: object, about: Any) -> Draw:  # noqa: ANN401
    if about["kind"] == "whole":
        raise ValueError("normal: gives no whole numbers; use uniform")
    mean, deviation = _two_numbers(kind, parts, about)
    return Normal(mean, deviation, about["low"], about["high"])


def _choice(kind: str, parts: object, about: Any) -> Draw:  # noqa: ANN401
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise ValueError(f"{kind}: {parts!r} is not a list of values")
    return Choice(tuple(draw_of(part, about) for part in parts))


def _two_numbers(kind: str, parts: object, about: Any) -> tuple[float, float]:  # noqa: ANN401
    if about["kind"] not in ("number", "whole"):
        raise ValueError(f"{kind}: goes with numbers; use choice")
    numbers = isinstance(parts, list) and [type(part) in (int, float) for part in parts]
    if numbers != [True, True]:
        raise ValueError(f"{kind}: {parts!r} is not two numbers")
    assert isinstance(parts, list)
    return float(parts[0]), float(parts[1])


_KINDS: dict[str, Callable[[str, object, Any], Draw]] = {
    "uniform": _uniform,
    "normal": _normal,
    "choice": _choice,
}
