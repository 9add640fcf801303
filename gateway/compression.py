"""When a burst is compressed, and how: once, for all sockets that negotiated it. What is negotiated is `deflate_extension`'s business."""

from __future__ import annotations

import zlib

MIN_BYTES = 1_024
"""Bursts below this go out as they are: two messages, of which little could be saved."""
MIN_AUDIENCE = 8
"""Followers below which a burst costs more to compress than to write."""
_LEVEL = 1  # the higher ones save a percent more for half as much time again (ADR 19)
_SYNC_FLUSH_END = b"\x00\x00\xff\xff"


def pays(topic: str | None, *, audience: int, size: int) -> bool:
    """Tell whether a burst of so many bytes for so many followers is to be compressed.

    Never what is one user's own: there, what others make happen stands beside what only the user may know, and who sees the
    lengths of encrypted messages could guess the one with the help of the other.
    """
    return size >= MIN_BYTES and audience >= MIN_AUDIENCE and topic is not None and not topic.startswith("user:")


def deflate(payload: bytes) -> bytes:
    """Return a payload as `permessage-deflate` sends it without context takeover (RFC 7692, section 7.2.1)."""
    compressor = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_SYNC_FLUSH_END)
