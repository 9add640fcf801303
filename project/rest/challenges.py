"""Asks for a solved challenge before a sign-up or a password reset goes on. Logins are asked in `accounts.actions.attempts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.authentication import client_of
from kernel.challenges import ChallengeRequired, ChallengeUnavailable, require_challenge
from project.rest.problems import problem_response

CHALLENGED_ROUTES = frozenset({"sign-up", "account:signup", "account:request_password_reset"})
"""Of requests that write, by the route's name, below `/_allauth/` without the client's kind."""


class ChallengeMiddleware:
    """Lets what anybody may ask for at our cost wait for a human. The limits by network come first, and answer for themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the challenge is asked when its route is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:  # noqa: ARG002  # Django's signature
        """Answer with the problem when no solved challenge came with the request."""
        match = request.resolver_match
        if match is None or request.method != "POST":
            return None
        name = match.view_name.split(":", 2)[-1] if match.app_names[:1] == ["headless"] else match.view_name
        if name not in CHALLENGED_ROUTES:
            return None
        try:
            require_challenge(client_of(request).challenge)
        except (ChallengeRequired, ChallengeUnavailable) as error:
            return problem_response(error, request)
        return None
