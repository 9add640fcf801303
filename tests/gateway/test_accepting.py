"""Connections come in a few per round of the loop, whatever they do and however few files are left."""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
import struct

import pytest

from gateway import accepting
from gateway.accepting import PER_ROUND, Acceptor
from tests.metrics import growth_of

HURRIED_CLOSE = struct.pack("ii", 1, 0)  # of SO_LINGER: forget what is unsent and reset


class Greeter(asyncio.Protocol):
    """Greets whoever is taken in."""

    def connection_made(self, transport):
        transport.write(b"hello")


class PoorListener(socket.socket):
    """A listening socket of a process that has no file to spare until `files` says so."""

    def __init__(self):
        super().__init__()
        self.files = 1
        self.asked = 0
        self.refused = asyncio.Event()

    def accept(self):
        self.asked += 1
        if not self.files:
            self.refused.set()
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.fixture
def listener():
    with PoorListener() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@pytest.fixture
async def serve(listener):
    acceptors = []

    def start(make_protocol=Greeter, **options):
        acceptors.append(Acceptor(listener, make_protocol, backlog=100, **options))
        return acceptors[-1]

    yield start
    for acceptor in acceptors:
        acceptor.close()
        await acceptor.wait_closed()


@pytest.fixture
def clients(listener):
    """Connect so many, who have all asked for something, and return their sockets."""
    opened = []

    def connect(count):
        new = [socket.create_connection(listener.getsockname()) for _ in range(count)]
        for client in new:
            client.sendall(b"request")
            client.setblocking(False)
        opened.extend(new)
        return new

    yield connect
    for client in opened:
        client.close()


async def heard(client: socket.socket) -> bytes:
    async with asyncio.timeout(60):
        return await asyncio.get_running_loop().sock_recv(client, 100)


async def test_a_crowd_is_taken_in_a_few_per_round_and_all_of_it(serve, clients):
    loop, rounds = asyncio.get_running_loop(), itertools.count(1)
    now_in, taken = 0, []

    def next_round():
        nonlocal now_in
        now_in = next(rounds)
        if len(taken) < 9:
            loop.call_soon(next_round)

    class Counted(Greeter):
        def connection_made(self, transport):
            taken.append(now_in)
            super().connection_made(transport)

    crowd = clients(9)
    serve(Counted)
    next_round()
    assert [await heard(client) for client in crowd] == [b"hello"] * 9
    assert max(len([*group]) for _, group in itertools.groupby(taken)) == PER_ROUND


async def test_while_others_are_served_the_next_few_wait(serve, clients, listener, monkeypatch):
    monkeypatch.setattr(accepting, "YIELD_SECONDS", 0.5)
    crowd = clients(PER_ROUND + 1)
    serve(others_served=lambda: True)
    assert [await heard(client) for client in crowd[:PER_ROUND]] == [b"hello"] * PER_ROUND
    for _ in range(20):
        await asyncio.sleep(0)
    assert listener.asked == PER_ROUND
    assert await heard(crowd[-1]) == b"hello"


async def test_who_reset_the_connection_before_it_was_taken_in_is_in_nobodys_way(serve, clients):
    gone, there = clients(2)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HURRIED_CLOSE)
    gone.close()
    serve()
    assert await heard(there) == b"hello"


async def test_without_a_file_to_spare_it_rests_and_goes_on_later(serve, clients, listener, monkeypatch):
    monkeypatch.setattr(accepting, "EXHAUSTED_PAUSE_SECONDS", 0.5)
    listener.files = 0
    (client,) = clients(1)
    hits = growth_of("portcullis_limit_hits_total", limit="process.files")
    serve()
    await listener.refused.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert (listener.asked, hits()) == (1, 1)
    listener.files = 1
    assert await heard(client) == b"hello"


async def test_once_closed_it_takes_nobody_in_and_keeps_who_is_there(serve, clients, listener):
    address = listener.getsockname()
    (client,) = clients(1)
    acceptor = serve()
    assert await heard(client) == b"hello"
    acceptor.close()
    await acceptor.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    client.send(b"still here")  # no error: it is open


async def test_it_can_be_closed_while_it_rests(serve, clients, listener):
    listener.files = 0
    clients(1)
    acceptor = serve()
    await listener.refused.wait()
    acceptor.close()
    assert listener.fileno() == -1
