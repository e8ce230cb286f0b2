"""The log of a training run: a table, and its curves as a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image, write
from facelab.numerics.arrays import Float

Pixels = NDArray[np.uint8]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """What a log tells of a training.

    Parameters
    ----------
    parts : tuple of str
        Of the loss.
    held_out : tuple of str
        What is measured on views that are held out.
    curves : mapping of str to RGB
        Columns that are drawn, and in what colours; those of `held_out` begin with ``held_out_``.
    unit : str
        Of the curves.
    """

    parts: tuple[str, ...]
    held_out: tuple[str, ...]
    curves: Mapping[str, tuple[int, int, int]]
    unit: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        held_out = (f"held_out_{name}" for name in self.held_out)
        return ("step", "rate", "loss", *self.parts, *held_out)


OF_MAP = Measures(
    ("map", "landmarks", "score"),
    ("map", "landmarks"),
    {
        "map": (50, 100, 200),
        "held_out_map": (215, 90, 25),
        "held_out_landmarks": (50, 150, 75),
    },
    " px",
)
COLUMNS = OF_MAP.columns
_LARGEST = 64 * MEGABYTE  # a row has about 60 bytes
_LAST = 1e15  # step
_WIDTH, _HEIGHT, _EDGE = 900, 480, 56
_GREY, _PALE = (90,) * 3, (225,) * 3


class Log:
    """The log of a run: each row has means over the steps since the last.

    Parameters
    ----------
    path : Path
        A CSV file; the picture lies beside it, as ``.png``.
    step : int
        Where the run goes on: later rows are of a run that was cut off, and go.
    measures : Measures
    """

    def __init__(self, path: Path, step: int, measures: Measures = OF_MAP) -> None:
        self._path, self._sum, self._count = path, dict[str, float](), 0
        self._measures = measures
        self._rows = [row for row in _read(path, measures) if float(row["step"]) <= step]

    def add(self, parts: dict[str, float]) -> None:
        """Add the parts of one step's loss."""
        self._count += 1
        self._sum = {name: self._sum.get(name, 0.0) + part for name, part in parts.items()}

    def write(self, step: int, rate: float, held_out: dict[str, float]) -> None:
        """Write a row: the means since the last one, and the errors on held-out views."""
        means = {name: total / self._count for name, total in self._sum.items()}
        row = {"step": f"{step}", "rate": f"{rate:.3g}", "loss": f"{means['total']:.4f}"}
        row |= {name: f"{means[name]:.4f}" for name in self._measures.parts}
        row |= {
            f"held_out_{name}": f"{held_out[name]:.4f}"
            for name in self._measures.held_out
            if held_out
        }
        self._rows, self._sum, self._count = [*self._rows, row], {}, 0
        text = io.StringIO()
        table = csv.DictWriter(text, self._measures.columns)
        table.writeheader()
        table.writerows(self._rows)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomically(self._path, text.getvalue().encode())
        write(self._path.with_suffix(".png"), Image(curves(self._rows, self._measures)))


def curves(rows: list[dict[str, str]], measures: Measures = OF_MAP) -> Float:
    """Draw the errors over the steps, the vertical axis logarithmic: ``(480, 900, 3)``."""
    picture = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    steps = np.array([float(row["step"]) for row in rows])
    series = {name: _numbers(rows, name) for name in measures.curves}
    known = np.concatenate([values[np.isfinite(values)] for values in series.values()])
    if not len(known):
        return np.asarray(picture / np.float32(255), np.float32)
    low, high = np.log10(known.min() * 0.95), np.log10(known.max() * 1.05)
    for tick in _ticks(low, high):
        y = _row(np.array([tick]), low, high)[0]
        cv2.line(picture, (_EDGE, y), (_WIDTH - 12, y), _PALE, 1)
        _text(picture, f"{tick:g}{measures.unit}", (6, y + 4), _GREY)
    x = _EDGE + steps / steps.max() * (_WIDTH - _EDGE - 12)
    for place, (name, colour) in enumerate(measures.curves.items()):
        there = np.isfinite(series[name])
        line = np.column_stack([x[there], _row(series[name][there], low, high)])
        cv2.polylines(picture, [np.rint(line).astype(np.int32)], False, colour, 2, cv2.LINE_AA)
        _text(picture, name.replace("_", " "), (_EDGE + 200 * place, 18), colour)
    _text(picture, f"step {int(steps.max())}", (_WIDTH - 110, _HEIGHT - 10), _GREY)
    return np.asarray(picture / np.float32(255), np.float32)


def _ticks(low: float, high: float) -> list[float]:
    every = [1, 1.5, 2, 3, 4, 5, 7]
    ticks = [m * 10.0**e for e in range(int(np.floor(low)), int(np.ceil(high)) + 1) for m in every]
    return [tick for tick in ticks if low <= np.log10(tick) <= high]


def _row(values: Doubles, low: float, high: float) -> list[int]:
    share = (np.log10(values) - low) / max(high - low, 1e-6)
    return [round(y) for y in (_HEIGHT - 28 - share * (_HEIGHT - 60))]


def _text(picture: Pixels, text: str, at: tuple[int, int], colour: tuple[int, ...]) -> None:
    cv2.putText(picture, text, at, colour, cv2.FontFace("sans"), 14)


def _numbers(rows: list[dict[str, str]], name: str) -> Doubles:
    """A column; NaN where there is nothing that has a logarithm."""
    values = np.array([float(row.get(name) or "nan") for row in rows])
    return np.where(values > 0, values, np.nan)


def _read(path: Path, measures: Measures) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(read_bytes(path, _LARGEST).decode())))
        for row in rows:
            numbers = [float(value) for value in row.values() if value]
            if (
                not set(row) <= set(measures.columns)
                or not numbers
                or not 0 < float(row["step"]) < _LAST
            ):
                raise ValueError
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        raise UsageError(f"{path}: is not the log of a run; remove it, training goes on") from None
    return rows
