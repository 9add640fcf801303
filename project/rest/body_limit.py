"""An ASGI wrapper that ends a request whose body is over the limit, before Django would spool all of it to disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from kernel.errors import TooLarge
from kernel.ids import uuid7
from kernel.metrics import limit_hit
from project.rest.problems import CONTENT_TYPE, problem_for

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LINGER_TIMES: Final = 8
LINGER_SECONDS: Final = 5.0
"""A body up to so many times the limit is read and thrown away for so long before it is refused. A connection that is closed while
bytes are still on their way is reset, and the client may never see the answer."""


def limit_bodies(application: Application, *, max_bytes: int) -> Application:
    """Return `application` behind a limit on HTTP bodies; a longer one is answered with 413, and kept nowhere.

    Django checks the announced length alone, and only when a view asks for the whole body.
    """

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif _announced_length(scope) > max_bytes:
            if _announced_length(scope) <= LINGER_TIMES * max_bytes and not _waits_to_send(scope):
                await _linger(receive)
            await _refuse(send, max_bytes)
        else:
            await _count(application, scope, receive, send, max_bytes)

    return limited


async def _count(application: Application, scope: Scope, receive: Receive, send: Send, max_bytes: int) -> None:
    """Run the application and count what it reads; over the limit it sees a client that went away."""
    received = 0
    refused = False

    async def counted() -> dict[str, Any]:
        nonlocal received, refused
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes and not refused:
            refused = True
            await _refuse(send, max_bytes)
        return {"type": "http.disconnect"} if refused else message

    async def unless_refused(message: Mapping[str, Any]) -> None:
        if not refused:
            await send(message)

    await application(scope, counted, unless_refused)


def _announced_length(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


def _waits_to_send(scope: Scope) -> bool:
    """Return whether the client sends its body only when it is asked to."""
    return any(name == b"expect" for name, _ in scope["headers"])


async def _linger(receive: Receive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass


async def _refuse(send: Send, max_bytes: int) -> None:
    request_id = str(uuid7())
    limit_hit("rest.body_bytes")
    body = msgspec.json.encode(problem_for(TooLarge(max_bytes=max_bytes), request_id))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": TooLarge.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
