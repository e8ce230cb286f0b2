"""A sample that does not show a face as it should, and by which measure: it is drawn again."""

from __future__ import annotations

from facelab.errors import FacelabError


class Torn(FacelabError):  # noqa: N818  # what the sample is
    """A step, or the sample that it led to, is not fit to learn from.

    Never seen outside of `facelab.augment`: whoever makes samples draws such a one again.

    Parameters
    ----------
    reason : str
        What is wrong, in a word or two by which samples are counted: ``stretch``, ``covered``.
    value : float, optional
        Of the measure that told it.
    step : str
        The name of the step, which `facelab.augment.generate` adds.
    """

    def __init__(self, reason: str, value: float | None = None, step: str = "") -> None:
        super().__init__(reason, value, step)
        self.reason = reason
        self.value = value
        self.step = step

    def __str__(self) -> str:
        return self.reason if self.value is None else f"{self.reason}: {self.value:.3g}"
