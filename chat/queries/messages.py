"""Messages: the history of a room, and the look-ups that posting needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from accounts.payloads import user_payload
from chat.constants import MAX_SEQ, ROOM_KIND
from chat.events import History, MessagePayload
from chat.models import Message
from chat.payloads import message_payload
from eventlog.replay import read_heads
from eventlog.topics import topic_for
from kernel.ids import MessageId, RoomId, UserId
from kernel.pagination import PageRequest, decode_cursor, encode_cursor

_REPEATED = """
SELECT message.* FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS wanted (room_id, author_id, nonce)
JOIN chat_message message USING (room_id, author_id, nonce)
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


def find_repeated(keys: Collection[NonceKey]) -> dict[NonceKey, Message]:
    """Return the messages that were posted before with these nonces. One query."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    rows = Message.objects.raw(_REPEATED, columns)
    return {NonceKey(RoomId(row.room_id), UserId(row.author_id), row.nonce): row for row in rows}


def find_messages_in_rooms(places: Iterable[tuple[RoomId, MessageId]]) -> set[tuple[UUID, UUID]]:
    """Return those (room, message) pairs that exist. One query."""
    wanted = set(places)
    rows = Message.objects.filter(
        room_id__in={room_id for room_id, _ in wanted}, pk__in={message_id for _, message_id in wanted}
    )
    return set(rows.values_list("room_id", "pk"))
