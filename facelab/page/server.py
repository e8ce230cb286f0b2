"""The page served on the loopback interface until the command is interrupted."""

from __future__ import annotations

import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from facelab.errors import UsageError
from facelab.files import why
from facelab.page.app import create_app
from facelab.page.guard import Guard
from facelab.page.session import session

HOST = "127.0.0.1"

_PATIENCE = 2  # seconds that requests have once the command is interrupted


def serve(port: int, announce: Callable[[str], None]) -> None:
    """Serve the page until the process is interrupted or told to end.

    Parameters
    ----------
    port : int
        Of the loopback interface; 0 takes one that is free.
    announce : callable
        Is given the page's address once it can be opened.

    Raises
    ------
    UsageError
        If the port is taken.
    WeightsError
        If weights are missing or damaged.
    """
    with _listening(port) as listener, session() as here:
        own, token = listener.getsockname()[1], secrets.token_urlsafe(24)
        guarded = Guard(create_app(here), token, own)
        settings = uvicorn.Config(
            guarded,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        earlier = signal.signal(signal.SIGTERM, _interrupt)
        try:
            announce(f"http://{HOST}:{own}/{token}/")
            with suppress(KeyboardInterrupt):
                uvicorn.Server(settings).run(sockets=[listener])
        finally:
            signal.signal(signal.SIGTERM, earlier)


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = why(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"--port {port}: {reason}; give another, or none") from None
    return listener


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that the session's folder is deleted."""
    raise KeyboardInterrupt
