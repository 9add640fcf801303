"""Who acts. An `Actor` is made in one place from a session or an API key and is then the first argument of every action and policy."""

from __future__ import annotations

from typing import Literal

import msgspec

from kernel.errors import Unauthenticated
from kernel.ids import ApiKeyId, SessionId, UserId
from kernel.scopes import KeyGrant


class Actor(msgspec.Struct, frozen=True):
    """The authenticated origin of a call: a user's session or API key, nobody, or the system itself.

    `kind` is "user" or "bot" (then `user_id` is set), "anonymous", or "system" (imports, seeds and jobs). A person acts by a session
    or by a key, a bot by a key alone; never by both. Gates do not look at which: what keys are closed to is decided at the edge.
    """

    kind: Literal["user", "bot", "anonymous", "system"]
    user_id: UserId | None = None
    session_id: SessionId | None = None
    key: KeyGrant | None = None

    @property
    def key_id(self) -> ApiKeyId | None:
        """The key that was shown, if it was one."""
        return None if self.key is None else self.key.id

    def require_user(self) -> UserId:
        """Return the user's id, or raise `Unauthenticated` when no user acts."""
        if self.user_id is None:
            raise Unauthenticated
        return self.user_id


ANONYMOUS = Actor(kind="anonymous")
SYSTEM = Actor(kind="system")


def user_actor(user_id: UserId, session_id: SessionId | None = None) -> Actor:
    """Return the actor for a user; without a session only where the server itself acts for them (tests, seeds)."""
    return Actor(kind="user", user_id=user_id, session_id=session_id)


def key_actor(user_id: UserId, key: KeyGrant, *, is_bot: bool) -> Actor:
    """Return the actor for the user of an API key, a person or a bot."""
    return Actor(kind="bot" if is_bot else "user", user_id=user_id, key=key)
