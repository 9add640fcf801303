"""What the gateway counts, exactly, after things that really happened. How it is shown is tested in `tests/project/observability`."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from communities.actions.communities import update_community
from eventlog.topics import topic_for
from gateway.admission import Admission
from kernel.ids import CommunityId
from project.asgi import application
from tests.factories.accounts import actor_for
from tests.factories.chat import make_room
from tests.metrics import growth_of, value_of


@pytest.fixture
def room(community):
    return make_room(community)


async def test_open_sockets_and_their_ends_are_counted(connect, member, gateway):
    open_before, ended, by_us = (
        value_of("portcullis_sockets"),
        growth_of(*CLOSED, code="client"),
        growth_of(*CLOSED, code="4500"),
    )
    staying, leaving, misbehaving = [await connect(member) for _ in range(3)]
    assert value_of("portcullis_sockets") == open_before + 3
    await leaving.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
    await leaving.communicator.wait()
    for _ in range(11):
        await misbehaving.send("nonsense")
    assert await misbehaving.close_code() == 4500
    await misbehaving.communicator.wait()
    assert (value_of("portcullis_sockets"), ended(), by_us()) == (open_before + 1, 1, 1)
    assert (await staying.command("ping"))["t"] == "ok"


CLOSED = ("portcullis_sockets_closed_total",)


@pytest.mark.parametrize("reason", ["draining", "full", "admission", "origin"])
async def test_a_refused_socket_is_counted_by_the_reason(gateway, settings, reason):
    refused = growth_of("portcullis_sockets_refused_total", reason=reason)
    limits = {name: growth_of(*HITS, limit=f"socket.{name}") for name in ("connections", "admission")}
    gateway.draining = reason == "draining"
    settings.SOCKET_CONNECTIONS_MAX = 0 if reason == "full" else 10
    gateway.admission = Admission(per_second=1, burst=0 if reason == "admission" else 10, now=gateway.now())
    headers = [(b"origin", b"https://elsewhere.example")] if reason == "origin" else []
    communicator = WebsocketCommunicator(application, "/ws/v1", headers=headers, subprotocols=["portcullis.v1"])
    await communicator.send_input({"type": "websocket.connect"})
    await communicator.wait()
    assert refused() == 1
    assert (limits["connections"](), limits["admission"]()) == (reason == "full", reason == "admission")
    assert not gateway.connections


HITS = ("portcullis_limit_hits_total",)


async def test_every_delivery_of_a_flush_is_counted_at_once(connect, owner, member, community):
    clients = [await connect(user) for user in (owner, member, member)]
    for client in clients:
        await client.command("topic.follow", topic=topic_for("community", community.id))
    delivered = growth_of("portcullis_deliveries_total")  # sockets watch their user's sign-ins
    await sync_to_async(update_community)(actor_for(owner), community_id=CommunityId(community.id), name="New")
    for client in clients:
        assert (await client.frame())["t"] == "community.updated"
    assert delivered() == 3


async def test_commands_are_counted_by_what_became_of_them(connect, member, room, limiter):
    client = await connect(member)
    done = growth_of("portcullis_commands_total", command="ping", outcome="ok")
    refused = growth_of("portcullis_commands_total", command="topic.follow", outcome="not_found")
    sent = growth_of("portcullis_commands_total", command="message.send", outcome="ok")
    unsent = growth_of("portcullis_commands_total", command="message.send", outcome="request.invalid")
    batches = growth_of("portcullis_batch_commands_count", command="message.send")
    batched = growth_of("portcullis_batch_commands_sum", command="message.send")
    timed = growth_of("portcullis_command_seconds_count", command="ping")
    await client.command("ping")
    await client.command("topic.follow", topic=topic_for("room", member.id))
    await client.command("message.send", room=str(room.pk), body="Ahoy", nonce="1")
    await client.command("message.send", room=str(room.pk), body=" ", nonce="2")
    assert (done(), timed(), refused(), sent(), unsent(), batches(), batched()) == (1, 1, 1, 1, 1, 2, 2)


async def test_bad_frames_are_counted_by_their_code_and_name_no_command(connect, member):
    client = await connect(member)
    unknown, invalid = (
        growth_of("portcullis_frames_refused_total", code=code) for code in ("command.unknown", "request.invalid")
    )
    await client.send('{"t":"volcano.erupt"}\n{"t":7}')
    await client.frames(2)
    assert (unknown(), invalid()) == (1, 1)
    assert value_of("portcullis_commands_total", command="volcano.erupt", outcome="command.unknown") == 0


async def test_a_lost_ring_that_a_sweep_finds_is_counted(gateway, connect, owner, member, community, monkeypatch):
    client = await connect(member)
    await client.command("topic.follow", topic=topic_for("community", community.id))
    lost, backfills = growth_of("portcullis_lost_rings_total"), growth_of("portcullis_backfills_total")
    await gateway.hub.check_heads()
    assert (lost(), backfills()) == (0, 0)
    monkeypatch.setattr("eventlog.append.ring", lambda events: None)
    await sync_to_async(update_community)(actor_for(owner), community_id=CommunityId(community.id), name="Unheard")
    await gateway.hub.check_heads()
    assert (await client.frame())["seq"] == 1
    assert (lost(), backfills()) == (1, 1)


async def test_follows_are_counted_by_how_their_cursor_was_answered(connect, owner, member, community):
    client = await connect(member)
    answers = {
        answer: growth_of("portcullis_follows_total", answer=answer) for answer in ("live", "recovered", "too_old")
    }
    kept = growth_of(*HITS, limit="events.kept")
    topic = topic_for("community", community.id)
    await client.command("topic.follow", topic=topic)
    await client.command("topic.follow", topic=topic, after=0)
    await client.command("topic.follow", topic=topic, after=5)
    assert {answer: grown() for answer, grown in answers.items()} == {"live": 1, "recovered": 1, "too_old": 1}
    assert kept() == 1


async def test_the_time_to_the_greeting_is_measured_once_per_socket(connect, member):
    greeted = growth_of("portcullis_sign_in_seconds_count")
    await connect(member)
    await connect(member)
    assert greeted() == 2


async def test_the_time_to_tell_and_to_show_presence_is_measured(gateway, connect, owner, member, community):
    told = growth_of("portcullis_presence_seconds_count", step="told")
    shown = growth_of("portcullis_presence_seconds_count", step="shown")
    viewer = await connect(member)
    await viewer.command("topic.follow", topic=topic_for("community", community.id))
    await viewer.command("presence.watch", community=str(community.id), users=[str(owner.id)])
    assert shown() == 0
    await connect(owner)
    assert (await viewer.frame())["t"] == "presence.changed"
    assert (await viewer.command("ping"))["t"] == "ok"
    assert (told() >= 1, shown()) == (True, 1)


async def test_a_sample_shows_sockets_topics_pools_and_queues(gateway, connect, owner, member, community, settings):
    settings.SOCKET_CONNECTIONS_MAX = 77
    leaving, _ = await connect(member), await connect(member)
    await leaving.command("topic.follow", topic=topic_for("community", community.id))
    await sync_to_async(update_community)(actor_for(owner), community_id=CommunityId(community.id), name="New")
    await leaving.frame()
    await leaving.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
    await leaving.communicator.wait()
    await gateway.sample()
    assert value_of("portcullis_sockets_max") == 77
    assert value_of("portcullis_topics_lingering") == 1  # the community
    assert value_of("portcullis_presence_devices") == 2  # one is in its time of grace
    assert value_of("portcullis_remembered_bytes") == gateway.hub.remembered_bytes > 0
    assert value_of("portcullis_topics") == 2  # and the user's own, for the end of the session
    assert value_of("portcullis_pool_threads", pool="commands") == settings.GATEWAY_THREAD_POOL_SIZE
    assert value_of("portcullis_pool_calls", pool="commands", state="waiting") == 0
    assert value_of("portcullis_queued", queue="relay") == 0
    assert value_of("portcullis_backlog_bytes") == 0
