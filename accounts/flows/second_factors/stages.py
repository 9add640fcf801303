"""The stage of a login at which a second factor is asked for, and who is spared it."""

from __future__ import annotations

from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.http import HttpRequest

from accounts.actions.trusted_devices import use_trusted_device
from accounts.flows.second_factors.trust import shown_tokens
from accounts.models import User
from accounts.queries.second_factors import has_second_factor
from kernel.ids import UserId


class SecondFactorStage(AuthenticateStage):
    """allauth's stage `mfa_authenticate`. Spared are users without a second factor, a passkey without a password, trusted devices."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if not isinstance(user, User) or not has_second_factor([UserId(user.id)]):
            return False
        if did_use_passwordless_login(request, user):
            return False
        return not use_trusted_device(user, tokens=shown_tokens(request))
