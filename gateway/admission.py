"""Whether a new socket is let in, and what one that is not is told. Who may sign in is asked later, elsewhere."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec

from gateway.close_codes import CloseCode
from gateway.frames import Frame, ReconnectBody, ReconnectFrame, join
from gateway.handshake import Handshake
from gateway.writing import Send
from kernel.wire import WireStruct

HTTP_RESPONSE = "websocket.http.response"
"""The ASGI extension under which a server can answer an upgrade request with an ordinary response."""
RETURN_FIRST_MS = 100
RETURN_LEAST_MS, RETURN_MOST_MS = 1_000, 30_000


class ReconnectAdvice(WireStruct, frozen=True):
    """After a break, wait for a random time between the two before the first try."""

    min_ms: int
    max_ms: int


class Admission:
    """Lets in `per_second` new sockets, and `burst` at once after a quiet time; `now` is any clock that only goes forward, in seconds.

    A greeting costs about a hundred times what a refusal does. Without a bound, everybody who comes back after a break is taken in
    at once, all wait for all, clients give up on what is nearly done and begin again, and those who had stayed wait with them.
    """

    def __init__(self, per_second: int, burst: int, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._free = float(burst)
        self._at = now

    def take(self, now: float) -> float:
        """Let one in and return 0, or return for how many seconds there is no room."""
        self._free = min(self._burst, self._free + (now - self._at) * self._per_second)
        self._at = now
        if self._free < 1:
            return (1 - self._free) / self._per_second
        self._free -= 1
        return 0.0

    def advice(self, sockets: int, *, not_before: float = 0.0) -> ReconnectAdvice:
        """Return over which time so many sockets would come back no faster than they are let in, and not before some seconds."""
        most = min(max(sockets * 1_000 // self._per_second, RETURN_LEAST_MS), RETURN_MOST_MS)
        earliest = math.ceil(not_before * 1_000)
        return ReconnectAdvice(earliest + RETURN_FIRST_MS, earliest + most)


class Refusal(msgspec.Struct, frozen=True):
    """The body of the response, as every problem of the REST edge looks."""

    title: str = "Service Unavailable"
    status: int = 503
    code: str = "service.unavailable"
    detail: str = "This node takes no more sockets for the moment. Come back later."
    retryable: bool = True
    retry_after: int = 1
    type: str = "about:blank"


async def turn_away(
    scope: dict[str, Any], handshake: Handshake, send: Send, code: CloseCode, within: ReconnectAdvice
) -> None:
    """Refuse a socket and tell it when to come back, at random within the given time.

    With 503 and `Retry-After` before the upgrade, where the server can; elsewhere in a `reconnect` frame after it.
    """
    after_ms = random.randint(within.min_ms, within.max_ms)  # noqa: S311  # spreads load, keeps no secret
    if HTTP_RESPONSE in (scope.get("extensions") or {}):
        await _respond(send, retry_after=-(-after_ms // 1_000))
        return
    await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
    words = join([Frame(ReconnectFrame(d=ReconnectBody(after_ms=after_ms)))], handshake.wire_format)
    await send({"type": "websocket.send", "text" if isinstance(words, str) else "bytes": words})
    await send({"type": "websocket.close", "code": int(code), "reason": code.name.lower()})


async def _respond(send: Send, *, retry_after: int) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", str(retry_after).encode())]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    body = msgspec.json.encode(Refusal(retry_after=retry_after))
    await send({"type": "websocket.http.response.body", "body": body})
