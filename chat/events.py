"""The wire contract of chat: payloads, and the events on `room:<id>`, `community:<id>` and `user:<id>`. No models."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import UserPayload
from chat.constants import TYPING_WATCHERS_MAX, OverwriteKind, RoomKind, RoomVisibility
from eventlog.events import Event, durable_event, ephemeral_event
from kernel.wire import WireStruct


class RoomPayload(WireStruct, frozen=True):
    """A room, the same for everybody who may see it. `participants` are the two people of a direct room, else empty.

    It is listed under its `category`, null for none, by `position`; a category that is gone is none.
    """

    id: UUID
    community: UUID
    kind: RoomKind
    name: str
    topic_line: str
    visibility: RoomVisibility
    participants: tuple[UserPayload, ...]
    category: UUID | None
    position: int
    created_at: datetime
    archived_at: datetime | None


class OverwritePayload(WireStruct, frozen=True):
    """What a role or a user (`id`) may in a room, and may not, whatever the roles give in the community."""

    kind: OverwriteKind
    id: UUID
    allow: tuple[str, ...]
    deny: tuple[str, ...]


class RoomOverwritesPayload(WireStruct, frozen=True):
    """All overwrites of a room, and who changed them last and when."""

    items: tuple[OverwritePayload, ...]
    changed_by: UUID | None
    changed_at: datetime | None


class CategoryPayload(WireStruct, frozen=True):
    """A heading under which rooms are listed; lower positions come first."""

    id: UUID
    community: UUID
    name: str
    position: int


class ExcerptPayload(WireStruct, frozen=True):
    """The beginning of a message, as lists of rooms show it."""

    id: UUID
    seq: int
    author: UserPayload
    excerpt: str
    created_at: datetime


class MyRoomPayload(RoomPayload, frozen=True):
    """A room as one user sees it. `unread` is counted up to 100; `head_seq` is the newest event of the room's topic."""

    unread: int
    read_seq: int
    head_seq: int
    last_message: ExcerptPayload | None


class MessagePayload(WireStruct, frozen=True):
    """A message. `seq` is the number of its `message.created` event; a deleted message has an empty body."""

    id: UUID
    room: UUID
    seq: int
    author: UserPayload
    body: str
    reply_to: UUID | None
    nonce: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool


class History(WireStruct, frozen=True):
    """A page of a room's messages, newest first, and the cursor of the next, older page.

    `head` was read before the messages: a client that then follows the topic after `head` misses nothing.
    """

    items: list[MessagePayload]
    next: str | None
    head: int


class ReadMarkerPayload(WireStruct, frozen=True):
    """How far a user has read a room."""

    room: UUID
    seq: int


@durable_event("message.created")
class MessageCreated(Event, frozen=True):
    """A message was posted; its seq is the event's own."""

    message: MessagePayload


@durable_event("message.edited")
class MessageEdited(Event, frozen=True):
    """A message has another body now."""

    message: MessagePayload


@durable_event("message.deleted")
class MessageDeleted(Event, frozen=True):
    """A message was deleted: its place (`seq`, the message's own) stays, its body is gone."""

    id: UUID
    seq: int


@durable_event("room.created")
class RoomCreated(Event, frozen=True):
    """A room was opened: the first event of its own topic."""

    room: RoomPayload


@durable_event("room.updated")
class RoomUpdated(Event, frozen=True):
    """The room's name or topic line changed, or where it is listed."""

    room: RoomPayload


@durable_event("room.archived")
class RoomArchived(Event, frozen=True):
    """The room can only be read from now on."""

    room: RoomPayload


@durable_event("rooms.changed")
class RoomsChanged(Event, frozen=True):
    """On `community:<id>`: which rooms members can read changed for many, or for all of them; load the list when it is shown.

    It names nothing: the log is replayed to members to whom a gate or a role may have closed the room since.
    """


@durable_event("room_overwrites.changed")
class RoomOverwritesChanged(Event, frozen=True):
    """What roles or members may in the room changed; what exactly is told to who manages the room alone."""

    room: UUID


@durable_event("category.created")
class CategoryCreated(Event, frozen=True):
    """On `community:<id>`: there is a new heading for rooms."""

    category: CategoryPayload


@durable_event("category.updated")
class CategoryUpdated(Event, frozen=True):
    """On `community:<id>`: a heading has another name or position."""

    category: CategoryPayload


@durable_event("category.deleted")
class CategoryDeleted(Event, frozen=True):
    """On `community:<id>`: a heading is gone; the rooms under it are under none."""

    id: UUID


@durable_event("room_member.added")
class RoomMemberAdded(Event, frozen=True):
    """A user takes part in the room from now on."""

    user: UserPayload


@durable_event("room_member.removed")
class RoomMemberRemoved(Event, frozen=True):
    """A user left the room or was removed from it; which of the two is not told."""

    user: UUID


@durable_event("room.joined")
class RoomJoined(Event, frozen=True):
    """On `user:<id>`: the user takes part in this room from now on. What it is called is asked for, for as long as they do."""

    room: UUID
    community: UUID


@durable_event("room.left")
class RoomLeft(Event, frozen=True):
    """On `user:<id>`: the user no longer takes part in this room."""

    room: UUID


@durable_event("read_marker.moved")
class ReadMarkerMoved(Event, frozen=True):
    """On `user:<id>`: one of the user's own devices has read a room up to here."""

    room: UUID
    seq: int


@ephemeral_event("typing.started", delivery="coalesced", audience_max=TYPING_WATCHERS_MAX)
class TypingStarted(Event, frozen=True):
    """Somebody types in the room; over after 10 seconds without another."""

    user: UUID
