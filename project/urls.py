"""Every route of the project, versioned by path; each app owns what is below its prefix."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
