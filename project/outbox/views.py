"""The outbox as a page for people and as JSON for browser tests: everything that would have been sent, newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel.errors import Unavailable
from kernel.wire import WireStruct, encode_json
from project.outbox.store import OutboxMessage, newest
from project.rest.problems import problem_response


class OutboxList(WireStruct, frozen=True):
    """What the JSON form answers with."""

    messages: list[OutboxMessage]


@require_safe
@never_cache
def outbox_page(request: HttpRequest) -> HttpResponse:
    """Show the messages; `?to=` filters by recipient."""
    to = request.GET.get("to", "")
    try:
        messages = newest(to=to)
    except Unavailable as error:
        return problem_response(error, request)
    return render(request, "outbox.html", {"messages": messages, "to": to})


@require_safe
@never_cache
def outbox_json(request: HttpRequest) -> HttpResponse:
    """Answer with `{"messages": [...]}`; `?to=` filters by recipient."""
    try:
        messages = newest(to=request.GET.get("to", ""))
    except Unavailable as error:
        return problem_response(error, request)
    return HttpResponse(encode_json(OutboxList(messages=messages)), content_type="application/json")
