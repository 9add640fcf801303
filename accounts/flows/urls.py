"""The routes below `/_allauth/`: allauth's own, each request that may write in one transaction, so that mails and rows go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from allauth.headless import urls as headless
from django.db import transaction
from django.urls import URLPattern, URLResolver

_BY_THEMSELVES: Final = {"refresh", "provider_token"}
"""A refused refresh must have ended its session all the same, and no transaction may wait for another site's answer."""

app_name = headless.app_name
urlpatterns = headless.urlpatterns


def _routes(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns)
        else:
            yield pattern


for route in _routes(urlpatterns):
    if route.name not in _BY_THEMSELVES:
        route.callback = transaction.atomic(route.callback)
