"""Setting levels opens and closes gates that read them, at once."""

from __future__ import annotations

import pytest

from communities.access import community_resource, decide
from communities.actions.levels import set_level
from communities.actions.memberships import add_member, remove_member
from communities.constants import Permission
from communities.errors import EqualOrHigherRole
from communities.events import AccessChanged, LevelChanged
from communities.models import MemberLevel, Membership
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import CommunityId, UserId
from tests.event_log import events_of
from tests.factories.communities import Rank, acting, hold, make_community, make_level, make_member, make_role
from tests.factories.gates import gate
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return make_member(make_community())


def whom(member):
    return {"community_id": CommunityId(member.community_id), "user_id": UserId(member.user_id)}


def told(kind, object_id):
    return [event for _, _, event in events_of(topic_for(kind, object_id))]


def is_in(member):
    member.community.refresh_from_db()
    return decide(acting(member), Permission.VIEW_COMMUNITY, community_resource(member.community)).allowed


def test_a_level_opens_and_a_lower_one_closes_sockets(member):
    gate(member.community, {"type": "level", "level": 5})
    assert not is_in(member)
    assert set_level(SYSTEM, **whom(member), level=5).level == 5
    assert is_in(member)
    assert told("user", member.user_id)[-2:] == [
        AccessChanged(community=member.community_id),
        LevelChanged(community=member.community_id, level=5),
    ]
    epoch = Membership.objects.get(pk=member.pk).access_epoch
    set_level(SYSTEM, **whom(member), level=4)
    assert not is_in(member)
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)
    assert Membership.objects.get(pk=member.pk).access_epoch == epoch + 1


def test_nobody_stands_at_a_level_that_was_not_set_not_under_a_not_either(member):
    gate(member.community, {"type": "not", "of": {"type": "level", "level": 1}})
    assert is_in(member)


def test_the_level_that_one_has_changes_nothing(member):
    make_level(member, 5)
    with unchanged(MemberLevel, Membership):
        assert set_level(SYSTEM, **whom(member), level=5).level == 5


@pytest.mark.parametrize("level", [-1, 1001])
def test_levels_are_bounded(member, level):
    with unchanged(MemberLevel), pytest.raises(InvalidInput):
        set_level(SYSTEM, **whom(member), level=level)


def test_levels_are_set_by_who_may_of_who_stands_below(member):
    community = member.community
    owner, moderator = make_member(community, rank=Rank.OWNER), make_member(community, rank=Rank.MODERATOR)
    with unchanged(MemberLevel), pytest.raises(Forbidden):
        set_level(acting(moderator), **whom(member), level=2)
    hold(moderator, make_role(community, Permission.SET_LEVEL))
    set_level(acting(moderator), **whom(member), level=2)
    set_level(acting(owner), **whom(owner), level=7)
    for other in (owner, moderator):
        with unchanged(MemberLevel), pytest.raises(EqualOrHigherRole):
            set_level(acting(moderator), **whom(other), level=3)
    stranger = make_member(make_community())
    for actor, about in (
        (acting(stranger), whom(member)),
        (acting(owner), whom(stranger) | {"community_id": community.pk}),
    ):
        with unchanged(MemberLevel), pytest.raises(NotFound):
            set_level(actor, **about, level=2)


def test_a_level_outlives_a_departure(member):
    gate(member.community, {"type": "level", "level": 5})
    make_level(member, 5)
    remove_member(SYSTEM, **whom(member))
    add_member(SYSTEM, community_id=CommunityId(member.community_id), username=member.user.username)
    assert is_in(member)
