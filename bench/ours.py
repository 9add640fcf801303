"""Portcullis as a contestant: one gateway process with PostgreSQL and Redis, rate limits out of the way, all else as delivered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import msgspec

from bench.load import Link, Plan, Step, body, filled_length, upgrade
from bench.prepare import Prepared
from bench.servers import Services, python

RUNS_ON = ("django", "channels", "uvicorn", "uvloop", "msgspec")
RATES = ("SOCKET_FRAME", "SOCKET_PROBLEM", "MESSAGE_CREATE", "REST_READ", "REST_WRITE", "REST_ANONYMOUS")
FOLLOW = '{"t":"topic.follow","ref":"f","d":{"topic":"room:{room}"}}'
SEND = '{"t":"message.send","ref":"m","d":{"room":"{room}","body":"%s","nonce":"{nonce}"}}'


@dataclass(frozen=True)
class Gateway:
    """A running gateway and how to prepare a run on it."""

    services: Services
    port: int
    gateway_pid: int
    environment: Mapping[str, str]

    @property
    def pids(self) -> Sequence[int]:
        """The whole server group."""
        return [self.gateway_pid, *self.services.pids]

    @property
    def version(self) -> str:
        """What the gateway runs on; the commit is that of the record."""
        return ", ".join([f"{name} {version(name)}" for name in RUNS_ON] + self.services.versions)

    def prepare(self, users: int, rooms: int, first: int = 0) -> Prepared:
        """Return tokens of so many users, the `first` of all and those after, members of so many new rooms."""
        with tempfile.NamedTemporaryFile() as answer:
            command = python("-m", "bench.prepare", str(users), str(rooms), str(first), answer.name)
            self.services.run("preparation", command, self.environment)
            return msgspec.json.decode(Path(answer.name).read_bytes(), type=Prepared)

    def followers(self, sockets: int, members: int, prepared: Prepared, message: bytes) -> Plan:
        """Return a plan in which every socket proves who it is and follows its room."""
        return Plan(
            port=self.port,
            sockets=sockets,
            members=members,
            message=message,
            steps=[
                *upgrade("/ws/v1", "Sec-WebSocket-Protocol: portcullis.v1, bearer.{token}"),
                Step(None, b'"t":"hello"'),
                Step(FOLLOW.encode(), b'"recovered":true'),
            ],
            tokens=prepared.tokens,
            rooms=prepared.rooms,
        )


def prepare_environment(services: Services, **settings: str) -> Mapping[str, str]:
    """Migrate a new database, and return the environment of whatever uses it."""
    environment = {
        **{f"RATE_{name}": "100000000/60" for name in RATES},
        "ENVIRONMENT": "development",
        "SECRET_KEY": "measurements-sign-with-this-and-nobody-else-should-ever",
        "LOG_LEVEL": "WARNING",
        "HEARTBEAT_DEAD_SECONDS": "86400",
        "DATABASE_URL": services.new_database("bench_ours"),
        "REDIS_URL": services.redis.url,
        **settings,
    }
    services.run("migrations", python("manage.py", "prepare_database"), environment)
    return environment


def start_gateway(services: Services, **settings: str) -> Gateway:
    """Start a gateway on a new database."""
    environment = prepare_environment(services, **settings)
    child, port = services.start_notified("gateway", python("-m", "project.serve"), environment)
    return Gateway(services, port, child.pid, environment)


class Durable:
    """Messages are sent through a socket: gates asked, committed, acknowledged, delivered."""

    name = "portcullis, durable"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.pids = gateway.pids
        self.version = gateway.version

    def plan(self, sockets: int, members: int, rooms_each: int = 1) -> Plan:
        """See `Contestant`; with `rooms_each`, every socket follows that many rooms."""
        prepared = self._gateway.prepare(sockets, sockets // members * rooms_each)
        plan = self._gateway.followers(sockets, members, prepared, (SEND % body()).encode())
        return replace(plan, rooms_each=rooms_each, ack=b'{"t":"ok"')


class Live:
    """Events arrive over the channel layer, as from another gateway that has just committed them; one room."""

    name = "portcullis, live"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.pids = gateway.pids
        self.version = gateway.version

    def plan(self, sockets: int, members: int, first: int = 0) -> Plan:
        """See `Contestant`; with `first`, others than the first users of all."""
        if sockets != members:
            raise ValueError("live events are those of one room")
        services = self._gateway.services
        prepared = self._gateway.prepare(sockets, 1, first)
        message = redis_command(b"PUBLISH", prepared.channel.encode(), prepared.ring)
        plan = self._gateway.followers(sockets, members, prepared, message)
        log_in = Step(redis_command(b"AUTH", services.redis_password.encode()), b"+OK\r\n")
        return replace(plan, link=Link(services.redis_port, [log_in]), first_seq=prepared.head + 1, ack=b"\r\n")


def redis_command(*words: bytes) -> bytes:
    """Return a command as Redis reads it; lengths are those after the placeholders are filled in."""
    parts = [b"$%d\r\n%s\r\n" % (filled_length(word), word) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(parts)
