"""How a device shows that it is trusted: a browser by a cookie that its scripts cannot read, an app by a header that it keeps."""

from __future__ import annotations

from allauth.headless.constants import Client as HeadlessClient
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.actions.trusted_devices import trust_device
from accounts.authentication import client_of
from accounts.constants import TRUSTED_DEVICE_TOKENS_MAX
from accounts.models import User

COOKIE = "trusted_devices"
HEADER = "X-Trusted-Device"
_BETWEEN = "."  # in no token
_SECONDS_OF_A_DAY = 86_400


def shown_tokens(request: HttpRequest) -> list[str]:
    """Return the tokens that the device shows, newest first: a browser one for each person who trusts it, an app its own."""
    header = request.headers.get(HEADER)
    return [header] if header else [token for token in request.COOKIES.get(COOKIE, "").split(_BETWEEN) if token]


def is_app(request: HttpRequest) -> bool:
    """Whether the request came by the address of apps, which hold no cookies."""
    return bool(request.allauth.headless.client == HeadlessClient.APP)  # type: ignore[attr-defined]  # allauth marks its requests


def new_token(request: HttpRequest, user: User) -> str:
    """Trust the device that the request comes from, and return its token."""
    return trust_device(user, client_of(request))


def set_cookie(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Give a browser the token, beside those that it has of other people."""
    tokens = [token, *shown_tokens(request)][:TRUSTED_DEVICE_TOKENS_MAX]
    response.set_cookie(
        COOKIE,
        _BETWEEN.join(tokens),
        max_age=settings.TRUSTED_DEVICE_DAYS * _SECONDS_OF_A_DAY,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
