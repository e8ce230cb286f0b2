"""PyAV, loaded when a video is first opened."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from facelab.errors import UsageError


@cache
def pyav() -> ModuleType:
    """Return the module ``av``.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        import av
    except ImportError:
        raise UsageError("videos need PyAV; pip install 'facelab[video]'") from None
    return av
