"""Tells a device that it is known now: by a cookie, or by a header to clients that keep no cookies. What it is good for: `accounts`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.actions.known_devices import devices_made_known, extended_token
from accounts.authentication import DEVICE_HEADER, client_of

HEADER = "X-Device-Token"


class KnownDeviceMiddleware:
    """Gives the device its token when somebody signed in. A client that sent the header, even an empty one, is answered by the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and pass on what the device may keep."""
        with devices_made_known() as users:
            response = self.get_response(request)
        if not users:
            return response
        token = extended_token(client_of(request).device, users)
        if DEVICE_HEADER in request.META:
            response[HEADER] = token
        else:
            _set_cookie(response, token)
        return response


def _set_cookie(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        token,
        max_age=timedelta(days=settings.KNOWN_DEVICE_DAYS),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
