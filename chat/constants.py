"""Kinds, states and limits of chat. Limits that an installation may change are settings (`MESSAGE_MAX_CHARACTERS` and others)."""

from __future__ import annotations

from enum import StrEnum

from accounts.constants import StaffRole

MAX_ROOM_NAME_LENGTH = 80
MAX_TOPIC_LINE_LENGTH = 250
MAX_NONCE_LENGTH = 64
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


class RoomMemberState(StrEnum):
    """A user's own state in a room. Without one, a member of the community reads its community-visible rooms only."""

    MEMBER = "member"
    REMOVED = "removed"


_MODERATE = frozenset({"chat.view_room", "chat.change_room"})

STAFF_PERMISSIONS = {
    StaffRole.SUPPORT: frozenset({"chat.view_room"}),
    StaffRole.MODERATOR: _MODERATE,
    StaffRole.TRUST_AND_SAFETY: _MODERATE,
}
"""What the operator's own staff may do with rooms in the admin panel. Nobody reads messages there."""
