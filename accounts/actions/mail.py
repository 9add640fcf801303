"""Sending mail: the one way in. What mails say is in `accounts/templates`.

How a mail gets to the provider afterwards is in `accounts.actions.deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.template.loader import render_to_string

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
    """Have a mail sent as `send_mail` does, rendered from `<template>_subject.txt`, `<template>_message.txt` and `.html`."""
    values = dict(context)
    send_mail(
        to=to,
        subject=render_to_string(f"{template}_subject.txt", values),
        text=render_to_string(f"{template}_message.txt", values).strip() + "\n",
        html=render_to_string(f"{template}_message.html", values),
        lifetime=lifetime,
    )
