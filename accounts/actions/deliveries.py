"""Handing mails and SMS to their providers, after the commit of whoever wants them sent: tries, pauses, and the end of each.

What is sent, and whether it may be, is decided in `accounts.actions.mail` and `accounts.actions.sms`.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import msgspec
import structlog
from django.conf import settings
from django.db import transaction

from accounts.constants import (
    DELIVERY_LEASE_SECONDS,
    DELIVERY_PAUSES_SECONDS,
    DELIVERY_RESUMED_AFTER_SECONDS,
    DELIVERY_RESUMED_AT_ONCE,
    Channel,
)
from accounts.models import Delivery
from accounts.models.locks import lock_due_delivery
from kernel.clock import now
from kernel.deliveries import OUTGOING_MESSAGES, DeliveryPostponed, Undeliverable
from kernel.ids import DeliveryId
from kernel.jobs import enqueue
from kernel.mail import Mail, mailer
from kernel.sealing import CannotUnseal, seal, unseal
from kernel.sms import Sms, sms_provider

JOB = "accounts.attempt_delivery"
_PURPOSE = "accounts.deliveries"
_CLOCKS_DIFFER_SECONDS = 1
logger = structlog.get_logger(__name__)


@transaction.atomic
def unchecked_enqueue_delivery(message: Mail | Sms, *, lifetime: timedelta) -> DeliveryId:
    """Have a message handed to its provider once this transaction commits; it is dropped when its lifetime is over.

    For `send_mail` and `send_sms`, which check and count. The row is sealed and the job knows its id alone.
    """
    channel = Channel.SMS if isinstance(message, Sms) else Channel.MAIL
    # What templates render is a kind of str that the encoder does not know.
    content = msgspec.json.encode(message, enc_hook=str.__str__)
    sealed = seal(content, secret=settings.SECRET_KEY, purpose=_PURPOSE)
    delivery = Delivery.objects.create(channel=channel, sealed=sealed, expires_at=now() + lifetime)
    _enqueue(delivery)
    return DeliveryId(delivery.id)


def attempt_delivery(delivery_id: DeliveryId) -> None:
    """Try a delivery that is due; do nothing for one that ended or that somebody else tries. For the job alone.

    The try is committed before the provider is called: after a crash it is known that the message may have been sent. Then
    a delivery ends (its row is deleted) or its next try is enqueued, after a pause that grows.
    """
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    try:
        _hand_over(delivery)
    except Undeliverable as error:
        _end(delivery, "refused", reason=error.reason)
    except DeliveryPostponed as error:
        _postpone(delivery, error)
    else:
        _end(delivery, "sent")


@transaction.atomic
def resume_deliveries() -> int:
    """Enqueue again what is overdue, as after the crash of a worker; return how many. Bounded: the rest has its turn a minute later."""
    overdue = now() - timedelta(seconds=DELIVERY_RESUMED_AFTER_SECONDS)
    rows = Delivery.objects.select_for_update(skip_locked=True).filter(due_at__lte=overdue).order_by("due_at")
    deliveries = list(rows[:DELIVERY_RESUMED_AT_ONCE])
    for delivery in deliveries:
        delivery.due_at = now()
        delivery.save(update_fields=["due_at"])
        _enqueue(delivery)
    return len(deliveries)


@transaction.atomic
def _claim(delivery_id: DeliveryId) -> Delivery | None:
    """Make the delivery ours for the time that a try may take; end it when its time or its tries are over.

    The returned row says what was known before this try.
    """
    delivery = lock_due_delivery(delivery_id)
    if delivery is None:
        return None
    if delivery.expires_at <= now() or delivery.attempts > len(DELIVERY_PAUSES_SECONDS[Channel(delivery.channel)]):
        _end(delivery, "given_up")
        return None
    delivery.attempts += 1
    delivery.due_at = now() + timedelta(seconds=DELIVERY_LEASE_SECONDS)
    maybe_sent_since = delivery.maybe_sent_since
    delivery.maybe_sent_since = maybe_sent_since or now()
    delivery.save(update_fields=["attempts", "due_at", "maybe_sent_since"])
    delivery.maybe_sent_since = maybe_sent_since
    return delivery


def _hand_over(delivery: Delivery) -> None:
    try:
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        message = unseal(bytes(delivery.sealed), secrets=secrets, purpose=_PURPOSE)
    except CannotUnseal:
        raise Undeliverable("sealed_under_another_secret") from None
    if delivery.channel == Channel.MAIL:
        mailer().send(msgspec.json.decode(message, type=Mail), reference=str(delivery.id))
    else:
        _hand_over_sms(delivery, msgspec.json.decode(message, type=Sms))


def _hand_over_sms(delivery: Delivery, sms: Sms) -> None:
    """Send, unless an earlier try whose answer was lost had sent it."""
    provider = sms_provider()
    if delivery.maybe_sent_since is not None and provider.find(sms, since=delivery.maybe_sent_since):
        return
    provider.send(sms, valid_seconds=max(1, int((delivery.expires_at - now()).total_seconds())))


@transaction.atomic
def _postpone(delivery: Delivery, error: DeliveryPostponed) -> None:
    pauses = DELIVERY_PAUSES_SECONDS[Channel(delivery.channel)]
    if delivery.attempts > len(pauses):
        _end(delivery, "given_up", reason=error.reason)
        return
    pause = max(pauses[delivery.attempts - 1], min(error.retry_after or 0.0, pauses[-1]))
    logger.info("delivery.postponed", channel=delivery.channel, reason=error.reason, attempts=delivery.attempts)
    delivery.due_at = now() + timedelta(seconds=pause)
    # The row says since this try that the message may have been sent; what the claim returned is what was known before.
    delivery.save(update_fields=["due_at"] if error.maybe_sent else ["due_at", "maybe_sent_since"])
    _enqueue(delivery, after_seconds=ceil(pause) + _CLOCKS_DIFFER_SECONDS)


def _end(delivery: Delivery, outcome: str, *, reason: str = "") -> None:
    delivery.delete()
    OUTGOING_MESSAGES.labels(delivery.channel, outcome).inc()
    if outcome != "sent":
        logger.warning(f"delivery.{outcome}", channel=delivery.channel, reason=reason, attempts=delivery.attempts)


def _enqueue(delivery: Delivery, *, after_seconds: int = 0) -> None:
    enqueue(JOB, after_seconds=after_seconds, delivery_id=str(delivery.id))
