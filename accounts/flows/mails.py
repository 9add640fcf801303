"""The mails of allauth's flows in our words (`accounts/templates/account/email`). They leave by `accounts.actions.mail`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from allauth.account import app_settings
from allauth.core.internal.httpkit import get_frontend_url
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.actions.mail import DEFAULT_LIFETIME, send_mail_from_template

_SECONDS_OF_CODES: Final = {
    "account/email/email_confirmation": lambda: app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
    "account/email/email_confirmation_signup": lambda: app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
    "account/email/password_reset_code": lambda: app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT,
}


@transaction.atomic
def send_flow_mail(request: HttpRequest, template: str, *, to: str, context: Mapping[str, Any]) -> None:
    """Have the mail sent that allauth calls `template`, once the transaction commits; one with a code is dropped when the code is old.

    The text is `<template>_message.txt`; its HTML says the same and is made of it.
    """
    lifetime = _lifetime(template) if "code" in context else DEFAULT_LIFETIME
    values = {
        "site_name": settings.SITE_NAME,
        "minutes": int(lifetime.total_seconds() // 60),
        "password_reset_url": get_frontend_url(request, "account_reset_password"),
        "email": to,
    } | dict(context)
    send_mail_from_template(template, to=to, context=values, lifetime=lifetime)


def _lifetime(template: str) -> timedelta:
    seconds = _SECONDS_OF_CODES.get(template)
    return timedelta(seconds=seconds()) if seconds else DEFAULT_LIFETIME
