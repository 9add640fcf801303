"""Who acts. An `Actor` is made in one place from a session and is then the first argument of every action and policy."""

from __future__ import annotations

from typing import Literal

import msgspec

from kernel.errors import Unauthenticated
from kernel.ids import SessionId, UserId


class Actor(msgspec.Struct, frozen=True):
    """The authenticated origin of a call: a user's session, nobody, or the system itself.

    `kind` is "user" (then `user_id` is set), "anonymous", or "system" (imports, seeds and jobs).
    """

    kind: Literal["user", "anonymous", "system"]
    user_id: UserId | None = None
    session_id: SessionId | None = None

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
