"""Presence as clients see it: who is shown to whom, when, and that invisible, removed and unwatched people are not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings as configured
from django.db import transaction

from accounts.actions.presence import prefer_presence
from accounts.actions.users import update_profile
from accounts.constants import PreferredStatus
from accounts.models import User
from communities.actions.membership_roles import give_role, take_role
from communities.actions.memberships import leave_community, remove_member
from communities.constants import Permission
from communities.models import Community, Role
from eventlog.append import Draft, append
from eventlog.events import AccessReviewed
from eventlog.topics import topic_for
from gateway.presence import display
from gateway.presence.lookout import ALL_SIGHTINGS
from gateway.presence.statuses import OFFLINE, Presence, ShownStatus, Sighting
from gateway.presence.store import PresenceStore
from gateway.relay import ChannelLayerRelay
from kernel.errors import Unavailable
from kernel.ids import CommunityId, RoleId, UserId, uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, make_member, role_of
from tests.metrics import growth_of


@pytest.fixture
def owner(transactional_db) -> User:
    return make_user("olga")


@pytest.fixture
def member(transactional_db) -> User:
    return make_user("mia")


@pytest.fixture
def look(gateway, connect, community, topic):
    """Return a function that connects somebody who looks at these members, and the answer that they got."""

    async def connect_and_look(viewer: User, *users: User):
        client = await connect(viewer)
        await told(gateway)
        await client.command("topic.follow", topic=topic)
        return client, await watch(client, community, *users)

    return connect_and_look


async def watch(client, community: Community, *users: User):
    """Look at users and return how they are shown, or the code of the refusal."""
    answer = await client.command("presence.watch", community=str(community.id), users=[str(user.id) for user in users])
    if answer["t"] == "problem":
        return answer["d"]["code"]
    return {entry["user"]: entry["status"] for entry in answer["d"]["members"]}


async def told(gateway) -> None:
    """Have what is due told now."""
    gateway.presence.reporter.pass_time()
    await gateway.presence.reporter.tell()


async def change(client) -> tuple[str, str]:
    """Return who the next frame shows, and how."""
    frame = await client.frame()
    assert frame["t"] == "presence.changed", frame
    return frame["d"]["presence"]["user"], frame["d"]["presence"]["status"]


async def disconnect(client) -> None:
    await client.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
    await client.communicator.wait()


async def test_a_viewer_sees_who_is_there_and_hears_who_comes(gateway, connect, look, owner, member, topic):
    client, shown = await look(owner, member)
    assert shown == {str(member.id): "offline"}
    await connect(member)
    frame = await client.frame()
    assert frame == {
        "t": "presence.changed",
        "topic": topic,
        "d": {"presence": {"user": str(member.id), "status": "online", "custom": None}},
    }


async def test_a_window_opens_with_what_is_so_now(gateway, connect, look, owner, member):
    await connect(member)
    await told(gateway)
    _, shown = await look(owner, member, owner, member)
    assert shown[str(member.id)] == "online"
    assert list(shown) == [str(member.id), str(owner.id)]


async def test_offline_comes_when_the_time_of_grace_is_over_and_a_reconnect_within_it_is_not_told(
    gateway, clock, connect, look, owner, member
):
    first = await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    await disconnect(first)
    clock.now += 29
    await told(gateway)
    second = await connect(member)
    clock.now += 29
    await told(gateway)
    assert await viewer.quiet()
    await disconnect(second)
    clock.now += 30
    await told(gateway)
    assert await change(viewer) == (str(member.id), "offline")


async def test_a_device_is_idle_after_five_minutes_of_pings_and_wakes_with_anything_else(
    gateway, clock, connect, look, owner, member
):
    client = await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    clock.now += 200
    await client.command("ping")
    clock.now += 100
    await told(gateway)
    assert await change(viewer) == (str(member.id), "idle")
    await client.command("topic.unfollow", topic=topic_for("user", member.id))
    assert await change(viewer) == (str(member.id), "online")


async def test_a_client_says_that_nobody_uses_it_and_that_somebody_does(gateway, connect, look, owner, member):
    client = await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    assert (await client.command("presence.report", active=False))["t"] == "ok"
    assert await change(viewer) == (str(member.id), "idle")
    assert (await client.command("presence.report", active=True))["t"] == "ok"
    assert await change(viewer) == (str(member.id), "online")


async def test_one_device_in_use_keeps_the_user_online(gateway, connect, look, owner, member):
    phone, _laptop = await connect(member), await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    await phone.command("presence.report", active=False)
    await told(gateway)
    assert await viewer.quiet()


async def test_what_a_user_prefers_counts_on_all_devices_and_outlives_them(gateway, connect, look, owner, member):
    client = await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    answer = await client.command("presence.set", status="dnd", custom={"text": "At sea", "emoji": "\u26f5"})
    assert answer["d"] == {"status": "dnd", "custom": {"text": "At sea", "emoji": "\u26f5", "expires_at": None}}
    frame = await viewer.frame()
    assert frame["d"]["presence"] == {"user": str(member.id), **answer["d"]}
    later = await connect(member)
    assert later.hello["d"]["user"]["presence"] == answer["d"]
    await told(gateway)
    assert await viewer.quiet()


async def test_other_devices_learn_what_was_preferred_on_one(gateway, connect, member):
    phone, laptop = await connect(member), await connect(member)
    await laptop.command("topic.follow", topic=topic_for("user", member.id))
    await phone.command("presence.set", status="idle")
    frame = await laptop.frame()
    assert (frame["t"], frame["d"]["user"]["presence"]["status"]) == ("user.updated", "idle")


async def test_somebody_invisible_comes_goes_and_changes_without_a_sign(gateway, clock, connect, look, owner, member):
    viewer, _ = await look(owner, member)
    await sync_to_async(prefer_presence)(actor_for(member), status=PreferredStatus.INVISIBLE)
    client = await connect(member)
    await told(gateway)
    await client.command("presence.report", active=False)
    await told(gateway)
    await client.command("presence.set", custom={"text": "At sea"})
    await told(gateway)
    await disconnect(client)
    clock.now += 30
    await told(gateway)
    assert await viewer.quiet()


async def test_who_becomes_invisible_looks_as_if_they_had_gone_and_their_own_hello_says_what_is_so(
    gateway, connect, look, owner, member, community
):
    client = await connect(member)
    await client.command("presence.set", custom={"text": "At sea"})
    await told(gateway)
    viewer, _ = await look(owner, member)
    await client.command("presence.set", status="invisible")
    frame = await viewer.frame()
    assert frame["d"]["presence"] == {"user": str(member.id), "status": "offline", "custom": None}
    assert await watch(viewer, community, member) == {str(member.id): "offline"}
    again = await connect(member)
    assert again.hello["d"]["user"]["presence"]["status"] == "invisible"


async def test_a_preference_changed_elsewhere_reaches_redis_by_the_log(gateway, connect, look, owner, member):
    await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    await sync_to_async(prefer_presence)(actor_for(member), status=PreferredStatus.INVISIBLE)
    assert await change(viewer) == (str(member.id), "offline")
    await sync_to_async(update_profile)(actor_for(member), display_name="Mia M.")
    await told(gateway)
    assert await viewer.quiet()


async def test_only_members_are_shown_and_only_to_members(gateway, connect, look, owner, member, community, topic):
    stranger = await sync_to_async(make_user)()
    await connect(stranger)
    await told(gateway)
    _, shown = await look(owner, member, stranger)
    assert shown == {str(member.id): "offline"}
    outsider = await connect(stranger)
    assert await watch(outsider, community, member) == "presence.not_following"
    for connection in gateway.connections:
        connection.topics.add(topic)
    assert await watch(outsider, community, member) == "not_found"
    absent = Community(id=uuid7())
    for connection in gateway.connections:
        connection.topics.add(topic_for("community", absent.id))
    assert await watch(outsider, absent, member) == "not_found"
    assert gateway.presence.lookout._windows.watched() == [member.id]


async def test_a_window_has_a_size_and_a_socket_has_a_number_of_windows(
    gateway, look, owner, member, community, settings
):
    settings.PRESENCE_WINDOW_MEMBERS = 1
    refused = [
        growth_of("portcullis_limit_hits_total", limit=f"presence.{name}") for name in ("window_members", "windows")
    ]
    client, _ = await look(owner, member)
    assert await watch(client, community, member, owner) == "presence.too_many_members"
    (connection,) = gateway.connections
    others = [Community(id=uuid7()) for _ in range(10)]
    connection.topics.update(topic_for("community", other.id) for other in others)
    for other in others[:9]:
        gateway.presence.lookout._windows.prepare(connection, topic_for("community", other.id), [])
    assert await watch(client, others[9], member) == "presence.too_many_windows"
    assert [grown() for grown in refused] == [1, 1]
    assert await watch(client, community, owner) == {str(owner.id): "online"}


async def test_a_new_window_takes_the_place_of_the_last_and_an_unwatched_one_is_silent(
    gateway, connect, look, owner, member, community
):
    viewer, _ = await look(owner, member)
    await watch(viewer, community, owner)
    client = await connect(member)
    await told(gateway)
    assert await viewer.quiet()
    assert await watch(viewer, community, member) == {str(member.id): "online"}
    assert (await viewer.command("presence.unwatch", community=str(community.id)))["t"] == "ok"
    await client.command("presence.report", active=False)
    await told(gateway)
    assert await viewer.quiet()


async def test_a_topic_that_is_not_followed_any_more_has_no_window(gateway, connect, look, owner, member, topic):
    viewer, _ = await look(owner, member)
    await viewer.command("topic.unfollow", topic=topic)
    await connect(member)
    await told(gateway)
    assert await viewer.quiet()
    assert gateway.presence.lookout._windows.watched() == []


async def test_a_viewer_who_loses_the_community_sees_nobody_there_from_then_on(
    gateway, connect, look, owner, member, community
):
    viewer, _ = await look(member, owner)
    await sync_to_async(remove_member)(
        actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id)
    )
    assert (await viewer.frame())["t"] == "access.revoked"
    await connect(owner)
    await told(gateway)
    assert await viewer.quiet()
    assert gateway.presence.lookout._windows.watched() == []


async def test_a_member_who_leaves_is_not_shown_any_more(gateway, connect, look, owner, member, community):
    client = await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member, owner)
    await sync_to_async(leave_community)(actor_for(member), community_id=CommunityId(community.id))
    assert [frame["t"] for frame in await viewer.frames(2)] == ["access.revoked", "member.removed"]
    await client.command("presence.report", active=False)
    await told(gateway)
    assert await viewer.quiet()
    assert gateway.presence.lookout._windows.watched() == [owner.id]


async def test_a_member_who_is_removed_while_the_question_is_asked_is_not_shown(
    gateway, connect, look, owner, member, community, monkeypatch
):
    client, _ = await look(owner)
    lookout = gateway.presence.lookout
    ask = lookout._doubts._audience.ask

    async def ask_and_remove(question):
        allowed = await ask(question)
        lookout.remove(topic_for("community", community.id), UserId(member.id))
        return allowed

    monkeypatch.setattr(lookout._doubts._audience, "ask", ask_and_remove)
    assert await watch(client, community, member) == {}


async def test_a_viewer_who_is_removed_while_the_question_is_asked_sees_nobody(
    gateway, look, owner, member, community, topic, monkeypatch
):
    client, _ = await look(owner)
    (connection,) = gateway.connections
    lookout = gateway.presence.lookout
    ask = lookout._doubts._audience.ask

    async def ask_and_lose(question):
        allowed = await ask(question)
        connection.unfollow(topic)
        return allowed

    monkeypatch.setattr(lookout._doubts._audience, "ask", ask_and_lose)
    assert await watch(client, community, member) == "not_found"
    assert lookout._windows.watched() == []


@pytest.fixture
async def moderator(community, owner, member) -> User:
    """Return a moderator of a product in which only moderators list members."""
    await sync_to_async(let_list_members)(community, Rank.MODERATOR)
    await sync_to_async(change_role)(give_role, owner, member, community)
    return member


def let_list_members(community: Community, rank: Rank | None) -> None:
    """Take the permission from every member, and give it to those of the rank."""
    for role in Role.objects.filter(community=community):
        role.permissions = [*(set(role.permissions) - {Permission.LIST_MEMBERS})]
        role.save()
    if rank is not None:
        role = role_of(community, rank)
        role.permissions = [*role.permissions, Permission.LIST_MEMBERS]
        role.save()


def change_role(act: Any, owner: User, member: User, community: Community) -> None:
    """Make somebody a moderator, or an ordinary member again."""
    role_id = RoleId(role_of(community, Rank.MODERATOR).pk)
    act(actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id), role_id=role_id)


async def test_who_may_not_list_members_any_more_sees_nobody_though_they_follow_the_community(
    gateway, connect, look, owner, moderator, community, topic
):
    viewer, shown = await look(moderator, owner)
    assert shown == {str(owner.id): "offline"}
    await sync_to_async(change_role)(take_role, owner, moderator, community)
    assert (await viewer.frame())["t"] == "member.updated"
    await connect(owner)
    await told(gateway)
    assert await viewer.quiet()
    assert await watch(viewer, community, owner) == "not_found"
    assert gateway.presence.lookout._windows.watched() == []
    assert [connection.topics for connection in gateway.connections].count({topic}) == 1


async def test_who_still_may_list_members_after_a_change_of_role_is_shown_what_is_so_now(
    gateway, connect, look, owner, member, community
):
    viewer, _ = await look(member, owner)
    await sync_to_async(change_role)(give_role, owner, member, community)
    assert (await viewer.frame())["t"] == "member.updated"
    assert await change(viewer) == (str(owner.id), "offline")
    await connect(owner)
    await told(gateway)
    assert await change(viewer) == (str(owner.id), "online")


async def test_a_window_in_doubt_stays_shut_while_nobody_can_say_and_is_asked_about_again(
    gateway, connect, look, owner, member, community, monkeypatch
):
    viewer, _ = await look(member, owner)
    doubts = gateway.presence.lookout._doubts

    async def away(_):
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(doubts._audience, "ask", away)
        await sync_to_async(change_role)(give_role, owner, member, community)
        assert (await viewer.frame())["t"] == "member.updated"
        await connect(owner)
        await told(gateway)
        assert await viewer.quiet()
    await gateway.presence.lookout.refresh()
    assert await change(viewer) == (str(owner.id), "online")


async def test_a_role_that_is_lost_while_the_question_is_asked_makes_the_answer_worthless(
    gateway, look, owner, moderator, community, topic, monkeypatch
):
    viewer, _ = await look(moderator)
    ask = gateway.presence.lookout._doubts._audience.ask
    answered: list[object] = []

    async def ask_too_early(question):
        answer = await ask(question)
        if not answered:
            answered.append(answer)
            await sync_to_async(change_role)(take_role, owner, moderator, community)
            gateway.presence.lookout.doubt(topic, UserId(moderator.id))
        return answer

    monkeypatch.setattr(gateway.presence.lookout._doubts._audience, "ask", ask_too_early)
    assert await watch(viewer, community, owner) == "not_found"
    assert answered == [{UserId(owner.id)}]


async def test_a_permission_that_was_lost_without_an_event_is_noticed_at_the_next_comparison(
    gateway, connect, look, owner, member, community
):
    viewer, _ = await look(member, owner)
    await sync_to_async(let_list_members)(community, None)
    await gateway.presence.lookout.refresh()
    await connect(owner)
    await told(gateway)
    assert await viewer.quiet()


async def test_a_review_of_the_community_shuts_every_window_until_it_was_asked_again(
    gateway, connect, look, owner, member, community, topic
):
    viewer, _ = await look(member, owner)
    await sync_to_async(let_list_members)(community, None)
    await sync_to_async(transaction.atomic(append))([Draft(topic, AccessReviewed())])
    assert (await viewer.frame())["t"] == "access.reviewed"
    await connect(owner)
    await told(gateway)
    assert await viewer.quiet()
    assert gateway.presence.lookout._windows.watched() == []


async def test_who_was_removed_sees_nobody_though_the_doorbell_of_the_removal_was_lost(
    gateway, connect, look, owner, member, community, monkeypatch
):
    viewer, _ = await look(member, owner)
    monkeypatch.setattr(gateway.hub, "deliver", lambda events: None)
    await sync_to_async(remove_member)(
        actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id)
    )
    await connect(owner)
    await told(gateway)
    assert (await viewer.frame())["t"] == "access.revoked"
    assert await viewer.quiet()


async def test_while_the_log_cannot_be_asked_nobody_is_shown_and_the_newest_is_when_it_can(
    gateway, connect, look, owner, member, monkeypatch
):
    viewer, _ = await look(member, owner)
    monkeypatch.setattr(display, "RETRY_SECONDS", 0.01)

    async def away(topics):
        raise Unavailable

    shown = gateway.presence.lookout._display
    with monkeypatch.context() as patched:
        patched.setattr(shown, "_behind", away)
        client = await connect(owner)
        await told(gateway)
        await client.command("presence.set", status="dnd")
        await told(gateway)
        assert await viewer.quiet()
    assert await change(viewer) == (str(owner.id), "dnd")
    assert await viewer.quiet()


async def test_nothing_is_left_of_a_socket_that_is_gone(gateway, look, owner, member):
    client, _ = await look(owner, member)
    await disconnect(client)
    assert not gateway.presence.lookout._windows
    assert gateway.presence._devices == {}


@pytest.fixture
async def other() -> ChannelLayerRelay:
    """Return the relay of another process."""
    relay = ChannelLayerRelay(lambda ring: None)
    relay.start_sending()
    yield relay
    await relay.close()


async def test_another_process_is_heard_and_what_comes_late_is_not_told(gateway, look, owner, member, other):
    viewer, _ = await look(owner, member)
    user = UserId(member.id)
    lookout = gateway.presence.lookout
    lookout.announce([Sighting(user, 2**52, Presence(ShownStatus.IDLE))])
    assert await change(viewer) == (str(member.id), "idle")
    other.send_sightings(ALL_SIGHTINGS, msgspec.msgpack.encode([Sighting(user, 2**52 + 1, OFFLINE)]))
    assert await change(viewer) == (str(member.id), "offline")
    other.send_sightings(ALL_SIGHTINGS, msgspec.msgpack.encode([Sighting(user, 2**52, Presence(ShownStatus.IDLE))]))
    assert await viewer.quiet()


async def test_a_lost_announcement_is_made_good_by_comparing_with_redis(
    gateway, connect, look, owner, member, monkeypatch
):
    viewer, _ = await look(owner, member)
    monkeypatch.setattr(gateway.presence.reporter, "_announce", lambda sightings: None)
    await connect(member)
    await told(gateway)
    monkeypatch.setattr(gateway.presence.lookout, "_settled", lambda: False)
    await gateway.presence.lookout.refresh()
    assert await viewer.quiet()
    monkeypatch.setattr(gateway.presence.lookout, "_settled", lambda: True)
    await gateway.presence.lookout.refresh()
    assert await change(viewer) == (str(member.id), "online")


async def test_what_was_announced_while_the_relay_was_away_is_shown_as_soon_as_it_is_back(
    gateway, connect, look, owner, member, monkeypatch
):
    viewer, _ = await look(owner, member)
    monkeypatch.setattr(gateway.presence.reporter, "_announce", lambda sightings: None)
    await connect(member)
    await told(gateway)
    monkeypatch.setattr(gateway.presence.lookout, "_settled", lambda: True)
    gateway._rejoined()
    assert await change(viewer) == (str(member.id), "online")


async def test_after_redis_came_back_empty_nobody_is_compared_with_it_before_all_had_time_to_tell(
    gateway, connect, look, owner, member, raw_redis, monkeypatch
):
    await connect(member)
    viewer, shown = await look(owner, member)
    assert shown == {str(member.id): "online"}
    gateway.presence.reporter.settled = True  # as it was before
    monkeypatch.setattr(gateway.presence.reporter, "_tell_due", asyncio.Event().wait)
    for key in await raw_redis.keys("presence:*"):
        await raw_redis.delete(key)
    gateway._rejoined()
    assert await viewer.quiet()
    assert not gateway.presence.reporter.settled


async def test_a_change_whose_answer_was_lost_is_announced_when_it_is_told_again(
    gateway, connect, look, owner, member, monkeypatch
):
    viewer, _ = await look(owner, member)
    apply, losses = gateway.presence._store.apply, iter([redis.TimeoutError("the answer was lost")])

    async def lose_the_first_answer(*arguments):
        transitions = await apply(*arguments)
        if (error := next(losses, None)) is not None:
            raise error
        return transitions

    monkeypatch.setattr(gateway.presence._store, "apply", lose_the_first_answer)
    await connect(member)
    with suppress(redis.TimeoutError):  # of the reporter's own telling, or of this one
        await told(gateway)
    await told(gateway)
    assert await change(viewer) == (str(member.id), "online")


async def test_a_process_that_was_given_up_begins_again_and_its_users_are_there_as_before(
    gateway, connect, look, owner, member, raw_redis
):
    await connect(member)
    await told(gateway)
    viewer, _ = await look(owner, member)
    name = gateway.presence.reporter.name
    for key in await raw_redis.keys("presence:*"):
        await raw_redis.delete(key)
    await gateway.presence.reporter.beat()
    await told(gateway)
    assert gateway.presence.reporter.name != name
    assert await viewer.quiet()
    assert await watch(viewer, await sync_to_async(Community.objects.get)(), member) == {str(member.id): "online"}


async def test_while_redis_is_away_all_else_works_and_what_changed_is_told_when_it_is_back(
    gateway, connect, look, owner, member, community, topic, monkeypatch
):
    viewer, _ = await look(owner, member)
    presence, away = gateway.presence, PresenceStore("redis://127.0.0.1:1", timeout=0.2, lease_seconds=30)
    store = presence.reporter._store
    monkeypatch.setattr("gateway.presence.reporter.RETRY_SECONDS", 0.05)
    presence.reporter._store = presence.lookout._store = away
    client = await connect(member)
    await presence.reporter.beat()
    await presence.lookout.refresh()
    assert (await client.command("presence.set", status="dnd"))["t"] == "ok"
    assert (await client.command("presence.report", active=True))["t"] == "ok"
    stranger = await sync_to_async(make_user)()
    await sync_to_async(make_member)(community, stranger)
    refused = await viewer.command("presence.watch", community=str(community.id), users=[str(stranger.id)])
    assert (refused["d"]["code"], refused["d"]["retryable"]) == ("service.unavailable", True)
    assert await viewer.quiet()
    assert await watch(viewer, community, member) == "service.unavailable"
    presence.reporter._store = presence.lookout._store = store
    assert await watch(viewer, community, member) in ({str(member.id): "offline"}, {str(member.id): "dnd"})
    await told(gateway)
    assert await watch(viewer, community, member) == {str(member.id): "dnd"}
    await away.close()


async def test_in_steady_state_redis_is_called_once_per_beat_whatever_the_number_of_sockets(
    gateway, connect, look, owner, member, monkeypatch
):
    clients = [await connect(member) for _ in range(10)]
    await told(gateway)
    await look(owner, member)
    store = gateway.presence.reporter._store
    calls = []
    execute = store._redis.execute_command

    async def counted(*arguments, **options):
        calls.append(arguments[0])
        return await execute(*arguments, **options)

    monkeypatch.setattr(store._redis, "execute_command", counted)
    for client in clients:
        await client.command("ping")
        await client.command("topic.unfollow", topic="room:x")
    await told(gateway)
    await gateway.presence.reporter.beat()
    assert calls == ["EVALSHA"]


async def test_the_limit_of_changes_refuses_with_the_time_to_wait_and_changes_nothing(
    connect, member, limiter, monkeypatch, settings
):
    client = await connect(member)
    limit = configured.RATE_LIMITS["presence.set"]
    for _ in range(limit.quota):
        limiter.take(limit, str(member.id))
    refused = await client.command("presence.set", status="dnd")
    assert (refused["d"]["code"], refused["d"]["limit"]) == ("rate.limited", "presence.set")
    await sync_to_async(member.refresh_from_db)()
    assert (member.preferred_status, member.presence_revision) == ("online", 0)
