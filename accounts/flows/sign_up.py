"""What our sign-up asks for beyond what allauth's does: the name that others see. allauth builds its forms and inputs on this one."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest

from accounts.constants import DISPLAY_NAME_MAX_LENGTH
from accounts.models import User
from accounts.models.users import validate_printable


class SignUpForm(forms.Form):
    """Checked here and not only where the user is made, so that a mistake is told whether or not the address is taken."""

    display_name = forms.CharField(required=False, max_length=DISPLAY_NAME_MAX_LENGTH, validators=[validate_printable])

    def signup(self, request: HttpRequest, user: User) -> None:
        """Do nothing more: the adapters take the name when they make the user."""
