"""The wire contract of communities: payloads, and the events on `community:<id>` and `user:<id>`. No models."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import UserPayload
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus, Role
from eventlog.events import Event, durable_event
from kernel.wire import WireStruct


class CommunityPayload(WireStruct, frozen=True):
    """What is the same for everybody who may see a community's card."""

    id: UUID
    slug: str
    name: str
    description: str
    join_policy: JoinPolicy
    visibility: CommunityVisibility
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
    """The community's name, slug, description, join policy or visibility changed."""

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


class InvitePayload(WireStruct, frozen=True):
    """An invite without its code. It is open until it expires, is revoked or is used up; `created_by` is null when the system made it."""

    id: UUID
    community: UUID
    created_by: UserPayload | None
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int
    revoked_at: datetime | None


class InviteWithCode(InvitePayload, frozen=True):
    """An invite with its code, for who may give it away. `code` is null when the key it was sealed with is gone: it opens all the same."""

    code: str | None


class InvitePreview(WireStruct, frozen=True):
    """Where a good invite leads. `community` and `invited_by` are null to who is not signed in, unless anybody may see the card."""

    community: CommunityPayload | None
    invited_by: UserPayload | None
    expires_at: datetime


class InviteUsePayload(WireStruct, frozen=True):
    """Who came by an invite, and when they last did."""

    user: UserPayload
    used_at: datetime


@durable_event("invite.created")
class InviteCreated(Event, frozen=True):
    """On `invites:<community id>`: there is a new invite."""

    invite: InvitePayload


@durable_event("invite.used")
class InviteUsed(Event, frozen=True):
    """On `invites:<community id>`: a user became a member by an invite."""

    invite: InvitePayload
    user: UserPayload


@durable_event("invite.revoked")
class InviteRevoked(Event, frozen=True):
    """On `invites:<community id>`: nobody comes in by this invite any more."""

    invite: InvitePayload
