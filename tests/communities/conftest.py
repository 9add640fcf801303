"""What tests of communities share: proof by replay that an act's events tell all that it did, and proof that a refused one did nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from chat.events import RoomJoined
from communities.events import (
    AccessChanged,
    ApplicationChanged,
    CommunityPayload,
    CommunityUpdated,
    MemberJoined,
    MemberPayload,
    MemberRemoved,
    MembershipChanged,
    MemberUpdated,
    MyEntitlementChanged,
    OnboardingAnswered,
    OnboardingUpdated,
    RoleCreated,
    RoleDeleted,
    RolePayload,
    RolesReordered,
    RoleUpdated,
)
from communities.models import (
    Application,
    ApplicationForm,
    ApplicationVote,
    Community,
    Entitlement,
    Invite,
    InviteUse,
    Membership,
    MembershipRole,
    OnboardingAnswer,
    OnboardingVersion,
    Role,
    RulesAcceptance,
    RulesVersion,
    TrialOffer,
)
from communities.payloads import community_payload, membership_changed
from communities.queries.memberships import list_members
from communities.queries.roles import list_roles, roles_held
from eventlog.events import AccessRevoked, Event
from eventlog.replay import read_heads
from eventlog.topics import Topic, parse_topic, topic_for
from kernel.ids import CommunityId
from kernel.pagination import PageRequest
from tests.event_log import events_of
from tests.unchanged import unchanged

Verify = Callable[[Community], AbstractContextManager[None]]


class Snapshot(msgspec.Struct, frozen=True):
    """What clients hold of a community: its card, its members, and what each user knows of their own standing."""

    card: CommunityPayload
    roles: dict[UUID, RolePayload]
    members: dict[UUID, MemberPayload]
    standings: dict[UUID, MembershipChanged]


@pytest.fixture
def replayed() -> Verify:
    """Check that the old snapshot with the block's events applied equals the new snapshot."""
    return _replayed


@pytest.fixture
def untouched() -> Callable[[], AbstractContextManager[None]]:
    """Check that the block changes no row of communities and appends no event to any topic."""
    return lambda: unchanged(
        Community,
        Membership,
        Invite,
        InviteUse,
        ApplicationForm,
        Application,
        ApplicationVote,
        Entitlement,
        TrialOffer,
        RulesVersion,
        RulesAcceptance,
        OnboardingVersion,
        OnboardingAnswer,
        Role,
        MembershipRole,
    )


@contextmanager
def _replayed(community: Community) -> Iterator[None]:
    before = _snapshot(community)
    known = read_heads(_topics(community))
    yield
    topics = _topics(community)
    told = [(topic, event) for topic in topics for _, _, event in events_of(topic, after=known.get(topic, 0))]
    state = before
    for topic, event in told:
        state = _apply(state, topic, event)
    assert state == _snapshot(community)


def _topics(community: Community) -> list[Topic]:
    users = Membership.objects.filter(community=community).values_list("user_id", flat=True)
    return [topic_for("community", community.pk), *(topic_for("user", user_id) for user_id in users)]


def _snapshot(community: Community) -> Snapshot:
    page = list_members(CommunityId(community.pk), page=PageRequest(limit=1000))
    rows = Membership.objects.filter(community=community)
    roles = roles_held([row.pk for row in rows])
    return Snapshot(
        card=community_payload(Community.objects.get(pk=community.pk)),
        roles={role.id: role for role in list_roles(CommunityId(community.pk))},
        members={member.user.id: member for member in page.items},
        standings={row.user_id: membership_changed(row, roles.get(row.pk, ())) for row in rows},
    )


def _apply(state: Snapshot, topic: Topic, event: Event) -> Snapshot:
    """Return the state after an event, as a client would work it out."""
    match event:
        case CommunityUpdated(community=card):
            return replace(state, card=card)
        case MemberJoined(member=member):
            assert member.user.id not in state.members
            return replace(state, members={**state.members, member.user.id: member})
        case MemberUpdated(member=member):
            assert member.user.id in state.members
            return replace(state, members={**state.members, member.user.id: member})
        case MemberRemoved(user=user_id):
            assert user_id in state.members
            return replace(state, members={key: row for key, row in state.members.items() if key != user_id})
        case MembershipChanged():
            _, user_id = parse_topic(topic)
            return replace(state, standings={**state.standings, user_id: event})
        case RoleCreated() | RoleUpdated() | RoleDeleted() | RolesReordered():
            return _apply_to_roles(state, event)
        case (
            RoomJoined()
            | AccessChanged()
            | AccessRevoked()
            | OnboardingUpdated()
            | OnboardingAnswered()
            | ApplicationChanged()
            | MyEntitlementChanged()
        ):
            return state
    raise AssertionError(f"no client knows what to do with {event}")


def _apply_to_roles(state: Snapshot, event: RoleCreated | RoleUpdated | RoleDeleted | RolesReordered) -> Snapshot:
    match event:
        case RoleCreated(role=role):
            moved = {key: replace(row, position=row.position + (row.position > 0)) for key, row in state.roles.items()}
            return replace(state, roles={**moved, role.id: role})
        case RoleUpdated(role=role):
            return replace(state, roles={**state.roles, role.id: role})
        case RoleDeleted(role=role_id):
            return _without_role(state, role_id)
        case RolesReordered(roles=order):
            return _reordered(state, order)


def _without_role(state: Snapshot, role_id: UUID) -> Snapshot:
    gone = state.roles[role_id]
    left = {key: row for key, row in state.roles.items() if key != role_id}
    return replace(
        _with_roles(state, lambda roles: [held for held in roles if held != role_id]),
        roles={key: replace(row, position=row.position - (row.position > gone.position)) for key, row in left.items()},
    )


def _reordered(state: Snapshot, order: Sequence[UUID]) -> Snapshot:
    return replace(
        _with_roles(state, lambda roles: sorted(roles, key=order.index)),
        roles={key: replace(row, position=len(order) - 1 - order.index(key)) for key, row in state.roles.items()},
    )


def _with_roles(state: Snapshot, change: Callable[[Sequence[UUID]], Iterable[UUID]]) -> Snapshot:
    """Return the state with other roles of every member."""
    return replace(
        state,
        members={key: replace(row, roles=tuple(change(row.roles))) for key, row in state.members.items()},
        standings={key: replace(row, roles=tuple(change(row.roles))) for key, row in state.standings.items()},
    )
