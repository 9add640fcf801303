"""`Idempotency-Key`: a request that is sent again is carried out once, even when the process is killed in between.

The key's row, what the request writes and the answer are one transaction. How answers are kept is `accounts.actions`' business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from accounts.actions.idempotent_requests import Answer, claim_key, keep_answer
from accounts.authentication import SessionTokenAuthentication
from kernel.actor import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import UserId
from project.rest.problems import domain_error_for, problem_response
from project.rest.rate_limit_headers import take_request_unit
from project.rest.repeated_answers import require_still_shown

View = Callable[..., HttpResponse]

# Their answers hold tokens, tickets, keys and codes, which are never stored in clear: the header has no effect there.
ROUTES_WITH_SECRETS = re.compile(
    r"/api/v1/(auth/|gateway/|me/keys(/|$)|me/bots/[^/]+/keys$|communities/[^/]+/invites$"
    r"|communities/[^/]+/external-services(/[^/]+/rotate-secret)?$)"
)
METHODS_WITH_KEYS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class IdempotencyMiddleware:
    """Carries out a keyed request in one transaction with its key, or repeats the answer of the first one to who may still see it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the work is done when its view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Answer a keyed request of a signed-in user; None leaves every other request to Django."""
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or request.method not in METHODS_WITH_KEYS or not takes_keys(request.path_info):
            return None
        try:
            actor = _actor_of(request)
            return None if actor is None else _answer_once(request, actor, key, lambda: view(request, *args, **kwargs))
        except Exception as error:
            domain_error = domain_error_for(error)
            if domain_error is None:
                raise
            return problem_response(domain_error, request)


def takes_keys(path: str) -> bool:
    """Tell whether the routes below `path` look at the header."""
    return path.startswith("/api/") and ROUTES_WITH_SECRETS.match(path) is None


def _actor_of(request: HttpRequest) -> Actor | None:
    """Return who signed the request; None when nobody did, or not well: then the view refuses it in its own words."""
    try:
        signed_in = SessionTokenAuthentication().authenticate(cast("Request", request))
    except DomainError:
        return None
    return signed_in[1].actor if signed_in else None


def _answer_once(request: HttpRequest, actor: Actor, key: str, call_view: Callable[[], HttpResponse]) -> HttpResponse:
    user_id = actor.require_user()
    if not _KEY.fullmatch(key):
        raise InvalidInput("An Idempotency-Key is 1 to 128 visible ASCII characters.", field="Idempotency-Key")
    with transaction.atomic():
        first = claim_key(user_id, key=key, fingerprint=_fingerprint(request))
        if first is None:
            return _carry_out(user_id, key, call_view)
    # A repeated answer costs a unit too; the first one was counted by the view's throttle.
    take_request_unit(actor, request.method or "")
    if first.body and (match := request.resolver_match) is not None:
        require_still_shown(actor, match.view_name, match.kwargs)
    return HttpResponse(
        first.body, status=first.status, content_type=first.content_type, headers={"Idempotency-Replayed": "true"}
    )


def _carry_out(user_id: UserId, key: str, call_view: Callable[[], HttpResponse]) -> HttpResponse:
    """Call the view and keep its answer; a refusal is undone together with the claim of the key, so it can be tried again."""
    response = call_view()
    render = getattr(response, "render", None)
    if render is not None:
        response = render()
    if response.status_code >= 400:
        transaction.set_rollback(True)
    else:
        answer = Answer(response.status_code, response.get("Content-Type", ""), response.content)
        keep_answer(user_id, key=key, answer=answer)
    return response


def _fingerprint(request: HttpRequest) -> str:
    parts = (request.method or "", request.get_full_path(), "")
    return hashlib.sha256("\n".join(parts).encode() + request.body).hexdigest()
