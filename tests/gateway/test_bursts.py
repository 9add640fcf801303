"""Bursts are WebSocket messages that any client reads, and are compressed once, where that pays and tells nothing."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WebSocketFrame
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from gateway import compression
from gateway.bursts import Burst, bursts_of, encoding_of
from gateway.compression import MIN_AUDIENCE, MIN_BYTES
from gateway.frames import MESSAGE_BYTES, Frame
from kernel.wire import WireStruct

DEFLATED = 0x40


class Body(WireStruct, frozen=True):
    text: str


def frame(text: str = "x", *, topic: str = "room:1") -> Frame:
    return Frame(Body(text=text), topic=topic)


def busy(amount: int = 8, *, topic: str = "room:1", audience: int = MIN_AUDIENCE) -> Burst:
    return Burst(
        [frame(f"{number} of what people write " * 8, topic=topic) for number in range(amount)], audience=audience
    )


def read(message: bytes, *, deflate: bool = False) -> WebSocketFrame:
    """Read a message as a client does that negotiated compression without context, or none."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN, max_size=None)
    if deflate:
        client.extensions = [PerMessageDeflate(True, True, 15, 15)]
    client.receive_data(message)
    (received,) = client.events_received()
    assert isinstance(received, WebSocketFrame)
    return received


@given(st.lists(st.text(max_size=200), min_size=1, max_size=50))
def test_a_burst_is_one_websocket_message_that_any_client_reads(bodies):
    message = read(Burst([frame(body) for body in bodies]).message("json"))
    assert bytes(message.data).decode().split("\n") == [frame(body).json.decode() for body in bodies]


@pytest.mark.parametrize("size", [0, 111, 112, 65_521, 65_522])
def test_the_length_of_a_burst_is_written_as_the_standard_says(size):
    message = read(Burst([frame("x" * size)]).message("json"))
    assert (message.fin, len(message.data)) == (True, size + len(b'{"text":""}'))


def test_bursts_hold_about_a_quarter_of_a_megabyte_and_lose_nothing():
    frames = [frame("x" * 50_000) for _ in range(20)]
    bursts = list(bursts_of(frames))
    assert [item for burst in bursts for item in burst.frames] == frames
    assert all(len(burst.message("json")) < MESSAGE_BYTES + 60_000 for burst in bursts)
    assert list(bursts_of([])) == []


@given(
    st.lists(st.text(max_size=300), min_size=1, max_size=50), st.sampled_from(["json", "msgpack"]), st.integers(1, 20)
)
def test_a_deflated_burst_says_what_the_plain_one_says(bodies, wire_format, audience):
    burst = Burst([frame(body) for body in bodies], audience=audience)
    plain = read(burst.message(wire_format))
    deflated = read(burst.message(encoding_of(wire_format, deflates=True)), deflate=True)
    assert (deflated.opcode, bytes(deflated.data)) == (plain.opcode, bytes(plain.data))


@pytest.mark.parametrize("wire_format", ["json", "msgpack"])
def test_a_busy_burst_is_deflated_to_less_than_half_and_no_context_is_kept(wire_format):
    burst = busy()
    plain, deflated = burst.message(wire_format), burst.message(encoding_of(wire_format, deflates=True))
    assert deflated[0] == plain[0] | DEFLATED
    assert len(deflated) < len(plain) / 2
    assert busy().message(encoding_of(wire_format, deflates=True)) == deflated


def test_a_burst_is_deflated_once_for_all_sockets(monkeypatch):
    calls = []
    monkeypatch.setattr(compression, "deflate", lambda payload: calls.append(payload) or zlib.compress(payload))
    burst = busy()
    assert len({id(burst.message("json deflated")) for _ in range(100)}) == 1
    assert len(calls) == 1


@pytest.mark.parametrize(
    "burst",
    [
        Burst([frame("x" * (MIN_BYTES - 12))], audience=500),
        busy(audience=MIN_AUDIENCE - 1),
        busy(topic="user:1"),
        Burst([Frame(Body(text="x" * 5_000))], audience=500),
    ],
    ids=["short", "for few", "of one user", "of no topic"],
)
def test_what_is_not_worth_it_or_could_tell_secrets_is_never_deflated(burst):
    assert burst.message("json deflated") is burst.message("json")
    assert burst.message("msgpack deflated") is burst.message("msgpack")


def test_bursts_know_their_audience():
    assert [burst.audience for burst in bursts_of([frame("x" * MESSAGE_BYTES)] * 2, audience=7)] == [7, 7]
