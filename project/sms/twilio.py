"""SMS by Twilio's REST API. Which answers mean that a message may be tried again, and whether it may have been sent, is decided here.

Twilio takes no key that would make a request safe to repeat. So when an answer was lost, `find` looks the message up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance
from urllib3.exceptions import MaxRetryError, NewConnectionError

from kernel.deliveries import DeliveryPostponed, Undeliverable
from kernel.sms import Sms, SmsReceipt

VALIDITY_MIN_SECONDS, VALIDITY_MAX_SECONDS = 5, 14_400
LOOKED_AT_MESSAGES = 20
_CLOCKS_DIFFER = timedelta(seconds=30)
_MESSAGING_SERVICE = "MG"
# Refusals with a status of 4xx that are about us or about now, and not about the message:
# 20003 credentials, 20005 suspended account, 20429 too many requests, 14107 and 21611 too many messages, 30001 a full queue,
# 30002 suspended account, 63038 daily limit of the account.
_TEMPORARY_CODES = {20003, 20005, 20429, 14107, 21611, 30001, 30002, 63038}
_TEMPORARY_STATUSES = {401, 403, 408, 425, 429}
_FAILED = {"failed", "undelivered", "canceled"}


class TwilioSmsProvider:
    """`kernel.sms.SmsProvider` on one Twilio account."""

    def __init__(self, client: Client, *, sender: str) -> None:
        """`sender` is a number in E.164, an alphanumeric sender id, or the id of a messaging service (MG...)."""
        self._messages = client.messages
        self._sender = {"messaging_service_sid": sender} if sender.startswith(_MESSAGING_SERVICE) else {"from_": sender}

    def send(self, sms: Sms, *, valid_seconds: int) -> SmsReceipt:
        """Create the message. Twilio drops it when it could not be delivered for `valid_seconds` (5 to 14,400)."""
        validity = min(max(valid_seconds, VALIDITY_MIN_SECONDS), VALIDITY_MAX_SECONDS)
        try:
            message = self._messages.create(to=sms.to, body=sms.text, validity_period=validity, **self._sender)
        except (TwilioException, requests.RequestException, ValueError) as error:
            raise _failure(error) from error
        return SmsReceipt(str(message.sid))

    def find(self, sms: Sms, *, since: datetime) -> SmsReceipt | None:
        """Look for the text among the newest messages to the number. Raises `Undeliverable` when it was taken and has failed."""
        try:
            newest = self._messages.list(to=sms.to, limit=LOOKED_AT_MESSAGES)
        except (TwilioException, requests.RequestException, ValueError) as error:
            failure = _failure(error)
            # Looking sends nothing, and a refused look says nothing about the message.
            raise DeliveryPostponed(failure.reason, maybe_sent=False) from error
        same = [message for message in newest if _is_same(message, sms, since - _CLOCKS_DIFFER)]
        if not same:
            return None
        if all(message.status in _FAILED for message in same):
            raise Undeliverable(f"twilio_{same[0].error_code or same[0].status}")
        return SmsReceipt(str(same[0].sid))


def twilio_provider(
    *, account: str, api_key: str, secret: str, sender: str, timeout: float, http_client: TwilioHttpClient | None = None
) -> TwilioSmsProvider:
    """Return a provider whose calls wait at most `timeout` seconds for a connection and for each answer, and are never repeated.

    `secret` belongs to the API key, or to the account itself where `api_key` is empty.
    """
    http = http_client or TwilioHttpClient(timeout=timeout, max_retries=0)
    return TwilioSmsProvider(Client(api_key or account, secret, account, http_client=http), sender=sender)


def _is_same(message: MessageInstance, sms: Sms, since: datetime) -> bool:
    """Tell whether it is our message; accounts on trial have words put in front of it."""
    created = message.date_created
    return created is not None and created >= since and str(message.body).endswith(sms.text)


def _failure(error: Exception) -> Undeliverable | DeliveryPostponed:
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    if status is None:
        never_sent = _never_connected(error)
        return DeliveryPostponed("no_connection" if never_sent else "no_answer", maybe_sent=not never_sent)
    reason = f"twilio_{code or status}"
    if status >= 500:
        return DeliveryPostponed(reason, maybe_sent=True)
    if status in _TEMPORARY_STATUSES or code in _TEMPORARY_CODES:
        return DeliveryPostponed(reason, maybe_sent=False)
    return Undeliverable(reason)


def _never_connected(error: Exception) -> bool:
    """Tell whether the request certainly did not reach Twilio."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
