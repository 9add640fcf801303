"""The load generator against servers that we break on purpose: a harness that finds no fault in those proves nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.load import LoadFailed, Plan, Step, body, filled_length, opened, upgrade

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or (shutil.which("gcc") is None and "CI" not in os.environ),
    reason="needs Linux and a C compiler; CI installs one",
)

SOCKETS = 4
VICTIM = 2
FAULTY = 5
"""The message that is lost, doubled or swapped on the way to the victim."""

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
def broadcasting(fate: Fate, piece: int = 0) -> Iterator[Plan]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(Broadcaster(fate, piece).serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Plan(
            port=server.sockets[0].getsockname()[1],
            sockets=SOCKETS,
            members=SOCKETS,
            message=body().encode(),
            websocket=False,
            settle_seconds=0.5,
        )
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


def violations_of(fate: Fate) -> dict[str, int]:
    with broadcasting(fate) as plan, opened(plan, core=None) as load:
        return load.run(window=4, warm=0, seconds=0.2).violations


def test_an_honest_server_has_a_speed_and_no_violations():
    with broadcasting(honest) as plan, opened(plan, core=None) as load:
        run = load.run(window=4, warm=0.05, seconds=0.2)
    assert run.violations == {}
    assert run.deliveries_per_second > 0
    assert run.result["delivery_us"]["count"] > 0


def test_a_lost_message_is_found_and_the_run_has_no_speed():
    with broadcasting(lose) as plan, opened(plan, core=None) as load:
        run = load.run(window=4, warm=0, seconds=0.2)
    assert run.violations == {"lost": 1}
    assert run.deliveries_per_second == 0


def test_a_doubled_message_is_found():
    assert violations_of(double) == {"doubled": 1}


def test_swapped_messages_are_found():
    assert violations_of(swap) == {"swapped": 1}


def test_stamps_that_are_cut_anywhere_are_counted_once():
    with broadcasting(honest, piece=7) as plan, opened(plan, core=None) as load:
        run = load.run(window=3, warm=0, seconds=0.3)
    assert run.violations == {}
    assert run.result["sent"] > 0


def test_an_open_loop_sends_at_its_rate():
    with broadcasting(honest) as plan, opened(plan, core=None) as load:
        run = load.run(rate=100, warm=0, seconds=0.5)
    assert 48 <= run.result["sent"] <= 51
    assert run.violations == {}


def test_a_run_after_a_faulty_one_starts_afresh():
    with broadcasting(double) as plan, opened(plan, core=None) as load:
        first = load.run(window=2, warm=0, seconds=0.2)
        second = load.run(window=2, warm=0, seconds=0.2)
    assert first.violations == {"doubled": 1}
    assert second.violations == {}


def test_a_server_that_refuses_is_reported_with_what_it_said():
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(refuse, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    plan = Plan(
        port=server.sockets[0].getsockname()[1],
        sockets=1,
        members=1,
        message=b"",
        steps=[*upgrade("/"), Step(None, b"hello")],
    )
    with pytest.raises(LoadFailed, match="403 Forbidden"), opened(plan, core=None):
        pass
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(_closed(server))
    loop.close()
