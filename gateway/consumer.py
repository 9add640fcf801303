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
from eventlog.topics import topic_for
from gateway.admission import turn_away
from gateway.close_codes import CloseCode
from gateway.connection import Connection
from gateway.direct_writes import DIRECT_WRITES
from gateway.dispatch import read_first_auth, receive_message
from gateway.errors import AuthTimeout, InternalError
from gateway.frames import Frame, problem
from gateway.handshake import Handshake, origin_allowed, read_handshake
from gateway.metrics import SIGN_IN_SECONDS, SOCKETS, SOCKETS_CLOSED, SOCKETS_REFUSED
from gateway.process import ensure_started
from gateway.session_watch import SessionWatch
from gateway.writing import Send
from kernel.errors import DomainError, InvalidInput, TooLarge, Unauthenticated, Unavailable
from kernel.metrics import limit_hit

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
        if not origin_allowed(scope):
            SOCKETS_REFUSED.labels("origin").inc()
            await send({"type": "websocket.close", "code": int(CloseCode.BAD_PROTOCOL)})
            return
        refusal = process.refusal()
        if refusal is not None:
            await turn_away(scope, handshake, send, *refusal)
            return
        extensions = scope.get("extensions") or {}
        connection = Connection(process, send, handshake.wire_format, extensions.get(DIRECT_WRITES))
        await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
        process.connections.add(connection)
        SOCKETS.inc()
        bind_contextvars(socket_id=connection.id)
        reading = _read(connection, handshake, receive)
        del scope, handshake, extensions  # hold the request, for which there is no more use
        try:
            await connection.serve(reading)
        finally:
            _log_end(connection)
            connection.detach()
            process.connections.discard(connection)
            SOCKETS.dec()


def _log_end(connection: Connection) -> None:
    code = connection.close_code
    SOCKETS_CLOSED.labels(int(code) if code else "client").inc()
    reason = code.name.lower() if code else "client"
    logger.info("socket.closed", user_id=str(connection.actor.user_id), code=code and int(code), reason=reason)


async def _read(connection: Connection, handshake: Handshake, receive: Receive) -> None:
    try:
        proven = await _authenticate(connection, handshake, receive)
        del handshake
        await _greet(connection, *proven)
        del proven
        while not connection.closing:
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


async def _authenticate(
    connection: Connection, handshake: Handshake, receive: Receive
) -> tuple[AuthenticatedSession, Frame | None]:
    """Learn who it is: from the upgrade request, or from the first frame within a few seconds, which then waits for its answer."""
    handshake.check()
    if handshake.has_proof:
        return await connection.process.signing_in.prove(handshake), None
    try:
        message = await asyncio.wait_for(_next_message(connection, receive), settings.SOCKET_AUTH_SECONDS)
    except TimeoutError:
        limit_hit("socket.auth_seconds")
        raise AuthTimeout from None
    connection.last_heard = connection.process.now()
    return await read_first_auth(connection, message)


async def _greet(connection: Connection, session: AuthenticatedSession, answer: Frame | None) -> None:
    """Watch for the end of the session, then ask whether it lives, then say hello; nothing is told or done before.

    In this order a session that ends at any moment is noticed: an end that the log has when the watch begins is in the table that is
    asked after it, a later one is an event behind the watch, or found by a look at the tables. So a proof is asked for its signature
    alone until then, and what is known of the user is read in the same round.
    """
    connection.renew(session)
    bind_contextvars(user_id=str(connection.user_id))
    await _watch_session(connection)
    process = connection.process
    hello = await process.signing_in.greet(session, connection.id, process.reconnect_advice())
    await process.turns.turn()
    ended = process.session_ends.refusal(connection.actor)
    if ended is not None:
        raise ended
    connection.greeted = True
    logger.info("socket.opened", format=connection.wire_format)
    if answer is not None:
        connection.offer(answer)
    connection.offer(hello)
    SIGN_IN_SECONDS.observe(process.now() - connection.last_heard)
    connection.process.presence.greeted(connection)


async def _watch_session(connection: Connection) -> None:
    hub = connection.process.hub
    watch = SessionWatch(connection)
    connection.watch = watch
    stream = await hub.hold(topic_for("user", watch.user_id))
    try:
        await hub.catch_up(stream, watch, stream.cursor or 0)
    finally:
        hub.release(stream)
