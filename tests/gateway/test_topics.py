"""Following topics: live, resumed, refused, revoked; through two gateways that only share PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import threading
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from accounts.models import User
from communities.actions.communities import update_community
from communities.actions.memberships import add_member, leave_community, remove_member
from communities.models import Community
from eventlog.topics import topic_for
from gateway.relay import ChannelLayerRelay
from kernel.decision import Decision
from kernel.ids import CommunityId, UserId
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import make_community


@pytest.fixture
def rename(owner, community):
    """Return a function that appends one event to the community's topic for each name."""

    def change(*names: str) -> None:
        for name in names:
            update_community(actor_for(owner), community_id=CommunityId(community.id), name=name)

    return sync_to_async(change)


@pytest.fixture
async def elsewhere():
    """The relay of another process, which only rings."""
    relay = ChannelLayerRelay(lambda _: None)
    relay.start_sending()
    yield relay
    await relay.close()


def names_of(frames) -> list[tuple[int, str]]:
    return [(frame["seq"], frame["d"]["community"]["name"]) for frame in frames]


async def test_a_follower_gets_every_later_event_in_order(connect, member, topic, rename):
    await rename("Before")
    client = await connect(member)
    assert (await client.command("topic.follow", topic=topic))["d"] == {
        "topic": topic,
        "head": 1,
        "recovered": True,
        "reason": None,
    }
    await rename("One", "Two")
    assert names_of(await client.frames(2)) == [(2, "One"), (3, "Two")]


async def test_a_resuming_follower_gets_what_it_missed_and_then_the_rest(connect, member, topic, rename):
    await rename("One", "Two", "Three")
    client = await connect(member)
    answer = await client.command("topic.follow", topic=topic, after=1)
    assert (answer["d"]["head"], answer["d"]["recovered"]) == (3, True)
    assert names_of(await client.frames(2)) == [(2, "Two"), (3, "Three")]
    await rename("Four")
    assert names_of([await client.frame()]) == [(4, "Four")]


async def test_a_long_absence_is_replayed_in_pages_without_a_gap(connect, member, topic, rename, settings):
    settings.REPLAY_PAGE_SIZE = 3
    await rename(*(f"Name {number}" for number in range(1, 12)))
    client = await connect(member)
    await client.command("topic.follow", topic=topic, after=0)
    assert [frame["seq"] for frame in await client.frames(11)] == list(range(1, 12))
    assert await client.quiet()


async def test_following_again_starts_over_and_doubles_nothing(connect, member, topic, rename):
    await rename("One", "Two")
    client = await connect(member)
    for _ in range(2):
        await client.command("topic.follow", topic=topic, after=1)
        assert names_of([await client.frame()]) == [(2, "Two")]
    await rename("Three")
    assert names_of([await client.frame()]) == [(3, "Three")]
    assert await client.quiet()


async def test_after_unfollowing_nothing_comes(connect, member, topic, rename):
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    assert (await client.command("topic.unfollow", topic=topic))["t"] == "ok"
    await rename("One")
    assert await client.quiet()


async def test_a_cursor_whose_next_event_is_gone_is_told_to_take_a_snapshot(connect, member, topic, rename):
    await rename("One", "Two", "Three")
    await sync_to_async(forget_events)(topic, 2)
    client = await connect(member)
    answer = await client.command("topic.follow", topic=topic, after=1)
    assert answer["d"] == {"topic": topic, "head": 3, "recovered": False, "reason": "too_old"}
    await rename("Four")
    assert names_of([await client.frame()]) == [(4, "Four")]


def forget_events(topic: str, seq: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM eventlog_event WHERE topic = %s AND seq <= %s", [topic, seq])


@pytest.mark.parametrize("kind", ["community", "user", "volcano"])
async def test_absent_and_forbidden_topics_look_alike(connect, owner, member, kind):
    stranger = await sync_to_async(make_user)()
    theirs = await sync_to_async(make_community)(owner=owner)
    existing = {"community": theirs.id, "user": owner.id, "volcano": owner.id}[kind]
    client = await connect(stranger)
    forbidden = await client.command("topic.follow", topic=topic_for(kind, existing))
    absent = await client.command("topic.follow", topic=topic_for(kind, UUID(int=existing.int + 1)))
    assert forbidden["d"] == absent["d"]
    assert (forbidden["t"], forbidden["d"]["code"]) == ("problem", "not_found")


async def test_a_removed_member_hears_of_it_at_once_and_nothing_later(connect, owner, member, community, topic, rename):
    removed, other = await connect(member), await connect(owner)
    for client in (removed, other):
        await client.command("topic.follow", topic=topic)
    await sync_to_async(remove_member)(
        actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id)
    )
    await rename("After")
    frames = [await removed.frame()]
    while frames[-1]["t"] != "access.revoked":
        frames.append(await removed.frame())
    assert "seq" not in frames[-1]
    assert frames[-1]["topic"] == topic
    assert frames[-1]["d"]["code"] == "membership.required"
    assert frames[-1]["d"]["message"] == "You no longer have access to this."
    assert frames[-1]["d"]["remedy"] == {"text": "Ask a moderator of the community to add you.", "route": None}
    assert await removed.quiet()
    seen = await other.frames(3)
    assert [frame["t"] for frame in seen] == ["access.revoked", "member.removed", "community.updated"]
    assert [frame["seq"] for frame in seen] == [1, 2, 3]
    assert (await removed.command("topic.follow", topic=topic))["d"]["code"] == "not_found"


async def test_who_is_back_and_follows_again_before_the_reason_is_known_is_not_told_that_the_topic_is_closed(
    connect, owner, member, community, topic, rename, monkeypatch
):
    explain = threading.Event()

    def explain_late(actor, topic):
        explain.wait(60)
        return Decision(allowed=False, code="membership.required")

    monkeypatch.setattr("gateway.connection.explain_loss", explain_late)
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    await sync_to_async(leave_and_return)(owner, member, community)
    assert (await client.command("topic.follow", topic=topic))["t"] == "ok"
    explain.set()
    await rename("One", "Two")
    assert [frame["t"] for frame in await client.frames(2)] == ["community.updated"] * 2
    assert await client.quiet()


async def test_who_lost_access_in_between_cannot_resume_over_it(connect, owner, member, community, topic, rename):
    await rename("Seen")
    await sync_to_async(leave_and_return)(owner, member, community)
    client = await connect(member)
    answer = await client.command("topic.follow", topic=topic, after=1)
    assert (answer["d"]["recovered"], answer["d"]["reason"]) == (False, "access_changed")
    assert await client.quiet()


def leave_and_return(owner: User, member: User, community: Community) -> None:
    community_id = CommunityId(community.id)
    leave_community(actor_for(member), community_id=community_id)
    update_community(actor_for(owner), community_id=community_id, name="Secret meanwhile")
    add_member(actor_for(owner), community_id=community_id, username=member.username)


async def test_a_socket_follows_only_so_many_topics(connect, member, community, topic, settings):
    settings.SOCKET_TOPICS_MAX = 1
    client = await connect(member)
    assert (await client.command("topic.follow", topic=topic))["t"] == "ok"
    assert (await client.command("topic.follow", topic=topic))["t"] == "ok"
    refused = await client.command("topic.follow", topic=topic_for("user", member.id))
    assert refused["d"]["code"] == "topic.too_many"


async def test_a_commit_whose_doorbell_is_lost_is_found_by_comparing_heads(
    gateway, connect, member, topic, rename, monkeypatch
):
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    monkeypatch.setattr("eventlog.append.ring", lambda events: None)
    await rename("Unheard")
    assert await client.quiet()
    await gateway.hub.check_heads()
    assert names_of([await client.frame()]) == [(1, "Unheard")]


async def test_the_doorbell_of_another_process_is_heard(
    gateway, elsewhere, connect, member, topic, rename, monkeypatch
):
    """What another process commits reaches this one through Redis: its bell is rung without the local way."""
    monkeypatch.setattr(gateway, "committed", elsewhere.send_events)
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    await rename("From afar")
    assert names_of([await client.frame()]) == [(1, "From afar")]


async def test_a_ring_too_large_to_carry_its_events_is_read_from_the_log(
    gateway, elsewhere, connect, member, topic, rename, monkeypatch
):
    monkeypatch.setattr(gateway, "committed", elsewhere.send_events)
    monkeypatch.setattr("gateway.rings.INLINE_BYTES", 1)
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    await rename("Large", "Larger")
    assert names_of(await client.frames(2)) == [(1, "Large"), (2, "Larger")]


async def test_the_relay_still_hears_after_more_idle_seconds_than_redis_py_waits_by_default(
    gateway, elsewhere, connect, member, topic, rename, monkeypatch
):
    monkeypatch.setattr(gateway, "committed", elsewhere.send_events)
    client = await connect(member)
    await client.command("topic.follow", topic=topic)
    await asyncio.sleep(6)
    await rename("Still here")
    assert names_of([await client.frame()]) == [(1, "Still here")]
