"""How handing a message to a provider may fail, for mail and SMS alike. What is tried again and when is decided by whoever sends."""

from __future__ import annotations

from prometheus_client import Counter

OUTGOING_MESSAGES = Counter(
    "portcullis_outgoing_messages",
    "Mails and SMS that reached their end, by channel and outcome.",
    ["channel", "outcome"],
)


class Undeliverable(Exception):
    """The provider will never take this message. `reason` is for logs: a code, never an address or a text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class DeliveryPostponed(Exception):
    """The message may be taken later, in `retry_after` seconds at the earliest where the provider says so.

    `maybe_sent`: the answer was lost, so the provider may have taken it all the same.
    """

    def __init__(self, reason: str, *, maybe_sent: bool, retry_after: float | None = None) -> None:
        self.reason = reason
        self.maybe_sent = maybe_sent
        self.retry_after = retry_after
        super().__init__(reason)
