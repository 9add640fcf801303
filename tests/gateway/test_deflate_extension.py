"""What is answered to an offer of compression, and that nothing a client compresses becomes larger than it may."""

from __future__ import annotations

import zlib

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from gateway.compression import deflate
from gateway.deflate_extension import INFLATED_BYTES_MAX, SharedDeflateFactory
from gateway.uvicorn_protocol import DirectWriteProtocol
from tests.live.raw_socket import TEXT, frame

AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
MEGABYTE = 1_048_576
RSV1 = 4


def answer_to(offer: str | None, server: ServerProtocol) -> str | None:
    """Return the extensions that the server accepts when a client offers some."""
    request = ClientProtocol(parse_uri("ws://localhost/")).connect()
    if offer is not None:
        request.headers["Sec-WebSocket-Extensions"] = offer
    return server.accept(request).headers.get("Sec-WebSocket-Extensions")


def server() -> ServerProtocol:
    return ServerProtocol(extensions=[SharedDeflateFactory()], max_size=2 * MEGABYTE)


OFFERS = {
    "permessage-deflate": AGREED,
    "permessage-deflate; client_max_window_bits": AGREED,  # browsers
    "permessage-deflate; client_max_window_bits=11": f"{AGREED}; client_max_window_bits=11",
    "permessage-deflate; server_max_window_bits=15": f"{AGREED}; server_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover": AGREED,
    "permessage-deflate; server_max_window_bits=10": None,
    "permessage-deflate; server_max_window_bits=10, permessage-deflate": AGREED,
    "permessage-deflate; server_max_window_bits=16": None,
    "permessage-deflate; server_no_context_takeover=1": None,
    "permessage-deflate; fast": None,
    "permessage-bzip2": None,
}


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_is_accepted_without_context_and_with_the_largest_window_or_not_at_all(offer):
    assert answer_to(offer, server()) == OFFERS[offer]


def test_who_offers_nothing_gets_nothing():
    assert answer_to(None, server()) is None


@pytest.mark.parametrize(("wanted", "answer"), [(True, AGREED), (False, None)], ids=["on", "off"])
def test_compression_is_a_setting(settings, wanted, answer):
    settings.SOCKET_COMPRESSION = wanted
    config = uvicorn.Config(lambda: None, ws_per_message_deflate=False, log_config=None)
    config.load()
    protocol = DirectWriteProtocol(config, ServerState(), {}, _loop=object())
    assert answer_to("permessage-deflate; client_max_window_bits", protocol.conn) == answer


def opened() -> ServerProtocol:
    """Return a server whose client has negotiated compression."""
    protocol, client = server(), ClientProtocol(parse_uri("ws://localhost/"))
    request = client.connect()
    request.headers["Sec-WebSocket-Extensions"] = "permessage-deflate"
    client.send_request(request)
    protocol.receive_data(b"".join(client.data_to_send()))
    (received,) = protocol.events_received()
    protocol.send_response(protocol.accept(received))
    protocol.data_to_send()
    return protocol


def compressed(payload: bytes, *, opcode: int = TEXT, fin: bool = True) -> bytes:
    return frame(opcode, deflate(payload), reserved=RSV1, fin=fin)


def test_what_a_client_compresses_is_read_each_message_by_itself():
    protocol = opened()
    for _ in range(2):
        protocol.receive_data(compressed(b'{"t":"ping"}'))
        protocol.receive_data(frame(TEXT, b'{"t":"pong"}'))
    assert [bytes(event.data) for event in protocol.events_received()] == [b'{"t":"ping"}', b'{"t":"pong"}'] * 2


def test_what_the_server_sends_by_itself_goes_out_as_it_is():
    protocol = opened()
    protocol.send_text(b"x" * 5_000)
    (sent,) = protocol.data_to_send()
    assert sent.endswith(b"x" * 5_000)


@pytest.mark.parametrize("size", [INFLATED_BYTES_MAX + 1, 64 * MEGABYTE])
def test_a_bomb_is_closed_with_1009_before_it_is_inflated(size):
    protocol = opened()
    protocol.receive_data(compressed(bytes(size)))
    assert isinstance(protocol.parser_exc, PayloadTooBig)
    assert protocol.close_sent is not None
    assert protocol.close_sent.code == 1009
    assert protocol.events_received() == []


def test_a_bomb_in_parts_is_closed_when_it_has_reached_the_largest_message():
    protocol = opened()
    compressor = zlib.compressobj(wbits=-15)
    parts = 2 * MEGABYTE // INFLATED_BYTES_MAX
    for number in range(parts + 1):
        last = number == parts
        part = compressor.compress(bytes(INFLATED_BYTES_MAX * (1_000 if last else 1)))
        part += compressor.flush(zlib.Z_SYNC_FLUSH)
        opcode = 0x0 if number else TEXT
        protocol.receive_data(frame(opcode, part, fin=last, reserved=0 if number else RSV1))
    assert isinstance(protocol.parser_exc, PayloadTooBig)
    assert sum(len(event.data) for event in protocol.events_received()) <= 2 * MEGABYTE


def test_what_is_no_deflate_is_closed_with_1002():
    protocol = opened()
    protocol.receive_data(frame(TEXT, b"\xff" + bytes(50), reserved=RSV1))
    assert protocol.close_sent is not None
    assert protocol.close_sent.code == 1002
