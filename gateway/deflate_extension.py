"""`permessage-deflate` as uvicorn's WebSocket library negotiates it. It holds no memory per socket and compresses nothing itself."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from websockets.exceptions import NegotiationError, PayloadTooBig
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.typing import ExtensionParameter

from kernel.metrics import limit_hit

INFLATED_BYTES_MAX = 65_536
"""Larger than any frame that is answered, and no bomb: above it the socket is closed with 1009 before more is inflated."""


class SharedDeflate(PerMessageDeflate):
    """Inflates what the client sends, message by message. What the server sends through the library goes out as it is.

    Bursts are compressed once for all sockets and written past the library. Answers and notices are not: a message of one
    socket mixes topics, and its compressed length would tell of one what was said in another.
    """

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Return a frame of the client, inflated. Raises `PayloadTooBig` before it holds more than the bound."""
        bound = INFLATED_BYTES_MAX if max_size is None else min(INFLATED_BYTES_MAX, max_size)
        try:
            return super().decode(frame, max_size=bound)
        except PayloadTooBig:
            limit_hit("socket.inflated_bytes")
            raise

    def encode(self, frame: Frame) -> Frame:
        """Return a frame as it is: each message says by itself whether it is compressed."""
        return frame


class SharedDeflateFactory(ServerPerMessageDeflateFactory):
    """Accepts every offer of a client that can inflate what is compressed with the largest window and without context."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Return the answer to an offer. Raises `NegotiationError`, after which the next offer is looked at, for a smaller window."""
        answer, negotiated = super().process_request_params(params, accepted_extensions)
        if negotiated.local_max_window_bits < zlib.MAX_WBITS:
            raise NegotiationError("one compressed frame for all has the largest window")
        return answer, SharedDeflate(
            remote_no_context_takeover=True,
            local_no_context_takeover=True,
            remote_max_window_bits=negotiated.remote_max_window_bits,
            local_max_window_bits=zlib.MAX_WBITS,
        )
