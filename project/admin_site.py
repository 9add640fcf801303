"""The admin panel's door: staff alone, with a fresh sign-in and a second factor. What each page shows is decided in the apps."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts.authentication import staff_second_factor_satisfied, staff_sign_in_is_fresh
from accounts.flows.sessions import end_session

SIGN_IN = "/staff/"


class StaffSite(AdminSite):
    """Asks at every request, so that a revoked role, an ended session and a proof grown old close the panel at once."""

    site_header = site_title = "Portcullis"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request is from active staff who proved lately, and well enough, who they are."""
        return super().has_permission(request) and not _missing(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        """Send them to the web client: Django's own form would leave their sessions open."""
        return HttpResponseRedirect("/")

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        """Send them to the web client as well."""
        return HttpResponseRedirect("/")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Sign out of everything that hangs on this browser's sign-in."""
        end_session(request)
        return super().logout(request, extra_context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        """Send whoever may not come in to the one sign-in (web/staff), which knows all its steps, and tell it what is missing."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        here = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
        next_page = wanted if here else reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(next_page)
        get_token(request)  # sets the cookie without which the sign-in's page may not write
        query = {"next": next_page, "missing": _missing(request)}
        return HttpResponseRedirect(f"{SIGN_IN}?{urlencode({name: value for name, value in query.items() if value})}")


def _missing(request: HttpRequest) -> str:
    """Return what stands between the request and the panel, by a name that the sign-in's page knows; nothing is "nobody is signed in"."""
    if not request.user.is_authenticated:
        return ""
    if not request.user.is_staff:
        return "role"
    if not staff_sign_in_is_fresh(request):
        return "fresh_sign_in"
    return "" if staff_second_factor_satisfied(request) else "second_factor"
