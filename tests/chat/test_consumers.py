"""What chat does about a member who left: run by the log's own sweep, as the worker runs it."""

from __future__ import annotations

import pytest

from chat.constants import RoomMemberState
from chat.models import RoomMember
from communities.actions.memberships import leave_community
from eventlog.consumers import registered_consumers, sweep
from kernel.ids import CommunityId
from tests.event_log import types_of
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import Rank, acting, make_member

pytestmark = pytest.mark.django_db


def test_who_leaves_the_community_is_taken_out_of_its_private_rooms(community, member):
    other = make_member(community, rank=Rank.OWNER)
    room = make_room(community, member.user, other.user, private=True)
    leave_community(acting(member), community_id=CommunityId(community.pk))
    (reader,) = [each for each in registered_consumers() if each.name == "chat.removed_members"]

    handled = [sweep(reader), sweep(reader)]

    assert handled == [2, 0]
    assert dict(RoomMember.objects.values_list("user_id", "state")) == {
        member.user_id: RoomMemberState.REMOVED,
        other.user_id: RoomMemberState.MEMBER,
    }
    assert types_of(room_topic(room)) == ["room.created", "access.revoked", "room_member.removed"]
