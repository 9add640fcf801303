"""Why the server closes a socket, and whether the client should come back.."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """4000-4499: come back with jittered back-off and your cursors. 4500-4999: do not come back without a change."""

    INTERNAL = 4000
    SHUTTING_DOWN = 4001
    TOO_SLOW = 4008
    RATE_LIMITED = 4029
    BAD_PROTOCOL = 4500
    UNAUTHENTICATED = 4501
    ACCESS_LOST = 4503
    SESSION_REVOKED = 4504
    REPLACED = 4509
