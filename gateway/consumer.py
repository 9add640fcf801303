"""The Channels consumer of `/ws/v1`: accepts, authenticates, greets, reads. Live events do not pass through it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from channels.consumer import AsyncConsumer
from django.conf import settings
from structlog.contextvars import bind_contextvars

from accounts.authentication import AuthenticatedSession
from accounts.queries.sessions import find_live_session
from eventlog.topics import topic_for
from gateway.close_codes import CloseCode
from gateway.connection import Connection
from gateway.direct_writes import DIRECT_WRITES
from gateway.dispatch import receive_first_auth, receive_message
from gateway.errors import AuthTimeout, InternalError
from gateway.frames import Frame, problem
from gateway.handshake import Handshake, origin_allowed, read_handshake
from gateway.hello import Hello, hello_for
from gateway.process import ensure_started
from gateway.session_watch import SessionWatch
from gateway.writing import Send
from kernel.errors import DomainError, InvalidInput, TooLarge, Unauthenticated, Unavailable

logger = structlog.get_logger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Disconnected(Exception):
    """The client has gone."""


class GatewayConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One instance per socket.

    Overrides the whole call: Channels' own loop would give every socket a channel in Redis and put a thread hop before
    every message. Here Redis work is per process and topic, and only domain code goes to a thread.
    """

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket from upgrade to end."""
        process = await ensure_started()
        handshake = read_handshake(scope)
        await receive()
        if process.draining or len(process.connections) >= settings.SOCKET_CONNECTIONS_MAX or not origin_allowed(scope):
            await send({"type": "websocket.close", "code": int(CloseCode.SHUTTING_DOWN)})
            return
        extensions = scope.get("extensions") or {}
        connection = Connection(process, send, handshake.wire_format, extensions.get(DIRECT_WRITES))
        await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
        process.connections.add(connection)
        bind_contextvars(socket_id=connection.id)
        try:
            await connection.serve(_read(connection, handshake, receive))
        finally:
            _log_end(connection)
            connection.detach()
            process.connections.discard(connection)


def _log_end(connection: Connection) -> None:
    code = connection.close_code
    reason = code.name.lower() if code else "client"
    logger.info("socket.closed", user_id=str(connection.actor.user_id), code=code and int(code), reason=reason)


async def _read(connection: Connection, handshake: Handshake, receive: Receive) -> None:
    try:
        session = await _authenticate(connection, handshake, receive)
        await _greet(connection, session)
        while True:
            await receive_message(connection, await _next_message(connection, receive))
    except Disconnected:
        return
    except (InvalidInput, TooLarge) as error:
        _refuse(connection, error, CloseCode.BAD_PROTOCOL)
    except Unauthenticated as error:
        _refuse(connection, error, CloseCode.UNAUTHENTICATED)
    except Unavailable as error:
        _refuse(connection, error, CloseCode.INTERNAL)
    except Exception:
        logger.exception("gateway.socket_failed")
        _refuse(connection, InternalError(), CloseCode.INTERNAL)


def _refuse(connection: Connection, error: DomainError, code: CloseCode) -> None:
    """Say what is wrong, then close: not every server passes the reason of a close on."""
    connection.offer(problem(None, error))
    connection.close(code)


async def _next_message(connection: Connection, receive: Receive) -> dict[str, Any]:
    message = await receive()
    if message["type"] == "websocket.disconnect" or connection.over:
        raise Disconnected
    return message


async def _authenticate(connection: Connection, handshake: Handshake, receive: Receive) -> AuthenticatedSession:
    """Learn who it is: from the upgrade request, or from the first frame within a few seconds."""
    handshake.check()
    if handshake.has_proof:
        session = await connection.process.commands.run(handshake.authenticate)
        connection.renew(session)
        return session
    try:
        message = await asyncio.wait_for(_next_message(connection, receive), settings.SOCKET_AUTH_SECONDS)
    except TimeoutError:
        raise AuthTimeout from None
    return await receive_first_auth(connection, message)


async def _greet(connection: Connection, session: AuthenticatedSession) -> None:
    """Watch for the end of the session, then check that it has not ended meanwhile, then say hello."""
    bind_contextvars(user_id=str(connection.user_id))
    logger.info("socket.opened", format=connection.wire_format)
    await _watch_session(connection)
    connection.offer(Frame(await connection.process.commands.run(_hello_for_live, session, connection.id)))
    connection.process.presence.greeted(connection)


async def _watch_session(connection: Connection) -> None:
    hub = connection.process.hub
    watch = SessionWatch(
        connection.user_id,
        connection.actor.session_id,
        lambda: connection.close(CloseCode.SESSION_REVOKED),
    )
    connection.watch = watch
    stream = await hub.hold(topic_for("user", connection.user_id))
    try:
        await hub.catch_up(stream, watch, stream.cursor or 0)
    finally:
        hub.release(stream)


def _hello_for_live(session: AuthenticatedSession, socket_id: str) -> Hello:
    actor = session.actor
    if actor.session_id is not None and find_live_session(actor.session_id, actor.require_user()) is None:
        raise Unauthenticated("The session has ended. Sign in again.")
    return hello_for(session, socket_id)
