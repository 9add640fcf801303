"""A socket that has gone leaves nothing for the collector: what it held goes with it."""

from __future__ import annotations

import gc

import pytest
from asgiref.sync import sync_to_async

from eventlog.topics import topic_for
from gateway.connection import Connection
from gateway.session_watch import SessionWatch
from tests.factories.accounts import make_user

WAIT_SECONDS = 5.0


@pytest.fixture
def no_collector():
    """Stop the collector, so that only what nobody refers to goes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_sockets_that_have_gone_leave_no_cycles_behind(gateway, connect, no_collector):
    for _ in range(3):
        user = await sync_to_async(make_user)()
        client = await connect(user)
        assert (await client.command("topic.follow", topic=topic_for("user", user.pk)))["t"] == "ok"
        assert (await client.command("nonsense"))["t"] == "problem"
        await client.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await client.communicator.wait(WAIT_SECONDS)
    assert not gateway.connections
    assert [one for one in gc.get_objects() if isinstance(one, Connection | SessionWatch)] == []
