"""allauth's adapter for second factors: how secrets are sealed, and what an authenticator app shows of us."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from accounts.models import User
from accounts.storage.factor_secrets import open_secret, seal_secret


class SecondFactorAdapter(DefaultMFAAdapter):
    """What allauth asks of us about second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right, or was used already.",
        "unverified_email": "Verify your e-mail address first: a second factor must not lock its real owner out.",
    }

    def encrypt(self, text: str) -> str:
        """Return the secret as it may be stored."""
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret in clear, for the moment of its use."""
        return open_secret(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        """Return what an authenticator app shows beside our name."""
        return user.username
