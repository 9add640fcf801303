"""Mails that tell owners what happened to the ways into their account, so that a stranger who changes them is noticed."""

from __future__ import annotations

from enum import Enum

from accounts.actions.mail import send_mail_from_template
from accounts.models import User


class Note(Enum):
    """What there is to tell: a subject, and a sentence with room for particulars."""

    FACTOR_ADDED = ("A second factor was added", "You can now sign in with {factor}.")
    FACTOR_REMOVED = ("A second factor was removed", "You can no longer sign in with {factor}.")
    LAST_FACTOR_REMOVED = (
        "Your last second factor was removed",
        "You can no longer sign in with {factor}, and from now on your password alone is enough.",
    )
    RECOVERY_CODES_REPLACED = ("You have new recovery codes", "The recovery codes that you had before no longer work.")
    RECOVERY_CODE_USED = (
        "A recovery code was used",
        "Somebody proved with one of your recovery codes to be you. Codes that are left: {left}.",
    )
    PASSKEY_COPIED = (
        "A passkey was refused",
        "The passkey “{factor}” may have been copied: it signed with an old counter. Remove it and make a new one.",
    )
    KEY_CREATED = (
        "A new API key was made",
        "Whoever has the API key “{name}” can act as {whom} with: {scopes}. It is good until {until}.",
    )
    KEY_ROTATED = (
        "An API key was replaced",
        "The API key “{name}”, by which somebody acts as {whom}, has a successor. The old one is good until {until}.",
    )
    SOCIAL_ACCOUNT_CONNECTED = (
        "Another way to sign in was added",
        "You can now sign in with your account at {provider}.",
    )
    SOCIAL_ACCOUNT_DISCONNECTED = (
        "A way to sign in was removed",
        "You can no longer sign in with your account at {provider}.",
    )
    PHONE_REMOVED = (
        "Your phone number was removed",
        "The phone number {number} no longer belongs to your account, and nobody can sign in with it.",
    )


def tell_owner(user: User, note: Note, **particulars: object) -> None:
    """Have the note mailed to the user once this transaction commits."""
    subject, sentence = note.value
    context = {"user": user, "subject": subject, "sentence": sentence.format(**particulars)}
    send_mail_from_template("account/email/security_note", to=user.email, context=context)
