"""The proxy between clients and gateways does what a bad network does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.torture.network import Direction, Proxy

ALL = random.Random(0)
Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo_behind_proxy() -> AsyncIterator[tuple[Proxy, Callable[[], Awaitable[Talk]]]]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4_096):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(*server.sockets[0].getsockname())
    await proxy.start()
    port = int(proxy.url.rpartition(":")[2].partition("/")[0])
    try:
        yield proxy, lambda: asyncio.open_connection("127.0.0.1", port)
    finally:
        await proxy.close()
        server.close()


async def said(talk: Talk, text: bytes) -> bytes:
    """Say something and return what comes back."""
    talk[1].write(text)
    return await asyncio.wait_for(talk[0].readexactly(len(text)), 5)


async def test_it_passes_everything_on_and_a_reset_reaches_the_client_as_one() -> None:
    async with echo_behind_proxy() as (proxy, connect):
        talk = await connect()
        assert await said(talk, b"one") == b"one"
        (wire,) = proxy.wires(1.0, ALL)
        wire.reset()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(talk[0].read(), 5)


async def test_what_a_stall_holds_back_comes_later_and_whole() -> None:
    async with echo_behind_proxy() as (proxy, connect):
        talk = await connect()
        await said(talk, b"one")
        (wire,) = proxy.wires(1.0, ALL)
        wire.stall(0.2)
        assert await said(talk, b"two" * 10_000) == b"two" * 10_000


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_half_open_connections_swallow_and_stay_open(direction: Direction) -> None:
    async with echo_behind_proxy() as (proxy, connect):
        talk = await connect()
        await said(talk, b"one")
        for wire in proxy.wires(1.0, ALL):
            wire.swallow(direction)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(said(talk, b"lost"), 0.3)
        assert await said(await connect(), b"one") == b"one"
        assert not talk[0].at_eof()
