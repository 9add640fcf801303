"""The load generator against servers that we break on purpose: a harness that finds no fault in those proves nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from bench.load import Link, LoadFailed, Plan, Step, body, filled_length, opened, stamp, upgrade

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or (shutil.which("gcc") is None and "CI" not in os.environ),
    reason="needs Linux and a C compiler; CI installs one",
)

SOCKETS = 4
VICTIM = 2
FAULTY = 5
"""The message that is lost, doubled or swapped on the way to the victim."""

RATE, SECONDS = 100, 0.3
MESSAGES = 30
"""What an open loop sends at that rate, exactly: a slow machine sends it late."""

SETTLE_SECONDS = {False: 30.0, True: 3.0}
"""All that is sent is waited for; what is lost, in vain."""

Fate = Callable[[list[bytes]], list[bytes]]


def honest(messages: list[bytes]) -> list[bytes]:
    return messages


def lose(messages: list[bytes]) -> list[bytes]:
    return messages[:FAULTY] + messages[FAULTY + 1 :]


def double(messages: list[bytes]) -> list[bytes]:
    return messages[: FAULTY + 1] + messages[FAULTY:]


def swap(messages: list[bytes]) -> list[bytes]:
    pair = messages[FAULTY : FAULTY + 2]
    return messages[:FAULTY] + pair[::-1] + messages[FAULTY + 2 :] if len(pair) == 2 else messages[:FAULTY]


class Broadcaster:
    """Writes what one socket sends to all; what the victim gets of it is the fate's choice."""

    def __init__(self, fate: Fate, piece: int = 0) -> None:
        self._fate = fate
        self._piece = piece
        self._writers: list[asyncio.StreamWriter] = []
        self._messages: list[bytes] = []
        self._given = 0
        self._everyone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        index = len(self._writers)
        self._writers.append(writer)
        if len(self._writers) == SOCKETS:
            self._everyone.set()
        try:
            # A client is connected before the server has accepted it: the first message must not overtake the others.
            await self._everyone.wait()
            while True:
                self._messages.append(await reader.readexactly(filled_length(body().encode())))
                await self._spread(index)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async def _spread(self, sender: int) -> None:
        assert sender == 0
        fated = self._fate(self._messages)
        for index, writer in enumerate(self._writers):
            data = b"".join(fated[self._given :]) if index == VICTIM else self._messages[-1]
            for start in range(0, len(data), self._piece or max(1, len(data))):
                writer.write(data[start : start + (self._piece or max(1, len(data)))])
                await asyncio.sleep(0)
        self._given = len(fated)


@contextmanager
def serving(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Iterator[int]:
    """Serve connections in another thread, and yield the port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_closed(server))
        loop.close()


async def _closed(server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def broadcasting(fate: Fate, piece: int = 0) -> Iterator[Plan]:
    with serving(Broadcaster(fate, piece).serve) as port:
        yield Plan(
            port=port,
            sockets=SOCKETS,
            members=SOCKETS,
            message=body().encode(),
            websocket=False,
            settle_seconds=SETTLE_SECONDS[fate is lose],
        )


def violations_of(fate: Fate) -> dict[str, int]:
    with broadcasting(fate) as plan, opened(plan, core=None) as load:
        return load.run(rate=RATE, warm=0, seconds=SECONDS).violations


def test_an_honest_server_has_a_speed_and_no_violations():
    with broadcasting(honest) as plan, opened(plan, core=None) as load:
        run = load.run(window=4, warm=0.05, seconds=1)
    assert run.violations == {}
    assert run.deliveries_per_second > 0
    assert run.result["delivery_us"]["count"] > 0


def test_a_lost_message_is_found_and_the_run_has_no_speed():
    with broadcasting(lose) as plan, opened(plan, core=None) as load:
        run = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert run.violations == {"lost": 1}
    assert run.deliveries_per_second == 0


def test_a_doubled_message_is_found():
    assert violations_of(double) == {"doubled": 1}


def test_swapped_messages_are_found():
    assert violations_of(swap) == {"swapped": 1}


def test_stamps_that_are_cut_anywhere_are_counted_once():
    with broadcasting(honest, piece=7) as plan, opened(plan, core=None) as load:
        run = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert run.violations == {}
    assert run.result["sent"] == MESSAGES


def test_an_open_loop_sends_at_its_rate():
    with broadcasting(honest) as plan, opened(plan, core=None) as load:
        run = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert run.result["sent"] == MESSAGES
    assert run.violations == {}


def test_a_run_after_a_faulty_one_starts_afresh():
    with broadcasting(double) as plan, opened(plan, core=None) as load:
        first = load.run(rate=RATE, warm=0, seconds=SECONDS)
        second = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert first.violations == {"doubled": 1}
    assert second.violations == {}


def test_a_run_can_be_ended_before_its_time():
    began = threading.Event()
    with broadcasting(honest) as plan, opened(plan, core=None) as load, ThreadPoolExecutor(1) as pool:
        run = pool.submit(load.run, rate=RATE, warm=0, seconds=60, meter=lambda: began.set() or {})
        assert began.wait(30)
        load.stop()
        result = run.result()
        again = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert result.violations == {}
    assert 0 < result.result["seconds"] < 60
    assert (again.violations, again.result["sent"]) == ({}, MESSAGES)


def test_a_server_that_refuses_is_reported_with_what_it_said():
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        writer.close()

    with serving(refuse) as port:
        plan = Plan(port=port, sockets=1, members=1, message=b"", steps=[*upgrade("/"), Step(None, b"hello")])
        with pytest.raises(LoadFailed, match="403 Forbidden"), opened(plan, core=None):
            pass


def test_a_socket_that_is_turned_away_comes_back_when_it_was_told_to():
    tries: list[int] = []

    async def admit_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        tries.append(len(tries))
        first = len(tries) == 1
        writer.write(b"HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n" if first else b"HTTP/1.1 101 Yes\r\n\r\n")
        if first:
            writer.close()

    with serving(admit_later) as port:
        plan = Plan(port=port, sockets=1, members=1, message=b"", steps=upgrade("/"))
        with opened(plan, core=None) as load:
            ready = load.ready
    assert tries == [0, 1]
    assert (ready["sockets"], ready["turned_away"]) == (1, 1)
    assert ready["seconds"] >= 1


def test_a_socket_asks_for_each_of_its_rooms_and_reads_each():
    asked: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            asked.append(await reader.readuntil(b";"))
            writer.write(b"welcome;")
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                writer.write(await reader.readexactly(filled_length(body().encode())))

    with serving(echo) as port:
        plan = Plan(
            port=port,
            sockets=2,
            members=1,
            rooms_each=3,
            message=body().encode(),
            websocket=False,
            steps=[Step(b"join {room};", b"welcome;")],
            rooms=[f"room{number}" for number in range(6)],
        )
        with opened(plan, core=None) as load:
            run = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert sorted(asked) == [b"join room%d;" % number for number in range(6)]
    assert run.violations == {}
    assert run.result["sent"] == MESSAGES


@pytest.mark.parametrize(("fate", "found"), [(honest, {}), (double, {"doubled": 1}), (swap, {"swapped": 1})])
def test_what_is_owed_to_a_socket_is_checked(fate: Fate, found: dict[str, int]):
    owed = fate([stamp(number).encode() for number in range(10)])

    async def pay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b";")
        writer.write(b"here: " + b", ".join(owed))

    with serving(pay) as port:
        steps = [Step(b"resume;")]
        plan = Plan(port=port, sockets=1, members=1, message=b"", websocket=False, steps=steps, owed=10)
        with opened(plan, core=None) as load:
            assert load.ready["sockets"] == 1
            assert load.check(0.1) == found


def test_a_socket_that_is_not_given_what_it_is_owed_is_never_ready():
    async def pay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b";")
        writer.write(b"".join(lose([stamp(number).encode() for number in range(10)])))

    with serving(pay) as port:
        steps = [Step(b"resume;")]
        plan = Plan(
            port=port, sockets=1, members=1, message=b"", websocket=False, steps=steps, owed=10, connect_seconds=1
        )
        with pytest.raises(LoadFailed, match="1 sockets failed"), opened(plan, core=None):
            pass


class LongPolls:
    """Answers a poll when there is something after its cursor, by turns with a length and in chunks; publishing is another request."""

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._published = asyncio.Condition()
        self._answers = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"POST"):
                    await self._publish(await reader.readexactly(filled_length(body().encode())))
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                else:
                    writer.write(await self._answer(int(head.split()[1].rpartition(b"=")[2] or b"-1")))

    async def _publish(self, message: bytes) -> None:
        async with self._published:
            self._messages.append(message)
            self._published.notify_all()

    async def _answer(self, cursor: int) -> bytes:
        async with self._published:
            await self._published.wait_for(lambda: len(self._messages) > cursor)
            content = b'{"next":"%d","items":["%s"]}' % (
                len(self._messages),
                b'","'.join(self._messages[max(0, cursor) :]),
            )
        self._answers += 1
        if self._answers % 2:
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)


def test_sockets_that_poll_read_everything_once():
    with serving(LongPolls().serve) as port:
        plan = Plan(
            port=port,
            sockets=SOCKETS,
            members=SOCKETS,
            message=b"POST / HTTP/1.1\r\n\r\n" + body().encode(),
            websocket=False,
            steps=[Step(b"GET /?since= HTTP/1.1\r\n\r\n")],
            poll=b"GET /?since={cursor} HTTP/1.1\r\n\r\n",
            cursor=b'"next":"',
            ack=b"\r\n\r\ndone",
            link=Link(port),
        )
        with opened(plan, core=None) as load:
            run = load.run(rate=RATE, warm=0, seconds=SECONDS)
    assert run.violations == {}
    assert (run.result["sent"], run.result["unacked"]) == (MESSAGES, 0)
