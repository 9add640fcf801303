"""Signing in, refreshing and signing out: what a session allows, and how it ends."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, verify_password

from accounts.actions.attempts import Client
from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.sessions import revoke_session
from accounts.actions.tokens import read_access_token
from accounts.actions.users import import_users
from accounts.authentication import actor_of_access_token
from accounts.errors import (
    AccountDisabled,
    InvalidCredentials,
    SessionEnded,
)
from accounts.events import SessionRevoked
from accounts.models import Session, User
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import NotFound, RateLimited, Unauthenticated
from kernel.ids import SessionId, uuid7
from tests.event_log import events_of
from tests.factories.accounts import CLIENT, PASSWORD, actor_for, log_in, make_user, sign_in

pytestmark = pytest.mark.django_db


def log_in_as(login: str, password: str = PASSWORD, client: Client = CLIENT):
    return log_in(login=login, password=password, client=client)


def revocations_of(user: User):
    """Return what happened to the user's sessions after they began."""
    events = events_of(topic_for("user", user.id))
    return [(name, event) for _, name, event in events if name != "session.started"]


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, which is what an attacker could measure."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.Org"])
def test_username_and_address_sign_in_in_any_case(login):
    user = make_user("Ada")
    signed_in = log_in_as(login)
    session = Session.objects.get()
    assert session.user_id == user.id
    assert session.user_agent == "tests/1.0"
    assert signed_in.user.id == user.id
    assert signed_in.expires_in == 300
    assert actor_of_access_token(signed_in.access).actor.session_id == session.id


def test_a_long_user_agent_is_cut():
    make_user("ada")
    log_in_as("ada", client=Client(network="192.0.2.1", user_agent="x" * 5000))
    assert Session.objects.get().user_agent == "x" * 256


@pytest.mark.parametrize("login", ["ada", "bob", "bob@example.org", "", "\0", "\u0430da", "ada\u0131", "a" * 300])
def test_wrong_password_and_unknown_login_get_the_same_answer(login):
    make_user("ada")
    with pytest.raises(InvalidCredentials) as caught:
        log_in_as(login, "not the password")
    assert (caught.value.code, caught.value.text, caught.value.data) == (
        "auth.invalid_credentials",
        "The login or the password is wrong.",
        {},
    )
    assert not Session.objects.exists()


@pytest.mark.parametrize("login", ["ada", "nobody", "imported", "inactive"])
def test_every_refused_login_hashes_once(settings, login):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_user("ada")
    make_user("inactive", is_active=False)
    import_users(SYSTEM, display_names={"imported": "Imported"})
    CountingHasher.hashed = 0
    with pytest.raises(InvalidCredentials):
        log_in_as(login, "not the password")
    assert CountingHasher.hashed == 1


def test_a_deactivated_user_is_told_so_only_after_the_right_password():
    make_user("ada", is_active=False)
    with pytest.raises(InvalidCredentials):
        log_in_as("ada", "not the password")
    with pytest.raises(AccountDisabled):
        log_in_as("ada")
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("change", "refusal"), [({"password": "changed"}, InvalidCredentials), ({"is_active": False}, AccountDisabled)]
)
def test_what_changes_while_the_password_is_checked_counts(monkeypatch, change, refusal):
    def slow_check(password: str, encoded: str) -> tuple[bool, bool]:
        User.objects.update(**change)
        return verify_password(password, encoded)

    make_user("ada")
    monkeypatch.setattr("accounts.actions.sessions.verify_password", slow_check)
    with pytest.raises(refusal):
        log_in_as("ada")
    assert not Session.objects.exists()


def test_the_password_is_hashed_anew_when_its_hasher_is_outdated(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = make_user("ada")
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    log_in_as("ada")
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")
    assert log_in_as("ada").user.id == user.id


def test_the_sixth_attempt_on_an_account_waits_whatever_name_is_used():
    make_user("ada")
    for login in ("ada", "ADA", "ada@example.org", "Ada", "ada"):
        with pytest.raises(InvalidCredentials):
            log_in_as(login, "not the password")
    with pytest.raises(RateLimited) as caught:
        log_in_as("ada@example.org")
    assert caught.value.data == {"limit": "login.account"}
    assert not Session.objects.exists()


def test_the_sixth_attempt_on_an_unknown_account_waits_as_well():
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            log_in_as("nobody", "not the password")
    with pytest.raises(RateLimited):
        log_in_as("NOBODY", "not the password")


def test_the_21st_attempt_from_one_network_waits_and_others_do_not():
    make_user("ada")
    for number in range(20):
        with pytest.raises(InvalidCredentials):
            log_in_as(f"nobody{number}", "not the password")
    with pytest.raises(RateLimited) as caught:
        log_in_as("ada")
    assert caught.value.data == {"limit": "login.address"}
    log_in_as("ada", client=Client(network="2001:db8::/64"))


def test_a_user_ends_one_session_and_keeps_the_others():
    user = make_user()
    gone, kept = sign_in(user), sign_in(user)
    session_id = read_access_token(gone.access).session_id
    revoke_session(actor_for(user), session_id=session_id)
    assert revocations_of(user) == [("session.revoked", SessionRevoked(session=session_id))]
    with pytest.raises(SessionEnded):
        actor_of_access_token(gone.access)
    with pytest.raises(SessionEnded):
        refresh_session(refresh=gone.refresh)
    assert actor_of_access_token(kept.access).actor.user_id == user.id


def test_ending_a_session_once_more_changes_nothing():
    user = make_user()
    session_id = read_access_token(sign_in(user).access).session_id
    revoke_session(actor_for(user), session_id=session_id)
    revoked_at = Session.objects.get().revoked_at
    revoke_session(actor_for(user), session_id=session_id)
    assert Session.objects.get().revoked_at == revoked_at
    assert len(revocations_of(user)) == 1


def test_the_session_of_somebody_else_looks_absent():
    owner, stranger = make_user(), make_user()
    session_id = read_access_token(sign_in(owner).access).session_id
    refusals = []
    for wanted in (session_id, SessionId(uuid7())):
        with pytest.raises(NotFound) as caught:
            revoke_session(actor_for(stranger), session_id=wanted)
        refusals.append(str(caught.value))
    with pytest.raises(Unauthenticated):
        revoke_session(ANONYMOUS, session_id=session_id)
    assert len(set(refusals)) == 1
    assert Session.objects.get().revoked_at is None
    assert revocations_of(owner) == []


def test_administrators_and_the_system_end_any_session():
    user, administrator = make_user(), make_user(is_staff=True, is_superuser=True)
    for actor in (actor_for(administrator), SYSTEM):
        revoke_session(actor, session_id=read_access_token(sign_in(user).access).session_id)
    assert not Session.objects.filter(revoked_at=None).exists()
    assert [name for name, _ in revocations_of(user)] == ["session.revoked", "session.revoked"]
