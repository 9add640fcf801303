"""Public identifiers: UUID version 7 and one name per kind of id. No database keys beyond these.

Source of the layout: RFC 9562, section 5.7, with the counter of section 6.2 method 1 in `rand_a`.
"""

from __future__ import annotations

import os
import threading
import time
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
CommunityId = NewType("CommunityId", UUID)
MembershipId = NewType("MembershipId", UUID)
RoomId = NewType("RoomId", UUID)
MessageId = NewType("MessageId", UUID)

_COUNTER_LIMIT = 1 << 12
_lock = threading.Lock()
_last_millisecond = 0
_counter = 0


def uuid7() -> UUID:
    """Return a time-ordered UUID; ids made by one process sort in the order they were made."""
    millisecond, counter = _next_tick()
    random_bits = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=millisecond << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | random_bits)


def _next_tick() -> tuple[int, int]:
    """Take the next (millisecond, counter) pair; a clock that steps back keeps counting from the last one."""
    global _last_millisecond, _counter
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_millisecond:
            _last_millisecond, _counter = now, int.from_bytes(os.urandom(1))
        else:
            _counter += 1
            if _counter == _COUNTER_LIMIT:
                _last_millisecond, _counter = _last_millisecond + 1, 0
        return _last_millisecond, _counter
