"""Posting messages, many at once: the write path of chat. One message is a batch of one (`chat.actions.messages`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from accounts.events import UserPayload
from accounts.payloads import user_payload
from accounts.queries.users import get_users
from chat.constants import ROOM_KIND
from chat.errors import RoomIsArchived
from chat.events import MessageCreated, MessagePayload
from chat.models import Message, Room
from chat.models.locks import hold_room_topics
from chat.payloads import message_payload
from chat.policies import room_resource
from chat.processing.text import checked_body, checked_nonce
from chat.queries.messages import NonceKey, find_messages_in_rooms, find_repeated
from chat.queries.rooms import get_rooms
from communities.access import Question, decide_all
from communities.constants import Permission
from eventlog.append import Draft, append
from eventlog.topics import Topic, topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.decision import refusal
from kernel.errors import DomainError, InvalidInput, NotFound
from kernel.ids import MessageId, RoomId, UserId


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that `actor` wants to post. The same nonce from the same actor in the same room is the same message."""

    actor: Actor
    room_id: RoomId
    body: str
    nonce: str
    reply_to: MessageId | None = None


class PostedMessage(msgspec.Struct, frozen=True):
    """A committed message and its place in the log."""

    topic: Topic
    seq: int
    id: MessageId
    payload: MessagePayload


class MessageDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A message that may be written as it is: checked, authorised, and not written before."""

    room: Room
    author_id: UserId
    body: str
    nonce: str
    created_at: datetime
    reply_to: MessageId | None = None

    @property
    def key(self) -> NonceKey:
        """What makes it the same as an earlier message."""
        return NonceKey(RoomId(self.room.pk), self.author_id, self.nonce)


Outcome = PostedMessage | DomainError
_Draft = MessageDraft | DomainError


def post_messages(requests: Sequence[NewMessage]) -> list[Outcome]:
    """Post messages of any actors to any rooms; return what became of each, in order.

    Participants of each room may, and a bad one does not harm its neighbours: its outcome is its error. A nonce that was
    used before gives the message of then. One transaction and a constant number of statements, whatever the size. Holds
    the rooms' topics, so that every decision is made after all that the log holds. Emits `message.created` for each.
    """
    with transaction.atomic():
        hold_room_topics({request.room_id for request in requests})
        drafts = _without_foreign_replies(_drafted(requests))
        posted = unchecked_post([draft for draft in drafts if isinstance(draft, MessageDraft)])
    return [posted[draft.key] if isinstance(draft, MessageDraft) else draft for draft in drafts]


def unchecked_post(drafts: Sequence[MessageDraft]) -> dict[NonceKey, PostedMessage]:
    """Write messages that nobody is asked about again; of several with one nonce, the first alone, and none that is there already.

    Inside a transaction that holds the rooms' topics. At most four statements. Emits `message.created` for each new one.
    """
    if not drafts:
        return {}
    authors = {key: user_payload(user) for key, user in get_users({draft.author_id for draft in drafts}).items()}
    repeated = find_repeated({draft.key for draft in drafts})
    fresh = {draft.key: draft for draft in reversed(drafts) if draft.key not in repeated}
    written = _write([draft for draft in drafts if fresh.get(draft.key) is draft], authors)
    return {key: _posted(row, authors) for key, row in {**repeated, **written}.items()}


def _drafted(requests: Sequence[NewMessage]) -> list[_Draft]:
    """Check the form, the room and the permission of every request: three queries."""
    rooms = get_rooms({request.room_id for request in requests})
    known = [request for request in requests if request.room_id in rooms]
    decisions = iter(
        decide_all(
            [
                Question(request.actor, Permission.SEND_MESSAGE, room_resource(rooms[request.room_id]))
                for request in known
            ]
        )
    )
    at = now()
    drafts: list[_Draft] = []
    for request in requests:
        decision = next(decisions) if request.room_id in rooms else None
        if decision is None:
            drafts.append(NotFound())
        elif not decision.allowed:
            drafts.append(refusal(decision))
        else:
            drafts.append(_draft(request, rooms[request.room_id], at))
    return drafts


def _draft(request: NewMessage, room: Room, at: datetime) -> _Draft:
    if room.archived_at is not None:
        return RoomIsArchived()
    try:
        return MessageDraft(
            room=room,
            author_id=request.actor.require_user(),
            body=checked_body(request.body),
            nonce=checked_nonce(request.nonce),
            created_at=at,
            reply_to=request.reply_to,
        )
    except DomainError as error:
        return error


def _without_foreign_replies(drafts: list[_Draft]) -> list[_Draft]:
    """Refuse answers to messages that are not in the same room; one query when there are answers."""
    places = {
        (RoomId(draft.room.pk), draft.reply_to)
        for draft in drafts
        if isinstance(draft, MessageDraft) and draft.reply_to is not None
    }
    found = find_messages_in_rooms(places) if places else set()
    return [
        InvalidInput("The message that this answers is not in this room.", field="reply_to")
        if isinstance(draft, MessageDraft) and draft.reply_to and (draft.room.pk, draft.reply_to) not in found
        else draft
        for draft in drafts
    ]


def _write(drafts: Sequence[MessageDraft], authors: Mapping[UserId, UserPayload]) -> dict[NonceKey, Message]:
    """Number the messages, log and insert them: three statements. The rows get their seqs from the log."""
    rows = [_row(draft) for draft in drafts]
    append([_event(row, authors[UserId(row.author_id)]) for row in rows])
    Message.objects.bulk_create(rows)
    return {draft.key: row for draft, row in zip(drafts, rows, strict=True)}


def _row(draft: MessageDraft) -> Message:
    return Message(
        room_id=draft.room.pk,
        community_id=draft.room.community_id,
        author_id=draft.author_id,
        body=draft.body,
        nonce=draft.nonce,
        reply_to=draft.reply_to,
        created_at=draft.created_at,
    )


def _event(row: Message, author: UserPayload) -> Draft:
    """Return the draft of a message's event, which gives the row its seq as it is numbered."""

    def created(seq: int) -> MessageCreated:
        row.seq = seq
        return MessageCreated(message=message_payload(row, author))

    return Draft(topic_for(ROOM_KIND, row.room_id), created)


def _posted(row: Message, authors: Mapping[UserId, UserPayload]) -> PostedMessage:
    payload = message_payload(row, authors[UserId(row.author_id)])
    return PostedMessage(topic_for(ROOM_KIND, row.room_id), row.seq, MessageId(row.pk), payload)
