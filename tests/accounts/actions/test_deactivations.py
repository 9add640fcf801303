"""Closing one's account and coming back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.actions.deactivations import deactivate_account
from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.users import deactivate_user, reactivate_user
from accounts.authentication import actor_of_access_token
from accounts.constants import StaffRole
from accounts.errors import (
    AccountDisabled,
    HoldsStaffRole,
    InvalidCredentials,
    ReauthenticationRequired,
    SessionEnded,
)
from accounts.models import Session, User
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import Forbidden, Unauthenticated
from kernel.ids import UserId
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.event_log import types_of
from tests.factories.accounts import (
    CLIENT,
    PASSWORD,
    actor_for,
    actor_with_session,
    log_in,
    make_staff,
    make_user,
    sign_in,
)
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def log_in_as(login: str):
    return log_in(login=login, password=PASSWORD, client=CLIENT)


def test_who_leaves_is_signed_out_everywhere_and_told_first():
    user = make_user("ada")
    elsewhere = sign_in(user)
    deactivate_account(actor_with_session(user))
    user.refresh_from_db()
    assert (user.is_active, user.inactive_because) == (False, "left")
    assert types_of(topic_for("user", user.pk))[2:] == ["account.deactivated", "session.revoked", "session.revoked"]
    assert [(mail.to, mail.subject) for mail in waiting(Mail)] == [
        ("ada@example.org", "Your account is closed for now")
    ]
    with pytest.raises(SessionEnded):
        actor_of_access_token(elsewhere.access)
    with pytest.raises(SessionEnded):
        refresh_session(refresh=elsewhere.refresh)


def test_who_left_comes_back_by_signing_in_with_the_right_password():
    user = make_user("ada")
    deactivate_account(actor_with_session(user))
    with unchanged(User, Session), pytest.raises(InvalidCredentials):
        log_in(login="ada", password="not the password", client=CLIENT)
    signed_in = log_in_as("ada")
    user.refresh_from_db()
    assert (user.is_active, user.inactive_because) == (True, "")
    assert types_of(topic_for("user", user.pk))[3:] == ["account.reactivated", "session.started"]
    assert actor_of_access_token(signed_in.access).actor.user_id == user.pk


def test_an_old_sign_in_is_not_enough_to_leave():
    user = make_user()
    actor = actor_with_session(user)
    later = now() + timedelta(minutes=15, seconds=1)
    with (
        time_machine.travel(later),
        unchanged(User, Session),
        pytest.raises(ReauthenticationRequired) as caught,
    ):
        deactivate_account(actor)
    assert caught.value.data == {"max_age": 900, "flows": [{"id": "reauthenticate"}]}


def test_nobody_leaves_without_a_session():
    user = make_user()
    with unchanged(User), pytest.raises(Unauthenticated):
        deactivate_account(ANONYMOUS)
    with unchanged(User), pytest.raises(ReauthenticationRequired):
        deactivate_account(actor_for(user))


def test_staff_do_not_leave_with_their_roles():
    actor = actor_with_session(make_staff(StaffRole.SUPPORT))
    with unchanged(User, Session), pytest.raises(HoldsStaffRole):
        deactivate_account(actor)


def test_support_brings_back_who_left_but_not_who_was_suspended():
    support, guardian = make_staff(StaffRole.SUPPORT), make_staff(StaffRole.TRUST_AND_SAFETY)
    left, suspended = make_user("left"), make_user("suspended")
    deactivate_account(actor_with_session(left))
    deactivate_user(actor_for(guardian), user_id=UserId(suspended.pk))
    reactivate_user(actor_for(support), user_id=UserId(left.pk))
    with unchanged(User), pytest.raises(Forbidden):
        reactivate_user(actor_for(support), user_id=UserId(suspended.pk))
    with unchanged(User, Session), pytest.raises(AccountDisabled):
        log_in_as("suspended")
    reactivate_user(actor_for(guardian), user_id=UserId(suspended.pk))
    assert log_in_as("left").user.id == left.pk
    assert log_in_as("suspended").user.id == suspended.pk


def test_who_left_and_is_suspended_then_does_not_come_back_by_signing_in():
    user = make_user("ada")
    deactivate_account(actor_with_session(user))
    deactivate_user(SYSTEM, user_id=UserId(user.pk))
    with unchanged(User, Session), pytest.raises(AccountDisabled):
        log_in_as("ada")
