"""More sockets than a node takes in: those who are not let in learn when to come back, from either server, and then are."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.people import sign_up
from tests.servers import server_group
from tests.web_sockets import open_socket


@pytest.fixture(scope="module")
def narrow_group(database, server_name):
    """Run servers that let in one socket at once and another one each second."""
    with server_group(
        database, server=server_name, SOCKET_ADMISSION_RATE="1", SOCKET_ADMISSION_BURST="1", GATEWAY_DRAIN_SECONDS="1"
    ) as group:
        yield group


async def told(url: str, token: str) -> float | None:
    """Open a socket; return None when it is let in, else after how many seconds to come back."""
    try:
        socket = await open_socket(url, token=token)
    except InvalidStatus as refusal:
        response = refusal.response
    else:
        return await told_by_frame(socket)
    problem = json.loads(response.body)
    assert (response.status_code, problem["code"]) == (503, "service.unavailable")
    assert response.headers["Retry-After"] == str(problem["retry_after"])
    return float(problem["retry_after"])


async def told_by_frame(socket) -> float | None:
    frame = json.loads(await socket.recv())
    if frame["t"] == "hello":
        await socket.close()
        return None
    assert frame["t"] == "reconnect"
    await socket.wait_closed()
    assert socket.close_code == 4029
    return frame["d"]["after_ms"] / 1000


async def test_those_who_are_turned_away_come_back_when_they_were_told_to_and_are_let_in(narrow_group):
    person = await sign_up(narrow_group, "ann")
    url = narrow_group.gateways[0].socket_url
    async with asyncio.timeout(60):
        began = time.monotonic()
        answers = await asyncio.gather(*(told(url, person.access) for _ in range(4)))
        assert 1 <= answers.count(None) <= 1 + time.monotonic() - began
        waits = [wait for wait in answers if wait is not None]
        assert waits
        while waits:
            await asyncio.sleep(max(waits))
            again = await asyncio.gather(*(told(url, person.access) for _ in waits))
            assert again.count(None) >= 1
            waits = [wait for wait in again if wait is not None]
    await person.leave()
