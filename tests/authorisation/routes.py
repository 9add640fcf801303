"""Every route of the URL configuration, found by walking the resolver, and those that middleware answers before it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from project.health import _ROUTES as PROBES

_FUNCTION_METHODS = ("GET", "POST")
"""What is asked of a view that is a function and does not say which methods it knows: Django's admin alone has such views."""
_LEFT_OUT = {"OPTIONS", "HEAD", "TRACE"}
OUTSIDE = {f"GET {path}" for path in (*PROBES, "/metrics", "/", "/staff/")}
"""Answered by middleware: probes, metrics, and the web client's files."""


def all_routes() -> set[str]:
    """Return every route with each of its methods, as in `GET /api/v1/rooms/<uuid:room_id>`."""
    found = {f"{method} /{path}" for path, view in _walk(get_resolver(), "") for method in _methods(path, view)}
    return found | OUTSIDE


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from _walk(pattern, path)


def _methods(path: str, view: Any) -> set[str]:
    """Return what the view's class handles; of redirects and catch-alls, which treat all methods alike, GET stands for them."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if view_class is not None and not path.startswith("admin/"):
        return {name.upper() for name in view_class.http_method_names if hasattr(view_class, name)} - _LEFT_OUT
    if path == "admin/logout/":
        return {"POST"}
    return set(_FUNCTION_METHODS) if path.endswith(("/add/", "/change/", "/delete/")) else {"GET"}
