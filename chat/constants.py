"""Kinds, states, permissions and limits of chat. What an installation may change are settings (`MESSAGE_MAX_CHARACTERS` and others)."""

from __future__ import annotations

from enum import StrEnum

from accounts.constants import StaffRole
from communities.constants import Holder, PermissionName, PermissionRule, StartingRole

MAX_ROOM_NAME_LENGTH = 80
MAX_TOPIC_LINE_LENGTH = 250
MAX_NONCE_LENGTH = 64
ROOM_CATEGORIES_MAX = 50
MAX_POSITION = 9_999
ROOM_OVERWRITES_MAX = 100
MAX_SEQ = 2**63 - 1
EXCERPT_LENGTH = 140
UNREAD_CAP = 100
"""Unread messages are counted up to here: 100 means 100 or more."""
TYPING_WATCHERS_MAX = 100
"""Who types is not told where more sockets than this follow a room."""

ROOM_KIND = "room"
"""The kind of a room as a topic (`room:<id>`) and as a resource of `communities.access`."""


class RoomKind(StrEnum):
    """What a room is for: `text` is a channel of its community, `direct` a conversation of two people."""

    TEXT = "text"
    DIRECT = "direct"


class RoomVisibility(StrEnum):
    """Whether every member of the community may read the room, or its participants alone."""

    COMMUNITY = "community"
    PRIVATE = "private"


class OverwriteKind(StrEnum):
    """Whom an overwrite of a room is for."""

    ROLE = "role"
    MEMBER = "member"


class RoomMemberState(StrEnum):
    """A user's own state in a room. Without one, a member of the community reads its community-visible rooms only."""

    MEMBER = "member"
    REMOVED = "removed"


class ChatPermission(PermissionName):
    """What chat asks, of a room but for the first three, which it asks of the community."""

    LIST_ROOMS = "room.list"
    CREATE_ROOM = "room.create"
    OPEN_DIRECT_ROOM = "room.open_direct"
    VIEW_ROOM = "room.view"
    MANAGE_ROOM = "room.manage"
    MODERATE_ROOM = "room.moderate"
    READ_MESSAGES = "message.read"
    SEND_MESSAGE = "message.send"
    DELETE_ANY_MESSAGE = "message.delete_any"


READING = frozenset({ChatPermission.VIEW_ROOM, ChatPermission.READ_MESSAGES})
"""What it takes to follow a room."""

PERMISSION_RULES = (
    PermissionRule(
        name=ChatPermission.LIST_ROOMS,
        about="List the rooms that are shown to them",
        holder=Holder.MEMBERS,
        reads=True,
        for_guests=True,
    ),
    PermissionRule(name=ChatPermission.CREATE_ROOM, about="Open rooms", starts_in=StartingRole.MODERATOR),
    PermissionRule(
        name=ChatPermission.OPEN_DIRECT_ROOM,
        about="Begin conversations with other members",
        starts_in=StartingRole.MEMBER,
        after_acceptance=True,
    ),
    PermissionRule(
        name=ChatPermission.VIEW_ROOM,
        about="See a room at all, and who takes part in it",
        starts_in=StartingRole.MEMBER,
        overwritten_in=ROOM_KIND,
        reads=True,
    ),
    PermissionRule(
        name=ChatPermission.MANAGE_ROOM,
        about="Change and archive a room",
        starts_in=StartingRole.MODERATOR,
        overwritten_in=ROOM_KIND,
    ),
    PermissionRule(
        name=ChatPermission.MODERATE_ROOM,
        about="Add members to a room, and remove them",
        starts_in=StartingRole.MODERATOR,
        overwritten_in=ROOM_KIND,
    ),
    PermissionRule(
        name=ChatPermission.READ_MESSAGES,
        about="Read messages",
        starts_in=StartingRole.MEMBER,
        overwritten_in=ROOM_KIND,
        reads=True,
    ),
    PermissionRule(
        name=ChatPermission.SEND_MESSAGE,
        about="Write messages",
        starts_in=StartingRole.MEMBER,
        after_acceptance=True,
        overwritten_in=ROOM_KIND,
    ),
    PermissionRule(
        name=ChatPermission.DELETE_ANY_MESSAGE,
        about="Delete messages of others",
        starts_in=StartingRole.MODERATOR,
        overwritten_in=ROOM_KIND,
    ),
)

_LOOK = frozenset({"chat.view_room", "chat.view_roomoverwrites"})
_MODERATE = _LOOK | {"chat.change_room"}

STAFF_PERMISSIONS = {
    StaffRole.SUPPORT: _LOOK,
    StaffRole.MODERATOR: _MODERATE,
    StaffRole.TRUST_AND_SAFETY: _MODERATE,
}
"""What the operator's own staff may do with rooms in the admin panel. Nobody reads messages there."""
