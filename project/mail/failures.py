"""What a failure of a mail backend means: whether the mail may be tried again. One function per way to send."""

from __future__ import annotations

import smtplib
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError
from redis import RedisError

from kernel.deliveries import DeliveryPostponed, Undeliverable

EXPECTED = (AnymailError, OSError, ValueError, RedisError)
"""What backends raise. SMTPException is an OSError, as time-outs and TLS errors are; a ValueError is a malformed address or header."""

# About us or about now, and not about the mail: credentials, permissions, time-outs, too much at once.
_TEMPORARY_STATUSES = {401, 403, 408, 425, 429}
# SES answers some of these with 400.
_TEMPORARY_SES_CODES = {
    "LimitExceededException",
    "MailFromDomainNotVerifiedException",
    "SendingPausedException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_AUTHENTICATION_CODES = {530, 534, 535, 538}

Failure = Undeliverable | DeliveryPostponed


def failure_of(error: Exception) -> Failure:
    """Return what to raise instead of a backend's error. Reasons name codes, never what the server said: it repeats addresses."""
    if isinstance(error, AnymailAPIError):
        return _of_api(error)
    if isinstance(error, smtplib.SMTPException):
        return _of_smtp(error)
    if isinstance(error, (AnymailError, ValueError)):
        return Undeliverable(type(error).__name__)
    return DeliveryPostponed(type(error).__name__, maybe_sent=True)


def _of_smtp(error: smtplib.SMTPException) -> Failure:
    code = _smtp_code(error)
    if code is None:
        return DeliveryPostponed(type(error).__name__, maybe_sent=True)
    at_the_door = isinstance(error, (smtplib.SMTPConnectError, smtplib.SMTPHeloError))
    if code < 500 or code in _AUTHENTICATION_CODES or at_the_door:
        return DeliveryPostponed(f"smtp_{code}", maybe_sent=False)
    return Undeliverable(f"smtp_{code}")


def _smtp_code(error: smtplib.SMTPException) -> int | None:
    """Return the server's reply code. A mail has one recipient, so a refusal of recipients has one code."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(code for code, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _of_api(error: AnymailAPIError) -> Failure:
    status, code, retry_after = _answer_of(error)
    if status is None:
        return DeliveryPostponed("no_answer", maybe_sent=True)
    reason = f"http_{status}_{code}" if code else f"http_{status}"
    if status >= 500:
        return DeliveryPostponed(reason, maybe_sent=True, retry_after=retry_after)
    if status in _TEMPORARY_STATUSES or code in _TEMPORARY_SES_CODES:
        return DeliveryPostponed(reason, maybe_sent=False, retry_after=retry_after)
    return Undeliverable(reason)


def _answer_of(error: AnymailAPIError) -> tuple[int | None, str, float | None]:
    """Return status, code and the pause that was asked for: of botocore's dictionary, or of an HTTP response; None without an answer."""
    response: Any = error.response
    if isinstance(response, dict):
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], None
    if response is None:
        return None, "", None
    asked = response.headers.get("Retry-After", "")
    return response.status_code, "", float(asked) if asked.isdecimal() else None
