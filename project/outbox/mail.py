"""Mails of development and demo go to the outbox, where they can be read; nobody gets them."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from project.outbox import store


class OutboxBackend(BaseEmailBackend):
    """A mail backend of Django that keeps mails to be read."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep one message per recipient; return how many mails there were."""
        for message in email_messages:
            html = "".join(str(content) for content, kind in _alternatives(message) if kind == "text/html")
            for recipient in message.recipients():
                store.put("mail", to=recipient, subject=str(message.subject), text=str(message.body), html=html)
        return len(email_messages)


def _alternatives(message: EmailMessage) -> Sequence[tuple[object, str]]:
    return [(content, kind) for content, kind in getattr(message, "alternatives", [])]
