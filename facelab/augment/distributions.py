"""Distributions of the values of a recipe: ranges, normal distributions, choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Rng = np.random.Generator
Check = Callable[[object], object]  # raises ValueError unless a value is allowed

_TRIES = 64  # draws of a normal distribution before the nearest bound is taken


class _DrawnError(ValueError):
    """A value that was looked for can be drawn."""


class Distribution(ABC):
    """A distribution of values."""

    @abstractmethod
    def sample(self, rng: Rng) -> object:
        """Draw a value."""

    @abstractmethod
    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless every value that can be drawn is allowed."""

    def may_give(self, wanted: Callable[[object], bool]) -> bool:
        """Whether a value that is `wanted` can be drawn, of those that `check` looks at."""

        def refuse(value: object) -> None:
            if wanted(value):
                raise _DrawnError

        try:
            self.check(refuse)
        except _DrawnError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """One value, always the same."""

    value: object

    def sample(self, rng: Rng) -> object:  # noqa: ARG002  # as every distribution
        """Return the value; nothing is drawn."""
        return self.value

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless it is allowed."""
        allowed(self.value)


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """A number between two, each as likely; whole numbers for keys that take only these."""

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
class Normal(Distribution):
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
class Choice(Distribution):
    """One of several values or distributions, each as likely."""

    options: tuple[Distribution, ...]

    def sample(self, rng: Rng) -> object:
        """Draw from one of them."""
        return self.options[int(rng.integers(len(self.options)))].sample(rng)

    def check(self, allowed: Check) -> None:
        """Raise ``ValueError`` unless all of them are allowed."""
        for option in self.options:
            option.check(allowed)


def parse_distribution(value: object, about: dict[str, Any] | Any) -> Distribution:  # noqa: ANN401
    """Parse what a recipe gives for a key.

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


def _uniform(kind: str, parts: object, about: Any) -> Distribution:  # noqa: ANN401
    low, high = _two_numbers(kind, parts, about)
    return Uniform(low, high, about["kind"] == "whole")


def _normal(kind: str, parts: object, about: Any) -> Distribution:  # noqa: ANN401
    if about["kind"] == "whole":
        raise ValueError("normal: gives no whole numbers; use uniform")
    mean, deviation = _two_numbers(kind, parts, about)
    return Normal(mean, deviation, about["low"], about["high"])


def _choice(kind: str, parts: object, about: Any) -> Distribution:  # noqa: ANN401
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise ValueError(f"{kind}: {parts!r} is not a list of values")
    return Choice(tuple(parse_distribution(part, about) for part in parts))


def _two_numbers(kind: str, parts: object, about: Any) -> tuple[float, float]:  # noqa: ANN401
    if about["kind"] not in ("number", "whole"):
        raise ValueError(f"{kind}: goes with numbers; use choice")
    numbers = isinstance(parts, list) and [type(part) in (int, float) for part in parts]
    if numbers != [True, True]:
        raise ValueError(f"{kind}: {parts!r} is not two numbers")
    assert isinstance(parts, list)
    return float(parts[0]), float(parts[1])


_KINDS: dict[str, Callable[[str, object, Any], Distribution]] = {
    "uniform": _uniform,
    "normal": _normal,
    "choice": _choice,
}
