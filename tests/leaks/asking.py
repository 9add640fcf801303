"""Asking a route as somebody, with the ids of what there is or of nothing, and undoing what the answer did."""

from __future__ import annotations

import json
import re
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import ResolverMatch, resolve
from rest_framework.test import force_authenticate

from tests.authorisation.api_table import API
from tests.leaks.person import Person
from tests.leaks.statements import captured_shapes

_FACTORY = RequestFactory()
_NAMES = re.compile(r"<\w+:(\w+)>")


class Answer(NamedTuple):
    """All that reaches the client, without what differs between any two requests; and what was asked of the database."""

    status: int
    seen: bytes
    shapes: tuple[str, ...] = ()


def ask(route: str, ids: dict[str, str], person: Person, query: str = "") -> Answer:
    """Put the question to the view itself: what stands before it knows nothing of what is asked, and has a test of its own."""
    method, _, pattern = route.partition(" ")
    path = path_of(pattern, ids)
    request = _FACTORY.generic(method, path + query, body_of(route, ids), "application/json", headers=person.headers)
    if person.proof is not None:
        force_authenticate(request, person.user, person.proof)
    before = (
        transaction.savepoint() if method != "GET" else None
    )  # not `atomic`, inside of which nothing durable may begin
    with captured_shapes() as shapes:
        answer = _answer_of(request, pattern, ids)
    if before is not None:
        transaction.savepoint_rollback(before)
    return Answer(answer.status_code, without_ids(seen_in(answer), ids), tuple(shapes))


def path_of(pattern: str, ids: dict[str, str]) -> str:
    """Return the address of a route with these ids."""
    return _NAMES.sub(lambda found: ids[found[1]], pattern)


def body_of(route: str, ids: dict[str, str]) -> bytes:
    """Return the body that the authorisation table sends to the route, but for a code, which is given."""
    if "code" in ids:
        return json.dumps({"code": ids["code"]}).encode()
    body = API[route].body
    if body is None:
        return b""
    return json.dumps(body(SimpleNamespace(ids=ids | {"mate_id": ids["user_id"]}))).encode()  # type: ignore[arg-type]


def seen_in(answer: Any) -> bytes:
    """Return the headers and the body of an answer, but for the request's own id."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    content: bytes = answer.content
    seen = repr(sorted(headers.items())).encode() + b"\n" + content
    request_id = answer.headers.get("X-Request-ID")
    return seen.replace(request_id.encode(), b"request") if request_id else seen


def without_ids(seen: bytes, ids: dict[str, str]) -> bytes:
    """Write the names of ids in their place."""
    for name, id_ in ids.items():
        if name != "kind":
            seen = seen.replace(id_.encode(), name.encode())
    return seen


def _answer_of(request: HttpRequest, pattern: str, ids: dict[str, str]) -> Any:
    request.resolver_match = _match_of(pattern)
    named = {name: UUID(ids[name]) for name in _NAMES.findall(pattern)}
    answer = request.resolver_match.func(request, **request.resolver_match.kwargs | named)
    return answer.render() if hasattr(answer, "render") else answer


@cache
def _match_of(pattern: str) -> ResolverMatch:
    return resolve(_NAMES.sub(str(UUID(int=1)), pattern))
