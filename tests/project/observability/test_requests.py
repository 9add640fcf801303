"""Request ids and the access line."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from tests.factories.accounts import bearer, make_user

pytestmark = [pytest.mark.urls("tests.project.rest.routes"), pytest.mark.django_db]


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        record.msg
        for record in caplog.records
        if isinstance(record.msg, dict) and record.msg["event"] == "request_finished"
    ]


def test_an_id_from_the_client_is_kept() -> None:
    response = Client().get("/api/v1/nothing", headers={"X-Request-ID": "app-1.2:3"})
    assert response["X-Request-ID"] == response.json()["request_id"] == "app-1.2:3"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "line\tbreak", "<script>"])
def test_a_strange_id_is_replaced(given: str) -> None:
    response = Client().get("/api/v1/nothing", headers={"X-Request-ID": given})
    assert UUID(response["X-Request-ID"]).version == 7


def test_each_request_leaves_one_line_with_ids_and_duration(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    user = make_user()
    headers = bearer(user) | {"X-Request-ID": "id-1"}
    Client(headers=headers).post("/api/v1/echo?q=private", {"body": "private"}, content_type="application/json")
    (line,) = access_lines(caplog)
    assert line["request"] == "POST /api/v1/echo"
    assert (line["code"], line["request_id"], line["user_id"]) == (200, "id-1", str(user.id))
    assert line["milliseconds"] > 0
    assert line["bytes"] == len('{"body":{"body":"private"}}')
    assert "private" not in str(line)


def test_a_bug_leaves_its_trace_under_the_same_id(caplog: pytest.LogCaptureFixture) -> None:
    Client(raise_request_exception=False, headers={"X-Request-ID": "id-2"}).get("/api/v1/fail/bug")
    (line,) = [r.msg for r in caplog.records if isinstance(r.msg, dict) and r.msg["event"] == "request_failed"]
    assert line["request_id"] == "id-2"
    assert any(record.exc_info for record in caplog.records)
