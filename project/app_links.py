"""What proves to phones that our mobile apps and this site belong together: passkeys of the domain in the app, and links that open it.

The two documents are fetched by Google and Apple (and by phones) at addresses that they prescribe. A site without apps has neither.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

KEPT_SECONDS = 3600
_RELATIONS = ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"]


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
def asset_links(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  # Django passes it
    """Name the Android apps of `ANDROID_APPS`, each with the certificates that it may be signed with. 404 without any."""
    certificates: defaultdict[str, list[str]] = defaultdict(list)
    for app in settings.ANDROID_APPS:
        package, _, fingerprint = app.partition("=")
        certificates[package].append(fingerprint.upper())
    if not certificates:
        raise Http404
    return JsonResponse([_statement(package, prints) for package, prints in certificates.items()], safe=False)


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
def apple_app_site_association(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  # Django passes it
    """Name the apps of `APPLE_APPS`, which get the passkeys of this domain and open the links of our mails. 404 without any."""
    apps = settings.APPLE_APPS
    if not apps:
        raise Http404
    links = {"details": [{"appIDs": apps, "components": [{"/": "/", "#": "/*", "comment": "links in mails"}]}]}
    return JsonResponse({"webcredentials": {"apps": apps}, "applinks": links})


def _statement(package: str, fingerprints: list[str]) -> dict[str, Any]:
    target = {"namespace": "android_app", "package_name": package, "sha256_cert_fingerprints": fingerprints}
    return {"relation": _RELATIONS, "target": target}


urlpatterns: list[URLPattern] = [
    path("assetlinks.json", asset_links, name="asset-links"),
    path("apple-app-site-association", apple_app_site_association, name="apple-app-site-association"),
]
