"""What tests of outgoing messages share: providers that do what they are told, and a look at what waits."""

from __future__ import annotations

from collections import deque
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.actions import deliveries
from accounts.models import Delivery
from kernel.ids import DeliveryId
from kernel.mail import Mail
from kernel.sealing import unseal
from kernel.sms import Sms, SmsReceipt


class ScriptedProvider:
    """Fails as told, in order, then takes everything. Is a `Mailer` and, by `sms`, an `SmsProvider`."""

    def __init__(self, *failures: Exception, knows: bool = False) -> None:
        self.failures = deque(failures)
        self.knows = knows
        self.sent: list[Mail | Sms] = []
        self.references: list[str] = []
        self.valid_seconds: list[int] = []
        self.asked_since: list[datetime] = []

    def take(self, message: Mail | Sms) -> None:
        if self.failures:
            raise self.failures.popleft()
        self.sent.append(message)


class ScriptedMailer(ScriptedProvider):
    """See its base."""

    def send(self, mail: Mail, *, reference: str) -> None:
        self.references.append(reference)
        self.take(mail)


class ScriptedSmsProvider(ScriptedProvider):
    """See its base."""

    def send(self, sms: Sms, *, valid_seconds: int) -> SmsReceipt:
        self.valid_seconds.append(valid_seconds)
        self.take(sms)
        return SmsReceipt("SM1")

    def find(self, sms: Sms, *, since: datetime) -> SmsReceipt | None:
        self.asked_since.append(since)
        return SmsReceipt("SM1") if self.knows else None


def waiting(kind: type[Mail | Sms]) -> list[Mail | Sms]:
    """Return what waits to be sent, unsealed, oldest first."""
    rows = Delivery.objects.order_by("pk")
    return [
        msgspec.json.decode(
            unseal(bytes(row.sealed), secrets=[settings.SECRET_KEY], purpose="accounts.deliveries"), type=kind
        )
        for row in rows
    ]


def jobs() -> list[ProcrastinateJob]:
    """Return the jobs for deliveries, oldest first."""
    return list(ProcrastinateJob.objects.filter(task_name=deliveries.JOB).order_by("pk"))


def forget_jobs() -> None:
    """Delete what tests that commit have left: Django does not empty tables that it does not manage."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def attempt() -> None:
    """Try the one delivery that there is."""
    deliveries.attempt_delivery(DeliveryId(Delivery.objects.get().pk))
