"""Prepares what a run of ours needs, directly in the database: `python -m bench.prepare USERS ROOMS FIRST FILE`. Writes its answer as JSON.

Users, from number `FIRST` on, their sessions and their community are kept from call to call, as those of people who come back. Rooms
are new each time, and so are access tokens, which live for minutes. Everything is written in bulk: thousands of rooms take seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

STAMP_STAND_IN = "~S" + "5" * 14 + "." + "7" * 19 + "~"
NONCE_STAND_IN = "e" * 26
SEQ_STAND_IN = 0xFEDC_BA98_7654_3210
AGENT = "bench"
CAPTURE_SECONDS = 10.0
BATCH = 1_000


class Prepared(msgspec.Struct):
    """One access token per user, the ids of the rooms, the head of each room's topic, and a live event of the first room.

    `ring` is what another process publishes in Redis for a message: the channel, and the bytes with placeholders.
    """

    tokens: list[str]
    rooms: list[str]
    head: int
    channel: str
    ring: bytes


def main(users: int, rooms: int, first: int, answer: Path) -> None:
    """Prepare and write."""
    import django

    django.setup()
    people = import_people(range(first, first + users))
    room_ids = _rooms(_community(list(people.values())), rooms)
    channel, ring = asyncio.run(_captured_ring(room_ids[0], next(iter(people.values()))))
    answer.write_bytes(msgspec.json.encode(Prepared(new_tokens(people), room_ids, _head(room_ids), channel, ring)))


def import_people(numbers: range) -> dict[str, Any]:
    """Return users with these numbers, by name; who is not there yet is made."""
    from accounts.actions.users import import_users
    from kernel.actor import SYSTEM

    names = {f"bench{number:05}": f"Member {number}" for number in numbers}
    return import_users(SYSTEM, display_names=names)


def new_tokens(people: dict[str, Any]) -> list[str]:
    """Return a new access token of everybody's session, in the order of the names; who has no session yet gets one."""
    from accounts.actions.tokens import new_refresh_token, token_pair
    from kernel.ids import SessionId, UserId

    sessions, tokens = _sessions(people), []
    for name in sorted(people):
        session = sessions[people[name].pk]
        refresh = new_refresh_token(user_id=UserId(session.user_id), session_id=SessionId(session.id))
        tokens.append(token_pair(session, refresh).access)
    return tokens


def _sessions(people: dict[str, Any]) -> dict[Any, Any]:
    from accounts.actions.tokens import RefreshToken
    from accounts.models import Session
    from kernel.clock import now
    from kernel.ids import uuid7

    sessions = {session.user_id: session for session in Session.objects.filter(user_agent=AGENT)}
    missing = [
        Session(id=uuid7(), user=user, user_agent=AGENT, expires_at=now() + RefreshToken.lifetime)
        for user in people.values()
        if user.pk not in sessions
    ]
    Session.objects.bulk_create(missing, batch_size=BATCH)
    return sessions | {session.user_id: session for session in missing}


def _community(people: list[Any]) -> Any:
    from communities.actions.imports import get_or_create_import_community
    from communities.actions.memberships import add_members
    from kernel.actor import SYSTEM
    from kernel.ids import CommunityId

    community = get_or_create_import_community(SYSTEM)
    add_members(SYSTEM, community_id=CommunityId(community.pk), user_ids=[user.pk for user in people])
    return CommunityId(community.pk)


def _rooms(community_id: Any, count: int) -> list[str]:
    from chat.models import Room

    rooms = [
        Room(community_id=community_id, kind="text", visibility="community", name=f"Room {number}")
        for number in range(count)
    ]
    for start in range(0, count, BATCH):
        _open(rooms[start : start + BATCH])
    return [str(room.pk) for room in rooms]


def _open(rooms: Sequence[Any]) -> None:
    """Insert rooms, and log that they were made, as the action does for one."""
    from django.db import transaction

    from chat.events import RoomCreated, RoomsChanged
    from chat.models import Room
    from chat.payloads import room_payload
    from eventlog.append import Draft, append
    from eventlog.topics import topic_for

    with transaction.atomic():
        Room.objects.bulk_create(rooms)
        append([Draft(topic_for("room", room.pk), RoomCreated(room=room_payload(room))) for room in rooms])
        append([Draft(topic_for("community", room.community_id), RoomsChanged()) for room in rooms])


def _head(room_ids: list[str]) -> int:
    """Return the head of the new rooms' topics; it is the same for all."""
    from eventlog.replay import read_heads
    from eventlog.topics import Topic

    (head,) = set(read_heads([Topic(f"room:{room_id}") for room_id in room_ids]).values())
    return head


async def _captured_ring(room_id: str, author: Any) -> tuple[str, bytes]:
    """Let a relay send a message's event, and return what arrives in Redis, with placeholders where messages differ."""
    from django.conf import settings
    from redis.asyncio import Redis

    from gateway.relay import ChannelLayerRelay

    async with Redis.from_url(settings.REDIS_URL) as redis, redis.pubsub() as listener:
        await listener.psubscribe(f"*{room_id}*")
        relay = ChannelLayerRelay(lambda _: None)
        relay.start_sending()
        relay.send_events([_event(room_id, author)])
        message = await asyncio.wait_for(_first_stamped(listener), CAPTURE_SECONDS)
        await relay.close()
        return message["channel"].decode(), _with_placeholders(message["data"])


async def _first_stamped(listener: Any) -> dict[str, Any]:
    """Skip what the making of the room is still ringing for."""
    async for message in listener.listen():
        if message["type"] == "pmessage" and STAMP_STAND_IN.encode() in message["data"]:
            return dict(message)
    raise RuntimeError("the doorbell between processes no longer carries events")


def _event(room_id: str, author: Any) -> Any:
    """Return a `message.created` as it is logged."""
    from uuid import UUID

    from accounts.payloads import user_payload
    from bench.load import body
    from chat.events import MessageCreated, MessagePayload
    from eventlog.doorbell import LoggedEvent
    from eventlog.topics import Topic
    from kernel.clock import now
    from kernel.ids import uuid7
    from kernel.wire import encode_json

    message = MessagePayload(
        id=uuid7(),
        room=UUID(room_id),
        seq=2,
        author=user_payload(author),
        body=body().replace("{stamp}", STAMP_STAND_IN),
        reply_to=None,
        nonce=NONCE_STAND_IN,
        created_at=now(),
        edited_at=None,
        deleted=False,
    )
    data = encode_json(MessageCreated(message=message))
    return LoggedEvent(Topic(f"room:{room_id}"), SEQ_STAND_IN, "message.created", data)


def _with_placeholders(data: bytes) -> bytes:
    stand_ins = {
        STAMP_STAND_IN.encode(): b"{stamp}",
        NONCE_STAND_IN.encode(): b"{nonce}",
        SEQ_STAND_IN.to_bytes(8): b"{seq8}",
    }
    for stand_in, placeholder in stand_ins.items():
        if data.count(stand_in) != 1:
            raise RuntimeError(f"the doorbell between processes no longer carries {placeholder.decode()} once")
        data = data.replace(stand_in, placeholder)
    return data


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
