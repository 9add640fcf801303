"""Reading the log by cursor. Who may read a topic is not asked here: callers have authorised it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from django.db import connection

from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from kernel.ids import UserId
from kernel.wire import encode_json

_READ_HEADS = "SELECT name, head FROM eventlog_topic WHERE name = ANY(%s::text[])"

_READ_EVENTS = "SELECT seq, type, data FROM eventlog_event WHERE topic = %s AND seq > %s ORDER BY seq LIMIT %s"

_LOOK_BACK = """
SELECT EXISTS (SELECT FROM eventlog_event WHERE topic = %(topic)s AND seq = %(after)s + 1),
       EXISTS (SELECT FROM eventlog_event
               WHERE topic = %(topic)s AND seq > %(after)s AND type = 'access.revoked' AND data = %(revoked)s)
"""

NotRecovered = Literal["too_old", "access_changed"]


class Resumption(msgspec.Struct, frozen=True):
    """Whether a reader can go on from its cursor: `reason` is None when every event up to `head` is still there to read."""

    head: int
    reason: NotRecovered | None


def read_heads(topics: Iterable[Topic]) -> dict[Topic, int]:
    """Return the newest seq of each topic, 0 for one without events. One statement."""
    wanted = list(topics)
    with connection.cursor() as cursor:
        cursor.execute(_READ_HEADS, [wanted])
        found = {Topic(name): head for name, head in cursor.fetchall()}
    return {topic: found.get(topic, 0) for topic in wanted}


def read_events(topic: Topic, *, after: int, limit: int) -> list[LoggedEvent]:
    """Return at most `limit` kept events of a topic with a seq above `after`, in order. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_EVENTS, [topic, after, limit])
        return [LoggedEvent(topic, seq, type_, data.encode()) for seq, type_, data in cursor.fetchall()]


def check_resumption(topic: Topic, *, after: int, head: int, user_id: UserId | None) -> Resumption:
    """Tell whether `user_id` can resume the topic after `after`, with `head` read before the actor was authorised.

    Not when the next event is no longer kept or the cursor is ahead of the log (`too_old`), and not when the
    user lost access in between (`access_changed`): what was sent meanwhile is not theirs to see. One statement at most.
    """
    if after == head:
        return Resumption(head, None)
    if after > head:
        return Resumption(head, "too_old")
    revoked = encode_json(AccessRevoked(user=user_id)).decode() if user_id else ""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_BACK, {"topic": topic, "after": after, "revoked": revoked})
        kept, lost_access = cursor.fetchone()
    if lost_access:
        return Resumption(head, "access_changed")
    return Resumption(head, None if kept else "too_old")
