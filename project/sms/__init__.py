"""Which SMS provider this installation uses. What providers do is in `kernel.sms`."""

from __future__ import annotations

from kernel.sms import SmsProvider
from project.sms.outbox import OutboxSmsProvider


def sms_provider_from_settings() -> SmsProvider:
    """Return the provider that SMS_PROVIDER names."""
    return OutboxSmsProvider()
