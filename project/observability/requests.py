"""Gives every HTTP request an id, and writes one access line per request with its duration. No bodies, no query strings."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from django_structlog.signals import bind_extra_request_finished_metadata

from kernel.ids import uuid7

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Takes `X-Request-ID` from the client when it is harmless, else makes one, and sends it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set `request.request_id`, the header that django-structlog reads, and the header of the answer."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else str(uuid7())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.request_id = request_id  # type: ignore[attr-defined]
        request.started_at = time.perf_counter()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class AccessLogMiddleware(RequestMiddleware):
    """django-structlog's middleware without query strings, which may hold what people search for."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return the method and the path."""
        return f"{request.method} {request.path}"


@receiver(bind_extra_request_finished_metadata)
def add_duration(request: HttpRequest, response: HttpResponse, log_kwargs: dict[str, Any], **_: Any) -> None:
    """Add milliseconds and bytes to the access line."""
    started_at = getattr(request, "started_at", None)
    if started_at is not None:
        log_kwargs["milliseconds"] = round((time.perf_counter() - started_at) * 1000, 1)
    if not response.streaming:
        log_kwargs["bytes"] = len(response.content)


def current_request_id() -> str | None:
    """Return the id of the request that this thread answers, or None outside of one."""
    return structlog.contextvars.get_contextvars().get("request_id")
