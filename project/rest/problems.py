"""Turns every error into application/problem+json (RFC 9457) with the same codes as the socket. The only such place for REST."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import redis.exceptions
import structlog
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from django.views.csrf import csrf_failure as defaults_csrf_failure
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import CsrfFailed, SessionEnded
from kernel.errors import (
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

CONTENT_TYPE = "application/problem+json"
RETRY_WHEN_AWAY_SECONDS = 2
_AWAY = (OperationalError, InterfaceError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)

logger = structlog.get_logger(__name__)


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An error, for people (`detail`) and for machines (`code`). Further members depend on the code."""

    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    request_id: str
    type: str = "about:blank"
    retry_after: int | None = None
    errors: dict[str, list[str]] | None = None


class MethodNotAllowed(DomainError):
    """The route exists, but not for this method."""

    code = "request.method_not_allowed"
    message = "This method is not allowed here."
    http_status = 405


class NotAcceptable(DomainError):
    """The client accepts nothing that the route can send."""

    code = "request.not_acceptable"
    message = "The only form of this answer is application/json."
    http_status = 406


class UnsupportedMediaType(DomainError):
    """The body is in a form that the route does not read."""

    code = "request.unsupported_media_type"
    message = "Send the body as application/json."
    http_status = 415


class RequestRefused(DomainError):
    """Any other refusal that DRF raises; `http_status` comes from it."""

    code = "request.refused"
    message = "The request was refused."

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.http_status = status  # type: ignore[misc]  # the one error whose status comes from data


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's hook: the answer to `error`, or None for a bug, which then becomes a logged 500."""
    domain_error = domain_error_for(error)
    if domain_error is None:
        return None
    request = context["request"]
    response = Response(
        problem_body(domain_error, request), status=domain_error.http_status, headers=problem_headers(domain_error)
    )
    response.content_type = CONTENT_TYPE
    return response


def problem_response(error: DomainError, request: HttpRequest) -> HttpResponse:
    """Return the answer to `error` where DRF is not in charge: middleware and Django's own handlers."""
    return HttpResponse(
        msgspec.json.encode(problem_body(error, request)),
        status=error.http_status,
        content_type=CONTENT_TYPE,
        headers=problem_headers(error),
    )


def domain_error_for(error: BaseException) -> DomainError | None:
    """Return the domain error that tells the same, or None when `error` is a bug of ours."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, _AWAY):
        logger.warning("service_away", error=type(error).__name__, reason=str(error).partition("\n")[0])
        return Unavailable(retry_after=RETRY_WHEN_AWAY_SECONDS)
    if isinstance(error, (UpdateError, SessionInterrupted)):  # the session was ended while the request was carried out
        return SessionEnded()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Forbidden()
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> DomainError:
    if isinstance(error, exceptions.ValidationError):
        errors = _flat_errors(error.detail)
        return InvalidInput(_first_sentence(errors), errors=errors)
    if isinstance(error, exceptions.Throttled):
        return RateLimited(retry_after=getattr(error, "wait", None))
    if isinstance(error, exceptions.ParseError):
        return InvalidInput(str(error.detail))
    for drf_type, ours in _BY_DRF_TYPE.items():
        if isinstance(error, drf_type):
            return ours()
    return RequestRefused(str(error.detail), error.status_code)


_BY_DRF_TYPE: dict[type[exceptions.APIException], type[DomainError]] = {
    exceptions.NotAuthenticated: Unauthenticated,
    exceptions.AuthenticationFailed: Unauthenticated,
    exceptions.PermissionDenied: Forbidden,
    exceptions.NotFound: NotFound,
    exceptions.MethodNotAllowed: MethodNotAllowed,
    exceptions.NotAcceptable: NotAcceptable,
    exceptions.UnsupportedMediaType: UnsupportedMediaType,
}


def _flat_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested details to dotted field names; "" holds what concerns no single field."""
    if isinstance(detail, Mapping):
        flat: dict[str, list[str]] = {}
        for name, inner in detail.items():
            part = "" if name == "non_field_errors" else str(name)
            flat |= _flat_errors(inner, ".".join(filter(None, (prefix, part))))
        return flat
    if isinstance(detail, list) and any(isinstance(item, (Mapping, list)) for item in detail):
        return _flat_errors({str(index): item for index, item in enumerate(detail) if item}, prefix)
    return {prefix: [str(item) for item in detail] if isinstance(detail, list) else [str(detail)]}


def _first_sentence(errors: dict[str, list[str]]) -> str:
    field, sentences = next(iter(errors.items()), ("", [InvalidInput.message]))
    return f"{field}: {sentences[0]}" if field else sentences[0]


def problem_body(error: DomainError, request: HttpRequest | Request) -> dict[str, Any]:
    """Return the problem that answers `request`."""
    return problem_for(error, getattr(request, "request_id", ""))


def problem_for(error: DomainError, request_id: str) -> dict[str, Any]:
    """Return the members of the problem; those of `error.data` never replace a standard one."""
    problem = Problem(
        title=HTTPStatus(error.http_status).phrase,
        status=error.http_status,
        code=error.code,
        detail=error.text,
        retryable=error.retryable,
        request_id=request_id,
        retry_after=_whole_seconds(error.retry_after),
    )
    members: dict[str, Any] = msgspec.to_builtins(problem)
    return {"type": problem.type} | error.data | members


def problem_headers(error: DomainError) -> dict[str, str]:
    """Return the headers that go with the error's status."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(_whole_seconds(error.retry_after))
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return headers


def _whole_seconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, math.ceil(seconds))


def answers_with_problems(request: HttpRequest) -> bool:
    """Whether programs ask there, who read problems; elsewhere people do, with a browser."""
    return request.path_info.startswith(("/api/", "/_allauth/"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404: a problem for programs, a short page for people."""
    if answers_with_problems(request):
        return problem_response(NotFound(), request)
    return defaults.page_not_found(request, exception or Http404())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a problem for programs, a short page for people."""
    if answers_with_problems(request):
        return problem_response(domain_error_for(exception) or InvalidInput(), request)
    return defaults.bad_request(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: a problem for programs, a short page for people."""
    if answers_with_problems(request):
        return problem_response(CsrfFailed(), request)
    return defaults_csrf_failure(request, reason)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403: a problem for programs, a short page for people."""
    if answers_with_problems(request):
        return problem_response(Forbidden(), request)
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a problem for programs, a short page for people. The trace is in the log, under the same request id."""
    if answers_with_problems(request):
        return problem_response(DomainError(), request)
    return defaults.server_error(request)
