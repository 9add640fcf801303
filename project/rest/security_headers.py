"""What browsers may do with our pages, by kind of page. Transport security (HSTS, redirects) is Django's own middleware."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from project.challenges.wiring import PROVIDERS
from project.rest.problems import answers_with_problems

REFERENCE_PAGE_PATH = "/api/"
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_OWN_FORMS = "form-action 'self'"
# The page of drf-spectacular has one inline style, which is known by its hash; a test fails when it changes.
_REFERENCE_PAGE = f"{_PAGE}; {_OWN_FORMS}; style-src 'self' 'sha256-MMpT0iDxyjALd9PdfepImGX3DBfJPXZ4IlDWdPAgtn0='"
_OFF = ("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer")
_OFF_TOO = ("microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking")
_OWN = ("publickey-credentials-create", "publickey-credentials-get")
"""For passkeys."""
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in _OFF + _OFF_TOO), *(f"{name}=(self)" for name in _OWN)])


class SecurityHeadersMiddleware:
    """Adds the content security, permissions and resource policies to every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", content_security_policy(request))
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def content_security_policy(request: HttpRequest) -> str:
    """Return the policy for what is at the request's address: data, the reference page, the admin panel, or the web client."""
    if request.path_info == REFERENCE_PAGE_PATH:
        return _REFERENCE_PAGE
    if answers_with_problems(request):
        return _NOTHING
    return f"{_PAGE}; {_forms()}; {_connections(request)}{_challenge_sources()}"


def _forms() -> str:
    """Allow what the answer to a form may lead to, which a browser checks too: the providers that people sign in with."""
    return " ".join([_OWN_FORMS, *settings.SIGN_IN_ORIGINS])


def _connections(request: HttpRequest) -> str:
    """Allow the socket by name: older browsers do not take it for a part of 'self'."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return "connect-src 'self'"
    return f"connect-src 'self' {'wss' if request.is_secure() else 'ws'}://{host}"


def _challenge_sources() -> str:
    """Return what the provider of challenges needs, where one is set up: its script, its frame, its styles, its answers."""
    provider = PROVIDERS.get(settings.CHALLENGE_PROVIDER)
    if provider is None:
        return ""
    sources = " ".join(provider.sources)
    return f" {sources}; script-src 'self' {sources}; frame-src {sources}; style-src 'self' {sources}"
