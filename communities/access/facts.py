"""What is known of a user when a decision is made. A fact that is unset is unknown, and an unknown fact never lets anyone in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from communities.access.resources import Resource
from communities.constants import MembershipStatus, PermissionName
from communities.gates.facts import Fact
from kernel.actor import Actor
from kernel.ids import RoleId, UserId


class Participation(StrEnum):
    """A user's own state in one resource."""

    MEMBER = "member"
    REMOVED = "removed"


OWNER_RANK = 1_000_000
"""Above every position that a role can have."""


class MembershipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A user's membership of the resource's community, with their roles, what these give together, and the highest's position.

    They owe acceptance while the community has rules that must be accepted, and that they have not.
    `role_ids` begins with the highest role and ends with the default one, which every member has.
    """

    user_id: UserId
    status: MembershipStatus
    timed_out_until: datetime | None
    access_epoch: int
    joined_at: datetime
    is_owner: bool = False
    is_guest: bool = False
    position: int = 0
    role_ids: tuple[RoleId, ...] = ()
    permissions: frozenset[str] = frozenset()
    owes_rules: bool = False

    @property
    def rank(self) -> int:
        """Who stands above whom: a higher rank may act on a lower one, equals may not, and the owner is above all."""
        return OWNER_RANK if self.is_owner else self.position


NOTHING: Mapping[Fact[Any], Any] = MappingProxyType({})
"""What gates know of who is asked about none."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one user about one resource, at one moment.

    `membership` and `participation` are None when it is known that there is none. `known` holds what the resource's gates read.
    """

    at: datetime
    signed_in: bool
    account_active: bool | UnsetType = UNSET
    membership: MembershipFacts | UnsetType | None = UNSET
    participation: Participation | UnsetType | None = UNSET
    known: Mapping[Fact[Any], Any] = NOTHING


class Question(msgspec.Struct, frozen=True):
    """May `actor` do `permission` with `resource`?"""

    actor: Actor
    permission: PermissionName
    resource: Resource


class FactSource(Protocol):
    """Loads facts. The database is one source; tests use another."""

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in their order, in a constant number of queries."""
