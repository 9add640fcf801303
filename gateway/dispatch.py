"""From a message of the client to commands and their answers. One of the two places where domain errors are mapped to the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from django.conf import settings

from accounts.authentication import AuthenticatedSession, actor_of_access_token
from eventlog.topics import Topic, parse_topic, topic_for
from gateway.batching import Batcher
from gateway.close_codes import CloseCode
from gateway.commands import Authenticate, Authenticated, Followed, FollowTopic, Ping, UnfollowTopic
from gateway.connection import Connection
from gateway.errors import FrameTooLarge, InternalError, OtherUser, TooManyTopics, UnknownCommand
from gateway.frames import (
    ClientFrame,
    Frame,
    ack,
    decode_body,
    decode_frame,
    problem,
    split_json,
    split_msgpack,
)
from gateway.metrics import COMMAND_SECONDS, COMMANDS, FOLLOWS, FRAMES_REFUSED, MESSAGES_RECEIVED
from gateway.presence.commands import ReportPresence, UnwatchPresence, Watched, WatchPresence
from gateway.process import GatewayProcess
from kernel.actor import Actor
from kernel.commands import Command, Done, Outcome, RegisteredCommand, registered_commands
from kernel.errors import DomainError, InvalidInput, RateLimited, TooLarge, Unauthenticated
from kernel.ids import ApiKeyId, SessionId, UserId
from kernel.key_access import require_command
from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

Answered = Callable[[Connection, str | None, Any], Awaitable[None]]


async def receive_message(connection: Connection, message: dict[str, Any]) -> None:
    """Carry out every command of one WebSocket message, in order; each gets its own answer, in the same order.

    Returns when all are answered but those that are gathered in a batch.
    """
    connection.last_heard = connection.process.now()
    MESSAGES_RECEIVED.inc()
    with connection.under_way.reading():
        empty = True
        try:
            for data in _split(connection, message):
                empty = False
                await _receive_object(connection, data)
            if empty:
                await _count_frame(connection, None)
        except (InvalidInput, TooLarge) as error:
            await _refuse_frame(connection, None, error)


def _split(connection: Connection, message: dict[str, Any]) -> Iterable[bytes]:
    """Return the objects of a message. Raises `InvalidInput` when it is not of the negotiated format."""
    text, data = message.get("text"), message.get("bytes")
    expected = text if connection.wire_format == "json" else data
    if expected is None:
        kind = "text" if connection.wire_format == "json" else "binary"
        raise InvalidInput(f"This subprotocol takes {kind} messages.")
    if len(expected) > settings.SOCKET_FRAME_BYTES:
        limit_hit("socket.frame_bytes")
        raise FrameTooLarge(f"A message holds at most {settings.SOCKET_FRAME_BYTES} bytes.")
    return split_json(expected) if isinstance(expected, str) else split_msgpack(expected)


async def _receive_object(connection: Connection, data: bytes) -> None:
    if connection.closing:
        return
    try:
        if len(data) > settings.SOCKET_FRAME_BYTES:
            limit_hit("socket.frame_bytes")
            raise FrameTooLarge(f"A frame holds at most {settings.SOCKET_FRAME_BYTES} bytes.")
        frame = decode_frame(data, connection.wire_format)
    except (InvalidInput, TooLarge) as error:
        await _refuse_frame(connection, None, error)
        return
    if await _count_frame(connection, frame.ref):
        await _carry_out(connection, frame)


async def _count_frame(connection: Connection, ref: str | None) -> bool:
    """Return whether the socket may send another frame now; a message without any counts as one."""
    wait = connection.frames_limit.take(connection.process.now())
    if wait:
        limit_hit("socket.frame")
        await _refuse_frame(connection, ref, RateLimited(retry_after=round(wait, 3), limit="socket.frame"))
    return not wait


async def _carry_out(connection: Connection, frame: ClientFrame) -> None:
    try:
        command, answer, batcher = _resolve(connection.process, frame.t)
        body = decode_body(frame, command, connection.wire_format)
    except InvalidInput as error:
        await _refuse_frame(connection, frame.ref, error)
        return
    if frame.t not in _BY_ITSELF:
        connection.process.presence.used(connection)
    await connection.under_way.turn(batcher)
    began = connection.process.now()
    try:
        require_command(connection.actor, frame.t)
        await answer(connection, frame.ref, body)
    except DomainError as error:
        await connection.under_way.turn()
        connection.offer(problem(frame.ref, error))
        count_command(frame.t, error.code, began, connection.process.now())
    except Exception:
        logger.exception("gateway.command_failed", command=frame.t)
        connection.offer(problem(frame.ref, InternalError()))
        count_command(frame.t, InternalError.code, began, connection.process.now())
    else:
        if batcher is None:
            count_command(frame.t, "ok", began, connection.process.now())


def count_command(name: str, outcome: str, began: float, ended: float) -> None:
    """Count a command that is not part of a batch; a batch counts its own."""
    COMMANDS.labels(name, outcome).inc()
    COMMAND_SECONDS.labels(name).observe(ended - began)


def _resolve(process: GatewayProcess, name: str) -> tuple[type[Command], Answered, Batcher | None]:
    """Return the struct of a command, the coroutine that answers it, and where it is gathered. Raises `UnknownCommand`."""
    if name in _OWN:
        return *_OWN[name], None
    registered = registered_commands().get(name)
    if registered is None:
        raise UnknownCommand("There is no such command.", field="t")
    batcher = process.batcher_of(registered)
    answer = _domain_answer(registered) if batcher is None else _batched_answer(batcher)
    return registered.command, answer, batcher


def _domain_answer(registered: RegisteredCommand) -> Answered:
    async def answer(connection: Connection, ref: str | None, body: Command) -> None:
        result = await connection.process.commands.run(registered.handler, connection.actor, body)
        connection.offer(ack(ref, result))

    return answer


def _batched_answer(batcher: Batcher) -> Answered:
    """Answer when the batch is committed; until then the socket's next frames are read."""

    async def answer(connection: Connection, ref: str | None, body: Command) -> None:
        def answered(outcome: Outcome) -> None:
            connection.answer_soon(problem(ref, outcome) if isinstance(outcome, DomainError) else ack(ref, outcome))
            connection.under_way.end()

        batcher.put(connection.actor, body, answered)
        connection.under_way.begin(batcher)

    return answer


async def _answer_auth(connection: Connection, ref: str | None, body: Authenticate) -> None:
    """Renew the socket's life; the proof must be of the same session, or the same API key.

    A ticket was given out a moment ago to somebody whose session lived; its end since then is the socket's watch's business.
    """
    if body.token is None:
        session = await connection.process.signing_in.prove(body)
    else:
        session = await connection.process.commands.run(actor_of_access_token, body.token)
    if _proof_of(session.actor) != _proof_of(connection.actor):
        raise OtherUser
    connection.renew(session)
    connection.offer(ack(ref, Authenticated(expires_at=session.expires_at)))


def _proof_of(actor: Actor) -> tuple[UserId | None, SessionId | None, ApiKeyId | None]:
    return actor.user_id, actor.session_id, actor.key_id


async def _answer_ping(connection: Connection, ref: str | None, _: Ping) -> None:
    connection.offer(ack(ref, Done()))


async def _answer_follow(connection: Connection, ref: str | None, body: FollowTopic) -> None:
    """Ask, then hand over from the position that was asked about: events are contiguous from there, so none slips through."""
    topic = topic_for(*parse_topic(body.topic))
    if topic not in connection.topics and len(connection.topics) >= settings.SOCKET_TOPICS_MAX:
        limit_hit("socket.topics")
        raise TooManyTopics(f"A socket follows at most {settings.SOCKET_TOPICS_MAX} topics.")
    following, hub = connection.process.following, connection.process.hub
    head = await following.admit(connection.actor, topic, hub.reached(topic), body.after)
    await connection.process.turns.turn()
    stream = await hub.hold(topic)
    try:
        hub.ring(topic, head)  # it was read: if this process has not heard of it, it has now
        found = await following.resume(connection.actor, stream, head, body.after)
        resumed = found.reason is None
        connection.unfollow(topic)
        connection.offer(ack(ref, Followed(topic=topic, head=head, recovered=resumed, reason=found.reason)))
        connection.topics.add(topic)
        FOLLOWS.labels(found.reason or ("live" if body.after is None else "recovered")).inc()
        if found.reason == "too_old":
            limit_hit("events.kept")
        await hub.catch_up(stream, connection, head if body.after is None or not resumed else body.after)
    finally:
        hub.release(stream)


async def _answer_unfollow(connection: Connection, ref: str | None, body: UnfollowTopic) -> None:
    connection.unfollow(Topic(body.topic))
    connection.offer(ack(ref, Done()))


async def _answer_watch(connection: Connection, ref: str | None, body: WatchPresence) -> None:
    """Answer before anything changes in the window: it is open from the moment of the snapshot."""
    members = await connection.process.presence.watch(connection, body.community, body.users)
    connection.offer(ack(ref, Watched(members=members)))


async def _answer_unwatch(connection: Connection, ref: str | None, body: UnwatchPresence) -> None:
    connection.process.presence.unwatch(connection, topic_for("community", body.community))
    connection.offer(ack(ref, Done()))


async def _answer_report(connection: Connection, ref: str | None, body: ReportPresence) -> None:
    connection.process.presence.report(connection, active=body.active)
    connection.offer(ack(ref, Done()))


_BY_ITSELF = frozenset({Authenticate.name, Ping.name, ReportPresence.name})
"""What a client sends without a person: no sign that somebody uses it."""

_OWN: dict[str, tuple[type[Command], Answered]] = {
    Authenticate.name: (Authenticate, _answer_auth),
    Ping.name: (Ping, _answer_ping),
    FollowTopic.name: (FollowTopic, _answer_follow),
    UnfollowTopic.name: (UnfollowTopic, _answer_unfollow),
    WatchPresence.name: (WatchPresence, _answer_watch),
    UnwatchPresence.name: (UnwatchPresence, _answer_unwatch),
    ReportPresence.name: (ReportPresence, _answer_report),
}


async def _refuse_frame(connection: Connection, ref: str | None, error: DomainError) -> None:
    """Answer a frame that breaks the protocol; a client that goes on like this is closed."""
    await connection.under_way.turn()
    connection.offer(problem(ref, error))
    FRAMES_REFUSED.labels(error.code).inc()
    if connection.problems_limit.take(connection.process.now()):
        limit_hit("socket.problem")
        rate_limited = isinstance(error, RateLimited)
        connection.close(CloseCode.RATE_LIMITED if rate_limited else CloseCode.BAD_PROTOCOL)


async def read_first_auth(connection: Connection, message: dict[str, Any]) -> tuple[AuthenticatedSession, Frame]:
    """Return who the first frame says it is, and the answer to it for when the session is known to live.

    Raises `Unauthenticated` or `InvalidInput`.
    """
    objects = list(_split(connection, message))
    frame = decode_frame(objects[0], connection.wire_format) if objects else None
    if frame is None or frame.t != Authenticate.name:
        raise Unauthenticated("The first frame must be auth.")
    body = decode_body(frame, Authenticate, connection.wire_format)
    session = await connection.process.signing_in.prove(body)
    return session, ack(frame.ref, Authenticated(expires_at=session.expires_at))
