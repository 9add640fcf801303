"""allauth's adapter for sign-in by other providers: who they say somebody is becomes a user of ours, made by our action."""

from __future__ import annotations

from typing import Any, cast

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.provider import Provider
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest

from accounts.actions.social_accounts import tell_of_connection, tell_of_disconnection
from accounts.actions.users import unchecked_insert_user
from accounts.constants import DISPLAY_NAME_MAX_LENGTH
from accounts.flows.openid_connect import OpenIdConnect
from accounts.models import User
from accounts.models.users import validate_printable
from kernel.ids import UserId


class SocialAdapter(DefaultSocialAccountAdapter):
    """Whoever comes from a provider for the first time chooses a username: it is public, and their address must not become it."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """Return a provider that is configured; our own for OpenID Connect."""
        found = super().get_provider(request, provider, client_id=client_id)
        return OpenIdConnect(request, app=found.app) if isinstance(found, OpenIDConnectProvider) else found

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Suggest what the provider knows; a name that could not be shown as it is suggests nothing."""
        user: User = super().populate_user(request, sociallogin, data)
        user.display_name = _presentable(data.get("name") or " ".join(filter(None, _parts_of_name(data))))
        return user

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: BaseForm | None = None) -> User:
        """Make the user, without a password, and connect the provider's account. Raises `InvalidInput` or `AccountTaken`.

        A username is chosen in a form. Where allauth would sign up without one, what the provider says is all there is, and a name that
        is absent or no good is refused as it is in a form.
        """
        known = cast("User", sociallogin.user)
        chosen = form.cleaned_data if form else {"email": known.email, "username": known.username, "display_name": ""}
        user = unchecked_insert_user(
            email=chosen["email"],
            username=chosen["username"],
            password=None,
            display_name=chosen["display_name"] or known.display_name,
        )
        sociallogin.user = user
        sociallogin.save(request)
        return user

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell what allauth tells of accounts elsewhere in our own way, by mail and on the user's topic."""
        tell = _TOLD.get(template_prefix)
        if tell is None or context is None:
            super().send_notification_mail(template_prefix, user, context=context, email=email)
            return
        account: SocialAccount = context["account"]
        tell(UserId(user.pk), provider=account.provider, name=str(context["provider"].name))


_TOLD = {
    "socialaccount/email/account_connected": tell_of_connection,
    "socialaccount/email/account_disconnected": tell_of_disconnection,
}
"""What allauth calls the mails, and the action instead of each."""


def _parts_of_name(data: dict[str, Any]) -> tuple[Any, Any]:
    return data.get("first_name"), data.get("last_name")


def _presentable(name: str) -> str:
    shown = " ".join(str(name).split())[:DISPLAY_NAME_MAX_LENGTH].strip()
    try:
        validate_printable(shown)
    except ValidationError:
        return ""
    return shown
