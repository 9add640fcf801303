"""The default limits of REST, and the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers) of every answer to programs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.api.requests import actor_of, client_network_of
from kernel.rate_limits import Allowance, RateLimit, take
from project.rate_limits import recorded_allowances
from project.rest.problems import answers_with_problems

if TYPE_CHECKING:  # DRF imports this module while it defines APIView
    from rest_framework.views import APIView

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class DefaultThrottle(BaseThrottle):
    """One unit per request: of the reader's or the writer's quota of a user, or of an address without a session."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # DRF's signature
        """Take a unit. Raises `RateLimited` itself, so that the problem names the limit."""
        actor = actor_of(request)
        if actor.user_id is None:
            take(settings.RATE_LIMITS["rest.anonymous"], client_network_of(request))
        else:
            name = "rest.read" if request.method in _READING_METHODS else "rest.write"
            take(settings.RATE_LIMITS[name], str(actor.user_id))
        return True


class RateLimitHeadersMiddleware:
    """Tells programs what is left of every limit that their request used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Collect the allowances of the request and show them."""
        if not answers_with_problems(request):
            return self.get_response(request)
        with recorded_allowances() as taken:
            response = self.get_response(request)
        last = {allowance.limit.name: allowance for allowance in taken}.values()
        if last:
            response["RateLimit-Policy"] = ", ".join(_policy(allowance.limit) for allowance in last)
            response["RateLimit"] = ", ".join(_state(allowance) for allowance in last)
        return response


def _policy(limit: RateLimit) -> str:
    return f'"{limit.name}";q={limit.quota};w={limit.seconds}'


def _state(allowance: Allowance) -> str:
    return f'"{allowance.limit.name}";r={allowance.remaining};t={math.ceil(allowance.reset_after)}'
