"""Joining, leaving, a ban and the last use of an invite in the same moment, again and again: whatever comes first, the end is right."""

from __future__ import annotations

import pytest

from communities.actions.invites import accept_invite
from communities.actions.memberships import ban_member, join_community, leave_community
from communities.constants import JoinPolicy, MembershipStatus
from communities.models import Invite, InviteUse, Membership
from eventlog.models import StoredEvent
from kernel.ids import CommunityId, UserId
from tests.concurrency import at_once
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_community, make_invite, make_member

ROUNDS = 12


@pytest.mark.django_db(transaction=True)
def test_no_invite_is_overused_and_no_ban_is_lost_however_they_are_raced():
    community = make_community(join_policy=JoinPolicy.OPEN)
    owner = make_member(community, rank=Rank.OWNER)
    for number in range(ROUNDS):
        status = MembershipStatus.ACTIVE if number % 2 else MembershipStatus.REMOVED
        race(community, owner, make_member(community, status=status).user, make_user())


def race(community, owner, first, second) -> None:
    """Let both accept an invite with one use left, and the first join, leave and be banned as well."""
    invite, code = make_invite(community, created_by=owner.user, max_uses=1)
    here = CommunityId(community.pk)

    banned, *_ = at_once(
        lambda: ban_member(acting(owner), community_id=here, user_id=UserId(first.pk)),
        lambda: accept_invite(actor_for(first), code=code),
        lambda: accept_invite(actor_for(second), code=code),
        lambda: join_community(actor_for(first), community_id=here),
        lambda: leave_community(actor_for(first), community_id=here),
    )

    used = Invite.objects.get(pk=invite.pk).uses
    got_in = Membership.objects.filter(community=community, user=second).exists()
    assert (banned, Membership.objects.get(community=community, user=first).status) == (None, MembershipStatus.BANNED)
    assert (used, InviteUse.objects.filter(invite=invite).count()) in {(0, 0), (1, 1)}
    assert used == 1 or not got_in
    assert last_told(community, first.pk) in {None, "member.removed"}
    assert last_told(community, second.pk) == ("member.joined" if got_in else None)


def last_told(community, user_id) -> str | None:
    """Return what the community was told last of a user."""
    of_topic = StoredEvent.objects.filter(topic=f"community:{community.pk}", data__contains=str(user_id))
    told = of_topic.filter(type__in=["member.joined", "member.removed"]).order_by("-seq")
    return told.values_list("type", flat=True).first()
