"""What all tests share.

Two or more processes run them (`-n` in pyproject.toml), so each has one thread; what says that
bytes do not depend on threads sets their number itself.
"""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before NumPy, torch and OpenCV are loaded
    for _library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from hypothesis import settings

# On a busy machine a slow example is no failure.
settings.register_profile("facelab", deadline=None)
settings.load_profile("facelab")
