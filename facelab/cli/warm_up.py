"""What takes long once in a process, done on a second thread while Python imports the rest."""

from __future__ import annotations

from threading import Thread

import cv2
import numpy as np


def warm_up() -> None:
    """Begin; Python's lock is free for most of it."""
    Thread(target=_warm_up).start()


def _warm_up() -> None:
    # OpenCV makes its tables of CIELAB with the first colour: 90 ms.
    cv2.cvtColor(np.zeros((1, 1, 3), np.float32), cv2.COLOR_RGB2LAB)
    np.median(np.zeros(1))  # NumPy then loads its masked arrays
