"""Shutting down: what was asked for is acknowledged, every client hears when to come back, and none is cut off without a word."""

from __future__ import annotations

import asyncio
import threading

from asgiref.sync import sync_to_async

from gateway.commands import Ping
from kernel.commands import Done, RegisteredCommand, registered_commands
from tests.factories.accounts import make_user


async def test_every_client_is_told_when_to_come_back_and_then_closed(gateway, connect):
    clients = [await connect(await sync_to_async(make_user)()) for _ in range(3)]
    stopping = asyncio.create_task(gateway.stop())
    for client in clients:
        goodbye = await client.frame()
        assert goodbye["t"] == "reconnect"
        assert 0 <= goodbye["d"]["after_ms"] < 1000
        assert await client.close_code() == 4001
        await client.communicator.send_input({"type": "websocket.disconnect", "code": 4001})
    await stopping
    assert not gateway.connections


async def test_a_command_under_way_is_acknowledged_before_the_goodbye(gateway, connect, monkeypatch):
    begun, release = threading.Event(), threading.Event()

    def slow(actor, command):
        begun.set()
        release.wait(60)
        return Done()

    registry = {**registered_commands(), "tests.slow": RegisteredCommand(Ping, Done, slow)}
    monkeypatch.setattr("gateway.dispatch.registered_commands", lambda: registry)
    client = await connect(await sync_to_async(make_user)())
    await client.send('{"t":"tests.slow","ref":"1"}')
    assert await asyncio.to_thread(begun.wait, 60)
    stopping = asyncio.create_task(gateway.stop())
    assert await client.quiet()
    release.set()
    assert [frame["t"] for frame in await client.frames(2)] == ["ok", "reconnect"]
    assert await client.close_code() == 4001
    await stopping
