"""Time closes gates on sockets too: who follows a topic is looked at again when the moment has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from communities.access import change_access
from communities.actions.catching_up import JOB, catch_up_with_time
from communities.actions.entitlements import grant_entitlement, revoke_entitlement
from communities.actions.memberships import add_member, remove_member, time_out_member
from communities.events import AccessChanged
from communities.models import Membership
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import CommunityId, EntitlementId, UserId
from tests.event_log import events_of
from tests.factories.accounts import make_user
from tests.factories.chat import make_room
from tests.factories.communities import make_community, make_member
from tests.factories.gates import PHONE, gate
from tests.jobs import jobs_with

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def clock(time_machine):
    """A clock that stands still, and is moved to moments."""
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    return time_machine


def before_now(member):
    """Have the member joined an hour ago."""
    Membership.objects.filter(pk=member.pk).update(joined_at=now() - timedelta(hours=1))
    return member


def told(kind, object_id):
    return [event for _, _, event in events_of(topic_for(kind, object_id))]


def standing_of(member):
    return Membership.objects.values_list("access_epoch", "access_changes_at").get(pk=member.pk)


def test_what_a_grace_let_in_is_revoked_when_it_ends(clock):
    member = before_now(make_member(make_community()))
    room = make_room(member.community)
    gate(member.community, PHONE, grace_days={"verified_phone": 3})
    assert catch_up_with_time() == 1
    assert standing_of(member) == (1, now() + 3 * DAY)
    clock.move_to(now() + 3 * DAY - timedelta(seconds=1), tick=False)
    assert catch_up_with_time() == 0
    clock.move_to(now() + timedelta(seconds=1), tick=False)
    assert catch_up_with_time() == 1
    for topic in (("room", room.pk), ("community", member.community_id)):
        assert told(*topic)[-1] == AccessRevoked(user=member.user_id)
    assert told("user", member.user_id)[-1] == AccessChanged(community=member.community_id)
    assert standing_of(member) == (2, None)


def test_what_time_opens_is_told_as_well(clock):
    member = make_member(make_community())
    gate(member.community, {"type": "member_for", "days": 2})
    catch_up_with_time()
    assert standing_of(member)[1] == now() + 2 * DAY
    before = len(told("user", member.user_id))
    clock.move_to(now() + 2 * DAY, tick=False)
    catch_up_with_time()
    assert told("user", member.user_id)[before:] == [AccessChanged(community=member.community_id)]


def test_late_runs_revoke_what_was_lost_in_between(clock):
    member = before_now(make_member(make_community()))
    gate(member.community, PHONE, grace_days={"verified_phone": 3})
    catch_up_with_time()
    clock.move_to(now() + 30 * DAY, tick=False)
    catch_up_with_time()
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)


def test_nothing_is_told_when_nothing_changed(clock):
    member = make_member(make_community())
    gate(member.community, PHONE)
    events = (told("community", member.community_id), told("user", member.user_id), standing_of(member)[0])
    clock.move_to(now() + 30 * DAY, tick=False)
    assert catch_up_with_time() == 1
    assert (told("community", member.community_id), told("user", member.user_id), standing_of(member)[0]) == events
    assert catch_up_with_time() == 0


def test_who_comes_later_is_looked_at_too(clock):
    community, user = make_community(), make_user()
    gate(community, {"type": "member_for", "days": 2})
    clock.move_to(now() + DAY, tick=False)
    add_member(SYSTEM, community_id=CommunityId(community.pk), username=user.username)
    assert catch_up_with_time() == 1
    assert Membership.objects.get(user=user).access_changes_at == now() + 2 * DAY


def test_a_timer_is_set_for_a_moment_before_the_next_sweep(clock):
    member = before_now(make_member(make_community()))
    gate(member.community, PHONE, grace_days={"verified_phone": 1})
    catch_up_with_time()
    timers = [job for job in jobs_with() if job[0] == JOB]
    clock.move_to(now() + DAY - timedelta(seconds=30), tick=False)
    catch_up_with_time()
    assert [job for job in jobs_with() if job[0] == JOB] == [*timers, (JOB, {})]


def test_communities_without_gates_are_never_looked_at():
    community, user = make_community(), make_user()
    add_member(SYSTEM, community_id=CommunityId(community.pk), username=user.username)
    assert catch_up_with_time() == 0


def test_an_entitlement_opens_and_its_end_closes_by_time(clock):
    member = before_now(make_member(make_community()))
    gate(member.community, {"type": "entitlement", "key": "gold"})
    catch_up_with_time()
    granted = grant_entitlement(
        SYSTEM,
        community_id=CommunityId(member.community_id),
        user_id=UserId(member.user_id),
        key="gold",
        reason="A gift.",
        ends_at=now() + DAY,
    )
    assert AccessChanged(community=member.community_id) in told("user", member.user_id)
    assert standing_of(member)[1] == granted.ends_at
    clock.move_to(now() + DAY, tick=False)
    catch_up_with_time()
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)


def test_an_entitlement_that_is_revoked_closes_at_once():
    member = make_member(make_community())
    place, user_id = CommunityId(member.community_id), UserId(member.user_id)
    gate(member.community, {"type": "entitlement", "key": "gold"})
    granted = grant_entitlement(SYSTEM, community_id=place, user_id=user_id, key="gold", reason="A gift.")
    assert AccessRevoked(user=member.user_id) in told("community", place)
    before = len(told("community", place))
    revoke_entitlement(SYSTEM, community_id=place, entitlement_id=EntitlementId(granted.id))
    assert told("community", place)[before:] == [AccessRevoked(user=member.user_id)]


def closed_by_time(clock):
    """A member whom time has locked out a moment ago, and nobody has told, with a room."""
    member = before_now(make_member(make_community()))
    room = make_room(member.community)
    gate(member.community, PHONE, grace_days={"verified_phone": 3})
    catch_up_with_time()
    clock.move_to(now() + 30 * DAY, tick=False)
    assert AccessRevoked(user=member.user_id) not in told("room", room.pk)
    return member, room


def test_what_time_has_closed_is_revoked_by_a_removal_that_comes_first(clock):
    member, room = closed_by_time(clock)
    remove_member(SYSTEM, community_id=CommunityId(member.community_id), user_id=UserId(member.user_id))
    assert told("room", room.pk)[-1] == AccessRevoked(user=member.user_id)


def test_what_time_has_closed_is_revoked_by_a_change_of_facts_that_comes_first(clock):
    member, room = closed_by_time(clock)
    with transaction.atomic(), change_access(CommunityId(member.community_id), [UserId(member.user_id)]):
        pass
    assert told("room", room.pk)[-1] == AccessRevoked(user=member.user_id)


def test_a_time_out_does_not_hide_what_time_has_closed(clock):
    member, room = closed_by_time(clock)
    time_out_member(SYSTEM, community_id=CommunityId(member.community_id), user_id=UserId(member.user_id), seconds=60)
    catch_up_with_time()
    assert told("room", room.pk)[-1] == AccessRevoked(user=member.user_id)


def test_what_was_gained_since_the_moment_that_is_overdue_is_lost_like_anything_else(clock):
    """Who has just joined is to be looked at as of then; what they were given since, sockets have followed by."""
    member = make_member(make_community())
    room = make_room(member.community)
    here, user = CommunityId(member.community_id), UserId(member.user_id)
    Membership.objects.filter(pk=member.pk).update(access_changes_at=now())
    clock.move_to(now() + timedelta(seconds=10), tick=False)
    granted = grant_entitlement(SYSTEM, community_id=here, user_id=user, key="gold", reason="Paid.")
    gate(room, {"type": "entitlement", "key": "gold"})
    clock.move_to(now() + timedelta(seconds=10), tick=False)

    revoke_entitlement(SYSTEM, community_id=here, entitlement_id=EntitlementId(granted.id))

    assert told("room", room.pk)[-1] == AccessRevoked(user=member.user_id)
