"""Outcomes of every method for every picture, and their means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from facelab.benchmark.measures import Array, Errors, bin_names
from facelab.numerics.arrays import Float


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """The landmarks of a face, as they were found and as they are.

    Parameters
    ----------
    found, truth : (68, 2 or 3) float32
        Pixels.
    axes : (2, 3) float64
        As of `facelab.benchmark.offsets.axes_of`.
    """

    found: Float
    truth: Float
    axes: Array


@dataclass(frozen=True, slots=True)
class MethodOutcome:
    """The errors of a method on a picture.

    Parameters
    ----------
    picture : str
        The picture's name; methods with the same name have seen the same.
    method : str
    labels : mapping of str to str
        The groups of the picture: how the face was found, the yaw, what was done.
    errors : dict of str to float, optional
        Of each measure that there is of the face; None if it was lost.
    face : FoundFace, optional
        Of labelled photographs, unless it was lost.
    """

    picture: str
    method: str
    labels: Mapping[str, str]
    errors: Errors | None
    face: FoundFace | None = None

    @property
    def name(self) -> str:
        """The picture's name without the way in which the face was found."""
        return self.picture.removesuffix(f", {self.labels.get('way')}")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Outcomes of several methods on the same pictures."""

    rows: tuple[MethodOutcome, ...]

    def where(self, **labels: str) -> Outcomes:
        """The outcomes with these labels."""
        wanted = labels.items()
        return Outcomes(tuple(row for row in self.rows if wanted <= row.labels.items()))

    def among(self, label: str, values: Iterable[str]) -> Outcomes:
        """The outcomes of which a label is one of `values`."""
        allowed = frozenset(values)
        return Outcomes(tuple(row for row in self.rows if row.labels.get(label) in allowed))

    def values(self, label: str) -> list[str]:
        """The values of a label, each once, in the order of the outcomes."""
        return list(dict.fromkeys(row.labels[label] for row in self.rows if label in row.labels))

    @cached_property
    def shared(self) -> Outcomes:
        """The outcomes of the pictures in which every method found the face."""
        lost = {row.picture for row in self.rows if row.errors is None}
        return Outcomes(tuple(row for row in self.rows if row.picture not in lost))

    @cached_property
    def by_yaw(self) -> tuple[Outcomes, ...]:
        """The outcomes of each range of yaw, the label ``yaw``."""
        return tuple(self.where(yaw=name) for name in bin_names())

    @cached_property
    def measures(self) -> list[str]:
        """The names of the measures of any face."""
        return list(dict.fromkeys(name for row in self.rows for name in row.errors or ()))

    @cached_property
    def pictures(self) -> int:
        """The number of pictures."""
        return len({row.picture for row in self.rows})

    def lost(self, method: str) -> float | None:
        """The share of pictures in which a method lost the face, %; None without any picture."""
        lost = [row.errors is None for row in self._by_method.get(method, ())]
        return 100 * sum(lost) / len(lost) if lost else None

    def mean(self, method: str, measure: str, lost: float | None = None) -> float | None:
        """The mean of `errors`, or None if there are none."""
        errors = self.errors(method, measure, lost)
        return float(np.mean(errors)) if errors else None

    def median(self, method: str, measure: str, lost: float | None = None) -> float | None:
        """The median of `errors`, or None if there are none."""
        errors = self.errors(method, measure, lost)
        return float(np.median(errors)) if errors else None

    def errors(self, method: str, measure: str, lost: float | None = None) -> list[float]:
        """A measure of the faces that have it and that a method found.

        Of those that it lost, `lost`; nothing if that is None.
        """
        rows = [row.errors for row in self._by_method.get(method, ())]
        found = [errors[measure] for errors in rows if errors and measure in errors]
        return found if lost is None else found + [lost] * rows.count(None)

    def lost_of(self, method: str) -> list[MethodOutcome]:
        """The outcomes of the faces that a method lost."""
        return [row for row in self._by_method.get(method, ()) if row.errors is None]

    def worst_of(self, method: str, measure: str, count: int) -> list[MethodOutcome]:
        """The outcomes with the largest errors of those found, the largest first."""
        rows = [row for row in self._by_method.get(method, ()) if row.errors]
        there = [(row.errors[measure], row) for row in rows if row.errors and measure in row.errors]
        return [row for _, row in sorted(there, key=lambda each: -each[0])[:count]]

    @cached_property
    def _by_method(self) -> dict[str, list[MethodOutcome]]:
        found: dict[str, list[MethodOutcome]] = {}
        for row in self.rows:
            found.setdefault(row.method, []).append(row)
        return found
