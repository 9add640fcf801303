"""One token for everything: what a login by allauth issues, where it is good, and that either side's logout ends both."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress

from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.tokens import read_access_token
from accounts.authentication import actor_of_access_token
from accounts.errors import SessionEnded
from accounts.events import SessionRevoked
from accounts.models import Session, User, WebSession
from eventlog.topics import topic_for
from kernel.clock import now
from tests.accounts.flows.conftest import APP
from tests.event_log import events_of
from tests.factories.accounts import PASSWORD, make_user, sign_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ADA = {"username": "ada", "password": PASSWORD}


def log_in(app):
    answer = app.call("post", "/auth/login", ADA)
    assert answer.status_code == 200, answer.content
    return answer.json()["meta"]


def me(app, access: str) -> int:
    return app.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code


def test_a_login_issues_our_tokens_and_one_session(app):
    user = make_user("ada")
    meta = log_in(app)
    session = Session.objects.get()
    assert meta["is_authenticated"] is True
    assert meta["expires_in"] == 300
    assert (session.user_id, session.user_agent) == (user.id, "Phone/1")
    assert actor_of_access_token(meta["access_token"]).actor.session_id == session.id
    assert refresh_session(refresh=meta["refresh_token"]).expires_in == 300
    assert WebSession.objects.get().session_id == session.id


@pytest.mark.parametrize("name", ["username", "email"])
def test_a_login_takes_name_or_address_in_any_case(app, name):
    user = make_user("ada")
    answer = app.call("post", "/auth/login", {name: getattr(user, name).upper(), "password": PASSWORD})
    assert answer.json()["data"]["user"]["id"] == str(user.id)


def test_the_access_token_serves_rest_and_allauth(app):
    make_user("ada")
    access = log_in(app)["access_token"]
    app.session_token = ""
    answer = app.call("get", "/auth/session")
    assert (answer.status_code, answer.json()["data"]["user"]["username"]) == (200, "ada")
    assert me(app, access) == 200


def test_the_session_token_is_as_good_and_issues_no_second_pair(app):
    make_user("ada")
    token = log_in(app)["session_token"]
    answer = app.get(f"{APP}/auth/session", headers={"X-Session-Token": token})
    assert answer.status_code == 200
    assert "access_token" not in answer.json()["meta"]
    assert Session.objects.count() == 1


def test_a_session_that_has_no_django_session_gets_one_with_its_first_step(app):
    user = make_user("ada")
    app.access = sign_in(user).access
    for _ in range(2):
        assert app.call("get", "/auth/session").json()["data"]["user"]["id"] == str(user.id)
    assert [row.session_id for row in WebSession.objects.all()] == [Session.objects.get().id]


@pytest.mark.parametrize("proof", ["bearer", "session token"])
def test_delete_of_the_session_with_a_json_type_and_no_body_ends_everything(app, proof):
    user = make_user("ada")
    meta = log_in(app)
    if proof == "session token":
        app.access = ""
    answer = app.call("delete", "/auth/session")
    assert answer.status_code == 401
    assert answer.json()["meta"]["is_authenticated"] is False
    assert me(app, meta["access_token"]) == 401
    with pytest.raises(SessionEnded):
        refresh_session(refresh=meta["refresh_token"])
    assert app.get(f"{APP}/auth/session", headers={"X-Session-Token": meta["session_token"]}).status_code == 410
    revoked = Session.objects.get()
    assert revoked.revoked_at is not None
    _, *ends = events_of(topic_for("user", user.id))
    assert [event for _, _, event in ends] == [SessionRevoked(session=revoked.id)]
    assert not WebSession.objects.exists()


def test_logout_over_rest_ends_the_django_session_too(app):
    make_user("ada")
    meta = log_in(app)
    headers = {"Authorization": f"Bearer {meta['access_token']}"}
    assert app.post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert app.get(f"{APP}/auth/session", headers={"X-Session-Token": meta["session_token"]}).status_code == 410
    answer = app.get(f"{APP}/auth/session", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.session_ended")
    assert not WebSession.objects.exists()


def test_an_expired_access_token_is_told_apart_from_a_bad_one(app):
    make_user("ada")
    access = log_in(app)["access_token"]
    with time_machine.travel(now() + timedelta(minutes=6)):
        answer = app.get(f"{APP}/auth/session", headers={"Authorization": f"Bearer {access}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_expired")
    answer = app.get(f"{APP}/auth/session", headers={"Authorization": f"Bearer {access}x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")


def test_a_refresh_by_allauths_route_rotates_and_a_replay_ends_the_session(app):
    make_user("ada")
    first = log_in(app)["refresh_token"]
    app.access = app.session_token = ""
    answer = app.call("post", "/tokens/refresh", {"refresh_token": first})
    assert answer.status_code == 200
    assert read_access_token(answer.json()["data"]["access_token"]).user_id == User.objects.get().id
    with time_machine.travel(now() + timedelta(seconds=11)):
        answer = app.call("post", "/tokens/refresh", {"refresh_token": first})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.refresh_replayed")
    assert Session.objects.get().revoked_at is not None


def test_sign_up_makes_a_user_an_address_and_a_session(app):
    body = {"email": "Ada@Example.org", "username": "Ada", "password": PASSWORD}
    answer = app.call("post", "/auth/signup", body)
    assert answer.status_code == 200, answer.content
    user = User.objects.get()
    address = EmailAddress.objects.get()
    assert (user.email, user.username, user.display_name) == ("ada@example.org", "Ada", "Ada")
    assert (address.user_id, address.email, address.primary, address.verified) == (user.id, user.email, True, False)
    assert me(app, answer.json()["meta"]["access_token"]) == 200


@pytest.mark.parametrize("login", ["ada", "nobody"])
def test_a_wrong_password_starts_nothing_and_names_nobody(app, login):
    make_user("ada")
    with unchanged(Session, WebSession, User):
        answer = app.call("post", "/auth/login", {"username": login, "password": "not the password"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "message": "The username and/or password you specified are not correct.",
            "code": "username_password_mismatch",
            "param": "password",
        }
    ]


def test_logins_by_every_route_use_up_the_same_attempts(app, api):
    make_user("ada")
    for _ in range(3):
        app.call("post", "/auth/login", {"username": "ada", "password": "not the password"})
    for _ in range(2):
        api.post("/api/v1/auth/login", {"login": "ada@example.org", "password": "not the password"})
    answer = app.call("post", "/auth/login", ADA)
    assert (answer.status_code, answer.json()["limit"]) == (429, "login.account")
    assert answer.headers["Retry-After"] == "30"
    assert not Session.objects.exists()


def test_a_deactivated_user_is_told_so_after_the_right_password_alone(app):
    make_user("ada", is_active=False)
    assert app.call("post", "/auth/login", {"username": "ada", "password": "wrong"}).status_code == 400
    answer = app.call("post", "/auth/login", ADA)
    assert (answer.status_code, answer.json()["code"]) == (403, "account.disabled")
    assert not Session.objects.exists()
    assert not WebSession.objects.exists()
