"""A WebSocket client without manners: bytes over TCP as the test likes them, and frames whose every bit can be wrong (RFC 6455)."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

WAIT_SECONDS = 30.0
TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9


class RawSocket:
    """A TCP connection to a server, with or without an upgrade."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, address: str, *, receive_buffer: int | None = None) -> RawSocket:
        """Connect to `host:port`; with a small receive buffer, what is not read soon fills the server's side."""
        host, _, port = address.rpartition(":")
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (host, int(port)))
        return cls(*await asyncio.open_connection(sock=plain, limit=2**16))

    @property
    def address(self) -> tuple[str, int]:
        """Our end of the connection, as the server sees it."""
        host, port = self.writer.get_extra_info("sockname")[:2]
        return host, port

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def upgrade(self, host: str, *, path: str = "/ws/v1", headers: Iterable[str] = (), token: str = "") -> bytes:
        """Ask for a WebSocket, with more header lines, and return the head of the answer."""
        offered = "portcullis.v1" + (f", bearer.{token}" if token else "")
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Sec-WebSocket-Protocol: {offered}",
            *headers,
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())
        return await self.head()

    async def head(self) -> bytes:
        """Return the head of an HTTP answer; what there is of it when the server closes."""
        async with asyncio.timeout(WAIT_SECONDS):
            try:
                return await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as closed:
                return closed.partial

    async def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0
    ) -> None:
        """Send one frame."""
        await self.send(frame(opcode, payload, fin=fin, masked=masked, reserved=reserved))

    async def read_frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame. Raises `EOFError` when the connection ends instead."""
        async with asyncio.timeout(WAIT_SECONDS):
            try:
                first, second = await self.reader.readexactly(2)
                length = second & 0x7F
                if length == 126:
                    (length,) = struct.unpack("!H", await self.reader.readexactly(2))
                elif length == 127:
                    (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
                return first & 0x0F, await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError) as end:
                raise EOFError from end

    async def texts_until_close(self) -> tuple[list[str], int | None]:
        """Return all text messages up to the end, and the close code (None: the connection just ended)."""
        texts = []
        while True:
            try:
                opcode, payload = await self.read_frame()
            except EOFError:
                return texts, None
            if opcode == TEXT:
                texts.append(payload.decode())
            elif opcode == CLOSE:
                return texts, struct.unpack("!H", payload[:2])[0] if payload else None

    async def ended(self) -> bool:
        """Tell whether the server ends the connection soon; whatever it says before is skipped."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    async def abort(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """Return the bytes of a frame; the mask is all zeros, so that the payload is seen as it is."""
    head = bytes([fin << 7 | (reserved & 7) << 4 | opcode & 0x0F])
    length, mask_bit = len(payload), masked << 7
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 2**16:
        head += bytes([mask_bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", length)
    return head + (bytes(4) if masked else b"") + payload
