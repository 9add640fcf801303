"""The bodies that accounts accepts: types and longest lengths. What makes a good name or password is checked by the actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.constants import (
    DISPLAY_NAME_MAX_LENGTH,
    EMAIL_MAX_LENGTH,
    PASSWORD_MAX_LENGTH,
    TOKEN_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
)


class TextField(serializers.CharField):
    """A JSON string and nothing else: DRF's own field would take a number for one."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text as it is. Raises `ValidationError` for any other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class SignUpSerializer(serializers.Serializer[None]):
    """A new account."""

    email = TextField(max_length=EMAIL_MAX_LENGTH)
    username = TextField(max_length=USERNAME_MAX_LENGTH)
    password = TextField(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False, write_only=True)
    display_name = TextField(max_length=DISPLAY_NAME_MAX_LENGTH, required=False, allow_blank=True)


class LoginSerializer(serializers.Serializer[None]):
    """Who signs in: `login` is an e-mail address or a username."""

    login = TextField(max_length=EMAIL_MAX_LENGTH)
    password = TextField(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False, write_only=True)


class RefreshSerializer(serializers.Serializer[None]):
    """The newest refresh token of a session."""

    refresh = TextField(max_length=TOKEN_MAX_LENGTH)


class ProfileSerializer(serializers.Serializer[None]):
    """What users may change of themselves."""

    display_name = TextField(max_length=DISPLAY_NAME_MAX_LENGTH)
