"""What chat understands over a socket: parse, call one action, return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from chat.actions.message_batches import NewMessage, PostedMessage, post_messages
from chat.actions.messages import delete_message, edit_message, take_message_allowances
from chat.actions.read_markers import mark_read
from chat.actions.typing import start_typing
from chat.events import MessagePayload, ReadMarkerPayload
from kernel.actor import Actor
from kernel.commands import Command, Done, handles, handles_batch
from kernel.errors import DomainError
from kernel.ids import MessageId, RoomId
from kernel.wire import WireStruct


class SendMessage(Command, frozen=True):
    """Post a message; a retry with the same nonce gives the first answer again."""

    name: ClassVar[str] = "message.send"
    room: UUID
    body: str
    nonce: str
    reply_to: UUID | None = None


class MessageSent(WireStruct, frozen=True):
    """The message is committed: its id, and its place in the log."""

    id: UUID
    topic: str
    seq: int


class EditMessage(Command, frozen=True):
    """Give a message of one's own another body."""

    name: ClassVar[str] = "message.edit"
    message: UUID
    body: str


class DeleteMessage(Command, frozen=True):
    """Delete a message."""

    name: ClassVar[str] = "message.delete"
    message: UUID


class MarkRead(Command, frozen=True):
    """Everything of the room up to `seq` has been read."""

    name: ClassVar[str] = "room.read"
    room: UUID
    seq: int


class StartTyping(Command, frozen=True):
    """The user types; sent again every few seconds for as long as they do."""

    name: ClassVar[str] = "typing.start"
    room: UUID


@handles_batch(SendMessage, answer=MessageSent)
def handle_send_messages(requests: Sequence[tuple[Actor, SendMessage]]) -> list[MessageSent | DomainError]:
    """Post the messages, each within the limit per room and user."""
    messages = [_new_message(actor, command) for actor, command in requests]
    refusals = take_message_allowances([(message.actor, message.room_id) for message in messages])
    allowed = [message for message, refused in zip(messages, refusals, strict=True) if refused is None]
    posted = iter(post_messages(allowed))
    return [refused or _answer(next(posted)) for refused in refusals]


def _new_message(actor: Actor, command: SendMessage) -> NewMessage:
    return NewMessage(
        actor=actor,
        room_id=RoomId(command.room),
        body=command.body,
        nonce=command.nonce,
        reply_to=None if command.reply_to is None else MessageId(command.reply_to),
    )


def _answer(outcome: PostedMessage | DomainError) -> MessageSent | DomainError:
    if isinstance(outcome, DomainError):
        return outcome
    return MessageSent(id=outcome.id, topic=outcome.topic, seq=outcome.seq)


@handles(EditMessage, answer=MessagePayload)
def handle_edit_message(actor: Actor, command: EditMessage) -> MessagePayload:
    """Edit the message and return it."""
    return edit_message(actor, message_id=MessageId(command.message), body=command.body)


@handles(DeleteMessage, answer=Done)
def handle_delete_message(actor: Actor, command: DeleteMessage) -> Done:
    """Delete the message."""
    delete_message(actor, message_id=MessageId(command.message))
    return Done()


@handles(MarkRead, answer=ReadMarkerPayload)
def handle_mark_read(actor: Actor, command: MarkRead) -> ReadMarkerPayload:
    """Move the read marker and return where it is."""
    return mark_read(actor, room_id=RoomId(command.room), seq=command.seq)


@handles(StartTyping, answer=Done)
def handle_start_typing(actor: Actor, command: StartTyping) -> Done:
    """Tell the room."""
    start_typing(actor, room_id=RoomId(command.room))
    return Done()
