"""The REST API's own login and sign-up: one request that goes through allauth's flow as a mobile app would, to its end or its next step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.signup import complete_signup, prevent_enumeration
from allauth.account.models import Login
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.constants import Client as HeadlessClient
from allauth.headless.internal.authkit import purge_request_user_cache
from allauth.headless.internal.decorators import mark_request_as_headless
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest

from accounts.actions.sessions import prove_password
from accounts.actions.sign_up import make_account, unchecked_make_stand_in
from accounts.authentication import client_of
from accounts.errors import LoginPending, SecondFactorRequired, VerificationRequired
from accounts.events import SignedIn
from accounts.flows.rehearsals import name_nobody, rehearse_new_account, rehearse_taken_address
from accounts.flows.sessions import started_session
from accounts.storage.web_sessions import SessionStore


def log_in(request: HttpRequest, *, login: str, password: str) -> SignedIn:
    """Sign in with a password, at once or after the steps that the answer names.

    Raises as `prove_password`, `AccountDisabled`, `SecondFactorRequired` or `VerificationRequired`.
    """
    user = prove_password(login=login, password=password, client=client_of(request))
    name = "email" if "@" in login else "phone" if login.startswith("+") else "username"
    with _steps_of_an_app(request):
        credentials = {name: login, "password": password}
        perform_password_login(request, credentials, Login(user=user, email=login if name == "email" else None))
        outcome = _outcome(request)
    return _signed_in(outcome)


def sign_up(request: HttpRequest, *, email: str, username: str, password: str, display_name: str = "") -> SignedIn:
    """Make an account and sign in, at once or after the steps that the answer names.

    The account, the mail that verifies its address and the session are one transaction. Where addresses must be verified, a taken one
    gets the same answer as a new one, at the same cost. Raises as `make_account`, `SecondFactorRequired` or `VerificationRequired`.
    """
    with transaction.atomic(), _steps_of_an_app(request):
        user = make_account(
            email=email, username=username, password=password, display_name=display_name, client=client_of(request)
        )
        if user is None:
            given = {"email": email, "username": username, "password": password, "display_name": display_name}
            rehearse_new_account(request, lambda: unchecked_make_stand_in(**given))
            prevent_enumeration(request, email=email.strip().lower())
            name_nobody(request)
        else:
            if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
                rehearse_taken_address(request)
            complete_signup(request, user=user)
        outcome = _outcome(request)
    return _signed_in(outcome)


@contextmanager
def _steps_of_an_app(request: HttpRequest) -> Iterator[None]:
    """Let the block be a mobile app's first step, in a Django session of its own, whoever the request is signed in as."""
    before = request.user, request.session
    mark_request_as_headless(request, HeadlessClient.APP)
    request.session = SessionStore()
    purge_request_user_cache(request)
    request.allauth.headless._pre_user = AnonymousUser()  # type: ignore[attr-defined]  # noqa: SLF001  # allauth asks for it
    try:
        yield
        if request.session.modified and not request.session.is_empty():
            request.session.save()
    finally:
        request.user, request.session = before
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False  # a login renews the cookie; an app has none


def _outcome(request: HttpRequest) -> SignedIn | LoginPending:
    started = started_session(request)
    if started is not None:
        return started.signed_in
    answer = json.loads(AuthenticationResponse(request).content)
    return _pending(answer)


def _pending(answer: dict[str, Any]) -> LoginPending:
    """Return the refusal that tells which step comes next, and with what to go on."""
    flows = [flow for flow in answer["data"]["flows"] if flow.get("is_pending")]
    verification = any(str(flow["id"]).startswith("verify_") for flow in flows)
    kind = VerificationRequired if verification else SecondFactorRequired
    return kind(flows=flows, session_token=answer["meta"]["session_token"])


def _signed_in(outcome: SignedIn | LoginPending) -> SignedIn:
    """Raise only now: what goes on at the next step must have been kept."""
    if isinstance(outcome, LoginPending):
        raise outcome
    return outcome
