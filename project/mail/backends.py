"""Which of Django's mail backends a provider is, and what anymail must know. Read by the settings, so nothing of Django is imported."""

from __future__ import annotations

from typing import Any

from project.environment import MailSettings

_BACKENDS = {
    "outbox": "project.outbox.mail.OutboxBackend",
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "ses": "anymail.backends.amazon_ses.EmailBackend",
    "sendgrid": "anymail.backends.sendgrid.EmailBackend",
}


def mail_backend(provider: str) -> str:
    """Return the backend's class for a MAIL_PROVIDER."""
    return _BACKENDS[provider]


def anymail_settings(environment: MailSettings) -> dict[str, Any]:
    """Return the ANYMAIL setting. No call is repeated by itself: the job that sends has pauses of its own."""
    timeout = environment.mail_timeout
    return {
        "REQUESTS_TIMEOUT": timeout,
        "SENDGRID_API_KEY": environment.sendgrid_api_key.get_secret_value(),
        "AMAZON_SES_CLIENT_PARAMS": {
            "region_name": environment.ses_region or None,
            "aws_access_key_id": environment.ses_access_key_id or None,
            "aws_secret_access_key": environment.ses_secret_access_key.get_secret_value() or None,
            "config": {"connect_timeout": timeout, "read_timeout": timeout, "retries": {"total_max_attempts": 1}},
        },
    }
