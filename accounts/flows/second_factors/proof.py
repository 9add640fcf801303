"""What a browser or app must prove before second factors are changed, and what is answered to a proof that is no good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from allauth.headless.base.response import ReauthenticationResponse
from allauth.headless.base.views import AuthenticatedAPIView
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.internal.restkit.views import RESTView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponseBase

from accounts.authentication import user_of
from accounts.processing.proofs import BY_FACTOR, proved_again
from accounts.queries.second_factors import has_second_factor
from kernel.clock import now
from kernel.ids import UserId


class FreshProofResponse(ReauthenticationResponse):
    """allauth's answer that asks for a proof again, naming only what would do: a second factor where there is one."""

    def _get_flows(self, request: HttpRequest, user: Any) -> list[dict[str, Any]]:
        flows = super()._get_flows(request, user)
        by_factor = [flow for flow in flows if flow["id"] == "mfa_reauthenticate"]
        return by_factor or flows


class ChangingView(AuthenticatedAPIView):
    """A view of a signed-in user that may ask for a fresh proof."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a missing proof with what would do."""
        if not request.user.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        try:
            return RESTView.dispatch(self, request, *args, **kwargs)
        except ReauthenticationRequired:
            return FreshProofResponse(request)


def require_fresh_proof(request: HttpRequest) -> None:
    """Return when the user has proved again, a few minutes ago, who they are: with a second factor if there is one.

    A password that was read over a shoulder must not be enough to take the second factor away. Who has neither password nor
    factor (they come from elsewhere) must have signed in a few minutes ago. Raises `ReauthenticationRequired`.
    """
    since = now() - timedelta(seconds=app_settings.REAUTHENTICATION_TIMEOUT)
    user = user_of(request)
    records = get_authentication_records(request, user)
    by_factor = bool(has_second_factor([UserId(user.id)]))
    if proved_again(records, since=since, by_factor=by_factor):
        return
    if get_reauthentication_flows(user) or not any(one["at"] > since.timestamp() for one in records):
        raise ReauthenticationRequired


def record_proof(request: HttpRequest, factor: Authenticator, **more: Any) -> None:
    """Note in the session that the user has proved a second factor just now."""
    record_authentication(request, factor.user, BY_FACTOR, id=factor.pk, type=factor.type, **more)


def refusal(view: RESTView, field: str) -> ErrorResponse:
    """Return allauth's answer to a code or passkey that is no good: the same for every reason."""
    view.input.add_error(field, get_adapter().validation_error("incorrect_code"))
    return view.handle_invalid_input(view.input)
