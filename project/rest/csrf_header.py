"""Tells a page the CSRF token in a header of the answer, so that it need not know what the cookie is called, or may not read it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from project.rest.problems import answers_with_problems

HEADER = "X-CSRFToken"


class CsrfHeaderMiddleware:
    """Every answer of data that brings the CSRF cookie brings its token too. Other sites can read neither."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header where Django's middleware, further out, will set the cookie."""
        response = self.get_response(request)
        if request.META.get("CSRF_COOKIE_NEEDS_UPDATE") and answers_with_problems(request):
            response[HEADER] = get_token(request)
        return response
