"""PyAV, loaded when a video is first opened."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
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


def pyav_version() -> dict[str, str]:
    """PyAV's version, as records have versions; nothing where it is not installed."""
    return {"av": pyav().__version__} if find_spec("av") else {}
