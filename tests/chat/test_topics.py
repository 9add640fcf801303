"""Who may follow `room:<id>`."""

from __future__ import annotations

import pytest

from chat.actions.room_members import remove_room_member
from communities.constants import MembershipStatus
from eventlog.topics import authorise_follow, authorise_follows, explain_loss
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import RoomId, UserId, uuid7
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


def test_a_room_is_followed_by_who_can_read_it(community, member):
    room, private = make_room(community), make_room(community, private=True)
    stranger = make_member(make_community())

    authorise_follow(acting(member), room_topic(room))
    for actor, topic in [
        (acting(member), room_topic(private)),
        (acting(stranger), room_topic(room)),
        (acting(member), f"room:{uuid7()}"),
    ]:
        with pytest.raises(NotFound):
            authorise_follow(actor, topic)
    with pytest.raises(Unauthenticated):
        authorise_follow(ANONYMOUS, room_topic(room))


def test_many_questions_about_rooms_are_answered_like_single_ones_with_one_query(
    community, member, django_assert_num_queries
):
    rooms = [make_room(community), make_room(community, private=True), make_room(make_community())]
    actors = [acting(member), acting(make_member(community)), acting(make_member(make_community())), ANONYMOUS, SYSTEM]
    asked = [(actor, topic) for actor in actors for topic in [*map(room_topic, rooms), f"room:{uuid7()}"]]
    single = [authorise_follows([question])[0] for question in asked]
    with django_assert_num_queries(1):
        together = authorise_follows(asked)
    assert [type(answer) for answer in together] == [type(answer) for answer in single]
    assert [answer is None for answer in together].count(
        True
    ) == 5  # the common room to two members, all three to the system


def test_who_lost_a_room_is_told_why_and_what_to_do(community, member):
    room = make_room(community)
    moderator = make_member(community, rank=Rank.MODERATOR)
    remove_room_member(acting(moderator), room_id=RoomId(room.pk), user_id=UserId(member.user_id))

    told = explain_loss(acting(member), room_topic(room))

    assert (told.allowed, told.code) == (False, "participation.removed")
    assert [missing.requirement for missing in told.missing] == ["participation"]
    assert told.remedy.text == "Ask a moderator of the community to add you."


@pytest.mark.parametrize(
    ("status", "code"),
    [(MembershipStatus.REMOVED, "membership.required"), (MembershipStatus.BANNED, "membership.banned")],
)
def test_who_lost_the_community_is_told_so_of_its_rooms(community, status, code):
    former = make_member(community, status=status)
    assert explain_loss(acting(former), room_topic(make_room(community))).code == code


def test_of_a_room_that_is_gone_nothing_is_told(member):
    assert explain_loss(acting(member), f"room:{uuid7()}").code == "not_found"
