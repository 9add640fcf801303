"""A gateway on the test's own event loop, and clients that speak the protocol to it through the ASGI application.

Every frame that a client reads is checked against the published schema.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections

from accounts.models import User
from communities.models import Community
from eventlog.topics import topic_for
from gateway.process import GatewayProcess, ensure_started
from gateway.schema import protocol_schema
from project.asgi import application
from tests.factories.accounts import make_user, sign_in
from tests.factories.communities import make_community, make_member
from tests.gateway.contract import check_frame

WAIT_SECONDS = 30.0
QUIET_SECONDS = 0.3


class SocketClient:
    """One socket, as a client sees it. Frames are dicts; a message may carry several."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator
        self.hello: dict[str, Any] = {}
        self._waiting: deque[dict[str, Any]] = deque()
        self._refs = 0

    async def frame(self) -> dict[str, Any]:
        """Return the next frame."""
        while not self._waiting:
            message = await self.communicator.receive_output(WAIT_SECONDS)
            assert message["type"] == "websocket.send", message
            self._waiting.extend(msgspec.json.decode(line) for line in message["text"].split("\n"))
        frame = self._waiting.popleft()
        if frame["t"] != "ok":
            check_frame(frame)
        return frame

    async def frames(self, amount: int) -> list[dict[str, Any]]:
        """Return the next frames."""
        return [await self.frame() for _ in range(amount)]

    async def send(self, text: str) -> None:
        """Send raw text."""
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def command(self, t: str, **d: Any) -> dict[str, Any]:
        """Send a command and return its answer; events that come first stay to be read."""
        self._refs += 1
        ref = str(self._refs)
        await self.send(msgspec.json.encode({"t": t, "ref": ref, "d": d}).decode())
        before = []
        while (frame := await self.frame()).get("ref") != ref:
            before.append(frame)
        self._waiting.extendleft(reversed(before))
        if frame["t"] == "ok" and t in protocol_schema()["answers"]:
            check_frame(frame, command=t)
        return frame

    async def quiet(self) -> bool:
        """Tell whether nothing more comes for a moment."""
        return not self._waiting and await self.communicator.receive_nothing(QUIET_SECONDS)

    async def close_code(self) -> int:
        """Return the code that the server closes with; frames before it are skipped."""
        self._waiting.clear()
        while (message := await self.communicator.receive_output(WAIT_SECONDS))["type"] != "websocket.close":
            pass
        return message["code"]


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Return who owns the community."""
    return make_user()


@pytest.fixture
def member(transactional_db: None) -> User:
    """Return an ordinary member of it."""
    return make_user()


@pytest.fixture
def community(owner: User, member: User) -> Community:
    """Return a community of the two."""
    community = make_community(owner=owner)
    make_member(community, member)
    return community


@pytest.fixture
def topic(community: Community) -> str:
    """Return the topic of the community."""
    return topic_for("community", community.id)


@pytest.fixture
async def gateway(transactional_db: None) -> Any:
    """Start a gateway; stop it, and every socket, at the end."""
    process = await ensure_started()
    await asyncio.sleep(0)
    yield process
    await process.stop()
    await sync_to_async(connections.close_all)()


Connect = Callable[..., Awaitable[SocketClient]]


@pytest.fixture
async def open_socket(gateway: GatewayProcess) -> Any:
    """Return a function that opens a socket with whatever the test wants to send in the upgrade request."""
    opened: list[WebsocketCommunicator] = []

    async def connect(
        path: str = "/ws/v1",
        *,
        subprotocols: tuple[str, ...] = ("portcullis.v1",),
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> SocketClient:
        communicator = WebsocketCommunicator(application, path, subprotocols=list(subprotocols), headers=list(headers))
        opened.append(communicator)
        communicator.scope["subprotocols"] = list(subprotocols)
        await communicator.send_input({"type": "websocket.connect"})
        accepted = await communicator.receive_output(WAIT_SECONDS)
        assert accepted["type"] == "websocket.accept", accepted
        client = SocketClient(communicator)
        client.accepted = accepted
        return client

    yield connect
    for communicator in opened:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await communicator.wait(WAIT_SECONDS)


@pytest.fixture
def connect(open_socket: Any) -> Connect:
    """Return a function that opens a socket for a user and has read its greeting."""

    async def connect_as(user: User) -> SocketClient:
        signed_in = await sync_to_async(sign_in)(user)
        client = await open_socket(subprotocols=("portcullis.v1", f"bearer.{signed_in.access}"))
        client.hello = await client.frame()
        assert client.hello["t"] == "hello", client.hello
        return client

    return connect_as
