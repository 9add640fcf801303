"""Counts the requests below `/_allauth/` by the address that they come from. Which limit is whose is data in `project.sign_in_limits`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.authentication import client_network_of
from kernel.errors import RateLimited
from kernel.rate_limits import take
from project.rest.problems import problem_response
from project.sign_in_limits import LIMITS_OF_ROUTES

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInLimitsMiddleware:
    """One unit for every step of signing in, and one of what the step itself is limited by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the units are taken when its route is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:  # noqa: ARG002  # Django's signature
        """Take the units, or answer with a problem that names the limit."""
        match = request.resolver_match
        if match is None or match.app_names[:1] != ["headless"]:
            return None
        try:
            _take(request, match.view_name)
        except RateLimited as error:
            return problem_response(error, request)
        return None


def _take(request: HttpRequest, view_name: str) -> None:
    """Raise `RateLimited` when a limit is used up. A view's name is as `headless:app:account:login`."""
    network = client_network_of(request)
    take(settings.RATE_LIMITS["auth_step.address"], network)
    limit = LIMITS_OF_ROUTES.get(view_name.split(":", 2)[-1])
    if limit is not None and request.method not in _READING_METHODS:
        take(settings.RATE_LIMITS[limit], network)
