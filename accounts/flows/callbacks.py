"""Where providers send a browser back to when somebody has signed in there. What follows is allauth's; it ends in the web client."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.core.internal.httpkit import get_frontend_url
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.facebook.views import oauth2_callback as facebook
from allauth.socialaccount.providers.github.views import oauth2_callback as github
from allauth.socialaccount.providers.google.views import oauth2_callback as google
from allauth.socialaccount.providers.openid_connect.views import callback as openid_connect
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from accounts.authentication import client_network_of
from accounts.errors import DeletionScheduled
from kernel.errors import DomainError, NotFound, Unavailable
from kernel.rate_limits import take

logger = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]


def _callback(view: View) -> View:
    """Count the request, and show what is refused in the web client: a browser is here, and no program that reads problems."""

    @never_cache
    @require_GET
    @wraps(view)
    def answered(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            take(settings.RATE_LIMITS["login.address"], client_network_of(request))
            return view(request, **named)
        except DomainError as error:
            return refuse_in_web_client(request, error)
        except (SocialApp.DoesNotExist, Http404):
            return refuse_in_web_client(request, NotFound())
        except RequestException as error:
            logger.warning("social_login.provider_away", error=type(error).__name__)
            return refuse_in_web_client(request, Unavailable())

    return answered


def refuse_in_web_client(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Send a browser to the page of the web client that shows why a sign-in by a provider failed.

    What it shows stands in the fragment, which browsers send to no server: it may hold the token that keeps an account from its deletion.
    """
    shown = {"error": error.code, "error_process": "login"}
    if isinstance(error, DeletionScheduled):
        shown |= {"due_at": error.data["due_at"].isoformat(), "cancellation": error.data["cancellation"]}
    return HttpResponseRedirect(f"{get_frontend_url(request, 'socialaccount_login_error')}?{urlencode(shown)}")


urlpatterns: list[URLPattern] = [
    path("google/login/callback/", _callback(google), name="google_callback"),
    path("github/login/callback/", _callback(github), name="github_callback"),
    path("facebook/login/callback/", _callback(facebook), name="facebook_callback"),
    path("oidc/<str:provider_id>/login/callback/", _callback(openid_connect), name="openid_connect_callback"),
]
