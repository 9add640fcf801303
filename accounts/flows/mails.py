"""The mails of allauth's flows in our words (`accounts/templates/account/email`). They leave by `accounts.actions.mail`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.core.internal.httpkit import get_frontend_url
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.actions.mail import DEFAULT_LIFETIME, send_mail_from_template

_RESET_CODE = "account/email/password_reset_code"


@transaction.atomic
def send_flow_mail(request: HttpRequest, template: str, *, to: str, context: Mapping[str, Any]) -> None:
    """Have the mail sent that allauth calls `template`, once the transaction commits; one with a code is dropped when the code is old."""
    lifetime = _lifetime_of_code(template) if "code" in context else DEFAULT_LIFETIME
    values = {
        "site_name": settings.SITE_NAME,
        "minutes": int(lifetime.total_seconds() // 60),
        "password_reset_url": get_frontend_url(request, "account_reset_password"),
        "email": to,
    }
    send_mail_from_template(template, to=to, context=values | dict(context), lifetime=lifetime)


def _lifetime_of_code(template: str) -> timedelta:
    if template == _RESET_CODE:
        return timedelta(seconds=app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT)
    return timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
