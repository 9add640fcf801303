"""What one process tells the others of a topic, and how it is written: MessagePack, as any reader of a Channels group expects it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.topics import Topic
from kernel.metrics import limit_hit

INLINE_BYTES = 262_144
"""Events of one ring that are larger than this are not carried along: readers are told the head and read the log."""
SENDER_BYTES = 8
_SENDER_WITHIN = 48


class EventsRing(msgspec.Struct, frozen=True, tag_field="type", tag="events"):
    """Committed events of one topic, each as seq, type and data."""

    sender: bytes
    topic: Topic
    events: list[tuple[int, str, bytes]]


class HeadRing(msgspec.Struct, frozen=True, tag_field="type", tag="head"):
    """A topic has events up to `head`; whoever wants them reads the log."""

    sender: bytes
    topic: Topic
    head: int


class EphemeralRing(msgspec.Struct, frozen=True, tag_field="type", tag="ephemeral"):
    """An event that is neither numbered nor kept."""

    sender: bytes
    event: EphemeralEvent


class SightingsRing(msgspec.Struct, frozen=True, tag_field="type", tag="presence"):
    """How users are shown now; `sightings` is read by presence."""

    sender: bytes
    sightings: bytes


class WakeRing(msgspec.Struct, frozen=True, tag_field="type", tag="wake"):
    """There is something to read for those who read the log in the background."""

    sender: bytes


Ring = EventsRing | HeadRing | EphemeralRing | SightingsRing | WakeRing


class RingCodec:
    """Writes the rings of one process, and reads those of others."""

    def __init__(self) -> None:
        self._sender = os.urandom(SENDER_BYTES)

    def events(self, events: Sequence[LoggedEvent]) -> bytes:
        """Return the ring for committed events of one topic."""
        topic = events[0].topic
        if sum(len(event.data) for event in events) > INLINE_BYTES:
            limit_hit("relay.inline_bytes")
            return _encode(HeadRing(self._sender, topic, max(event.seq for event in events)))
        return _encode(EventsRing(self._sender, topic, [(event.seq, event.type, event.data) for event in events]))

    def ephemeral(self, event: EphemeralEvent) -> bytes:
        """Return the ring for an ephemeral event."""
        return _encode(EphemeralRing(self._sender, event))

    def sightings(self, sightings: bytes) -> bytes:
        """Return the ring for sightings of users."""
        return _encode(SightingsRing(self._sender, sightings))

    def wake(self) -> bytes:
        """Return the ring for the log's readers in the background."""
        return _encode(WakeRing(self._sender))

    def decode(self, data: bytes) -> Ring | None:
        """Return a ring, or None for one of this process, which Redis returns to it: the sender is seen without decoding.

        Raises `msgspec.MsgspecError` when it is not a ring.
        """
        if data.find(self._sender, 0, _SENDER_WITHIN) != -1:
            return None
        return _decoder.decode(data)


_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Ring] = msgspec.msgpack.Decoder(Ring)
