"""What REST views of every app read from a request: who acts, the body, which page, which filters, from which address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from accounts.authentication import actor_of, client_network_of
from kernel.errors import InvalidInput
from kernel.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, PageRequest

__all__ = ["actor_of", "body_of", "client_network_of", "django_request", "page_request_of", "query_of"]

_PAGE_PARAMETERS = frozenset({"limit", "cursor"})


def body_of(request: Request, serializer: type[BaseSerializer[None]], *, partial: bool = False) -> dict[str, Any]:
    """Return the checked fields of the body. Raises DRF's `ValidationError`; `partial` lets fields be absent."""
    checked = serializer(data=request.data, partial=partial)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def django_request(request: Request) -> HttpRequest:
    """Return Django's request, whose session the flows of signing in work with."""
    return request._request  # noqa: SLF001  # documented


def query_of(request: Request, *, allowed: Iterable[str] = ()) -> dict[str, str]:
    """Return the query parameters that a list understands, without those of paging, each at most once.

    `allowed` names them. Raises `InvalidInput`, naming the parameter, for any other, for a repeated one and for NUL.
    """
    known = _PAGE_PARAMETERS.union(allowed)
    values = {name: _only_value(name, given, known) for name, given in request.query_params.lists()}
    return {name: value for name, value in values.items() if name not in _PAGE_PARAMETERS}


def page_request_of(request: Request) -> PageRequest:
    """Return the page asked for with `?limit=` (1 to 100) and `?cursor=`. Raises `InvalidInput`."""
    return PageRequest(limit=_limit(request.query_params.get("limit")), cursor=request.query_params.get("cursor"))


def _only_value(name: str, given: list[Any], known: frozenset[str]) -> str:
    if name not in known:
        raise InvalidInput("This list does not know that query parameter.", field=name)
    if len(given) > 1:
        raise InvalidInput("Give this query parameter once.", field=name)
    value = str(given[0])
    if "\0" in value:
        raise InvalidInput("A query parameter cannot contain NUL.", field=name)
    return value


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE_SIZE
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE_SIZE)) else 0
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise InvalidInput(f"Use a limit from 1 to {MAX_PAGE_SIZE}.", field="limit")
    return limit
