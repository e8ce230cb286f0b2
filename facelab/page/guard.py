"""Who may ask: a browser on this machine, by the address that the command printed."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import PlainTextResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_OWN = ("same-origin", "none")  # Sec-Fetch-Site: of the page itself, or typed by the user
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Guard:
    """An application behind checks of Host, Origin and a token, the first part of every path.

    A page of another site may send requests to this machine, too; it does not know the token, and
    its browser says in ``Origin`` where they come from. ``Host`` tells a name that was made to lead
    here (DNS rebinding) or a port that was forwarded to another machine.

    Parameters
    ----------
    app : Application
        What answers those who are let in; it sees paths without the token.
    token : str
    port : int
        The port that is listened to.
    """

    app: Application
    token: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI wants it."""
        refusal = self._refusal(scope)
        if refusal is not None:
            status, sentence = refusal
            answer = PlainTextResponse(f"facelab: {sentence}\n", status, headers=_HEADERS)
            await answer(scope, receive, send)
            return

        async def marked(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(key.lower().encode(), value.encode()) for key, value in _HEADERS.items()]
                kept = [(b"cache-control", b"no-store")]
                given = {key.lower() for key, _ in message["headers"]}
                added = [pair for pair in own + kept if pair[0] not in given]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        path = scope["path"].removeprefix(f"/{self.token}") or "/"
        await self.app({**scope, "path": path, "raw_path": path.encode()}, receive, marked)

    @property
    def _hosts(self) -> tuple[str, str]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for those who are not let in."""
        if scope["type"] != "http":
            return 400, "only HTTP is spoken here"
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        host = headers.get("host", "")
        if host not in self._hosts:
            return 403, (
                "this page is for the machine that it runs on alone; open it there, at the address "
                "that facelab page printed"
            )
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if (origin is not None and origin != f"http://{host}") or site not in _OWN:
            return 403, "a page of another site may not ask; open the address by itself"
        if origin is None and scope["method"] not in ("GET", "HEAD"):
            return 403, "a request that changes something must say its Origin"
        given = scope["path"].split("/")[1]
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return 404, "no such page; open the address that facelab page printed last, whole"
        return None
