"""Middleware at the outer edge of HTTP: refuses what no view could answer well. Bodies are checked by the parser."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.errors import KeyInAddress
from accounts.processing.key_texts import address_holds_key
from kernel.errors import InvalidInput
from project.rest.problems import answers_with_problems, domain_error_for, problem_response

GetResponse = Callable[[HttpRequest], HttpResponse]


class ProblemMiddleware:
    """Answers requests with a NUL or an API key in the address, and errors that are raised outside of DRF (database away)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request pass unless its address holds a NUL character or an API key."""
        if address_holds_key(f"{request.path_info}?{request.META.get('QUERY_STRING', '')}"):
            return problem_response(KeyInAddress(), request)
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problem_response(InvalidInput("The address holds a NUL character."), request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an error that a view let through, when it is one that we know."""
        if not answers_with_problems(request):
            return None
        error = domain_error_for(exception)
        return problem_response(error, request) if error else None
