"""Views that take a second factor or a passkey as a proof: while signing in, instead of a password, and once more later."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.headless.base.response import AuthenticationResponse, ConflictResponse
from allauth.headless.base.views import APIView, AuthenticatedAPIView, AuthenticationStageAPIView
from allauth.headless.mfa.response import WebAuthnRequestOptionsResponse
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse

from accounts.actions.proofs import prove_by_code, prove_by_passkey, prove_by_passkey_alone
from accounts.authentication import client_of, user_of
from accounts.errors import SecondFactorRefused
from accounts.flows.second_factors.inputs import (
    CodeInput,
    CredentialInput,
    TrustingCodeInput,
    TrustingCredentialInput,
)
from accounts.flows.second_factors.proof import record_proof, refusal
from accounts.flows.second_factors.stages import SecondFactorStage
from accounts.flows.second_factors.trust import is_app, new_token, set_cookie
from accounts.models import User
from accounts.processing.passkeys import begin_signing, keys_of, relying_party
from accounts.queries.second_factors import passkeys_of
from kernel.ids import UserId

# Where the session keeps the state of a ceremony; one for each purpose, so that a signature for one is none for another.
_SECOND_FACTOR, _AGAIN, _ALONE = "passkey_second_factor", "passkey_again", "passkey_alone"


class _StageView(AuthenticationStageAPIView):
    stage_class = SecondFactorStage

    def go_on(self, factor: Authenticator) -> HttpResponse:
        """Finish the stage that was passed with this factor. A device that is trusted now keeps a cookie, or an app the token."""
        record_proof(self.request, factor)
        user = self.stage.login.user
        self.stage.exit()
        if not (self.input.cleaned_data["trust"] and self.request.user.is_authenticated):
            return AuthenticationResponse(self.request)
        token = new_token(self.request, user)
        response = _TrustingResponse(self.request, token)
        set_cookie(self.request, response, token)
        return response


class _TrustingResponse(AuthenticationResponse):
    """The answer to a login on a device that is trusted from now on."""

    def __init__(self, request: HttpRequest, token: str) -> None:
        self._token = token
        super().__init__(request)

    def _add_session_meta(self, request: HttpRequest, meta: dict[str, Any] | None) -> dict[str, Any] | None:
        kept_by_app = {"trusted_device": self._token} if is_app(request) else {}
        return super()._add_session_meta(request, (meta or {}) | kept_by_app)


class CodeView(_StageView):
    """`/auth/2fa/authenticate`: go on signing in with a code."""

    input_class = TrustingCodeInput

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take a code of the app, or a recovery code."""
        try:
            factor = prove_by_code(
                self.stage.login.user, code=self.input.cleaned_data["code"], client=client_of(request)
            )
        except SecondFactorRefused:
            return refusal(self, "code")
        return self.go_on(factor)


class PasskeyView(_StageView):
    """`/auth/webauthn/authenticate`: go on signing in with a passkey."""

    input_class = {"POST": TrustingCredentialInput}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what the passkey is to sign."""
        return _begin(request, _SECOND_FACTOR, self.stage.login.user)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take what the passkey has signed."""
        state, credential = request.session.pop(_SECOND_FACTOR, None), self.input.cleaned_data["credential"]
        try:
            factor = prove_by_passkey(self.stage.login.user, state=state, credential=credential)
        except SecondFactorRefused:
            return refusal(self, "credential")
        return self.go_on(factor)


class PasskeyLoginView(APIView):
    """`/auth/webauthn/login`: sign in with a passkey alone, which its user must have unlocked."""

    input_class = {"POST": CredentialInput}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what a passkey is to sign; whose it will be is not known yet."""
        return _begin(request, _ALONE, None)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in whoever the passkey names."""
        if request.user.is_authenticated:
            return ConflictResponse(request)
        state, credential = request.session.pop(_ALONE, None), self.input.cleaned_data["credential"]
        try:
            user, factor = prove_by_passkey_alone(state=state, credential=credential)
        except SecondFactorRefused:
            return refusal(self, "credential")
        record_proof(request, factor, passwordless=True)
        response = perform_login(request, Login(user=user))
        return AuthenticationResponse.from_response(request, response)


class CodeAgainView(AuthenticatedAPIView):
    """`/auth/2fa/reauthenticate`: prove once more with a code."""

    input_class = CodeInput

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take a code of the app, or a recovery code."""
        try:
            factor = prove_by_code(user_of(request), code=self.input.cleaned_data["code"], client=client_of(request))
        except SecondFactorRefused:
            return refusal(self, "code")
        record_proof(request, factor, reauthenticated=True)
        return AuthenticationResponse(request)


class PasskeyAgainView(AuthenticatedAPIView):
    """`/auth/webauthn/reauthenticate`: prove once more with a passkey."""

    input_class = {"POST": CredentialInput}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what the passkey is to sign."""
        return _begin(request, _AGAIN, user_of(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take what the passkey has signed."""
        state, credential = request.session.pop(_AGAIN, None), self.input.cleaned_data["credential"]
        try:
            factor = prove_by_passkey(user_of(request), state=state, credential=credential)
        except SecondFactorRefused:
            return refusal(self, "credential")
        record_proof(request, factor, reauthenticated=True)
        return AuthenticationResponse(request)


def _begin(request: HttpRequest, purpose: str, user: User | None) -> HttpResponse:
    """Begin the ceremony: with the user's passkeys, or, of nobody known, with whichever the device offers."""
    passkeys = passkeys_of(UserId(user.id)) if user is not None else []
    known = keys_of(passkey.data["credential"] for passkey in passkeys)
    options, request.session[purpose] = begin_signing(relying_party(), known=known, passwordless=user is None)
    return WebAuthnRequestOptionsResponse(request, options)
