"""What browsers may do with our pages. Transport security (HSTS, redirects) is Django's own middleware."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_COMMON = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
CONTENT_SECURITY_POLICY = f"{_COMMON}; connect-src 'self' ws: wss:"
# Swagger UI writes inline styles.
REFERENCE_PAGE_POLICY = f"{_COMMON}; style-src 'self' 'unsafe-inline'"
REFERENCE_PAGE_PATH = "/api/"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeadersMiddleware:
    """Adds the content security and permissions policies to every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        is_reference_page = request.path_info == REFERENCE_PAGE_PATH
        response.setdefault(
            "Content-Security-Policy", REFERENCE_PAGE_POLICY if is_reference_page else CONTENT_SECURITY_POLICY
        )
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
