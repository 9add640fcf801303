"""Posting one message, and what may happen to a message afterwards. Many at once: `chat.actions.message_batches`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from chat.actions.message_batches import NewMessage, PostedMessage, post_messages
from chat.constants import ROOM_KIND, ChatPermission
from chat.errors import EditWindowOver, MessageIsDeleted, NotTheAuthor
from chat.events import MessageDeleted, MessageEdited, MessagePayload
from chat.models import Message, MessageEdit
from chat.policies import hold_message_for
from chat.processing.text import checked_body
from chat.queries.messages import payload_of
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import DomainError, Unauthenticated
from kernel.ids import MessageId, RoomId
from kernel.metrics import limit_hit
from kernel.rate_limits import take, take_many


def take_message_allowance(actor: Actor, room_id: RoomId) -> None:
    """Count one message of the actor in the room; the edges call it once before they post. Raises `RateLimited`.

    It is not part of posting because imports and replays are not limited.
    """
    take(settings.RATE_LIMITS["message.create"], f"{room_id}:{actor.require_user()}")


def take_message_allowances(requests: Sequence[tuple[Actor, RoomId]]) -> list[DomainError | None]:
    """Count one message for each, in one round trip; return why it may not be posted, or None where it may."""
    keys = [f"{room_id}:{actor.user_id}" for actor, room_id in requests if actor.user_id is not None]
    taken = iter(take_many(settings.RATE_LIMITS["message.create"], keys))
    refusals: list[DomainError | None] = []
    for actor, _ in requests:
        outcome = Unauthenticated() if actor.user_id is None else next(taken)
        refusals.append(outcome if isinstance(outcome, DomainError) else None)
    return refusals


def post_message(
    actor: Actor, *, room_id: RoomId, body: str, nonce: str, reply_to: MessageId | None = None
) -> PostedMessage:
    """Post a message to a room that the actor takes part in; with a nonce that was used before, return that message.

    Emits `message.created`. Raises `NotFound`, `InvalidInput`, `RoomIsArchived`, or why access is refused.
    """
    request = NewMessage(actor=actor, room_id=room_id, body=body, nonce=nonce, reply_to=reply_to)
    outcome = post_messages([request])[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def edit_message(actor: Actor, *, message_id: MessageId, body: str) -> MessagePayload:
    """Give the actor's own message another body, within 24 hours; what it said before is kept.

    Holds the room's topic. Emits `message.edited` unless nothing differs.
    Raises `NotTheAuthor`, `EditWindowOver`, `MessageIsDeleted`, `RoomIsArchived`, `InvalidInput`, `NotFound`.
    """
    text = checked_body(body)
    with transaction.atomic():
        message = hold_message_for(actor, message_id, ChatPermission.SEND_MESSAGE)
        _check_editable(actor, message)
        if message.body != text:
            _keep_body(actor, message)
            message.body, message.edited_at = text, now()
            _save(message, MessageEdited(message=payload_of(message)))
        return payload_of(message)


def delete_message(actor: Actor, *, message_id: MessageId) -> None:
    """Take back the actor's own message, or as a moderator anybody's; its place stays, its body is kept for moderators.

    Holds the room's topic. Emits `message.deleted` unless it is deleted already.
    Raises `NotFound`, `RoomIsArchived`, or why access is refused.
    """
    with transaction.atomic():
        message = hold_message_for(actor, message_id, ChatPermission.READ_MESSAGES)
        if message.author_id != actor.user_id:
            message = hold_message_for(actor, message_id, ChatPermission.DELETE_ANY_MESSAGE)
        if message.deleted_at is None:
            _keep_body(actor, message)
            message.body, message.deleted_at = "", now()
            _save(message, MessageDeleted(id=message.pk, seq=message.seq))


def _check_editable(actor: Actor, message: Message) -> None:
    if message.author_id != actor.user_id:
        raise NotTheAuthor
    if message.deleted_at is not None:
        raise MessageIsDeleted
    if now() - message.created_at > timedelta(hours=settings.MESSAGE_EDIT_WINDOW_HOURS):
        limit_hit("message.edit_window")
        raise EditWindowOver


def _keep_body(actor: Actor, message: Message) -> None:
    MessageEdit.objects.create(
        community_id=message.community_id, message=message, body=message.body, editor_id=actor.user_id
    )


def _save(message: Message, event: Event) -> None:
    """Write the changed fields, in the one partition that has the row, and tell the room."""
    Message.objects.filter(room_id=message.room_id, pk=message.pk).update(
        body=message.body, edited_at=message.edited_at, deleted_at=message.deleted_at
    )
    append([Draft(topic_for(ROOM_KIND, message.room_id), event)])
