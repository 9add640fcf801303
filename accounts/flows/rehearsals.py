"""What a stranger may ask about an address costs the same whoever has it: who asks pays for both paths, and one of them is undone.

Sign-ups only where addresses must be verified; elsewhere a taken one is said to be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allauth.account.forms import ResetPasswordForm
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.flows.signup import complete_signup, prevent_enumeration
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.headless.base.response import AuthenticationResponse
from django.db import transaction
from django.http import HttpRequest

from accounts.actions.sign_up import stand_in_address
from accounts.models import User
from accounts.storage.web_sessions import SessionStore
from kernel.ids import uuid7

_USERS_OF_STEPS = {
    PASSWORD_RESET_VERIFICATION_SESSION_KEY: "user_id",
    EMAIL_VERIFICATION_CODE_SESSION_KEY: "user_id",
    LOGIN_SESSION_KEY: "user_pk",
}
"""Where allauth keeps pending steps in a Django session, and under what name the user of each."""
_SOME_HASH = "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g"


def rehearse_new_account(request: HttpRequest, make_stand_in: Callable[[], User]) -> None:
    """Do what a sign-up with an address that nobody has does, and undo it.

    `make_stand_in` makes the account as that sign-up would, under an address that nobody has, and may raise as it would.
    """
    with _undone(request):
        complete_signup(request, user=make_stand_in())


def rehearse_taken_address(request: HttpRequest) -> None:
    """Do what a sign-up with an address that somebody has does beside hashing the password, and undo it."""
    with _undone(request):
        prevent_enumeration(request, email=stand_in_address())
        name_nobody(request)


def rehearse_reset_for_somebody(request: HttpRequest) -> None:
    """Do what a password reset does for an address that somebody has, and undo it."""
    _rehearse_reset(request, [User(email=stand_in_address(), username="nobody", password=_SOME_HASH)])


def rehearse_reset_for_nobody(request: HttpRequest) -> None:
    """Do what a password reset does for an address that nobody has, and undo it."""
    _rehearse_reset(request, [])


def _rehearse_reset(request: HttpRequest, users: list[User]) -> None:
    form = ResetPasswordForm()
    form.cleaned_data, form.users = {"email": users[0].email if users else stand_in_address()}, users
    with _undone(request):
        form.save(request)


def name_nobody(request: HttpRequest) -> None:
    """Let a pending step of nobody's name a user who does not exist: so the answer to its code costs the look for one, too."""
    for key, name in _USERS_OF_STEPS.items():
        step = request.session.get(key)
        if step is not None and not step.get(name):
            request.session[key] = step | {name: user_id_to_str(User(id=uuid7()))}


@contextmanager
def _undone(request: HttpRequest) -> Iterator[None]:
    """Run the block in a Django session of its own; no row, no mail and nothing of that session is left of it."""
    user, session = request.user, request.session
    request.session = SessionStore()
    try:
        with transaction.atomic():
            yield
            AuthenticationResponse(request)
            request.session.save()
            transaction.set_rollback(True)
    finally:
        request.user, request.session = user, session
