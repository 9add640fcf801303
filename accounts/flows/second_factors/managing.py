"""Views of a signed-in user's own second factors: what there is, setting up, taking away, recovery codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.headless.base.views import AuthenticatedAPIView
from allauth.headless.internal.restkit.response import APIResponse, ErrorResponse
from allauth.headless.mfa import response
from allauth.mfa.adapter import get_adapter
from allauth.mfa.internal.flows.add import validate_can_add_authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.actions.passkeys import add_passkey, rename_passkey
from accounts.actions.recovery_codes import replace_recovery_codes, view_recovery_codes
from accounts.actions.second_factors import remove_factors
from accounts.actions.totp import add_totp
from accounts.authentication import actor_of_user, client_of, user_of
from accounts.errors import SecondFactorRefused
from accounts.flows.second_factors.inputs import AddPasskeyInput, CodeInput, RemovePasskeysInput, RenamePasskeyInput
from accounts.flows.second_factors.proof import ChangingView, record_proof, refusal, require_fresh_proof
from accounts.processing.passkeys import Holder, begin_registration, keys_of, relying_party
from accounts.queries.second_factors import factors_of, find_totp, passkeys_of
from accounts.storage.factor_secrets import open_secret, seal_secret
from kernel.ids import UserId

_TOTP_SECRET, _NEW_PASSKEY = "totp_secret", "passkey_new"  # where the session keeps them


class FactorsView(AuthenticatedAPIView):
    """`/account/authenticators`: the user's second factors."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List them, without secrets."""
        return response.AuthenticatorsResponse(request, factors_of(UserId(user_of(request).id)))


class TotpView(ChangingView):
    """`/account/authenticators/totp`: the authenticator app."""

    input_class = {"POST": CodeInput}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the app that there is; else 404 with a new secret for one, as text, address and QR code."""
        factor = find_totp(UserId(user_of(request).id))
        if factor is not None:
            return response.TOTPResponse(request, factor)
        blocked = _blocked(request)
        if blocked is not None:
            return blocked
        secret = generate_totp_secret()
        request.session[_TOTP_SECRET] = seal_secret(secret)
        address = get_adapter().build_totp_url(user_of(request), secret)
        meta = {"secret": secret, "totp_url": address, "totp_svg": get_adapter().build_totp_svg(address)}
        return APIResponse(request, meta=meta, status=HTTPStatus.NOT_FOUND)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set the app up with the first code that it shows."""
        require_fresh_proof(request)
        blocked = _blocked(request)
        if blocked is not None:
            return blocked
        sealed = request.session.get(_TOTP_SECRET)
        if sealed is None:
            return refusal(self, "code")
        try:
            factor = add_totp(
                actor_of_user(request),
                secret=open_secret(sealed),
                code=self.input.cleaned_data["code"],
                client=client_of(request),
            )
        except SecondFactorRefused:
            return refusal(self, "code")
        del request.session[_TOTP_SECRET]
        record_proof(request, factor, reauthenticated=True)
        return response.TOTPResponse(request, factor)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """Remove the app."""
        require_fresh_proof(request)
        factor = find_totp(UserId(user_of(request).id))
        if factor is not None:
            remove_factors(actor_of_user(request), factor_ids=[factor.pk])
        return response.AuthenticatorDeletedResponse(request)


class RecoveryCodesView(ChangingView):
    """`/account/authenticators/recovery-codes`: codes that stand in for a lost factor."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return how many are left and, the first time, the codes."""
        require_fresh_proof(request)
        viewed = view_recovery_codes(actor_of_user(request))
        if viewed is None:
            return response.RecoveryCodesNotFoundResponse(request)
        return response.RecoveryCodesResponse(request, viewed[0], can_view=viewed[1])

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return new codes; the old ones are worth nothing."""
        require_fresh_proof(request)
        codes = replace_recovery_codes(actor_of_user(request))
        return response.RecoveryCodesResponse(request, codes, can_view=True)


class PasskeysView(ChangingView):
    """`/account/authenticators/webauthn`: passkeys and security keys."""

    input_class = {
        "POST": AddPasskeyInput,
        "PUT": RenamePasskeyInput,
        "DELETE": RemovePasskeysInput,
    }

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for a fresh proof before anything of the body is looked at."""
        require_fresh_proof(request)
        blocked = _blocked(request) if request.method in {"GET", "POST"} else None
        return blocked or super().handle(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what a new passkey is made from; with `?passwordless` one that can sign in alone."""
        user = user_of(request)
        options, request.session[_NEW_PASSKEY] = begin_registration(
            relying_party(),
            Holder(user.id.bytes, user.username, user.display_name),
            known=keys_of(passkey.data["credential"] for passkey in passkeys_of(UserId(user.id))),
            passwordless="passwordless" in request.GET,
        )
        return response.AddWebAuthnResponse(request, options)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the passkey that the device has made."""
        state, given = request.session.pop(_NEW_PASSKEY, None), self.input.cleaned_data
        try:
            passkey = add_passkey(
                actor_of_user(request), state=state, credential=given["credential"], name=given["name"]
            )
        except SecondFactorRefused:
            return refusal(self, "credential")
        record_proof(request, passkey, reauthenticated=True)
        return response.AuthenticatorResponse(request, passkey)

    def put(self, request: HttpRequest) -> HttpResponse:
        """Give a passkey another name."""
        given = self.input.cleaned_data
        passkey = rename_passkey(actor_of_user(request), passkey_id=given["id"], name=given["name"])
        return response.AuthenticatorResponse(request, passkey)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """Remove passkeys."""
        remove_factors(actor_of_user(request), factor_ids=self.input.cleaned_data["authenticators"])
        return response.AuthenticatorsDeletedResponse(request)


def _blocked(request: HttpRequest) -> ErrorResponse | None:
    """Refuse a factor to an account whose address is not verified: whoever signed up with a stranger's could lock them out of it."""
    try:
        validate_can_add_authenticator(user_of(request))
    except ValidationError as error:
        return ErrorResponse(request, status=HTTPStatus.CONFLICT, exception=error)
    return None
