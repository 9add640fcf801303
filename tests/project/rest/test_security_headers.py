"""What browsers are told about every kind of page, and what they may send us from other sites."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from django.test import Client

from tests.factories.accounts import PASSWORD, bearer, make_user

pytestmark = pytest.mark.django_db

PAGES = ["/", "/nothing", "/admin/login/", "/admin/"]
DATA = ["/api/v1/me", "/api/v1/nothing", "/api/schema/", "/_allauth/app/v1/config", "/_allauth/browser/v1/auth/session"]
FRIEND = "https://app.example.org"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}


@pytest.fixture(autouse=True)
def _own_limits(limiter: object, lockouts: object) -> None:
    """Let no test use up another one's limits."""


@pytest.fixture
def friend(settings: Any) -> str:
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [FRIEND]
    return FRIEND


def policy_of(response: Any) -> dict[str, str]:
    directives = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in directives}


def signed_in_browser() -> Client:
    """Return a browser in which Ada has signed in."""
    client = Client(enforce_csrf_checks=True)
    client.get("/_allauth/browser/v1/auth/session")
    body, headers = {"username": "ada", "password": PASSWORD}, {"X-CSRFToken": client.cookies["csrftoken"].value}
    client.post("/_allauth/browser/v1/auth/login", body, content_type="application/json", headers=headers)
    return client


@pytest.mark.parametrize("path", [*PAGES, *DATA, "/api/"])
def test_every_answer_carries_the_security_headers(path: str) -> None:
    response = Client().get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    permissions = response["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()", "payment=()"} <= set(permissions)
    assert {"publickey-credentials-get=(self)", "publickey-credentials-create=(self)"} <= set(permissions)
    policy = policy_of(response)
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_and_load_what_comes_from_us_alone(path: str) -> None:
    assert policy_of(Client().get(path)) == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "connect-src": "'self' ws://testserver",
    }


def test_the_reference_page_runs_no_inline_script_and_its_one_inline_style_is_known() -> None:
    answer = Client().get("/api/")
    (style,) = re.findall("<style>(.*?)</style>", answer.content.decode(), re.DOTALL)
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = policy_of(answer)
    assert policy["style-src"] == f"'self' 'sha256-{known}'"
    assert (policy["default-src"], policy.get("script-src")) == ("'self'", None)
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", answer.content.decode()) == []


@pytest.mark.parametrize("path", DATA)
def test_data_opened_as_a_page_can_do_nothing(path: str) -> None:
    assert policy_of(Client().get(path)) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_web_client_may_open_sockets_to_its_own_host_alone() -> None:
    assert policy_of(Client().get("/", secure=True))["connect-src"] == "'self' wss://testserver"
    policy = policy_of(Client().get("/", headers={"Host": "x;script-src *"}))
    assert (policy["connect-src"], policy.get("script-src")) == ("'self'", None)


@pytest.mark.parametrize(
    ("provider", "sources"),
    [("hcaptcha", "https://hcaptcha.com https://*.hcaptcha.com"), ("turnstile", "https://challenges.cloudflare.com")],
)
def test_a_provider_of_challenges_is_let_in_where_it_is_set_up(settings: Any, provider: str, sources: str) -> None:
    settings.CHALLENGE_PROVIDER = provider
    policy = policy_of(Client().get("/"))
    assert policy["script-src"] == policy["style-src"] == f"'self' {sources}"
    assert policy["frame-src"] == sources
    assert policy["connect-src"] == f"'self' ws://testserver {sources}"
    assert policy_of(Client().get("/api/v1/me"))["default-src"] == "'none'"


def test_https_only_redirects_and_sets_hsts(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    assert Client().get("/api/v1/me")["Location"] == "https://testserver/api/v1/me"
    assert Client().get("/api/v1/me", secure=True)["Strict-Transport-Security"].startswith("max-age=60")


@pytest.mark.parametrize("path", ["/api/v1/me", "/_allauth/browser/v1/auth/login"])
def test_foreign_origins_are_allowed_by_name_alone(friend: str, path: str) -> None:
    allowed = Client().options(path, headers={"Origin": friend} | PREFLIGHT)
    assert allowed["Access-Control-Allow-Origin"] == friend
    assert allowed["Access-Control-Allow-Credentials"] == "true"
    assert {"idempotency-key", "authorization", "x-csrftoken", "x-device-token", "x-challenge-response"} <= set(
        allowed["Access-Control-Allow-Headers"].split(", ")
    )
    assert allowed["Vary"] == "origin"
    for origin in ("https://evil.example.org", "http://app.example.org", f"{friend}.evil.example.org", "null"):
        stranger = Client().options(path, headers={"Origin": origin} | PREFLIGHT)
        assert not [name for name in stranger.headers if name.startswith("Access-Control-")]


def test_pages_are_nobodys_elses_to_read(friend: str) -> None:
    for path in ("/", "/admin/login/"):
        answer = Client().get(path, headers={"Origin": friend})
        assert not answer.has_header("Access-Control-Allow-Origin")


def test_an_answer_tells_a_friend_what_scripts_may_read(friend: str) -> None:
    answer = Client().get("/api/v1/me", headers={"Origin": friend})
    assert set(answer["Access-Control-Expose-Headers"].split(", ")) == {
        "Idempotency-Replayed",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-CSRFToken",
        "X-Device-Token",
        "X-Request-ID",
    }


def test_a_write_with_the_sessions_cookie_needs_the_token_of_our_page() -> None:
    make_user("ada")
    client = Client(enforce_csrf_checks=True)
    body = {"username": "ada", "password": PASSWORD}
    path = "/_allauth/browser/v1/auth/login"
    refused = client.post(path, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "request.csrf_failed")
    assert refused["Content-Type"] == "application/problem+json"
    client.get("/_allauth/browser/v1/auth/session")
    token = client.cookies["csrftoken"].value
    assert client.post(path, body, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 200
    foreign = {"X-CSRFToken": token, "Origin": "https://evil.example.org"}
    assert client.delete("/_allauth/browser/v1/auth/session", headers=foreign).status_code == 403
    assert client.get("/_allauth/browser/v1/auth/session").status_code == 200


def test_a_token_in_a_header_needs_none() -> None:
    client = Client(enforce_csrf_checks=True, headers=bearer(make_user("ada")))
    assert client.patch("/api/v1/me", {"display_name": "A"}, content_type="application/json").status_code == 200


def test_below_api_a_cookie_alone_reads_and_writes_nothing() -> None:
    user = make_user("ada")
    client = signed_in_browser()
    assert client.get("/api/v1/me").status_code == 200
    body, token = {"display_name": "Mallory"}, client.cookies["csrftoken"].value
    for headers in ({}, {"X-CSRFToken": "wrong"}, {"X-CSRFToken": token, "Origin": "https://evil.example.org"}):
        refused = client.patch("/api/v1/me", body, content_type="application/json", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "request.csrf_failed")
    user.refresh_from_db()
    assert user.display_name == "Ada"
    headers = {"X-CSRFToken": token}
    assert client.patch("/api/v1/me", body, content_type="application/json", headers=headers).status_code == 200


def test_cookies_are_kept_from_scripts_and_other_sites() -> None:
    make_user("ada")
    client = signed_in_browser()
    kinds = {name: (bool(cookie["httponly"]), cookie["samesite"]) for name, cookie in client.cookies.items()}
    assert kinds == {"sessionid": (True, "Lax"), "csrftoken": (False, "Lax"), "device": (True, "Lax")}


def test_an_unknown_host_is_refused_as_a_problem(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    response = Client().get("/api/v1/me", headers={"Host": "evil.example.org"})
    assert (response.status_code, response.json()["code"]) == (400, "request.invalid")


def test_a_form_may_lead_to_the_providers_that_people_sign_in_with(settings) -> None:
    settings.SIGN_IN_ORIGINS = ["https://accounts.google.com"]
    assert policy_of(Client().get("/"))["form-action"] == "'self' https://accounts.google.com"
    assert policy_of(Client().get("/api/"))["form-action"] == "'self'"
