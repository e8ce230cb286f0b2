"""Memory of arrays that is kept for the next ones.

A swap makes hundreds of arrays of megabytes. glibc gives each back to the system as it is freed,
and the next one's pages are zeroed again on first touch: a fifth of the time of a warm swap.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_ARRAY = 64 << 20  # bytes: larger ones are frames of many megapixels, and are given back
_KEPT = 256 << 20  # bytes that stay with the process at the most


def keep_freed() -> None:
    """Keep freed memory in this process, where its C library is glibc; elsewhere do nothing.

    It is for processes of our own that do the same again and again, not for a program that has
    facelab as a library.
    """
    try:
        option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another system's
        return
    option(_MMAP_THRESHOLD, _ARRAY)
    option(_TRIM_THRESHOLD, _KEPT)
