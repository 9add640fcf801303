"""What is known of a user when a decision is made. A fact that is unset is unknown, and an unknown fact never lets anyone in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from communities.access.resources import Resource
from communities.constants import MembershipStatus, Permission, Role
from kernel.actor import Actor


class Participation(StrEnum):
    """A user's own state in one resource."""

    MEMBER = "member"
    REMOVED = "removed"


class MembershipFacts(msgspec.Struct, frozen=True):
    """A user's membership of the resource's community."""

    status: MembershipStatus
    role: Role
    timed_out_until: datetime | None
    access_epoch: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one user about one resource, at one moment.

    `membership` and `participation` are None when it is known that there is none.
    """

    at: datetime
    signed_in: bool
    account_active: bool | UnsetType = UNSET
    membership: MembershipFacts | UnsetType | None = UNSET
    participation: Participation | UnsetType | None = UNSET


class Question(msgspec.Struct, frozen=True):
    """May `actor` do `permission` with `resource`?"""

    actor: Actor
    permission: Permission
    resource: Resource


class FactSource(Protocol):
    """Loads facts. The database is one source; tests use another."""

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in their order, in a constant number of queries."""
