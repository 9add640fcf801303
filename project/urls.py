"""Every route of the project, versioned by path; each app owns what is below its prefix. Health probes are in `project.health`."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularSwaggerSplitView

from project.rest import problems
from project.rest.openapi import schema_view

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("communities.api.urls")),
    path("api/v1/", include("chat.api.urls")),
    path("api/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="reference"),
    path("api/schema/", schema_view, name="schema"),
    re_path("^api/", csrf_exempt(problems.not_found)),
    path("_allauth/", include("accounts.flows.second_factors.urls", namespace="second_factors")),
    path("_allauth/", include("accounts.flows.strangers", namespace="strangers")),
    path("_allauth/", include("accounts.flows.urls")),
    path("accounts/", include("accounts.flows.callbacks")),
    path(".well-known/", include("project.app_links")),
    path("admin/", admin.site.urls),
]
if settings.OUTBOX_PAGE:
    urlpatterns.append(path("dev/", include("project.outbox.urls")))

handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
