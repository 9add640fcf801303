"""What an API key can be allowed: the closed list of scopes, and what one key was given. What needs which: `kernel.key_access`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from kernel.ids import ApiKeyId


class Scope(StrEnum):
    """One thing that a key may be good for. None contains another: a key that is to read and write is given both.

    A scope opens a door of the API; who goes through it passes the same gates as every member.
    """

    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    COMMUNITIES_READ = "communities:read"
    COMMUNITIES_JOIN = "communities:join"
    COMMUNITIES_MANAGE = "communities:manage"
    MEMBERS_MANAGE = "members:manage"
    ROOMS_MANAGE = "rooms:manage"
    CHAT_READ = "chat:read"
    CHAT_WRITE = "chat:write"


class KeyGrant(msgspec.Struct, frozen=True):
    """What the key behind a call lets it do, and until when, as it was when the key was looked up."""

    id: ApiKeyId
    scopes: frozenset[Scope]
    expires_at: datetime
