"""SMS of development and demo go to the outbox, where they can be read; no phone gets them."""

from __future__ import annotations

from datetime import datetime

from kernel.ids import uuid7
from kernel.sms import Sms, SmsReceipt
from project.outbox import store


class OutboxSmsProvider:
    """`kernel.sms.SmsProvider` without a provider."""

    def send(self, sms: Sms, *, valid_seconds: int) -> SmsReceipt:  # noqa: ARG002  # the outbox forgets by itself
        """Keep the message to be read."""
        store.put("sms", to=sms.to, text=sms.text)
        return SmsReceipt(f"outbox-{uuid7()}")

    def find(self, sms: Sms, *, since: datetime) -> SmsReceipt | None:
        """Return a receipt if the message is kept."""
        kept = any((m.to, m.text) == (sms.to, sms.text) and m.sent_at >= since for m in store.newest(to=sms.to))
        return SmsReceipt("outbox") if kept else None
