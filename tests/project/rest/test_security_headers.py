"""What browsers are told about every page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/api/", "/api/v1/me", "/nothing", "/admin/login/"])
def test_every_answer_carries_the_security_headers(path: str) -> None:
    response = Client().get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Permissions-Policy"].startswith("camera=()")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert ("'unsafe-inline'" in policy) == (path == "/api/")


def test_the_web_client_may_open_sockets() -> None:
    assert "connect-src 'self' ws: wss:" in Client().get("/")["Content-Security-Policy"]


def test_https_only_redirects_and_sets_hsts(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    assert Client().get("/api/v1/me")["Location"] == "https://testserver/api/v1/me"
    assert Client().get("/api/v1/me", secure=True)["Strict-Transport-Security"].startswith("max-age=60")


def test_foreign_origins_are_allowed_by_name_alone(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    friend = Client().options("/api/v1/me", headers={"Origin": "https://app.example.org"} | preflight)
    assert friend["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "idempotency-key" in friend["Access-Control-Allow-Headers"]
    stranger = Client().options("/api/v1/me", headers={"Origin": "https://evil.example.org"} | preflight)
    assert not stranger.has_header("Access-Control-Allow-Origin")


def test_an_unknown_host_is_refused_as_a_problem(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    response = Client().get("/api/v1/me", headers={"Host": "evil.example.org"})
    assert (response.status_code, response.json()["code"]) == (400, "request.invalid")
