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
ApiKeyId = NewType("ApiKeyId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
CommunityId = NewType("CommunityId", UUID)
MembershipId = NewType("MembershipId", UUID)
InviteId = NewType("InviteId", UUID)
ApplicationId = NewType("ApplicationId", UUID)
EntitlementId = NewType("EntitlementId", UUID)
ExternalServiceId = NewType("ExternalServiceId", UUID)
RoleId = NewType("RoleId", UUID)
RoomId = NewType("RoomId", UUID)
CategoryId = NewType("CategoryId", UUID)
MessageId = NewType("MessageId", UUID)

_COUNTER_LIMIT = 1 << 12
_lock = threading.Lock()
_last_millisecond = 0
_counter = 0
_random = b""
_RANDOM_BYTES = 2048
"""Drawn at once: the system call costs more than all the rest of an id."""


def uuid7() -> UUID:
    """Return a time-ordered UUID; ids made by one process sort in the order they were made."""
    with _lock:
        millisecond, counter = _next_tick()
        random_bits = int.from_bytes(_take_random(8)) & ((1 << 62) - 1)
    return UUID(int=millisecond << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | random_bits)


def _next_tick() -> tuple[int, int]:
    """Take the next (millisecond, counter) pair; a clock that steps back keeps counting from the last one."""
    global _last_millisecond, _counter
    now = time.time_ns() // 1_000_000
    if now > _last_millisecond:
        _last_millisecond, _counter = now, int.from_bytes(_take_random(1))
    else:
        _counter += 1
        if _counter == _COUNTER_LIMIT:
            _last_millisecond, _counter = _last_millisecond + 1, 0
    return _last_millisecond, _counter


def _take_random(amount: int) -> bytes:
    """Return random bytes that are never returned again, not in a child process either."""
    global _random
    if len(_random) < amount:
        _random = os.urandom(_RANDOM_BYTES)
    taken, _random = _random[:amount], _random[amount:]
    return taken


def _forget_random() -> None:
    global _random
    _random = b""


os.register_at_fork(after_in_child=_forget_random)
