"""Gateway nodes in one process for the protocol machine, and its clients. The log is PostgreSQL's; the relay between the nodes is a list
of nodes that can be made deaf, so that a lost ring is a decision of the test and not of chance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from eventlog.doorbell import EphemeralEvent, LoggedEvent, by_topic
from eventlog.topics import Topic
from gateway import process
from gateway.direct_writes import DIRECT_WRITES, FlowListener
from gateway.process import GatewayProcess
from gateway.rings import Ring, RingCodec
from project.asgi import application
from tests.gateway.contract import check_frame
from tests.gateway.protocol_model import Entry, digest

WAIT_SECONDS = 30.0
T = TypeVar("T")


class Relay:
    """What Redis is to the nodes: a message reaches every node that joined the topic and is not deaf."""

    nodes: list[Node] = []
    queued = 0

    def __init__(self, heard: Callable[[Ring], None], *_: Any) -> None:
        self._heard = heard
        self._codec = RingCodec()
        self.joined: set[Topic] = set()

    def start(self) -> None: ...

    async def close(self) -> None: ...

    async def join(self, topic: Topic) -> None:
        self.joined.add(topic)

    def leave(self, topic: Topic) -> None:
        self.joined.discard(topic)

    def send_events(self, events: Sequence[LoggedEvent]) -> None:
        for topic, of_topic in by_topic(events).items():
            self._send(topic, self._codec.events(of_topic))

    def send_ephemeral(self, event: EphemeralEvent) -> None:
        self._send(event.topic, self._codec.ephemeral(event))

    def _send(self, topic: Topic, data: bytes) -> None:
        for node in self.nodes:
            if topic in node.relay.joined and not node.is_deaf:
                node.relay._take(data)

    def _take(self, data: bytes) -> None:
        ring = self._codec.decode(data)
        if ring is not None:
            self._heard(ring)


class Node(GatewayProcess):
    """A gateway that can be made deaf: then it hears neither its own commits nor those of others."""

    is_deaf = False

    def committed(self, events: Sequence[LoggedEvent]) -> None:
        if self.is_deaf:
            self.relay.send_events(events)
        else:
            super().committed(events)

    def published(self, event: EphemeralEvent) -> None:
        if self.is_deaf:
            self.relay.send_ephemeral(event)
        else:
            super().published(event)


class Lab:
    """The nodes and the loop that they live on; between two `run`s the loop stands still, and nothing happens."""

    def __init__(self, runner: asyncio.Runner, nodes: int) -> None:
        self._runner = runner
        self.nodes: list[Node] = []
        Relay.nodes = self.nodes
        for _ in range(nodes):
            self.nodes.append(self.run(self._start()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def restart(self, number: int) -> None:
        await self.nodes[number].stop()
        self.nodes[number] = await self._start()
        self.commit_through(number)

    async def connect(self, number: int, token: str, *, direct: bool) -> Client:
        self.commit_through(number)
        client = Client(token, direct=direct)
        await client.until(lambda: client.hello is not None or client.code is not None)
        return client

    def commit_through(self, number: int) -> None:
        """Let what is committed from now on be rung by this node."""
        process._current = self.nodes[number]

    def close(self) -> None:
        for node in self.nodes:
            self.run(node.stop())

    async def _start(self) -> Node:
        node = Node(asyncio.get_running_loop())
        node.start()
        return node


class Client:
    """One socket: remembers, per topic, what it was sent since it last followed it, and by itself notes what must never happen."""

    def __init__(self, token: str, *, direct: bool) -> None:
        self.hello: dict[str, Any] | None = None
        self.code: int | None = None
        self.seen: dict[str, list[tuple[int, Entry]]] = {}
        self.cursors: dict[str, int] = {}
        self.ended: dict[str, list[tuple[int, Entry]]] = {}
        self.notices: dict[str, str] = {}
        self.typing: list[tuple[str, str]] = []
        self.unasked: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.paused = self.deflates = False
        self.listener: FlowListener | None = None
        self._answers: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, tuple[str, dict[str, Any]]] = {}
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._changed = asyncio.Event()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(application(self._scope(token, direct), self._inbox.get, self._send))
        self._task.add_done_callback(lambda _: self._changed.set())

    def _scope(self, token: str, direct: bool) -> dict[str, Any]:
        return {
            "type": "websocket",
            "path": "/ws/v1",
            "query_string": b"",
            "headers": [],
            "subprotocols": ["portcullis.v1", f"bearer.{token}"],
            "extensions": {DIRECT_WRITES: self} if direct else {},
        }

    # What a client does ----------------------------------------------------------------------------------------------

    def post(self, t: str, **d: Any) -> str:
        """Send a command without waiting; return its ref."""
        return self.post_all([(t, d)])[0]

    def post_all(self, commands: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
        """Send several commands in one WebSocket message."""
        refs = []
        for t, d in commands:
            refs.append(str(len(self._asked) + 1))
            self._asked[refs[-1]] = (t, d)
        self.post_text("\n".join(_line(ref, *self._asked[ref]) for ref in refs))
        return refs

    def post_text(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def ping(self) -> None:
        """Return when the server has answered everything before, or has closed."""
        if self.code is None:
            ref = self.post("ping")
            await self.until(lambda: ref in self._answers or self.code is not None)

    async def answer(self, ref: str) -> dict[str, Any]:
        await self.until(lambda: ref in self._answers)
        return self._answers.pop(ref)

    async def ask(self, t: str, **d: Any) -> dict[str, Any]:
        return await self.answer(self.post(t, **d))

    async def leave(self) -> None:
        """Go, as a browser tab that is closed; the server's side must end by itself."""
        self.resume()
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, WAIT_SECONDS)

    def stall(self) -> None:
        """Take nothing more from the server."""
        self._set_paused(True)
        self._flowing.clear()

    def resume(self) -> None:
        self._set_paused(False)
        self._flowing.set()

    def _set_paused(self, paused: bool) -> None:
        self.paused = paused
        if self.listener is not None:
            self.listener.flow_changed()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return when it is so. Raises `TimeoutError` when it does not come to that."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not reached():
                self._changed.clear()
                await self._changed.wait()

    async def reaches(self, reached: Callable[[], bool]) -> bool:
        try:
            await self.until(reached)
        except TimeoutError:
            return False
        return True

    # What the server sends -------------------------------------------------------------------------------------------

    def write(self, message: bytes) -> None:
        """Be the server's direct way: take complete WebSocket frames, a burst and the answers behind it being two."""
        if self.paused:
            self.faults.append("a direct write to a paused socket")
        while message:
            start = {126: 4, 127: 10}.get(message[1], 2)
            end = start + (int.from_bytes(message[2:start]) if start > 2 else message[1])
            self._take_text(message[start:end].decode())
            message = message[end:]

    async def _send(self, message: dict[str, Any]) -> None:
        await self._flowing.wait()
        if message["type"] == "websocket.send":
            self._take_text(message["text"])
        elif message["type"] == "websocket.close":
            self.code = message["code"]
        self._changed.set()

    def _take_text(self, text: str) -> None:
        if self.code is not None:
            self.faults.append(f"sent after the close: {text}")
        for line in text.split("\n"):
            self._take(msgspec.json.decode(line))
        self._changed.set()

    def _take(self, frame: dict[str, Any]) -> None:
        t = frame["t"]
        if t in {"ok", "problem"} and frame["ref"] is not None:
            self._take_answer(frame)
            return
        check_frame(frame)
        if "seq" in frame:
            self._take_event(frame)
        elif t == "access.revoked":
            self._take_notice(frame["topic"], frame["d"]["code"])
        elif t == "typing.started":
            self.typing.append((frame["topic"], frame["d"]["user"]))
        elif t == "hello":
            self.hello = frame
        else:
            self.unasked.append(frame)

    def _take_answer(self, frame: dict[str, Any]) -> None:
        t, d = self._asked[frame["ref"]]
        check_frame(frame, command=t if frame["t"] == "ok" else None)
        if frame["ref"] in self._answers:
            self.faults.append(f"answered twice: {t}")
        self._answers[frame["ref"]] = frame
        if frame["t"] == "ok" and t == "topic.follow":
            self.seen[d["topic"]] = []
            self.ended.pop(d["topic"], None)  # followed again before the test looked at how it had ended
            self.notices.pop(d["topic"], None)
            resumes = frame["d"]["recovered"] and d.get("after") is not None
            self.cursors[d["topic"]] = d["after"] if resumes else frame["d"]["head"]
        elif frame["t"] == "ok" and t == "topic.unfollow":
            self.seen.pop(d["topic"], None)
            self.cursors.pop(d["topic"], None)

    def _take_notice(self, topic: str, code: str) -> None:
        if topic not in self.seen:
            self.faults.append(f"told {code} of a topic that is not followed")
            return
        self.notices[topic] = code
        self.ended[topic] = self.seen.pop(topic)
        del self.cursors[topic]

    def _take_event(self, frame: dict[str, Any]) -> None:
        topic, seq = frame["topic"], frame["seq"]
        if topic not in self.seen:
            self.faults.append(f"an event of a topic that is not followed: {frame}")
            return
        entry = Entry(frame["t"], digest(frame["t"], frame["d"]))
        self.seen[topic].append((seq, entry))
        self.cursors[topic] = seq


def _line(ref: str, t: str, d: dict[str, Any]) -> str:
    return msgspec.json.encode({"t": t, "ref": ref, "d": d}).decode()
