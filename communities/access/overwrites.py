"""Overwrites of single things: what roles and members may there, whatever roles give elsewhere. Whom they mean is `grants`' part.

The app that owns a thing keeps its overwrites, and loads them with the thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from kernel.ids import UserId


class Overwrite(msgspec.Struct, frozen=True):
    """What is given and what is taken in one thing; never the same permission twice."""

    allow: frozenset[str]
    deny: frozenset[str]

    def says(self, permission: str | None) -> bool | None:
        """Return True for given, False for taken, None for neither."""
        if permission in self.allow:
            return True
        return False if permission in self.deny else None


class MemberOverwrite(Overwrite, frozen=True):
    """An overwrite for one member. What it gives is for the membership of then; what it takes outlives it."""

    made_at: datetime


class Overwrites(msgspec.Struct, frozen=True):
    """All overwrites of one thing, by role and by user."""

    roles: Mapping[UUID, Overwrite]
    members: Mapping[UserId, MemberOverwrite]
