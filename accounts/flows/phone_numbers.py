"""Phone numbers as people type them, in allauth's forms."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import CharField

from accounts.actions.sms import served_phone_number
from kernel.errors import InvalidInput


class TypedPhoneField(CharField):
    """Reads a number with spaces, dashes or brackets in it and gives E.164. Refuses numbers that we send no SMS to."""

    def clean(self, value: Any) -> str:
        """Return the number. Raises `ValidationError`."""
        text = str(super().clean(value))
        if not text:
            return text
        try:
            return served_phone_number(text).e164
        except InvalidInput as error:
            raise ValidationError(error.text, code=error.code) from error
