"""Frames of one topic that go to many sockets together, as ready-made WebSocket messages. When they go is the hub's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from gateway import compression
from gateway.frames import MESSAGE_BYTES, Frame, WireFormat

Encoding = Literal["json", "msgpack", "json deflated", "msgpack deflated"]

_FINAL_TEXT = 0x81
_FINAL_BINARY = 0x82
_DEFLATED = 0x40  # RSV1: each message says by itself whether it is compressed (RFC 7692, section 6)


def encoding_of(wire_format: WireFormat, *, deflates: bool) -> Encoding:
    """Return how a socket takes its bursts."""
    if wire_format == "json":
        return "json deflated" if deflates else "json"
    return "msgpack deflated" if deflates else "msgpack"


class Burst:
    """Frames of one topic that go to `audience` sockets, as one WebSocket message each, made once per encoding."""

    __slots__ = ("_messages", "audience", "frames")

    def __init__(self, frames: Sequence[Frame], *, audience: int = 1) -> None:
        self.frames = frames
        self.audience = audience
        self._messages: dict[Encoding, bytes] = {}

    def message(self, encoding: Encoding) -> bytes:
        """Return the complete, unmasked WebSocket frame (RFC 6455, section 5.2) with all of them."""
        message = self._messages.get(encoding)
        if message is None:
            message = self._messages[encoding] = self._made(encoding)
        return message

    def _made(self, encoding: Encoding) -> bytes:
        match encoding:
            case "json":
                return _websocket_frame(_FINAL_TEXT, self._json())
            case "msgpack":
                return _websocket_frame(_FINAL_BINARY, self._msgpack())
            case "json deflated":
                return self._deflated(_FINAL_TEXT, self._json()) or self.message("json")
            case "msgpack deflated":
                return self._deflated(_FINAL_BINARY, self._msgpack()) or self.message("msgpack")

    def _json(self) -> bytes:
        return b"\n".join([frame.json for frame in self.frames])

    def _msgpack(self) -> bytes:
        return b"".join([frame.msgpack for frame in self.frames])

    def _deflated(self, opcode: int, payload: bytes) -> bytes | None:
        if not compression.pays(self.frames[0].topic, audience=self.audience, size=len(payload)):
            return None
        return _websocket_frame(opcode | _DEFLATED, compression.deflate(payload))


def bursts_of(frames: Sequence[Frame], *, audience: int = 1) -> Iterator[Burst]:
    """Return the frames in as few bursts as keep a message at about 256 KiB."""
    part: list[Frame] = []
    size = 0
    for frame in frames:
        part.append(frame)
        size += len(frame.json)
        if size >= MESSAGE_BYTES:
            yield Burst(part, audience=audience)
            part, size = [], 0
    if part:
        yield Burst(part, audience=audience)


def _websocket_frame(first: int, payload: bytes) -> bytes:
    """Return a frame; `first` is its first byte: that it is final, whether it is compressed, its opcode."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload
