"""The REST API's login and sign-up as the first step of allauth's flow: signed in at once, or told how to go on."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.actions.users import deactivate_user
from accounts.authentication import actor_of_access_token
from accounts.models import Delivery, Session, User, WebSession
from kernel.actor import SYSTEM
from kernel.errors import Unavailable
from kernel.ids import UserId
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.factories.accounts import PASSWORD, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@example.org", "username": "ada", "password": PASSWORD}
LOGIN = {"login": "ada", "password": PASSWORD}


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, which is what an attacker could measure."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def mandatory(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def problem(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def code_in(mail: Mail) -> str:
    return mail.subject.split()[0]


def test_a_second_factor_is_asked_for_and_then_the_login_is_whole(api, app):
    user = make_user("ada")
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    answer = api.post("/api/v1/auth/login", LOGIN)
    assert problem(answer) == (401, "auth.second_factor_required")
    assert answer.json()["flows"] == [{"id": "mfa_authenticate", "is_pending": True, "types": ["totp"]}]
    assert not Session.objects.exists()
    app.session_token = answer.json()["session_token"]
    assert app.call("get", "/auth/session").status_code == 401
    answer = app.call("post", "/auth/2fa/authenticate", {"code": code_now(secret)})
    assert answer.status_code == 200, answer.content
    assert actor_of_access_token(answer.json()["meta"]["access_token"]).actor.user_id == user.id
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda user: (user.set_password("another password"), user.save()), "auth.invalid_credentials"),
        (lambda user: deactivate_user(SYSTEM, user_id=UserId(user.id)), "account.disabled"),
    ],
    ids=["password changed", "deactivated"],
)
def test_what_changes_between_two_steps_ends_the_login(api, app, change, code):
    user = make_user("ada")
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    app.session_token = api.post("/api/v1/auth/login", LOGIN).json()["session_token"]
    change(user)
    answer = app.call("post", "/auth/2fa/authenticate", {"code": code_now(secret)})
    assert answer.json().get("code") == code
    assert not Session.objects.exists()


def test_the_token_of_a_pending_login_opens_nothing_else(api, app):
    user = make_user("ada")
    TOTP.activate(user, generate_totp_secret())
    app.session_token = api.post("/api/v1/auth/login", LOGIN).json()["session_token"]
    for path in ("/account/authenticators", "/account/email"):
        assert app.call("get", path).status_code == 401
    assert api.get("/api/v1/me", headers={"Authorization": f"Bearer {app.session_token}"}).status_code == 401


def test_a_login_by_an_address_that_must_be_verified_first_sends_a_code(api, app, mandatory):
    user = make_user("ada")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    answer = api.post("/api/v1/auth/login", LOGIN)
    assert problem(answer) == (401, "auth.verification_required")
    assert answer.json()["flows"] == [{"id": "verify_email", "is_pending": True}]
    (mail,) = waiting(Mail)
    assert mail.to == "ada@example.org"
    app.session_token = answer.json()["session_token"]
    answer = app.call("post", "/auth/email/verify", {"key": code_in(mail)})
    assert answer.status_code == 200, answer.content
    assert EmailAddress.objects.get().verified
    assert actor_of_access_token(answer.json()["meta"]["access_token"]).actor.user_id == user.id


def test_a_sign_up_signs_in_at_once_and_sends_a_mail_to_verify_the_address(api):
    answer = api.post("/api/v1/auth/sign-up", ADA)
    assert answer.status_code == 201
    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("ada@example.org", True, False)
    (mail,) = waiting(Mail)
    assert mail.to == "ada@example.org"
    assert "/#/verify-email/" in mail.text
    assert "/#/verify-email/" in mail.html


def test_a_sign_up_where_addresses_must_be_verified_asks_for_the_code(api, app, mandatory):
    answer = api.post("/api/v1/auth/sign-up", ADA)
    assert problem(answer) == (401, "auth.verification_required")
    assert not Session.objects.exists()
    app.session_token = answer.json()["session_token"]
    (mail,) = waiting(Mail)
    assert app.call("post", "/auth/email/verify", {"key": code_in(mail)}).status_code == 200
    assert Session.objects.get().user_id == User.objects.get().id


def test_a_sign_up_with_a_taken_address_looks_like_any_other_where_addresses_must_be_verified(api, mandatory, settings):
    make_user("other", display_name="Somebody")
    User.objects.update(email="ada@example.org")
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    answers = []
    for email in ("ada@example.org", "new@example.org"):
        CountingHasher.hashed = 0
        answer = api.post("/api/v1/auth/sign-up", ADA | {"email": email})
        body = answer.json() | {"request_id": "", "session_token": len(answer.json()["session_token"])}
        answers.append((answer.status_code, CountingHasher.hashed, body))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    told, code = waiting(Mail)
    assert (told.to, told.subject) == ("ada@example.org", "You have an account already")
    assert code.to == "new@example.org"
    assert not User.objects.filter(username="ada", email="ada@example.org").exists()
    assert User.objects.count() == 2


def test_a_taken_username_is_told_even_where_the_address_is_taken_too(api, mandatory):
    make_user("ada")
    with unchanged(User, Session, WebSession, Delivery):
        assert problem(api.post("/api/v1/auth/sign-up", ADA)) == (409, "account.taken")


@pytest.mark.parametrize(
    ("mode", "code"), [("invite", "sign_up.invite_required"), ("application", "sign_up.application_required")]
)
def test_where_sign_up_is_not_open_nobody_gets_in_by_any_route(api, app, settings, mode, code):
    settings.SIGN_UP_MODE = mode
    with unchanged(User, Session, WebSession, Delivery):
        assert problem(api.post("/api/v1/auth/sign-up", ADA)) == (403, code)
        assert problem(app.call("post", "/auth/signup", ADA)) == (403, code)
    assert app.call("get", "/config").json()["data"]["account"]["is_open_for_signup"] is False


def test_a_login_does_not_touch_whom_the_request_was_signed_in_as(api):
    make_user("ada")
    make_user("bob")
    first = api.post("/api/v1/auth/login", LOGIN).json()
    headers = {"Authorization": f"Bearer {first['access']}"}
    second = api.post("/api/v1/auth/login", {"login": "bob", "password": PASSWORD}, headers=headers).json()
    assert second["user"]["username"] == "bob"
    assert api.get("/api/v1/me", headers=headers).json()["username"] == "ada"
    assert Session.objects.count() == 2


@pytest.mark.parametrize("route", ["rest", "allauth"])
def test_an_account_whose_mail_cannot_be_kept_is_not_made(api, app, monkeypatch, route):
    def fail(*_, **__):
        raise Unavailable

    monkeypatch.setattr("accounts.flows.mails.send_mail_from_template", fail)
    with unchanged(User, EmailAddress, Session, WebSession, Delivery):
        answer = api.post("/api/v1/auth/sign-up", ADA) if route == "rest" else app.call("post", "/auth/signup", ADA)
    assert problem(answer) == (503, "service.unavailable")
