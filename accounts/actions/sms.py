"""Sending SMS: the one way in, where numbers are checked and every message is paid for from the budgets against pumping.

How a message gets to the provider afterwards is in `accounts.actions.deliveries`.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.actions.deliveries import unchecked_enqueue_delivery
from accounts.actions.mail import plain_text
from accounts.constants import SMS_MAX_LENGTH
from accounts.errors import PhoneInvalid, PhoneNotServed, SmsLimited
from kernel.budgets import Budget, spend
from kernel.errors import RateLimited
from kernel.phone_numbers import PhoneNumber, is_served, parse_phone_number
from kernel.sms import Sms

DEFAULT_LIFETIME = timedelta(minutes=10)


def served_phone_number(text: str) -> PhoneNumber:
    """Return the number that a person typed. Raises `PhoneInvalid`, or `PhoneNotServed` for one outside of `SMS_PREFIXES`."""
    number = parse_phone_number(text)
    if number is None:
        raise PhoneInvalid
    if not is_served(number, settings.SMS_PREFIXES):
        raise PhoneNotServed
    return number


def send_sms(*, to: str, text: str, network: str, lifetime: timedelta = DEFAULT_LIFETIME) -> None:
    """Have a text sent to a number once this transaction commits. Other actions call it, for whom they have decided may.

    `network` is whoever asks, as `kernel.addresses.client_network` gives it. At most 306 characters. A refused call sends and
    spends nothing. Raises `PhoneInvalid`, `PhoneNotServed`, `SmsLimited` with `retry_after`, or `Unavailable` without Redis.
    """
    if len(text) > SMS_MAX_LENGTH:
        raise ValueError(f"an SMS of {len(text)} characters; {SMS_MAX_LENGTH} are allowed")
    number = served_phone_number(to)
    _spend_on(number, network)
    unchecked_enqueue_delivery(Sms(to=number.e164, text=text), lifetime=lifetime)


def send_code_by_sms(*, to: str, code: str, network: str, lifetime: timedelta = DEFAULT_LIFETIME) -> None:
    """Have a one-time code sent to a number, as `send_sms` does. `lifetime` is that of the code and is told in whole minutes."""
    minutes = max(1, int(lifetime.total_seconds() // 60))
    context = {"site_name": settings.SITE_NAME, "code": code, "minutes": minutes}
    text = plain_text("account/sms/code.txt", context)
    send_sms(to=to, text=text, network=network, lifetime=lifetime)


def _spend_on(number: PhoneNumber, network: str) -> None:
    try:
        spend(_budgets(number, network))
    except RateLimited as refusal:
        raise SmsLimited(retry_after=refusal.retry_after) from refusal


def _budgets(number: PhoneNumber, network: str) -> list[Budget]:
    """Return what one SMS is counted against. Whole numbers and blocks stand in Redis under a keyed hash."""
    limits = settings.RATE_LIMITS
    keys = {
        "sms_number": salted_hmac("accounts.sms", number.e164).hexdigest(),
        "sms_prefix": salted_hmac("accounts.sms", number.block).hexdigest(),
        "sms_network": network,
        "sms_country": number.country_code,
        "sms_total": "all",
    }
    return [(limit, keys[scope]) for name, limit in limits.items() if (scope := name.partition(".")[0]) in keys]
