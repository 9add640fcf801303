"""The bodies that accounts accepts: types and longest lengths. What makes a good name or password is checked by the actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.constants import (
    API_KEY_DEFAULT_DAYS,
    API_KEY_DEFAULT_OVERLAP_HOURS,
    API_KEY_NAME_MAX_LENGTH,
    DISPLAY_NAME_MAX_LENGTH,
    EMAIL_MAX_LENGTH,
    PASSWORD_MAX_LENGTH,
    TOKEN_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
)
from kernel.scopes import Scope


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


class ApiKeyDraftSerializer(serializers.Serializer[None]):
    """A new API key: what it is for, what it may do, and for how many days."""

    name = TextField(max_length=API_KEY_NAME_MAX_LENGTH)
    scopes = serializers.ListField(
        child=serializers.ChoiceField([scope.value for scope in Scope]), min_length=1, max_length=len(Scope)
    )
    days = serializers.IntegerField(min_value=1, required=False, default=API_KEY_DEFAULT_DAYS)


class RotationSerializer(serializers.Serializer[None]):
    """How long the old key lives on beside the new one."""

    overlap_hours = serializers.IntegerField(min_value=0, required=False, default=API_KEY_DEFAULT_OVERLAP_HOURS)


class BotDraftSerializer(serializers.Serializer[None]):
    """A new bot."""

    username = TextField(max_length=USERNAME_MAX_LENGTH)
    display_name = TextField(max_length=DISPLAY_NAME_MAX_LENGTH, required=False, allow_blank=True)


class BirthDateSerializer(serializers.Serializer[None]):
    """When the user was born."""

    birth_date = serializers.DateField(input_formats=["iso-8601"])


class RefreshSerializer(serializers.Serializer[None]):
    """The newest refresh token of a session."""

    refresh = TextField(max_length=TOKEN_MAX_LENGTH)


class ProfileSerializer(serializers.Serializer[None]):
    """What users may change of themselves."""

    display_name = TextField(max_length=DISPLAY_NAME_MAX_LENGTH)
