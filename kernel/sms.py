"""What an SMS is and how one is handed to a provider, which is plugged in by project. Who may have one sent is not known here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class Sms(msgspec.Struct, frozen=True):
    """A text for a phone. `to` is a number in E.164, as in +4915112345678."""

    to: str
    text: str


class SmsReceipt(msgspec.Struct, frozen=True):
    """Proof that the provider took a message: the id that it goes by there."""

    provider_id: str


class SmsProvider(Protocol):
    """Sends. Every call is bounded in time. An implementation must be safe to call from many threads at once."""

    def send(self, sms: Sms, *, valid_seconds: int) -> SmsReceipt:
        """Hand the message over; it need not arrive any more after `valid_seconds`. Raises `Undeliverable` or `DeliveryPostponed`."""

    def find(self, sms: Sms, *, since: datetime) -> SmsReceipt | None:
        """Return the receipt of this very message if it was taken since then, for when an answer was lost. Raises as `send`."""


_provider: SmsProvider | None = None


def use_sms_provider(provider: SmsProvider) -> None:
    """Plug in the process's provider; called once at start-up."""
    global _provider
    _provider = provider


def sms_provider() -> SmsProvider:
    """Return the provider that was plugged in."""
    if _provider is None:
        raise RuntimeError("no SMS provider is plugged in: call kernel.sms.use_sms_provider at start-up")
    return _provider
