"""When an account is deleted, no community with members is left without an owner, and memberships end with events."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.actions.deletions import run_due_deletions, schedule_deletion
from accounts.models import AccountDeletion, Session, User
from communities.actions.deletions import end_memberships
from communities.actions.membership_roles import transfer_ownership
from communities.constants import JoinPolicy
from communities.errors import OwnsCommunities
from communities.models import Community, Membership
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import CommunityId, UserId
from tests.concurrency import at_once
from tests.event_log import types_of
from tests.factories.accounts import actor_with_session, make_user
from tests.factories.communities import Rank, make_community, make_member
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def schedule(user: User) -> None:
    schedule_deletion(actor_with_session(user), user_id=UserId(user.pk))


def run_when_due() -> None:
    with time_machine.travel(now() + timedelta(days=30, seconds=1)):
        run_due_deletions()


def test_the_owner_is_told_which_communities_need_another_one_first():
    owner = make_user()
    first, second = (make_community(owner=owner, name=name) for name in ("Lighthouse", "Harbour"))
    make_community(owner=owner)
    make_member(make_community(owner=make_user()), owner)
    for community in (first, second):
        make_member(community, rank=Rank.MODERATOR)
    actor = actor_with_session(owner)
    with unchanged(User, Session, AccountDeletion), pytest.raises(OwnsCommunities) as caught:
        schedule_deletion(actor, user_id=UserId(owner.pk))
    assert (caught.value.code, caught.value.http_status) == ("account.owns_communities", 409)
    assert caught.value.data == {
        "communities": [{"id": str(first.pk), "name": "Lighthouse"}, {"id": str(second.pk), "name": "Harbour"}]
    }


def test_memberships_end_with_events_when_the_time_has_come_and_not_before():
    user = make_user()
    memberships = [make_member(make_community(owner=make_user()), user) for _ in range(3)]
    schedule(user)
    assert not Membership.objects.filter(user=user).exclude(status="active").exists()
    run_when_due()
    for membership in memberships:
        membership.refresh_from_db()
        assert membership.status == "removed"
        topic = topic_for("community", membership.community_id)
        assert types_of(topic) == ["access.revoked", "member.removed"]


def test_a_community_of_the_owner_alone_is_closed_and_left():
    owner = make_user()
    community = make_community(owner=owner, join_policy=JoinPolicy.OPEN)
    schedule(owner)
    run_when_due()
    community.refresh_from_db()
    assert (community.join_policy, community.visibility) == ("closed", "secret")
    assert not Membership.objects.filter(community=community, status="active").exists()
    topic = topic_for("community", community.pk)
    assert types_of(topic) == ["community.updated", "access.revoked", "member.removed"]


def test_a_community_that_got_other_members_meanwhile_stops_the_deletion_loudly():
    owner = make_user()
    community = make_community(owner=owner)
    schedule(owner)
    make_member(community)
    run_when_due()
    deletion = AccountDeletion.objects.get()
    assert (deletion.failures, deletion.last_error, deletion.completed_at) == (1, "OwnerStays", None)
    assert Membership.objects.get(user=owner).status == "active"


def test_to_end_memberships_once_more_does_nothing():
    user = make_user()
    make_member(make_community(owner=make_user()), user)
    assert end_memberships(UserId(user.pk)) is False
    with unchanged(Membership, Community):
        assert end_memberships(UserId(user.pk)) is True


@pytest.mark.django_db(transaction=True)
def test_who_is_made_the_owner_while_they_delete_their_account_stays_or_does_not_get_it():
    owner, successor = make_user(), make_user()
    community = make_community(owner=owner)
    make_member(community, successor)
    outcomes = at_once(
        lambda: schedule_deletion(SYSTEM, user_id=UserId(successor.pk)),
        lambda: transfer_ownership(SYSTEM, community_id=CommunityId(community.pk), user_id=UserId(successor.pk)),
    )
    assert sum(isinstance(outcome, OwnsCommunities | NotFound) for outcome in outcomes) == 1
    assert Membership.objects.get(community=community, is_owner=True).user.is_active
