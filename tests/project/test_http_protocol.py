"""Requests whose head never ends are ended, and all others are served as if nobody watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from project import http_protocol
from project.http_protocol import HEAD_BYTES_MAX, BoundedHeadProtocol

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def answer(scope: dict, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Yield a connection to a server that answers "ok" to everything."""
    config = uvicorn.Config(answer, ws="none", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHeadProtocol(config, state, {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield reader, writer
    writer.close()
    server.close()


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(60):
        return await reader.readuntil(b"\r\n\r\nok")


async def rest(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(60):
        return await reader.read()


@pytest.mark.parametrize(
    ("sent", "answer"), [(b"", b""), (b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: webs", b"HTTP/1.1 408 Request Timeout")]
)
async def test_a_request_that_never_gets_to_its_end_is_ended(monkeypatch, sent, answer):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.1)
    async with connected() as (reader, writer):
        writer.write(sent)
        assert (await rest(reader)).partition(b"\r\n")[0] == answer


async def test_the_time_does_not_begin_again_with_every_byte(monkeypatch):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.3)
    async with connected() as (reader, writer):
        ending = asyncio.create_task(rest(reader))
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        while not ending.done():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        with suppress(ConnectionResetError):  # a byte that met the closed connection takes the answer with it
            assert ending.result().startswith(b"HTTP/1.1 408 ")


async def test_a_later_request_on_the_same_connection_is_bounded_too(monkeypatch):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    async with connected() as (reader, writer):
        for _ in range(3):
            writer.write(REQUEST)
            assert (await read_answer(reader)).startswith(b"HTTP/1.1 200 ")
        writer.write(REQUEST[:-2])
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_may_be_large_and_not_larger():
    async with connected() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"x" * (HEAD_BYTES_MAX - 100) + b"\r\n\r\n")
        assert (await read_answer(reader)).startswith(b"HTTP/1.1 200 ")
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"x" * HEAD_BYTES_MAX)
        assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")


async def test_two_requests_in_one_packet_are_both_answered():
    async with connected() as (reader, writer):
        writer.write(REQUEST + REQUEST)
        assert [await read_answer(reader), await read_answer(reader)]
