"""allauth's routes at which anybody may name anybody's address, sign-up and password reset, at a cost that does not tell whose it is.

REST's own sign-up is in `accounts.flows.logins`.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.headless.account.inputs import RequestPasswordResetInput, ResetPasswordKeyInput, SignupInput
from allauth.headless.account.views import RequestPasswordResetView, ResetPasswordView, SignupView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.response import ErrorResponse
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from accounts.actions.sign_up import stand_in_address
from accounts.flows.rehearsals import (
    name_nobody,
    rehearse_new_account,
    rehearse_reset_for_nobody,
    rehearse_reset_for_somebody,
    rehearse_taken_address,
)
from accounts.models import User

app_name = "headless"


class SignUpInput(SignupInput):
    """allauth's form, which knows whether the address is taken."""

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account, or have a mail sent to who has one; and do for its cost alone what the other would."""
        if self.account_already_exists:
            rehearse_new_account(request, lambda: self._save_stand_in(request))
        elif settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
            rehearse_taken_address(request)
        outcome = super().try_save(request)
        name_nobody(request)
        return outcome

    def _save_stand_in(self, request: HttpRequest) -> User:
        """Make the account as if the address were new, under one that is."""
        given = self.cleaned_data
        self.cleaned_data, self.account_already_exists = given | {"email": stand_in_address()}, False
        try:
            return cast("User", super().save(request))
        finally:
            self.cleaned_data, self.account_already_exists = given, True


class SignUpView(SignupView):
    """`/auth/signup`."""

    input_class = {"POST": SignUpInput}


class PasswordResetInput(RequestPasswordResetInput):
    """allauth's form, which knows whether somebody has the address."""

    def clean_email(self) -> str:
        """Find who has the address; who has verified it goes first, as in allauth. Always two statements, whoever has it."""
        email = str(get_adapter().clean_email(self.cleaned_data["email"].lower()))
        rows = list(EmailAddress.objects.filter(email=email).select_related("user"))
        holders = list(User.objects.filter(email=email))
        verified = [row.user for row in rows if row.verified]
        found = {*verified} or {*(row.user for row in rows), *holders}
        self.users = [user for user in found if user.is_active]
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **options: Any) -> str:
        """Have a mail sent, to who has the address or to who has no account; and do for its cost alone what the other would."""
        rehearse = rehearse_reset_for_nobody if self.users else rehearse_reset_for_somebody
        rehearse(request)
        address = super().save(request, **options)
        name_nobody(request)
        return str(address)


class PasswordResetView(RequestPasswordResetView):
    """`/auth/password/request`."""

    input_class = PasswordResetInput


class CodeOfResetView(ResetPasswordView):
    """`/auth/password/reset`: it looks for the user of a code once, whether there is one or not."""

    _is_nobody = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tell whether a code is right. One that is tried for nobody is wrong, and counts as any other does."""
        if self.process is None or self.process.user is not None:
            return super().get(request, *args, **kwargs)
        tried = ResetPasswordKeyInput({"key": request.headers.get("X-Password-Reset-Key", "")}, code=self.process.code)
        tried.is_valid()
        self._is_nobody = True
        return self.handle_invalid_input(tried)

    def get_input_kwargs(self) -> dict[str, Any]:
        """Return what the form needs, the user included."""
        needed: dict[str, Any] = super().get_input_kwargs()
        self._is_nobody = "user" in needed and needed["user"] is None
        return needed

    def handle_invalid_input(self, input: Any) -> ErrorResponse:  # noqa: A002  # allauth's name
        """Count a wrong code. Of nobody's step the user is not asked for again."""
        if not self._is_nobody or self.process is None:
            return super().handle_invalid_input(input)
        named = self.process.state.pop("user_id", None)
        answer = super().handle_invalid_input(input)
        self.process.state["user_id"] = named
        return answer


_VIEWS = {
    "auth/signup": (SignUpView, "signup"),
    "auth/password/request": (PasswordResetView, "request_password_reset"),
    "auth/password/reset": (CodeOfResetView, "reset_password"),
}


def _patterns(client: Client) -> list[URLPattern | URLResolver]:
    """Return the routes by the names that allauth gives them, which is how they are limited and challenged."""
    views = [
        path(route, transaction.atomic(view.as_api_view(client=client)), name=name)
        for route, (view, name) in _VIEWS.items()
    ]
    return [path("", include((views, "account"), namespace="account"))]


urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{client.value}/v1/", include((_patterns(client), "headless"), namespace=client.value))
    for client in (Client.BROWSER, Client.APP)
]
