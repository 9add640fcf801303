"""The wire contract of communities: payloads, and the events on `community:<id>` and `user:<id>`. No models."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import UserPayload
from communities.constants import JoinPolicy, MembershipStatus, Role
from eventlog.events import Event, durable_event
from kernel.wire import WireStruct


class CommunityPayload(WireStruct, frozen=True):
    """What is the same for everybody who may see a community's card."""

    id: UUID
    slug: str
    name: str
    description: str
    join_policy: JoinPolicy
    created_at: datetime


class MyCommunityPayload(CommunityPayload, frozen=True):
    """A community as one user sees it: with their own role, null when they are not a member."""

    my_role: Role | None
    member_count: int


class MemberPayload(WireStruct, frozen=True):
    """A current member. `status` is "active" or "timed_out"; the latter ends by itself at `timed_out_until`."""

    user: UserPayload
    role: Role
    status: MembershipStatus
    timed_out_until: datetime | None
    joined_at: datetime


@durable_event("community.updated")
class CommunityUpdated(Event, frozen=True):
    """The community's name, slug, description or join policy changed."""

    community: CommunityPayload


@durable_event("member.joined")
class MemberJoined(Event, frozen=True):
    """A user became a member, by themselves or added by a moderator."""

    member: MemberPayload


@durable_event("member.updated")
class MemberUpdated(Event, frozen=True):
    """A member's role changed, or they were timed out, or their time-out was lifted."""

    member: MemberPayload


@durable_event("member.removed")
class MemberRemoved(Event, frozen=True):
    """A user is no longer a member. Whether they left, were removed or were banned is not told."""

    user: UUID


@durable_event("membership.changed")
class MembershipChanged(Event, frozen=True):
    """On `user:<id>`: the user's own standing in a community is now this."""

    community: UUID
    status: MembershipStatus
    role: Role
    timed_out_until: datetime | None
