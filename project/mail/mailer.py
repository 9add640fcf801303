"""Hands mails to Django's EMAIL_BACKEND. What they say and when they are tried again is not known here."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from kernel.mail import Mail
from project.mail.failures import EXPECTED, failure_of


class DjangoMailer:
    """`kernel.mail.Mailer` on any of Django's backends."""

    def send(self, mail: Mail, *, reference: str) -> None:
        """Send through a connection of its own. Raises `Undeliverable` or `DeliveryPostponed`.

        No provider takes a key that makes sending safe to repeat; where it lets us (SMTP), a mail that was sent twice has the
        same Message-ID twice, and programs that read mail show one.
        """
        _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        headers = {"Message-ID": f"<{reference}@{address.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
        message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to], headers=headers)
        if mail.html:
            message.attach_alternative(mail.html, "text/html")
        try:
            message.send()
        except EXPECTED as error:
            raise failure_of(error) from error
