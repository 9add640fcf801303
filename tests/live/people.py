"""People as the servers see them: over HTTP and sockets, without a way around. Servers are started elsewhere."""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.servers import ServerGroup
from tests.socket_client import SocketClient
from tests.web_sockets import Frame, WireFormat

PASSWORD = "correct horse battery"
RENEW_SECONDS = 200.0

_nonces = itertools.count(1)


@dataclass
class Person:
    """A signed-in user. `call` goes to the first gateway unless told otherwise."""

    servers: ServerGroup
    username: str
    id: str = ""
    access: str = ""
    refresh: str = ""
    signed_in_at: float = field(default_factory=time.monotonic)
    sockets: list[SocketClient] = field(default_factory=list)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=60))

    async def request(
        self, method: str, path: str, *, at: int = 0, content_type: str = "", **options: Any
    ) -> httpx.Response:
        """Make a REST request to a gateway, signed in if we are."""
        headers = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        headers |= {"Content-Type": content_type} if content_type else {}
        return await self.http.request(
            method, f"{self.servers.gateways[at].url}/api/v1/{path}", headers=headers, **options
        )

    async def call(self, method: str, path: str, body: Any = None, *, at: int = 0) -> Any:
        """Make a REST request that must succeed, and return the body of its answer."""
        response = await self.request(method, path, at=at, **({} if body is None else {"json": body}))
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    async def token(self) -> str:
        """Return an access token that is good for a while."""
        if time.monotonic() - self.signed_in_at > RENEW_SECONDS:
            self.adopt(await self.call("POST", "auth/refresh", {"refresh": self.refresh}))
        return self.access

    def adopt(self, pair: dict[str, Any]) -> None:
        """Take new tokens."""
        self.access, self.refresh, self.signed_in_at = pair["access"], pair["refresh"], time.monotonic()

    async def ticket(self) -> str:
        """Return a socket ticket."""
        return str((await self.call("POST", "gateway/ticket"))["ticket"])

    async def connect(self, *at: int, wire: WireFormat = "json", reconnect: bool = False, **proof: str) -> SocketClient:
        """Open a socket to a gateway (0 unless told otherwise); when several are named, a reconnect goes to the next."""
        urls = [self.servers.gateways[number].socket_url for number in at or (0,)]
        client = await SocketClient(urls, self.token, wire=wire).open(reconnect=reconnect, **proof)
        self.sockets.append(client)
        return client

    async def leave(self) -> None:
        """Close everything."""
        for socket in self.sockets:
            await socket.close()
        await self.http.aclose()


@dataclass
class Place:
    """A community and one of its rooms. `founder` owns it, `people` are all its members in order of arrival."""

    founder: Person
    community: str
    room: str
    people: list[Person]

    @property
    def topic(self) -> str:
        """The room's topic."""
        return f"room:{self.room}"

    async def admit(self, *people: Person) -> None:
        """Make people members."""
        for person in people:
            await self.founder.call("POST", f"communities/{self.community}/members", {"username": person.username})
            self.people.append(person)

    async def new_room(self, *, visibility: str = "community") -> str:
        """Open another room and return its id."""
        return await open_room(self.founder, self.community, visibility=visibility)

    async def follow(self, *clients: SocketClient) -> None:
        """Let sockets follow the room."""
        for client in clients:
            await client.follow(self.topic)

    async def write(self, person: Person, *bodies: str, room: str = "") -> list[dict[str, Any]]:
        """Post messages over REST and return them."""
        path = f"rooms/{room or self.room}/messages"
        return [await person.call("POST", path, {"body": body, "nonce": new_nonce()}) for body in bodies]


async def sign_up(servers: ServerGroup, name: str) -> Person:
    """Make a user whose name begins with `name`."""
    person = Person(servers, f"{name}-{secrets.token_hex(5)}")
    body = {"email": f"{person.username}@example.org", "username": person.username, "password": PASSWORD}
    signed_in = await person.call("POST", "auth/sign-up", body)
    person.id = signed_in["user"]["id"]
    person.adopt(signed_in)
    return person


async def found_place(founder: Person) -> Place:
    """Found a community with one room."""
    community = await founder.call(
        "POST", "communities", {"name": "Harbour", "slug": f"harbour-{secrets.token_hex(5)}"}
    )
    return Place(founder, community["id"], await open_room(founder, community["id"]), [founder])


async def open_room(person: Person, community: str, *, visibility: str = "community") -> str:
    """Open a room and return its id."""
    room = await person.call("POST", f"communities/{community}/rooms", {"name": "pier", "visibility": visibility})
    return str(room["id"])


def new_nonce() -> str:
    """Return a nonce that no other message has."""
    return f"{secrets.token_hex(4)}-{next(_nonces)}"


def bodies_of(frames: list[Frame]) -> list[str]:
    """Return what was said in these events, in order."""
    return [frame["d"]["message"]["body"] for frame in frames if frame["t"] == "message.created"]


def seqs_of(frames: list[Frame]) -> list[int]:
    """Return the numbers of the durable ones among these events."""
    return [frame["seq"] for frame in frames if "seq" in frame]
