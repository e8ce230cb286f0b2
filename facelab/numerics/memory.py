"""How this process takes memory for its arrays, where its C library is glibc; elsewhere as it is.

A swap makes hundreds of arrays of megabytes. glibc gives each back to the system as it is freed,
and the next one's pages are zeroed again on first touch: a fifth of the time of a warm swap. It
has a heap for each thread, too, and what one has freed is not there for the others.

This is for processes of our own, not for a program that has facelab as a library.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _HEAPS = -1, -3, -8  # of mallopt(3)
_ARRAY = 64 << 20  # bytes: larger ones are frames of many megapixels, and are given back
_KEPT = 256 << 20  # bytes that stay with the process at the most


def share_heap() -> None:
    """Let all threads take from one heap: a swap then needs a fifth less."""
    _set(_HEAPS, 1)


def keep_freed() -> None:
    """Keep what is freed for the next arrays, in a process that does the same again and again."""
    _set(_MMAP_THRESHOLD, _ARRAY)
    _set(_TRIM_THRESHOLD, _KEPT)


def _set(option: int, value: int) -> None:
    try:
        ctypes.CDLL(None).mallopt(option, value)
    except (AttributeError, OSError, TypeError):  # another system's
        return
