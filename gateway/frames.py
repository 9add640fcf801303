"""The frames of protocol version 1: their structs, and how they become bytes. What a command does is not decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, TypeVar

import msgpack
import msgspec

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.events import Delivery, registered_events
from kernel.decision import Decision, Missing, Remedy
from kernel.errors import DomainError, InvalidInput
from kernel.wire import WireStruct

FEATURE_LEVEL = 7
JSON_SUBPROTOCOL = "portcullis.v1"
MSGPACK_SUBPROTOCOL = "portcullis.v1.msgpack"
MESSAGE_BYTES = 262_144
"""About how many bytes of frames go into one WebSocket message."""

B = TypeVar("B", bound=WireStruct)
WireFormat = Literal["json", "msgpack"]
Ref = Annotated[str, msgspec.Meta(max_length=64)]
FrameType = Annotated[str, msgspec.Meta(max_length=64)]


class ClientFrame(WireStruct, frozen=True):
    """A command: its type, a reference that the answer repeats, and its body (none is an empty one), decoded once the type is known."""

    t: FrameType
    ref: Ref | None = None
    d: msgspec.Raw = msgspec.Raw(b"")


class Ack(WireStruct, frozen=True, tag_field="t", tag="ok"):
    """The answer to a command that was carried out."""

    ref: Ref | None
    d: msgspec.Raw


class ProblemBody(WireStruct, frozen=True):
    """Why a command was refused: a stable code, one sentence, whether and when to try again, what is missing, which field."""

    code: str
    message: str
    retryable: bool
    retry_after: float | None = None
    missing: tuple[Missing, ...] = ()
    remedy: Remedy | None = None
    field: str | None = None
    limit: str | None = None


class Problem(WireStruct, frozen=True, tag_field="t", tag="problem"):
    """The answer to a command that was refused, or a notice before the server closes the socket (then without `ref`)."""

    ref: Ref | None
    d: ProblemBody


class Revoked(WireStruct, frozen=True, tag_field="t", tag="access.revoked"):
    """Sent to the one who lost access, without `seq`: the topic is closed to them from now on."""

    topic: str
    d: ProblemBody


class ReconnectBody(WireStruct, frozen=True):
    """How long to wait, in milliseconds: chosen per socket, so that not all come back at once."""

    after_ms: int


class ReconnectFrame(WireStruct, frozen=True, tag_field="t", tag="reconnect"):
    """Sent before the server shuts down: come back with your cursors, then."""

    d: ReconnectBody


class EventFrame(WireStruct, frozen=True):
    """A durable event."""

    t: str
    topic: str
    seq: int
    d: msgspec.Raw


class EphemeralFrame(WireStruct, frozen=True):
    """An event that is neither numbered nor kept."""

    t: str
    topic: str
    d: msgspec.Raw


class Frame:
    """An outgoing frame, encoded once per wire format and shared by all sockets; `topic` is None on answers and notices."""

    __slots__ = ("_msgpack", "delivery", "json", "key", "topic")

    def __init__(
        self, body: WireStruct, *, topic: str | None = None, delivery: Delivery = "lossless", key: str = ""
    ) -> None:
        self.json = _json_encoder.encode(body)
        self.topic = topic
        self.delivery = delivery
        self.key = key
        self._msgpack: bytes | None = None

    @property
    def msgpack(self) -> bytes:
        """The same object as MessagePack; made when the first such client needs it."""
        if self._msgpack is None:
            self._msgpack = msgspec.msgpack.encode(msgspec.json.decode(self.json))
        return self._msgpack


_UNKNOWN_FIELD = re.compile(r"(?:unknown|required) field `(.*)`")
_json_encoder = msgspec.json.Encoder()
_json_frame_decoder = msgspec.json.Decoder(ClientFrame)
_msgpack_frame_decoder = msgspec.msgpack.Decoder(ClientFrame)


def frame_of_event(event: LoggedEvent) -> Frame:
    """Return the frame of a durable event; its stored body goes out as it is."""
    return Frame(
        EventFrame(t=event.type, topic=event.topic, seq=event.seq, d=msgspec.Raw(event.data)), topic=event.topic
    )


def frame_of_ephemeral(event: EphemeralEvent) -> Frame:
    """Return the frame of an ephemeral event, with the class that its type was registered with."""
    return Frame(
        EphemeralFrame(t=event.type, topic=event.topic, d=msgspec.Raw(event.data)),
        topic=event.topic,
        delivery=registered_events()[event.type].delivery,
        key=f"{event.topic} {event.key}",
    )


def ack(ref: str | None, answer: WireStruct) -> Frame:
    """Return the frame that acknowledges a command."""
    return Frame(Ack(ref=ref, d=msgspec.Raw(_json_encoder.encode(answer))))


def problem(ref: str | None, error: DomainError) -> Frame:
    """Return the frame that refuses a command."""
    return Frame(Problem(ref=ref, d=_problem_body(error)))


def revoked(topic: str, decision: Decision) -> Frame:
    """Return the frame that tells a user why a topic is closed to them; access that has come back meanwhile needs a new follow."""
    body = ProblemBody(
        code="access.changed" if decision.allowed else decision.code,
        message="Your access has changed. Follow again." if decision.allowed else "You no longer have access to this.",
        retryable=decision.allowed,
        missing=decision.missing,
        remedy=decision.remedy,
    )
    return Frame(Revoked(topic=topic, d=body))


def _problem_body(error: DomainError) -> ProblemBody:
    return ProblemBody(
        code=error.code,
        message=error.text,
        retryable=error.retryable,
        retry_after=error.retry_after,
        missing=error.data.get("missing", ()),
        remedy=error.data.get("remedy"),
        field=error.data.get("field"),
        limit=error.data.get("limit"),
    )


def split_json(text: str) -> Iterator[bytes]:
    """Return the objects of a text message: one per line, blank lines skipped."""
    return (line.encode(errors="surrogatepass") for line in text.split("\n") if line.strip())


def split_msgpack(data: bytes) -> Iterator[bytes]:
    """Return the objects of a binary message, one behind the other. Raises `InvalidInput` where it is not MessagePack."""
    unpacker = msgpack.Unpacker(max_buffer_size=max(1, len(data)))
    unpacker.feed(data)
    start = 0
    while start < len(data):
        try:
            unpacker.skip()
        except (msgpack.OutOfData, ValueError, RecursionError) as error:
            raise InvalidInput("The message is not MessagePack.") from error
        yield data[start : unpacker.tell()]
        start = unpacker.tell()


def decode_frame(data: bytes, wire_format: WireFormat) -> ClientFrame:
    """Return the command in one object. Raises `InvalidInput`, which names the field, when it is not one."""
    decoder = _json_frame_decoder if wire_format == "json" else _msgpack_frame_decoder
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_frame(error) from error


def decode_body(frame: ClientFrame, body: type[B], wire_format: WireFormat) -> B:
    """Return the body of a command as its struct. Raises `InvalidInput`, which names the field."""
    try:
        if wire_format == "json":
            return msgspec.json.decode(frame.d or b"{}", type=body)
        return msgspec.msgpack.decode(frame.d or b"\x80", type=body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_frame(error) from error


def invalid_frame(error: Exception) -> InvalidInput:
    """Return the refusal of what could not be decoded; msgspec says where (`- at `$.d.room``) and what it expected."""
    if isinstance(error, RecursionError):
        return InvalidInput("The frame is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return InvalidInput("The frame is not valid UTF-8.")
    sentence, _, path = str(error).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").removeprefix(".")
    unknown = _UNKNOWN_FIELD.search(sentence)
    parts = [part for part in (field, unknown[1] if unknown else "") if part]
    return InvalidInput(f"{sentence}.", field=".".join(parts) or None)


def join(frames: Iterable[Frame], wire_format: WireFormat) -> str | bytes:
    """Return one WebSocket message that carries all frames, in order: text lines, or MessagePack objects back to back."""
    if wire_format == "json":
        return b"\n".join(frame.json for frame in frames).decode()
    return b"".join(frame.msgpack for frame in frames)
