"""The load generator seen from Python: a plan for it, the process, and what a run of it measured."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench import compile as compiled
from bench.processes import GENERATOR_CORE, on_core

STAMP = "{stamp}"
STAMP_LENGTH = 37
LENGTHS = {STAMP: STAMP_LENGTH, "{nonce}": 26, "{seq8}": 8}
VIOLATIONS = ("lost", "doubled", "swapped", "strays", "closed")
BODY_LENGTH = 100
END_SECONDS = 20.0


class LoadFailed(Exception):
    """The generator could not open its sockets, or ended early."""


@dataclass(frozen=True)
class Step:
    """Something a socket says (nothing: it only listens), and what it then waits to hear."""

    say: bytes | None = None
    expect: bytes = b""


@dataclass(frozen=True)
class Link:
    """Connections of their own, one per room, over which its messages are published."""

    port: int
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class Plan:
    """Which sockets to open, what they say until they are ready, and what the message of a room looks like.

    Sockets come in groups of `members`; each group is in `rooms_each` rooms of its own, for each of which the last step is played.
    With `owed`, a socket is ready when it has read so many stamped messages, and what it reads of them is checked. With `poll`,
    sockets ask over HTTP: `poll` again after every answer, with what followed `cursor` in it, up to a quote.
    """

    port: int
    sockets: int
    members: int
    message: bytes
    websocket: bool = True
    steps: Sequence[Step] = ()
    ack: bytes = b""
    link: Link | None = None
    tokens: Sequence[str] = ()
    rooms: Sequence[str] = ()
    rooms_each: int = 1
    owed: int = 0
    poll: bytes = b""
    cursor: bytes = b""
    first_seq: int = 0
    parallel: int = 64
    slow_every: int = 0
    slow_seconds: float = 0.0
    settle_seconds: float = 60.0
    connect_seconds: float = 240.0

    def write(self, folder: Path) -> Path:
        """Write the plan as the generator reads it."""
        numbers = (
            "port",
            "sockets",
            "members",
            "rooms_each",
            "owed",
            "parallel",
            "first_seq",
            "slow_every",
            "slow_seconds",
            "settle_seconds",
            "connect_seconds",
        )
        lines = ["host 127.0.0.1", *(f"{name} {getattr(self, name)}" for name in numbers)]
        lines += [f"websocket {int(self.websocket)}", f"message {self.message.hex()}", *_steps("", self.steps)]
        lines += [f"{name} {value.hex()}" for name in ("ack", "poll", "cursor") if (value := getattr(self, name))]
        if self.link:
            lines += [f"link_port {self.link.port}", *_steps("link_", self.link.steps)]
        for name, items in {"tokens": self.tokens, "rooms": self.rooms}.items():
            (folder / name).write_text("".join(f"{item}\n" for item in items))
            lines += [f"{name} {folder / name}"] if items else []
        (folder / "plan").write_text("\n".join(lines) + "\n")
        return folder / "plan"


class Meter(Protocol):
    """Reads how much the server group has used so far."""

    def __call__(self) -> Mapping[str, float]:
        """Return counters that only grow, in seconds; `cpu` is the CPU time of the group."""


@dataclass(frozen=True)
class Run:
    """One run. A run in which a message was lost, doubled or out of place has no speed.

    `used` is how far the meter's counters went in `wall_seconds`.
    """

    result: dict[str, Any]
    used: Mapping[str, float] = field(default_factory=dict)
    wall_seconds: float = 0.0
    violations: dict[str, int] = field(default_factory=dict)

    @property
    def deliveries_per_second(self) -> float:
        """The speed, or 0 for a run that has none."""
        return 0.0 if self.violations else float(self.result["deliveries_per_second"])

    @property
    def acks_per_second(self) -> float:
        """Acknowledged messages, or 0 for a run that has no speed."""
        return 0.0 if self.violations or self.result["unacked"] else float(self.result["acks_per_second"])

    @property
    def server_cpu(self) -> float:
        """How many cores the server group kept busy."""
        return self.share("cpu")

    @property
    def cpu_microseconds_per_delivery(self) -> float:
        """What the whole server group used, per delivery."""
        return self.used.get("cpu", 0.0) * 1e6 / max(1, int(self.result["deliveries"]))

    def share(self, counter: str) -> float:
        """Return how far one of the meter's counters went in a second."""
        return self.used.get(counter, 0.0) / self.wall_seconds if self.wall_seconds else 0.0

    def latency_ms(self, percentile: str, kind: str = "delivery") -> float:
        """Return a latency in milliseconds: `p50`, `p90`, `p99` or `max` of deliveries, or of acknowledgements (`ack`)."""
        return float(self.result[f"{kind}_us"][percentile]) / 1000


class Load:
    """A running generator with all its sockets open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready = self._next()
        if self.ready["failed"]:
            raise LoadFailed(f"{self.ready['failed']} sockets failed; the first heard: {self.ready['first_failure']}")

    def run(self, *, window: int = 0, rate: float = 0, warm: float, seconds: float, meter: Meter = dict) -> Run:
        """Run with `window` messages in flight per room, or with `rate` messages per second; the meter is read before and after."""
        self._order(f"run {window} {rate} {warm} {seconds}")
        self._next()
        before, began = meter(), time.monotonic()
        self._next()
        after, wall = meter(), time.monotonic() - began
        used = {name: after[name] - before[name] for name in before}
        result = self._next()
        return Run(result, used, wall, _violations(result))

    def stop(self) -> None:
        """End the run that goes on, in another thread, before its time."""
        self._order("stop")

    def check(self, seconds: float) -> dict[str, int]:
        """Read on for so long, then return what was lost, doubled or out of place of what was owed to the sockets."""
        self._order(f"check {seconds}")
        return _violations(self._next())

    def end(self) -> None:
        """Close all sockets."""
        if self._process.poll() is None:
            self._order("end")
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _order(self, text: str) -> None:
        if self._process.stdin is None:
            raise LoadFailed
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise LoadFailed(f"the generator ended with {self._process.wait()}")
        return dict(json.loads(line))


@contextmanager
def opened(plan: Plan, core: int | None = GENERATOR_CORE) -> Iterator[Load]:
    """Open the plan's sockets, yield when all are ready, close them at the end. Raises `LoadFailed`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(compiled.generator()), str(plan.write(Path(folder)))]
        command += [] if core is None else [str(core)]
        with on_core(core):
            started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with started as process:
            try:
                load = Load(process)
            except LoadFailed:
                process.kill()
                raise
            try:
                yield load
            finally:
                load.end()


def upgrade(path: str, *headers: str) -> tuple[Step, Step]:
    """Return the steps of a WebSocket handshake; a refusal closes the connection, which the generator reports."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    ]
    request = "\r\n".join(lines) + "\r\n\r\n"
    return Step(request.encode(), b" 101 "), Step(None, b"\r\n\r\n")


def body(length: int = BODY_LENGTH) -> str:
    """Return a message text that is so long once its stamp is filled in."""
    return "x" * (length - STAMP_LENGTH) + STAMP


def filled_length(template: bytes) -> int:
    """Return how long a text is once its stamp, nonce and number are filled in."""
    growth = (template.count(name.encode()) * (length - len(name)) for name, length in LENGTHS.items())
    return len(template) + sum(growth)


def stamp(seq: int) -> str:
    """Return a stamp as the generator writes it, of the first room and without a time, for what is said beforehand."""
    return f"~S{0:04}{seq:010}.{0:019}~"


def _violations(result: Mapping[str, Any]) -> dict[str, int]:
    return {name: result[name] for name in VIOLATIONS if result[name]}


def _steps(prefix: str, steps: Sequence[Step]) -> list[str]:
    lines = []
    for step in steps:
        lines += [] if step.say is None else [f"{prefix}say {step.say.hex()}"]
        lines += [f"{prefix}expect {step.expect.hex()}"] if step.expect else []
    return lines
