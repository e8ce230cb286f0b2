"""Who is let in."""

from __future__ import annotations

import asyncio

import pytest

from facelab.page.guard import Guard

TOKEN, HOST = "secret-token", "127.0.0.1:8000"


def answered(path=f"/{TOKEN}/catalogue", method="GET", kind="http", **headers):
    """Status, headers and the path that the application saw."""
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    told = {"host": HOST, **{key.replace("_", "-"): value for key, value in headers.items()}}
    raw = [(key.encode(), value.encode()) for key, value in told.items() if value is not None]
    scope = {"type": kind, "path": path, "method": method, "headers": raw}
    asyncio.run(Guard(app, TOKEN, 8000)(scope, None, send))
    return sent[0]["status"], dict(sent[0]["headers"]), seen


def test_the_page_itself_is_let_in():
    status, headers, seen = answered()
    assert (status, seen) == (200, ["/catalogue"])
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert headers[b"cache-control"] == b"no-store"
    assert answered(f"/{TOKEN}/")[2] == answered(f"/{TOKEN}")[2] == ["/"]
    assert answered(method="POST", origin=f"http://{HOST}")[0] == 200
    assert answered(host="localhost:8000")[0] == 200


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, {"path": "/"}),
        (404, {"path": "/catalogue"}),
        (404, {"path": "/secret-toke/catalogue"}),
        (404, {"path": "/s\u00e9cret/"}),
        (403, {"host": "evil.example:8000"}),
        (403, {"host": "127.0.0.1:8001"}),
        (403, {"host": "192.168.0.7:8000"}),
        (403, {"host": None}),
        (403, {"origin": "http://evil.example"}),
        (403, {"origin": "null"}),
        (403, {"sec_fetch_site": "cross-site"}),
        (403, {"method": "POST"}),
        (403, {"method": "PUT", "origin": "https://127.0.0.1:8000"}),
        (403, {"method": "POST", "host": "localhost:8000", "origin": f"http://{HOST}"}),
    ],
)
def test_others_are_not(status, told):
    got, _, seen = answered(**told)
    assert (got, seen) == (status, [])
