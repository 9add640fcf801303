"""What the database is disturbed with: commands that sleep in SQL through the gateway's own pool, and a lock on the log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from websockets.sync.client import ClientConnection, connect

from bench.ours import Gateway

SECOND = 1.0
ANSWER_SECONDS = 30.0
SLEEP_ON_EDIT = """
CREATE FUNCTION bench_sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$;
CREATE TRIGGER bench_sleep BEFORE UPDATE ON chat_message FOR EACH ROW EXECUTE FUNCTION bench_sleep();
"""


class Editor:
    """A member of another room, who edits a message every second; an edit sleeps for a second in its SQL statement.

    `answers` are the times that edits took, in milliseconds.
    """

    def __init__(self, gateway: Gateway) -> None:
        self.answers: list[float] = []
        self._gateway = gateway
        with psycopg.connect(gateway.environment["DATABASE_URL"]) as connection:
            connection.execute(SLEEP_ON_EDIT)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Edit from here to the end of the block."""
        prepared = self._gateway.prepare(1, 1)
        address = f"ws://127.0.0.1:{self._gateway.port}/ws/v1"
        proof: Any = ["portcullis.v1", f"bearer.{prepared.tokens[0]}"]
        with connect(address, subprotocols=proof, compression=None) as socket:
            draft = {"room": prepared.rooms[0], "body": "to be edited", "nonce": "edited"}
            message = _answer(socket, "message.send", draft)["id"]
            with _again_and_again(lambda: self._edit(socket, message)):
                yield

    def _edit(self, socket: ClientConnection, message: str) -> None:
        began = time.monotonic()
        _answer(socket, "message.edit", {"message": message, "body": f"edited at {began}"})
        self.answers.append(round((time.monotonic() - began) * 1000, 1))


@contextmanager
def log_locked(database_url: str) -> Iterator[None]:
    """Lock the log's topics every other second: whatever asks for a head then keeps its connection until the end of it."""
    with psycopg.connect(database_url) as connection:

        def lock() -> None:
            with connection.transaction():
                connection.execute("LOCK TABLE eventlog_topic IN ACCESS EXCLUSIVE MODE")
                connection.execute("SELECT pg_sleep(%s)", [SECOND])
            time.sleep(SECOND)

        with _again_and_again(lock):
            yield


@contextmanager
def _again_and_again(act: Callable[[], None]) -> Iterator[None]:
    """Act in a thread, as often as one act after the other allows, until the end of the block."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            act()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _answer(socket: ClientConnection, command: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a command. Raises `RuntimeError` when it is a refusal."""
    socket.send(json.dumps({"t": command, "ref": "bench", "d": body}))
    while True:
        for line in str(socket.recv(ANSWER_SECONDS)).split("\n"):
            frame = json.loads(line)
            if frame.get("ref") == "bench":
                if frame["t"] != "ok":
                    raise RuntimeError(f"{command} was refused: {frame['d']}")
                return dict(frame["d"])
