"""Which SMS provider this installation uses. What providers do is in `kernel.sms`."""

from __future__ import annotations

from kernel.sms import SmsProvider
from project.environment import Environment


def sms_provider_of(environment: Environment) -> SmsProvider:
    """Return the provider that SMS_PROVIDER names; with `none` no number is served, so the outbox stays empty."""
    if environment.sms_provider != "twilio":
        from project.outbox.sms import OutboxSmsProvider

        return OutboxSmsProvider()
    from project.sms.twilio import twilio_provider  # a tenth of a second and many modules, for who uses it

    return twilio_provider(
        account=environment.twilio_account_sid,
        api_key=environment.twilio_api_key,
        secret=environment.twilio_secret.get_secret_value(),
        sender=environment.twilio_from,
        timeout=environment.sms_timeout,
    )
