"""Every error on the REST edge is a problem (RFC 9457) with a stable code, and says nothing that it should not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.urls("tests.project.rest.routes"), pytest.mark.django_db]


def get_problem(path: str, **headers: str) -> tuple[Any, dict[str, Any]]:
    response = Client(raise_request_exception=False).get(path, headers=headers or None)
    assert response["Content-Type"] == "application/problem+json"
    return response, response.json()


def post_problem(path: str, body: Any, content_type: str = "application/json") -> dict[str, Any]:
    response = Client(raise_request_exception=False).post(path, body, content_type=content_type)
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    return problem


def test_a_domain_error_is_shown_with_its_code_and_data() -> None:
    response, problem = get_problem("/api/v1/fail/conflict", **{"X-Request-ID": "abc"})
    assert response.status_code == 409
    assert problem == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "conflict",
        "detail": "The name is taken.",
        "retryable": False,
        "field": "name",
        "request_id": "abc",
    }


def test_a_refused_gate_tells_what_is_missing() -> None:
    response, problem = get_problem("/api/v1/fail/gate")
    assert response.status_code == 403
    assert problem["code"] == "gate.not_passed"
    assert problem["missing"] == [
        {"requirement": "invite", "remedy": {"text": "Ask a member for an invite.", "route": None}}
    ]


def test_a_rate_limit_says_when_to_come_back_in_body_and_header() -> None:
    response, problem = get_problem("/api/v1/fail/limited")
    assert (response.status_code, response["Retry-After"]) == (429, "2")
    assert (problem["retryable"], problem["retry_after"], problem["limit"]) == (True, 2, "message.create")


@pytest.mark.parametrize("prefix", ["/api/v1/fail/", "/api/v1/fail-plainly/"])
@pytest.mark.parametrize("part", ["database", "redis"])
def test_a_part_that_is_away_is_503_with_retry_after_and_without_its_address(prefix: str, part: str) -> None:
    response, problem = get_problem(prefix + part)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert (problem["code"], problem["retryable"]) == ("service.unavailable", True)
    assert "10.0.0.1" not in response.content.decode()


@pytest.mark.parametrize("prefix", ["/api/v1/fail/", "/api/v1/fail-plainly/"])
def test_a_bug_is_500_and_keeps_its_words_to_itself(prefix: str) -> None:
    response, problem = get_problem(prefix + "bug")
    assert response.status_code == 500
    assert (problem["code"], problem["request_id"]) == ("internal", response["X-Request-ID"])
    assert "bug's own words" not in response.content.decode()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/fail/http404", 404, "not_found"),
        ("/api/v1/fail-plainly/http404", 404, "not_found"),
        ("/api/v1/nothing-here", 404, "not_found"),
        ("/api/v1/fail/denied", 403, "permission.denied"),
        ("/api/v1/fail-plainly/denied", 403, "permission.denied"),
        ("/api/v1/fail-plainly/suspicious", 400, "request.invalid"),
        ("/api/v1/echo", 405, "request.method_not_allowed"),
        ("/api/v1/long-text?length=%00", 400, "request.invalid"),
        ("/api/v1/fail/a%00b", 400, "request.invalid"),
    ],
)
def test_what_django_and_drf_refuse_is_a_problem_too(path: str, status: int, code: str) -> None:
    response, problem = get_problem(path)
    assert (response.status_code, problem["code"]) == (status, code)


@pytest.mark.urls("project.urls")
@pytest.mark.parametrize(("path", "status"), [("/api/v1/nothing-here", 404), ("/api/schema/", 405)])
def test_a_write_to_a_strange_address_is_a_problem_and_no_page_about_cookies(path: str, status: int) -> None:
    response = Client(enforce_csrf_checks=True).post(path, {}, content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_pages_outside_of_the_api_are_not_problems() -> None:
    response = Client(raise_request_exception=False).get("/nothing-here")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_refused_method_names_the_allowed_ones() -> None:
    response, _ = get_problem("/api/v1/echo")
    assert sorted(response["Allow"].split(", ")) == ["OPTIONS", "POST"]


def test_an_answer_that_the_client_does_not_accept_is_406() -> None:
    response, problem = get_problem("/api/v1/long-text?length=1", Accept="image/png")
    assert (response.status_code, problem["code"]) == (406, "request.not_acceptable")


def test_a_body_of_another_type_is_415() -> None:
    problem = post_problem("/api/v1/echo", "a=b", "application/x-www-form-urlencoded")
    assert (problem["status"], problem["code"]) == (415, "request.unsupported_media_type")


def test_every_wrong_field_is_named_with_its_path() -> None:
    problem = post_problem(
        "/api/v1/validate", {"name": "long", "inner": {"number": 10}, "several": [{"number": 1}, {"number": "x"}]}
    )
    assert (problem["status"], problem["code"]) == (400, "request.invalid")
    assert problem["detail"] == "name: Ensure this field has no more than 3 characters."
    assert problem["errors"] == {
        "name": ["Ensure this field has no more than 3 characters."],
        "inner.number": ["Ensure this value is less than or equal to 9."],
        "several.1.number": ["A valid integer is required."],
    }


def test_a_body_that_is_no_object_is_named_as_a_whole() -> None:
    problem = post_problem("/api/v1/validate", b"[]")
    assert problem["errors"] == {"": ["Invalid data. Expected a dictionary, but got list."]}


def test_a_401_carries_the_bearer_challenge() -> None:
    response, problem = get_problem("/api/v1/echo", Authorization="Bearer nonsense")
    assert (response.status_code, problem["code"]) == (401, "auth.token_invalid")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
