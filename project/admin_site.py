"""The admin panel's door: staff alone, with a fresh sign-in and a second factor. What each page shows is decided in the apps."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from accounts.authentication import staff_second_factor_satisfied, staff_sign_in_is_fresh
from accounts.flows.sessions import end_session


class StaffSite(AdminSite):
    """Asks at every request, so that a revoked role, an ended session and a proof grown old close the panel at once."""

    site_header = site_title = "Portcullis"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request is from active staff who proved lately, and well enough, who they are."""
        return super().has_permission(request) and _missing_proof(request) is None

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

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Say what is missing, or show the form; a password is a proof that is noted in the browser session."""
        missing = _missing_proof(request) if super().has_permission(request) else None
        if missing is not None and request.method == "GET":
            messages.warning(request, missing)
        response = super().login(request, extra_context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            _note_password(request)
        return response


def _missing_proof(request: HttpRequest) -> str | None:
    if not staff_sign_in_is_fresh(request):
        return "You signed in too long ago for the admin panel. Sign in again."
    if not staff_second_factor_satisfied(request):
        return "The admin panel needs a second factor. Set one up in your account, and sign in with it."
    return None


def _note_password(request: HttpRequest) -> None:
    request.session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    request.session["account_authentication_methods_user"] = str(request.user.pk)
