"""Messages sent over sockets, gathered into batches: order, answers, and what must wait for them."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from chat.models import Message
from gateway.drain import drain
from gateway.process import GatewayProcess
from kernel.commands import registered_commands
from kernel.ids import uuid7
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import make_community, make_member


@pytest.fixture(autouse=True)
def _no_limits(limiter, settings):
    settings.RATE_LIMITS = {
        name: msgspec.structs.replace(limit, quota=100_000) for name, limit in settings.RATE_LIMITS.items()
    }


@pytest.fixture
async def members(transactional_db):
    def make():
        community = make_community()
        return make_room(community), [make_member(community) for _ in range(3)]

    return await sync_to_async(make)()


def sends(room, numbers, /, **fields):
    return "\n".join(
        msgspec.json.encode(
            {
                "t": "message.send",
                "ref": f"r{number}",
                "d": {"room": str(room.pk), "body": f"b{number}", "nonce": f"n{number}", **fields},
            }
        ).decode()
        for number in numbers
    )


@contextmanager
def held_batches(monkeypatch):
    """Note the sizes of batches, and let none begin before the yielded gate is opened."""
    gate, sizes = threading.Event(), []
    real = registered_commands()["message.send"]

    def gated(requests):
        assert gate.wait(60)
        sizes.append(len(requests))
        return real.batch_handler(requests)

    gathered = msgspec.structs.replace(real, batch_handler=gated)
    monkeypatch.setattr(
        "gateway.dispatch.registered_commands", lambda: {**registered_commands(), "message.send": gathered}
    )
    try:
        yield gate, sizes
    finally:
        gate.set()


async def under_way(gateway: GatewayProcess, amount: int) -> None:
    """Wait until so many messages of all sockets together have been taken for a batch."""
    async with asyncio.timeout(60):
        while sum(connection.under_way._batched for connection in gateway.connections) < amount:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_messages_of_many_sockets_share_commits_and_each_socket_is_answered_in_order(
    gateway: GatewayProcess, connect, members, monkeypatch
):
    room, people = members
    clients = [await connect(member.user) for member in people]
    with held_batches(monkeypatch) as (gate, sizes):
        for client in clients:
            await client.send(sends(room, range(50)))
        await under_way(gateway, 150)
        gate.set()
        for client in clients:
            answers = await client.frames(50)
            assert [(answer["t"], answer["ref"]) for answer in answers] == [("ok", f"r{n}") for n in range(50)]
            seqs = [answer["d"]["seq"] for answer in answers]
            assert seqs == sorted(seqs)
            assert {answer["d"]["topic"] for answer in answers} == {room_topic(room)}
    assert (sum(sizes), len(sizes) <= 4) == (150, True)
    assert await Message.objects.acount() == 150


async def test_any_other_frame_waits_for_the_messages_before_it(connect, members, monkeypatch):
    room, (member, *_) = members
    client = await connect(member.user)
    with held_batches(monkeypatch) as (gate, _):
        await client.send(sends(room, [1, 2]) + '\n{"t":"ping","ref":"p"}\nnonsense\n' + sends(room, [3]))
        assert await client.quiet()
        gate.set()
        answers = await client.frames(5)
    assert [(answer["t"], answer["ref"]) for answer in answers] == [
        ("ok", "r1"),
        ("ok", "r2"),
        ("ok", "p"),
        ("problem", None),
        ("ok", "r3"),
    ]


async def test_a_refused_message_is_a_problem_among_the_acks_of_its_neighbours(connect, members):
    room, (member, *_) = members
    client = await connect(member.user)
    await client.send(
        "\n".join([sends(room, [1]), sends(room, [2], room=str(uuid7())), sends(room, [3], body=" "), sends(room, [4])])
    )
    answers = await client.frames(4)
    assert [(answer["ref"], answer["d"].get("code")) for answer in answers] == [
        ("r1", None),
        ("r2", "not_found"),
        ("r3", "request.invalid"),
        ("r4", None),
    ]


async def test_a_sender_that_follows_gets_the_events_before_the_ack_of_the_batch(connect, members):
    room, (member, *_) = members
    client = await connect(member.user)
    assert (await client.command("topic.follow", topic=room_topic(room)))["t"] == "ok"
    await client.send(sends(room, [1]))
    assert [frame["t"] for frame in await client.frames(2)] == ["message.created", "ok"]


async def test_without_a_database_every_message_may_be_tried_again_and_the_socket_stays(connect, members, monkeypatch):
    room, (member, *_) = members
    client = await connect(member.user)
    with monkeypatch.context() as patch:
        patch.setattr("chat.commands.post_messages", away)
        await client.send(sends(room, range(5)))
        answers = await client.frames(5)
    assert [(answer["ref"], answer["d"]["code"], answer["d"]["retryable"]) for answer in answers] == [
        (f"r{number}", "service.unavailable", True) for number in range(5)
    ]
    await client.send(sends(room, range(5)))
    assert [answer["t"] for answer in await client.frames(5)] == ["ok"] * 5
    assert await Message.objects.acount() == 5


def away(requests):
    raise OperationalError("gone")


async def test_messages_under_way_are_acknowledged_before_the_goodbye(
    gateway: GatewayProcess, connect, members, monkeypatch
):
    room, (member, *_) = members
    client = await connect(member.user)
    with held_batches(monkeypatch) as (gate, _):
        await client.send(sends(room, range(3)))
        await under_way(gateway, 3)
        leaving = asyncio.create_task(drain(tuple(gateway.connections), window_seconds=0))
        assert await client.quiet()
        gate.set()
        assert [frame["t"] for frame in await client.frames(4)] == ["ok", "ok", "ok", "reconnect"]
        assert await client.close_code() == 4001
        await client.communicator.send_input({"type": "websocket.disconnect", "code": 4001})
        await leaving
