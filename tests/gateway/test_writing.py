"""How frames leave for one socket: straight to the server while nothing waits, else queued, in order, and by a task that does not stay."""

from __future__ import annotations

import asyncio

import pytest

from gateway import writing
from gateway.bursts import Burst
from gateway.close_codes import CloseCode
from gateway.frames import Frame
from gateway.stream import give_to_all
from gateway.writing import SocketWriter
from kernel.wire import WireStruct


class Body(WireStruct, frozen=True):
    text: str


def frame(text: str, topic: str | None = None) -> Frame:
    return Frame(Body(text=text), topic=topic)


class Server:
    """What a server does with what it is given: `send` waits while the client takes nothing."""

    def __init__(self) -> None:
        self.sent: list = []
        self.paused = self.deflates = False
        self.listener: SocketWriter | None = None
        self.fills_up = False
        self.writable = asyncio.Event()
        self.writable.set()

    def write(self, message: bytes) -> None:
        assert not self.paused
        self.sent.append(("direct", message[2:]))
        if self.fills_up:
            self.stall()

    async def send(self, message: dict) -> None:
        await self.writable.wait()
        self.sent.append((message["type"].removeprefix("websocket."), message.get("text") or message.get("code")))

    def stall(self) -> None:
        self.set_paused(True)
        self.writable.clear()

    def resume(self) -> None:
        self.set_paused(False)
        self.writable.set()

    def set_paused(self, paused: bool) -> None:
        self.paused = paused
        if self.listener is not None:
            self.listener.flow_changed()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def said(*texts: str) -> str:
    return "\n".join(f'{{"text":"{text}"}}' for text in texts)


async def test_where_the_server_lets_us_a_frame_is_written_at_once_and_no_task_is_started():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    tasks = asyncio.all_tasks()
    writer.offer(frame("a"))
    writer.deliver(Burst([frame("b"), frame("c")]))
    assert server.sent == [("direct", said("a").encode()), ("direct", said("b", "c").encode())]
    assert asyncio.all_tasks() == tasks


async def test_elsewhere_what_was_offered_leaves_in_one_message_and_the_task_that_wrote_it_ends():
    server = Server()
    writer = SocketWriter(server.send, "json")
    tasks = asyncio.all_tasks()
    writer.offer(frame("a"))
    writer.deliver(Burst([frame("b")]))
    assert len(asyncio.all_tasks() - tasks) == 1
    await settle()
    assert server.sent == [("send", said("a", "b"))]
    assert asyncio.all_tasks() == tasks


async def test_behind_a_frame_that_waits_nothing_is_written_past_it():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    server.stall()
    writer.offer(frame("a"))
    await settle()
    server.set_paused(False)  # the transport takes writes again before the task has run
    writer.offer(frame("b"))
    writer.deliver(Burst([frame("c")]))
    assert server.sent == []
    server.resume()
    await settle()
    assert server.sent == [("send", said("a")), ("send", said("b", "c"))]
    writer.offer(frame("d"))
    assert server.sent[2:] == [("direct", said("d").encode())]


async def test_a_burst_goes_straight_to_those_who_have_room_and_waits_for_the_others_each_in_its_encoding():
    text, binary, slow, portable = (Server() for _ in range(4))
    writers = [
        SocketWriter(text.send, "json", text),
        SocketWriter(slow.send, "json", slow),
        SocketWriter(binary.send, "msgpack", binary),
        SocketWriter(portable.send, "json"),
    ]
    slow.stall()
    burst = Burst([frame("a"), frame("b")])
    give_to_all(burst, writers)
    assert text.sent == [("direct", burst.message("json")[2:])]
    assert binary.sent == [("direct", burst.message("msgpack")[2:])]
    assert (slow.sent, writers[1].backlog_bytes) == ([], 2 * len(frame("a").json))
    slow.resume()
    await settle()
    assert slow.sent == portable.sent == [("send", said("a", "b"))]


async def test_a_write_that_fills_the_buffer_is_the_last_that_goes_straight_until_there_is_room():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    server.fills_up = True
    for text in "abc":
        give_to_all(Burst([frame(text)]), [writer])
    assert server.sent == [("direct", said("a").encode())]
    server.resume()
    await settle()
    give_to_all(Burst([frame("d")]), [writer])
    assert server.sent[1:] == [("send", said("b", "c")), ("direct", said("d").encode())]


async def test_nothing_goes_straight_once_the_server_closes_or_the_socket_is_gone():
    closing, gone = Server(), Server()
    writers = [SocketWriter(server.send, "json", server) for server in (closing, gone)]
    writers[0].close(CloseCode.SHUTTING_DOWN)
    writers[1].stop()
    closing.resume()
    give_to_all(Burst([frame("late")]), writers)
    await settle()
    writers[0].stop()
    assert (closing.sent, gone.sent) == ([("close", int(CloseCode.SHUTTING_DOWN))], [])
    assert closing.listener is gone.listener is None


async def test_what_waits_of_a_topic_is_forgotten_when_the_topic_is_closed():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    server.stall()
    writer.offer(frame("first"))
    await settle()
    writer.offer(frame("secret", topic="room:1"))
    writer.offer(frame("mine", topic="room:2"))
    writer.purge("room:1")
    server.resume()
    await settle()
    assert server.sent == [("send", said("first")), ("send", said("mine"))]


async def reading_forever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("direct", [True, False])
async def test_closing_writes_what_waits_then_the_code_and_ends_the_reading(direct):
    server = Server()
    writer = SocketWriter(server.send, "json", server if direct else None)
    serving = asyncio.create_task(writer.serve(reading_forever()))
    await settle()
    server.stall()
    writer.offer(frame("a"))
    writer.close(CloseCode.UNAUTHENTICATED)
    writer.close(CloseCode.INTERNAL)
    writer.offer(frame("too late"))
    server.resume()
    await asyncio.wait_for(serving, 5)
    assert server.sent == [("send", said("a")), ("close", 4501)]
    assert writer.close_code is CloseCode.UNAUTHENTICATED


async def test_a_reading_that_ends_in_a_refusal_lets_the_refusal_be_written():
    server = Server()
    writer = SocketWriter(server.send, "json")

    async def refuse() -> None:
        writer.offer(frame("no"))
        writer.close(CloseCode.BAD_PROTOCOL)

    await asyncio.wait_for(writer.serve(refuse()), 5)
    assert server.sent == [("send", said("no")), ("close", 4500)]


async def test_a_client_that_takes_nothing_is_given_up_after_the_time_for_that(monkeypatch):
    monkeypatch.setattr(writing, "STALLED_CLOSE_SECONDS", 0.05)
    server = Server()
    server.stall()
    writer = SocketWriter(server.send, "json", server)
    serving = asyncio.create_task(writer.serve(reading_forever()))
    await settle()
    writer.offer(frame("a"))
    writer.close(CloseCode.SHUTTING_DOWN)
    await asyncio.wait_for(serving, 5)
    writer.stop()
    await settle()
    assert server.sent == []
    assert writer.over


async def test_over_the_budget_what_waits_is_forgotten_and_the_socket_closed_as_too_slow(settings):
    settings.SOCKET_BACKLOG_BYTES = 50
    server = Server()
    server.stall()
    writer = SocketWriter(server.send, "json", server)
    for _ in range(5):
        writer.offer(frame("x" * 20))
    server.resume()
    await settle()
    assert server.sent == [("close", 4008)]


async def test_a_client_that_has_gone_ends_the_reading_and_nothing_is_kept_for_it():
    async def send(message: dict) -> None:
        raise OSError("gone")

    writer = SocketWriter(send, "json")
    serving = asyncio.create_task(writer.serve(reading_forever()))
    await settle()
    writer.offer(frame("a"))
    await asyncio.wait_for(serving, 5)
    writer.offer(frame("b"))
    assert writer.over
    assert writer.close_code is None


async def test_who_cancels_the_whole_socket_is_not_stopped_from_it():
    writer = SocketWriter(Server().send, "json")
    serving = asyncio.create_task(writer.serve(reading_forever()))
    await settle()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_whoever_waits_for_room_goes_on_when_half_of_the_budget_is_free_and_when_the_socket_closes(settings):
    settings.SOCKET_BACKLOG_BYTES = 60
    server = Server()
    server.stall()
    writer = SocketWriter(server.send, "json", server)
    writer.offer(frame("x"))
    await settle()
    writer.offer(frame("x" * 30))
    waiting = asyncio.create_task(writer.ready())
    await settle()
    assert not waiting.done()
    server.resume()
    await asyncio.wait_for(waiting, 5)
    server.stall()
    writer.offer(frame("x"))
    await settle()
    writer.offer(frame("x" * 30))
    waiting = asyncio.create_task(writer.ready())
    await settle()
    assert not waiting.done()
    writer.close(CloseCode.INTERNAL)
    await asyncio.wait_for(waiting, 5)


async def test_answers_leave_behind_what_is_delivered_in_the_same_round_and_in_one_write_with_it():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    writer.answer_soon(frame("ack 1"))
    writer.answer_soon(frame("ack 2"))
    assert server.sent == []
    writer.deliver(Burst([frame("event")]))
    answers = Burst([frame("ack 1"), frame("ack 2")]).message("json")
    assert server.sent == [("direct", said("event").encode() + answers)]
    await settle()
    writer.deliver(Burst([frame("next")]))
    assert server.sent[1:] == [("direct", said("next").encode())]


async def test_answers_of_one_round_that_nothing_is_delivered_with_leave_in_one_message():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    writer.answer_soon(frame("ack 1"))
    writer.answer_soon(frame("ack 2"))
    await settle()
    assert server.sent == [("direct", said("ack 1", "ack 2").encode())]


async def test_whatever_else_is_offered_stays_behind_the_answers_before_it():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    writer.answer_soon(frame("ack"))
    writer.offer(frame("answer to the next command"))
    assert server.sent == [("direct", said("ack").encode()), ("direct", said("answer to the next command").encode())]


@pytest.mark.parametrize("direct", [True, False])
async def test_a_close_stays_behind_the_answers_before_it(direct):
    server = Server()
    writer = SocketWriter(server.send, "json", server if direct else None)
    writer.answer_soon(frame("ack"))
    writer.close(CloseCode.SHUTTING_DOWN)
    await settle()
    kind, text = ("direct", said("ack").encode()) if direct else ("send", said("ack"))
    assert server.sent == [(kind, text), ("close", CloseCode.SHUTTING_DOWN)]
    writer.stop()


async def test_where_the_server_does_not_let_us_answers_leave_behind_the_delivery_too():
    server = Server()
    writer = SocketWriter(server.send, "json")
    writer.answer_soon(frame("ack"))
    writer.deliver(Burst([frame("event")]))
    await settle()
    assert server.sent == [("send", said("event", "ack"))]


async def test_answers_are_forgotten_with_the_socket():
    server = Server()
    writer = SocketWriter(server.send, "json", server)
    writer.answer_soon(frame("ack"))
    writer.stop()
    await settle()
    assert server.sent == []
