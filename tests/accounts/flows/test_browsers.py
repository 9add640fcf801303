"""The web client: one session behind a cookie, good for REST, for allauth and for a socket, and safe from other sites."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings

from accounts.actions.sessions import revoke_session
from accounts.actions.tickets import use_up_tickets
from accounts.models import Session, User, WebSession
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import SessionId
from tests.factories.accounts import PASSWORD, make_user, sign_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def test_a_login_makes_a_session_and_gives_a_cookie_and_no_token(browser):
    user = make_user("ada")
    browser.call("get", "/config")
    answer = browser.call("post", "/auth/login", {"username": "ada", "password": PASSWORD})
    session = Session.objects.get()
    assert (session.user_id, session.user_agent) == (user.id, "Browser/1")
    assert answer.json()["meta"] == {"is_authenticated": True}
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie.value not in str(WebSession.objects.values().get())


def test_the_cookie_reads_and_writes_over_rest(browser):
    make_user("ada")
    browser.sign_in("ada")
    assert browser.call("get", "/api/v1/me").json()["username"] == "ada"
    answer = browser.call("patch", "/api/v1/me", {"display_name": "Ada L."})
    assert (answer.status_code, answer.json()["display_name"]) == (200, "Ada L.")


@pytest.fixture(params=["csrftoken", "__Host-csrftoken"])
def _cookie_name(request, settings):
    settings.CSRF_COOKIE_NAME = request.param


@pytest.mark.usefixtures("_cookie_name")
def test_a_page_learns_its_csrf_token_from_answers_whatever_the_cookie_is_called(browser):
    make_user("ada")
    stranger = browser.call("get", "/auth/session", csrf=False)
    body = {"username": "ada", "password": PASSWORD}
    signed_in = browser.call(
        "post", "/auth/login", body, csrf=False, **{"X-CSRFToken": stranger.headers["X-CSRFToken"]}
    )
    begun = browser.call("get", "/api/v1/me", csrf=False)
    for answer in (signed_in, begun):
        token = {"X-CSRFToken": answer.headers["X-CSRFToken"]}
        assert browser.call("post", "/api/v1/gateway/ticket", csrf=False, **token).status_code == 200
    assert browser.call("get", "/api/v1/me/sessions").headers.get("X-CSRFToken") is None


def test_an_app_gets_no_csrf_token(client):
    access = sign_in(make_user("ada")).access
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 200
    assert (answer.headers.get("X-CSRFToken"), dict(answer.cookies)) == (None, {})


def test_a_newcomer_chooses_the_name_that_others_see(browser):
    browser.call("get", "/config")
    form = {"email": "ada@example.org", "username": "ada", "password": PASSWORD, "display_name": "Ada L."}
    answer = browser.call("post", "/auth/signup", form)
    assert (answer.status_code, answer.json()["data"]["user"]["display"]) == (200, "Ada L.")
    assert User.objects.get().display_name == "Ada L."


@pytest.mark.parametrize("name", ["x" * 65, "Ada\u202e"])
def test_a_name_that_cannot_be_shown_is_a_mistake_of_its_field(browser, name):
    browser.call("get", "/config")
    form = {"email": "ada@example.org", "username": "ada", "password": PASSWORD, "display_name": name}
    with unchanged(User, Session):
        answer = browser.call("post", "/auth/signup", form)
        assert (answer.status_code, [error["param"] for error in answer.json()["errors"]]) == (400, ["display_name"])


@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "x" * 64}], ids=["without a token", "with a made-up token"])
def test_another_site_writes_nothing_with_the_cookie(browser, headers):
    make_user("ada")
    browser.sign_in("ada")
    with unchanged(User, Session, WebSession):
        for method, path, body in (
            ("patch", "/api/v1/me", {"display_name": "Ada L."}),
            ("post", "/api/v1/auth/logout", None),
            ("post", "/api/v1/gateway/ticket", None),
            ("delete", "/auth/session", None),
        ):
            answer = browser.call(method, path, body, csrf=False, **headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "request.csrf_failed")


def test_an_idempotency_key_counts_for_the_cookies_user(browser):
    make_user("ada")
    browser.sign_in("ada")
    for replayed in (None, "true"):
        answer = browser.call("patch", "/api/v1/me", {"display_name": "Ada L."}, **{"Idempotency-Key": "once"})
        assert answer.status_code == 200
        assert answer.headers.get("Idempotency-Replayed") == replayed


def test_the_cookie_gets_a_ticket_for_a_socket(browser):
    user = make_user("ada")
    browser.sign_in("ada")
    ticket = browser.call("post", "/api/v1/gateway/ticket").json()["ticket"]
    (holder,) = use_up_tickets([ticket])
    assert (holder.user_id, holder.session_id) == (user.id, Session.objects.get().id)


def test_a_page_that_is_used_stays_signed_in_and_one_that_is_not_does_not(browser):
    make_user("ada")
    with time_machine.travel(now(), tick=False) as clock:
        browser.sign_in("ada")
        for _ in range(3):
            clock.shift(timedelta(days=settings.REFRESH_TOKEN_DAYS - 1))
            answer = browser.call("post", "/api/v1/gateway/ticket")
            assert answer.status_code == 200
            assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == settings.SESSION_COOKIE_AGE
        clock.shift(timedelta(hours=23))
        assert settings.SESSION_COOKIE_NAME not in browser.call("post", "/api/v1/gateway/ticket").cookies
        clock.shift(timedelta(days=settings.REFRESH_TOKEN_DAYS))
        assert browser.call("post", "/api/v1/gateway/ticket").status_code in {401, 403}
        assert browser.call("get", "/api/v1/me").status_code == 401


def test_a_ticket_for_a_token_moves_no_end(client):
    with time_machine.travel(now(), tick=False) as clock:
        access = sign_in(make_user("ada")).access
        clock.shift(timedelta(minutes=4))
        with unchanged(Session, WebSession):
            answer = client.post("/api/v1/gateway/ticket", headers={"Authorization": f"Bearer {access}"})
            assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), [("post", "/api/v1/auth/logout"), ("delete", "/auth/session")])
def test_a_logout_by_either_route_ends_the_session_and_takes_the_cookie_away(browser, method, path):
    make_user("ada")
    browser.sign_in("ada")
    answer = browser.call(method, path)
    assert answer.status_code in {204, 401}
    assert answer.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert Session.objects.get().revoked_at is not None
    assert not WebSession.objects.exists()


def test_a_cookie_whose_session_was_revoked_is_nobodys(browser):
    make_user("ada")
    browser.sign_in("ada")
    revoke_session(SYSTEM, session_id=SessionId(Session.objects.get().id))
    assert browser.call("get", "/api/v1/me").status_code == 401
    assert browser.call("get", "/auth/session").status_code == 401


def test_a_deactivated_users_cookie_is_refused(browser):
    make_user("ada")
    browser.sign_in("ada")
    User.objects.update(is_active=False)
    assert browser.call("get", "/api/v1/me").status_code == 401


def test_a_token_in_the_header_comes_before_the_cookie(browser):
    make_user("ada")
    browser.sign_in("ada")
    access = sign_in(make_user("bob")).access
    answer = browser.call("get", "/api/v1/me", Authorization=f"Bearer {access}")
    assert answer.json()["username"] == "bob"


def test_the_admin_panels_cookie_is_no_session_of_rest(client):
    user = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(user)
    assert client.get("/api/v1/me").status_code == 401


def test_a_request_with_a_cookie_asks_for_its_session_once(browser, django_assert_num_queries):
    make_user("ada")
    browser.sign_in("ada")
    browser.call("get", "/api/v1/me")
    with django_assert_num_queries(2):  # the cookie's session, and the user who is shown
        assert browser.call("get", "/api/v1/me").status_code == 200


@pytest.mark.parametrize("kind", ["browser", "app"])
def test_a_session_that_is_ended_while_a_step_is_taken_is_told_as_ended(browser, app, monkeypatch, kind):
    make_user("ada")
    client = {"browser": browser, "app": app}[kind]
    client.call("get", "/config")
    client.call("post", "/auth/login", {"username": "ada", "password": PASSWORD})

    def end_meanwhile(*_):
        revoke_session(SYSTEM, session_id=SessionId(Session.objects.get().id))
        return True

    monkeypatch.setattr("accounts.flows.adapter.AccountAdapter.reauthenticate", end_meanwhile)
    answer = client.call("post", "/auth/reauthenticate", {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.session_ended")
