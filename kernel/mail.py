"""What a mail is and how one is handed to whoever sends it, which is plugged in by project. Who gets which mail is not known here."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Mail(msgspec.Struct, frozen=True):
    """A mail to one address. With `html`, clients choose between it and `text`, which say the same."""

    to: str
    subject: str
    text: str
    html: str = ""


class Mailer(Protocol):
    """Sends. Every call is bounded in time. An implementation must be safe to call from many threads at once."""

    def send(self, mail: Mail, *, reference: str) -> None:
        """Hand the mail over. `reference` is the same for every try of one mail. Raises `Undeliverable` or `DeliveryPostponed`."""


_mailer: Mailer | None = None


def use_mailer(mailer: Mailer) -> None:
    """Plug in the process's mailer; called once at start-up."""
    global _mailer
    _mailer = mailer


def mailer() -> Mailer:
    """Return the mailer that was plugged in."""
    if _mailer is None:
        raise RuntimeError("no mailer is plugged in: call kernel.mail.use_mailer at start-up")
    return _mailer
