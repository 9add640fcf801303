"""Reading the log by cursor. Who may read a topic is not asked here: callers have authorised it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from django.db import connection

from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.statements import numbers, send, texts
from eventlog.topics import Topic
from kernel.ids import UserId
from kernel.wire import encode_json

_READ_HEADS = "SELECT name, head FROM eventlog_topic WHERE name = ANY(%s::text[])"

_MOVED_HEADS = """
SELECT topic.name, topic.head FROM unnest(%s::text[], %s::bigint[]) AS known (name, head)
CROSS JOIN LATERAL (SELECT name, head FROM eventlog_topic found WHERE found.name = known.name LIMIT 1) topic
WHERE topic.head > known.head
"""

_READ_EVENTS = "SELECT seq, type, data FROM eventlog_event WHERE topic = %s AND seq > %s ORDER BY seq LIMIT %s"

_LOOK_BACK = """
SELECT oldest.seq, EXISTS (SELECT FROM eventlog_event event
                           WHERE event.topic = asked.topic AND event.seq > asked.after
                             AND (event.type = 'access.reviewed'
                                  OR event.type = 'access.revoked' AND event.data = asked.revoked))
FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY AS asked (topic, after, revoked, place)
LEFT JOIN LATERAL (
    SELECT event.seq FROM eventlog_event event
    WHERE event.topic = asked.topic AND event.seq > asked.after ORDER BY event.seq LIMIT 1
) oldest ON true
ORDER BY asked.place
"""

NotRecovered = Literal["too_old", "access_changed"]


class LookBack(msgspec.Struct, frozen=True):
    """May `user_id` resume the topic after `after`? `head` was read before the user was authorised."""

    topic: Topic
    after: int
    head: int
    user_id: UserId | None


class Resumption(msgspec.Struct, frozen=True):
    """Whether a reader can go on from its cursor: `reason` is None when every event up to `head` is still there to read."""

    head: int
    reason: NotRecovered | None


def read_heads(topics: Iterable[Topic]) -> dict[Topic, int]:
    """Return the newest seq of each topic, 0 for one without events. One statement."""
    wanted = list(topics)
    found = {Topic(name): head for name, head in send(_READ_HEADS, [texts(wanted)]).fetchall()}
    return {topic: found.get(topic, 0) for topic in wanted}


def find_moved_heads(known: Mapping[Topic, int]) -> dict[Topic, int]:
    """Return the newest seq of those topics whose newest is past the known one. One statement, and a row for what has moved alone."""
    moved = send(_MOVED_HEADS, [texts(known), numbers(known.values())])
    return {Topic(name): head for name, head in moved.fetchall()}


def read_events(topic: Topic, *, after: int, limit: int) -> list[LoggedEvent]:
    """Return at most `limit` kept events of a topic with a seq above `after`, in order. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_EVENTS, [topic, after, limit])
        return [LoggedEvent(topic, seq, type_, data.encode()) for seq, type_, data in cursor.fetchall()]


def check_resumptions(asked: Sequence[LookBack]) -> list[Resumption]:
    """Tell of each reader, in order, whether it can go on from its cursor. One statement for all; none when each is at its head.

    Not when the next event is no longer kept or the cursor is ahead of the log (`too_old`), and not when the user lost access in
    between, or may have in a change for very many (`access_changed`): what was sent meanwhile is not theirs to see.
    """
    reasons = [_plain_reason(one) for one in asked]
    behind = [place for place, one in enumerate(asked) if one.after < one.head]
    if behind:
        for place, reason in zip(behind, _look_back([asked[place] for place in behind]), strict=True):
            reasons[place] = reason
    return [Resumption(one.head, reason) for one, reason in zip(asked, reasons, strict=True)]


def _plain_reason(asked: LookBack) -> NotRecovered | None:
    return "too_old" if asked.after > asked.head else None


def _look_back(asked: Sequence[LookBack]) -> list[NotRecovered | None]:
    found = send(
        _LOOK_BACK,
        [
            texts([one.topic for one in asked]),
            numbers([one.after for one in asked]),
            texts([_revocation_of(one.user_id) for one in asked]),
        ],
    )
    return [
        "access_changed" if lost_access else None if oldest == one.after + 1 else "too_old"
        for one, (oldest, lost_access) in zip(asked, found.fetchall(), strict=True)
    ]


def _revocation_of(user_id: UserId | None) -> str | None:
    """Return the body of the event that takes a topic from a user, as the log keeps it."""
    return encode_json(AccessRevoked(user=user_id)).decode() if user_id else None
