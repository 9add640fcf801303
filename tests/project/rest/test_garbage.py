"""Garbage on every REST route gets a clear problem, and the next good request is answered as before."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from project.environment import BASE_DIR
from tests.factories.accounts import bearer, make_user

ROUTES = [
    (path, method)
    for path, methods in json.loads((BASE_DIR / "docs/protocol/openapi.v1.json").read_text())["paths"].items()
    for method in methods
]
NASTY_TEXTS = st.sampled_from(
    ["\0", "\ud800", "'; DROP TABLE users; --", "../../etc/passwd", "💥" * 50, "a" * 3000, "%", "\r\nX: y"]
)
TEXTS = st.text(max_size=30) | NASTY_TEXTS
NASTY_BODIES = st.sampled_from(
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"NaN",
        b"\xff\xfe",
        b'{"name":"\\u0000"}',
        b'{"name":"\\ud800"}',
        b'{"limit":1e999}',
        b'{"a":' * 5000,
        b"[" * 100_000,
        b"x" * 300_000,
        b'{"name":{"$ne":null},"body":[],"seq":-1,"user_id":{}}',
        b'{"login":"' + b"a" * 5000 + b'","password":"' + b"b" * 5000 + b'"}',
    ]
)
JSON_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "slug", "body", "nonce", "seq", "role", "user_id", "login", "password", "email", "username"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
CONTENT_TYPES = st.sampled_from(
    ["application/json", "text/plain", "application/json; charset=utf-7", "", "multipart/form-data; boundary=x"]
)
TOKENS = st.sampled_from(
    [None, "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 5000, "bearer \xe9"]
)


def fill(path: str, texts: list[str]) -> str:
    for text in texts:
        head, brace, rest = path.partition("{")
        if brace:
            path = head + quote(text, safe="", errors="surrogatepass") + rest.partition("}")[2]
    return path.replace("{", "").replace("}", "")


@pytest.mark.django_db
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    route=st.sampled_from(ROUTES),
    ids=st.lists(st.builds(lambda: str(uuid4())) | TEXTS, min_size=2, max_size=2),
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "sort", "search", "before", "after", "x"]), TEXTS, max_size=2
    ),
    body=NASTY_BODIES | JSON_BODIES | st.binary(max_size=100),
    content_type=CONTENT_TYPES,
    token=TOKENS | st.just("good"),
    key=st.none() | st.sampled_from(["", "k", "k" * 200, "\xe9"]),
)
def test_garbage_is_refused_with_a_problem_and_harms_nobody(
    route: tuple[str, str],
    ids: list[str],
    query: dict[str, str],
    body: bytes,
    content_type: str,
    token: str | None,
    key: str | None,
) -> None:
    headers = bearer(make_user())
    path, method = route
    asked = {"Authorization": headers["Authorization"] if token == "good" else token, "Idempotency-Key": key}
    address = (
        fill(path, ids)
        + "?"
        + "&".join(f"{name}={quote(text, errors='surrogatepass')}" for name, text in query.items())
    )
    response = Client().generic(
        method.upper(),
        address,
        body,
        content_type=content_type,
        headers={name: value for name, value in asked.items() if value is not None},
    )
    assert response.status_code < 500
    if response.status_code >= 400:
        problem: dict[str, Any] = response.json()
        assert response["Content-Type"] == "application/problem+json"
        assert problem["status"] == response.status_code
        assert problem["code"]
        assert problem["detail"]
    assert Client(headers=bearer(make_user())).get("/api/v1/me").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/api/v1/communities?search=%00", "/api/v1/communities?%00=1", "/api/v1/%00", "/%00", "/admin/login/?next=%00"],
)
def test_a_nul_in_an_address_is_refused_before_any_view(address: str) -> None:
    response = Client().get(address)
    assert (response.status_code, response.json()["detail"]) == (400, "The address holds a NUL character.")


@pytest.mark.django_db
def test_a_query_that_is_no_utf8_is_not_an_error_of_ours() -> None:
    response = Client(headers=bearer(make_user())).get("/api/v1/communities?search=%ff%fe")
    assert response.status_code == 200
