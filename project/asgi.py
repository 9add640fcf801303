"""The ASGI application: HTTP to Django, `/ws/v1` to the gateway. Works under uvicorn and daphne; daphne has no lifespan events."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  # Django must be set up first
from django.core.asgi import get_asgi_application  # noqa: E402

from gateway.close_codes import CloseCode  # noqa: E402
from gateway.consumer import GatewayConsumer  # noqa: E402
from gateway.process import current, ensure_started  # noqa: E402
from project.rest.body_limit import limit_bodies  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

http = limit_bodies(get_asgi_application(), max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one HTTP request, one socket, or the life of the process."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await ensure_started()
    if scope["type"] == "http":
        await http(scope, receive, send)
        return
    await serve_websocket(scope, receive, send)


async def serve_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a socket; a path that is none is closed before it is accepted, which the client sees as HTTP 403."""
    if scope["path"] != "/ws/v1":
        await receive()
        await send({"type": "websocket.close", "code": int(CloseCode.BAD_PROTOCOL)})
        return
    await GatewayConsumer()(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    """Start the gateway with the process and stop it with the process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await ensure_started()
            await send({"type": "lifespan.startup.complete"})
            continue
        gateway = current()
        if gateway is not None:
            await gateway.stop()
        await send({"type": "lifespan.shutdown.complete"})
        return
