"""daphne's end: the clients are sent away before anybody who serves them is stopped."""

from __future__ import annotations

import asyncio

import pytest

from project.daphne_flow import FlowControlServer


async def serve_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("others", [{}, {"an answered request": {}}])
async def test_goodbye_is_said_while_every_socket_is_served_and_then_all_are_stopped(others):
    """Of a request that was answered or upgraded a second ago daphne still has the connection, without what served it."""
    socket = asyncio.create_task(serve_for_ever())
    served = []

    async def goodbye() -> None:
        await asyncio.sleep(0)
        served.append(not socket.done())

    server = FlowControlServer(None, endpoints=["none"], goodbye=goodbye)
    server.connections = {**others, "a socket": {"application_instance": socket}}
    await server.kill_all_applications().asFuture(asyncio.get_running_loop())
    assert served == [True]
    assert socket.cancelled()


async def test_without_anybody_to_serve_it_ends_at_once():
    async def goodbye() -> None:
        """Say nothing."""

    server = FlowControlServer(None, endpoints=["none"], goodbye=goodbye)
    server.connections = {}
    await server.kill_all_applications().asFuture(asyncio.get_running_loop())
