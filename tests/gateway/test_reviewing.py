"""A change of access that concerns very many: every follower is asked about anew, and nothing later reaches who is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from chat.constants import ChatPermission
from communities.actions.roles import update_role
from communities.models import Role
from eventlog.topics import authorise_follows
from gateway.close_codes import CloseCode
from kernel.actor import SYSTEM
from kernel.errors import Unavailable
from kernel.ids import CommunityId, RoleId
from tests.factories.accounts import make_user
from tests.factories.chat import make_room, post, room_topic
from tests.factories.communities import hold, make_member, make_role

READING = (ChatPermission.VIEW_ROOM, ChatPermission.READ_MESSAGES)


@pytest.fixture
def room(community, settings):
    """A room in a community in which every change of a role concerns too many members to name them."""
    settings.ACCESS_CHANGES_AT_ONCE = 0
    return make_room(community)


@pytest.fixture
def keeper(community):
    """A member whom another role lets read rooms, and who may send."""
    membership = make_member(community, make_user())
    hold(membership, make_role(community, *READING, position=7))
    return membership


@pytest.fixture
def close(community) -> Callable[[], None]:
    """Return a function that takes the rooms from everybody who has only the default role."""

    def take() -> None:
        role = Role.objects.get(community=community, is_default=True)
        left = [name for name in role.permissions if name not in READING]
        update_role(SYSTEM, community_id=CommunityId(community.pk), role_id=RoleId(role.pk), permissions=left)

    return sync_to_async(take)


@pytest.fixture
def say(room, keeper):
    """Return a function that posts in the room."""
    return sync_to_async(lambda: post(keeper, room))


@pytest.fixture
async def followers(connect, room, member, keeper):
    """The sockets of who will lose the room, and of who will not; both follow it."""
    sockets = [await connect(member), await connect(keeper.user)]
    for socket in sockets:
        assert (await socket.command("topic.follow", topic=room_topic(room)))["t"] == "ok"
    return sockets


async def test_who_is_refused_hears_why_and_nothing_later_and_who_is_not_misses_nothing(followers, room, close, say):
    loser, other = followers
    await say()
    await close()
    await say()

    seen = await other.frames(3)
    assert [frame["t"] for frame in seen] == ["message.created", "access.reviewed", "message.created"]
    assert [frame["seq"] - seen[0]["seq"] for frame in seen] == [0, 1, 2]
    first, told = await loser.frames(2)
    assert (first["seq"], told["t"], told["topic"]) == (seen[0]["seq"], "access.revoked", room_topic(room))
    assert "seq" not in told
    await say()
    assert (await other.frame())["seq"] == seen[2]["seq"] + 1
    assert await loser.quiet()
    assert (await loser.command("topic.follow", topic=room_topic(room)))["d"]["code"] == "not_found"


async def test_nothing_passes_while_it_is_being_asked(followers, close, say, monkeypatch):
    asked = threading.Event()

    def answer_late(questions):
        asked.wait(30)
        return authorise_follows(questions)

    monkeypatch.setattr("gateway.reviewing.authorise_follows", answer_late)
    await close()
    await say()
    assert [await socket.quiet() for socket in followers] == [True, True]
    asked.set()
    assert [frame["t"] for frame in await followers[1].frames(2)] == ["access.reviewed", "message.created"]
    assert (await followers[0].frame())["t"] == "access.revoked"


async def test_who_unfollows_or_follows_anew_while_it_is_being_asked_gets_what_that_answers(
    followers, room, close, say, monkeypatch
):
    asked = threading.Event()

    def answer_late(questions):
        asked.wait(30)
        return authorise_follows(questions)

    monkeypatch.setattr("gateway.reviewing.authorise_follows", answer_late)
    await close()
    keeps = followers[1]
    answer = await keeps.command("topic.follow", topic=room_topic(room))
    assert (await followers[0].command("topic.unfollow", topic=room_topic(room)))["t"] == "ok"
    asked.set()
    await say()
    assert (await keeps.frame())["seq"] == answer["d"]["head"] + 1
    assert await keeps.quiet()
    assert await followers[0].quiet()


async def test_a_database_that_comes_back_is_asked_again_and_one_that_does_not_ends_the_sockets(
    followers, close, say, monkeypatch
):
    away = [Unavailable()]

    def answer(questions):
        if away:
            raise away.pop()
        return authorise_follows(questions)

    monkeypatch.setattr("gateway.reviewing.RETRY_SECONDS", 0)
    monkeypatch.setattr("gateway.reviewing.authorise_follows", answer)
    await close()
    loser, other = followers
    assert (await loser.frame())["t"] == "access.revoked"
    assert (await other.frame())["t"] == "access.reviewed"

    away.extend(Unavailable() for _ in range(100))
    await sync_to_async(Role.objects.filter(is_default=True).update)(permissions=[*READING])
    await close()
    assert await other.close_code() == CloseCode.INTERNAL
    assert await loser.quiet()


async def test_a_cursor_from_before_the_review_is_no_place_to_go_on_from(connect, followers, keeper, room, close, say):
    await say()
    before = (await followers[1].frame())["seq"]
    await close()
    await say()
    await followers[1].frames(2)
    client = await connect(keeper.user)
    answer = await client.command("topic.follow", topic=room_topic(room), after=before)
    assert (answer["d"]["recovered"], answer["d"]["reason"]) == (False, "access_changed")


async def test_who_gains_by_a_change_is_not_asked_about(followers, community, room, say):
    role = await Role.objects.aget(community=community, is_default=True)
    await sync_to_async(update_role)(
        SYSTEM,
        community_id=CommunityId(community.pk),
        role_id=RoleId(role.pk),
        permissions=[*role.permissions, "member.ban"],
    )
    await say()
    assert [(await socket.frame())["t"] for socket in followers] == ["message.created"] * 2
