"""The default limits of REST, and the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers) of every limited answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.api.requests import actor_of, client_network_of
from kernel.actor import Actor
from kernel.errors import Forbidden, RateLimited, Unauthenticated
from kernel.rate_limits import Allowance, RateLimit, take
from project.rate_limits import recorded_allowances
from project.rest.problems import problem_response

if TYPE_CHECKING:  # DRF imports this module while it defines APIView
    from rest_framework.views import APIView

RETRY_AFTER_SECONDS = 60
"""What is told with a refusal that comes without a time: a library's own limits."""
_REFUSED_BEFORE_THE_THROTTLE = (Unauthenticated.http_status, Forbidden.http_status)
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class DefaultThrottle(BaseThrottle):
    """One unit per request: of the reader's or the writer's quota of a user or an API key, or of an address without either."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # DRF's signature
        """Take a unit. Raises `RateLimited` itself, so that the problem names the limit."""
        actor = actor_of(request)
        if actor.user_id is None:
            take(settings.RATE_LIMITS["rest.anonymous"], client_network_of(request))
        else:
            take_request_unit(actor, request.method or "")
        return True


def take_request_unit(actor: Actor, method: str) -> None:
    """Count a request of a user, or of an API key by itself: a script does not use up what its owner's devices need.

    Raises `RateLimited`.
    """
    of_key, of_user = ("key.read", "rest.read") if method in _READING_METHODS else ("key.write", "rest.write")
    if actor.key is not None:
        take(settings.RATE_LIMITS[of_key], str(actor.key.id))
    else:
        take(settings.RATE_LIMITS[of_user], str(actor.user_id))


class RateLimitHeadersMiddleware:
    """Tells clients what is left of every limit that their request used, and counts the admin panel's writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Collect the allowances of the request and show them."""
        with recorded_allowances() as taken:
            response = self._refused_panel(request) or self.get_response(request)
            if not taken and response.status_code in _REFUSED_BEFORE_THE_THROTTLE:
                # A token or cookie that is no good was refused before the throttle: count it as a request without a session.
                response = _refusal("rest.anonymous", request) or response
        last = {allowance.limit.name: allowance for allowance in taken}.values()
        if last:
            response["RateLimit-Policy"] = ", ".join(_policy(allowance.limit) for allowance in last)
            response["RateLimit"] = ", ".join(_state(allowance) for allowance in last)
        if response.status_code == RateLimited.http_status and not response.has_header("Retry-After"):
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

    def _refused_panel(self, request: HttpRequest) -> HttpResponse | None:
        """Return the refusal of a write that is one too many in the admin panel."""
        if request.method in _READING_METHODS or not request.path_info.startswith("/admin/"):
            return None
        return _refusal("panel.write", request)


def _refusal(limit: str, request: HttpRequest) -> HttpResponse | None:
    """Take a unit of a limit by network; return the answer when there is none."""
    try:
        take(settings.RATE_LIMITS[limit], client_network_of(request))
    except RateLimited as error:
        return problem_response(error, request)
    return None


def _policy(limit: RateLimit) -> str:
    return f'"{limit.name}";q={limit.quota};w={limit.seconds}'


def _state(allowance: Allowance) -> str:
    return f'"{allowance.limit.name}";r={allowance.remaining};t={math.ceil(allowance.reset_after)}'
