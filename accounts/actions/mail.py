"""Sending mail: the one way in. What mails say is in `accounts/templates`.

How a mail gets to the provider afterwards is in `accounts.actions.deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.template import Context, Engine
from django.template.loader import select_template

from accounts.actions.deliveries import unchecked_enqueue_delivery
from kernel.mail import Mail

DEFAULT_LIFETIME = timedelta(days=1)


def send_mail(*, to: str, subject: str, text: str, html: str = "", lifetime: timedelta = DEFAULT_LIFETIME) -> None:
    """Have a mail sent once this transaction commits. Other actions call it, for whom they have decided may.

    A subject is one line: line breaks in it become spaces.
    """
    mail = Mail(to=to, subject=" ".join(subject.split()), text=text, html=html)
    unchecked_enqueue_delivery(mail, lifetime=lifetime)


def send_mail_from_template(
    template: str, *, to: str, context: Mapping[str, object], lifetime: timedelta = DEFAULT_LIFETIME
) -> None:
    """Have a mail sent as `send_mail` does, rendered from `<template>_subject.txt` and `<template>_message.txt`.

    Its HTML is `<template>_message.html` where there is one; else it is made of the text.
    """
    subject = plain_text(f"{template}_subject.txt", context)
    text = plain_text(f"{template}_message.txt", context) + "\n"
    page = select_template([f"{template}_message.html", "account/email/base.html"])
    html = page.render({"subject": subject, "text": text, **context})
    send_mail(to=to, subject=subject, text=text, html=html, lifetime=lifetime)


def plain_text(template: str, context: Mapping[str, object]) -> str:
    """Return a text as people read it: what is escaped for HTML would look broken."""
    return Engine.get_default().get_template(template).render(Context(dict(context), autoescape=False)).strip()
