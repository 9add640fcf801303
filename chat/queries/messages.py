"""Messages: the history of a room, and the look-ups that posting needs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from accounts.payloads import user_payload, user_payload_of
from chat.constants import MAX_SEQ, ROOM_KIND
from chat.events import History, MessagePayload
from chat.models import Message
from chat.payloads import message_payload
from eventlog.replay import read_heads
from eventlog.statements import send, texts, uuids
from eventlog.topics import topic_for
from kernel.ids import MessageId, RoomId, UserId
from kernel.pagination import PageRequest, decode_cursor, encode_cursor

_REPEATED = """
SELECT message.id, message.room_id, message.seq, message.author_id, author.username, author.display_name,
       author.kind, message.body,
       message.reply_to, message.nonce, message.created_at, message.edited_at, message.deleted_at IS NOT NULL
FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS wanted (room_id, author_id, nonce)
CROSS JOIN LATERAL (
    SELECT * FROM chat_message found
    WHERE found.room_id = wanted.room_id AND found.author_id = wanted.author_id AND found.nonce = wanted.nonce LIMIT 1
) message
CROSS JOIN LATERAL (SELECT * FROM accounts_user found WHERE found.id = message.author_id LIMIT 1) author
"""

_IN_ROOMS = """
SELECT message.room_id, message.id FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (room_id, id)
CROSS JOIN LATERAL (
    SELECT found.room_id, found.id FROM chat_message found
    WHERE found.room_id = wanted.room_id AND found.id = wanted.id LIMIT 1
) message
"""


class NonceKey(NamedTuple):
    """What makes a message the same as an earlier one: sent again by its author to its room with its nonce."""

    room_id: RoomId
    author_id: UserId
    nonce: str


def list_messages(
    room_id: RoomId, *, page: PageRequest, before: int | None = None, after: int | None = None
) -> History:
    """Return a page of a room's messages between two seqs (both exclusive), newest first, deleted ones without body.

    The head is read before the rows: what is posted in between is in both, and nothing is in neither. Two queries.
    """
    topic = topic_for(ROOM_KIND, room_id)
    head = read_heads([topic])[topic]
    newest = MAX_SEQ if before is None else before
    if page.cursor is not None:
        newest = min(newest, decode_cursor(page.cursor, int))
    rows = Message.objects.filter(room_id=room_id, seq__lt=newest, seq__gt=after or 0).select_related("author")
    found = list(rows.order_by("-seq")[: page.limit + 1])
    shown = found[: page.limit]
    following = encode_cursor(shown[-1].seq) if len(found) > page.limit else None
    return History(items=[payload_of(message) for message in shown], next=following, head=head)


def payload_of(message: Message) -> MessagePayload:
    """Return the payload of a message whose author is loaded."""
    return message_payload(message, user_payload(message.author))


def find_repeated(keys: Collection[NonceKey]) -> Callable[[], dict[NonceKey, MessagePayload]]:
    """Ask which messages were posted before with these nonces; the returned function waits for the answer. One statement."""
    found = send(
        _REPEATED,
        [
            uuids([key.room_id for key in keys]),
            uuids([key.author_id for key in keys]),
            texts([key.nonce for key in keys]),
        ],
    )
    return lambda: {_key_of(message): message for message in map(_payload_of_row, found.fetchall())}


def find_messages_in_rooms(places: Collection[tuple[RoomId, MessageId]]) -> Callable[[], set[tuple[RoomId, MessageId]]]:
    """Ask which of these (room, message) pairs exist; the returned function waits for the answer. One statement."""
    found = send(
        _IN_ROOMS, [uuids([room_id for room_id, _ in places]), uuids([message_id for _, message_id in places])]
    )
    return lambda: set(found.fetchall())


def _key_of(message: MessagePayload) -> NonceKey:
    return NonceKey(RoomId(message.room), UserId(message.author.id), message.nonce)


def _payload_of_row(row: tuple[Any, ...]) -> MessagePayload:
    id_, room, seq, author_id, username, display_name, kind, body, reply_to, nonce, created_at, edited_at, deleted = row
    return MessagePayload(
        id=id_,
        room=room,
        seq=seq,
        author=user_payload_of(author_id, username, display_name, kind),
        body=body,
        reply_to=reply_to,
        nonce=nonce,
        created_at=created_at,
        edited_at=edited_at,
        deleted=deleted,
    )
