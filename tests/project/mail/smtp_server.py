"""A real SMTP server on loopback: it speaks the protocol, refuses where a test tells it to, and keeps what it accepted."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class SmtpServer:
    """`replies` maps a verb (CONNECT, EHLO, MAIL, RCPT, DATA, or END for the end of a mail) to the reply instead of the usual one.

    An empty reply hangs up; `silent` never answers anything.
    """

    def __init__(self) -> None:
        self.port = 0
        self.replies: dict[str, str] = {}
        self.silent = False
        self.accepted: list[EmailMessage] = []
        self.envelopes: list[tuple[str, str]] = []
        self.over = threading.Event()


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Serve on a free port of loopback inside of the block."""
    state = SmtpServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        server.state = state
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield state
        finally:
            state.over.set()
            server.shutdown()
            thread.join()


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.state: SmtpServer = self.server.state
        if self.state.silent:
            self.state.over.wait()
            return
        self.say(self.state.replies.get("CONNECT", "220 loopback ESMTP"))
        sender = ""
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            usual = {"EHLO": "250 loopback", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            reply = self.state.replies.get(verb, usual)
            if not reply:
                return
            self.say(reply)
            if verb == "MAIL":
                sender = line
            if verb == "RCPT":
                recipient = line
            if verb == "DATA" and reply.startswith("354") and not self.take_mail(sender, recipient):
                return
            if verb == "QUIT":
                return

    def take_mail(self, sender: str, recipient: str) -> bool:
        """Read a mail to its end; return False to hang up."""
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        reply = self.state.replies.get("END", "250 accepted")
        if reply.startswith("250") or not reply:
            self.state.accepted.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.state.envelopes.append((sender, recipient))
        if reply:
            self.say(reply)
        return bool(reply)

    def say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())
