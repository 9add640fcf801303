"""Compression as ordinary clients negotiate it: busy rooms cost less on the wire, and everything else is as without."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.live.people import Person, Place, bodies_of, new_nonce
from tests.servers import ServerGroup

LINES = 60


async def browser_socket(person: Person, **options: Any) -> ClientConnection:
    """Open a socket that offers what browsers do, `permessage-deflate; client_max_window_bits`, and read the greeting."""
    url = person.servers.gateways[0].socket_url
    protocols: Any = ["portcullis.v1", f"bearer.{person.access}"]
    socket = await connect(url, subprotocols=protocols, ping_interval=None, proxy=None, max_size=None, **options)
    assert json.loads(await socket.recv())["t"] == "hello"
    return socket


async def ask(socket: ClientConnection, t: str, **d: Any) -> None:
    await socket.send(json.dumps({"t": t, "ref": t, "d": d}))


async def heard(socket: ClientConnection, amount: int) -> list[dict[str, Any]]:
    """Return the next messages of the room."""
    frames: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while len(frames) < amount:
            frames += [frame for frame in map(json.loads, (await socket.recv()).split("\n")) if frame["t"] != "ok"]
    return frames


def count_compressed(socket: ClientConnection) -> list[int]:
    """Return a list that gets the length, on the wire, of every compressed message that arrives from now on."""
    (extension,) = socket.protocol.extensions
    decode, lengths = extension.decode, []

    def decode_counted(frame: Any, **options: Any) -> Any:
        if frame.rsv1:
            lengths.append(len(frame.data))
        return decode(frame, **options)

    extension.decode = decode_counted  # type: ignore[method-assign]
    return lengths


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
async def test_a_busy_room_is_compressed_for_those_who_offered_it_and_the_same_for_all(place, leaving):
    reader = place.people[1]
    crowd = [await browser_socket(reader) for _ in range(8)]
    plain = await browser_socket(reader, compression=None)
    for socket in (*crowd, plain):
        leaving.push_async_callback(socket.close)
        await ask(socket, "topic.follow", topic=place.topic)
        assert json.loads(await socket.recv())["t"] == "ok"
    lengths = count_compressed(crowd[0])
    said = await say_much(place)
    for socket in (*crowd, plain):
        assert bodies_of(await heard(socket, LINES)) == said
    assert plain.protocol.extensions == []
    assert 0 < sum(lengths) < LINES * 200


async def say_much(place: Place) -> list[str]:
    """Send many lines in few messages, so that they are committed and delivered in bursts; return what was said."""
    said = [f"Line {number}, said by nobody in particular" for number in range(LINES)]
    writer = await place.founder.connect()
    for start in range(0, LINES, 20):
        lines = [{"room": place.room, "body": body, "nonce": new_nonce()} for body in said[start : start + 20]]
        await writer.send_raw("\n".join(json.dumps({"t": "message.send", "d": line}) for line in lines))
    return said


async def test_what_a_client_compresses_is_answered(place, leaving, servers: ServerGroup):
    """uvicorn agrees to compression and daphne never does; an ordinary client does not notice."""
    socket = await browser_socket(place.people[1])
    leaving.push_async_callback(socket.close)
    answered = servers.server == "uvicorn"
    agreed = socket.response.headers.get("Sec-WebSocket-Extensions") if socket.response else None
    expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    assert agreed == (expected if answered else None)
    for _ in range(3):
        await ask(socket, "ping")
        assert json.loads(await socket.recv()) == {"t": "ok", "ref": "ping", "d": {}}
    await ask(socket, "ping", much="x" * 60_000)
    assert json.loads(await socket.recv())["d"]["code"] == "frame.too_large"


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
async def test_a_message_that_inflates_beyond_reason_closes_only_its_own_socket(place, leaving):
    bomb, bystander = await browser_socket(place.people[1]), await browser_socket(place.people[1])
    leaving.push_async_callback(bystander.close)
    await bomb.send("\n" * 50_000_000)
    await bomb.wait_closed()
    assert bomb.close_code == 1009
    await ask(bystander, "ping")
    assert json.loads(await bystander.recv())["t"] == "ok"
