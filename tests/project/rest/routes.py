"""Routes that exist for tests of the REST edge alone: each raises, echoes or writes something."""

from __future__ import annotations

from typing import Any

import django.db
import redis.exceptions
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from rest_framework import serializers, status
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Session, User
from kernel.decision import AccessRefused, Decision, Missing, Remedy
from kernel.errors import Conflict, RateLimited
from kernel.rate_limits import RateLimit, take
from kernel.wire import WireStruct
from project.rest import problems

ERRORS: dict[str, Exception] = {
    "conflict": Conflict("The name is taken.", field="name", status=999),
    "gate": AccessRefused(
        Decision(
            allowed=False,
            code="gate.not_passed",
            missing=(Missing(requirement="invite", remedy=Remedy(text="Ask a member for an invite.")),),
        )
    ),
    "limited": RateLimited(retry_after=1.2, limit="message.create"),
    "http404": Http404(),
    "denied": PermissionDenied("secret reason"),
    "database": django.db.OperationalError("connection to server at 10.0.0.1 failed"),
    "redis": redis.exceptions.ConnectionError("Error 111 connecting to 10.0.0.1:6379"),
    "suspicious": SuspiciousOperation("strange"),
    "bug": RuntimeError("the bug's own words"),
}


class Echo(WireStruct, frozen=True):
    """What came in."""

    body: object


class InnerSerializer(serializers.Serializer[object]):
    """A nested object."""

    number = serializers.IntegerField(max_value=9)


class BodySerializer(serializers.Serializer[object]):
    """A body with a field of each kind of error."""

    name = serializers.CharField(max_length=3)
    inner = InnerSerializer()
    several = InnerSerializer(many=True, required=False)


@api_view(["GET"])
def fail(request: Request, name: str) -> Response:
    raise ERRORS[name]


def fail_plainly(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]


@api_view(["POST"])
def echo(request: Request) -> Response:
    return Response(Echo(body=request.data))


@api_view(["POST"])
def validate(request: Request) -> Response:
    body = BodySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return Response(body.data)


@api_view(["GET"])
def long_text(request: Request) -> Response:
    return Response({"text": "a" * int(request.query_params["length"])})


@api_view(["GET"])
def limited(request: Request) -> Response:
    take(RateLimit("test.limited", quota=2, seconds=60), request.query_params["key"])
    return Response(status=status.HTTP_204_NO_CONTENT)


class RenameView(APIView):
    """Writes the user's name, and fails afterwards when told so."""

    def post(self, request: Request) -> Response:
        body: Any = request.data
        User.objects.filter(id=str(request.user.pk)).update(display_name=body["name"])
        if "status" in body:
            return Response({"refused": True}, status=body["status"])
        if "error" in body:
            raise ERRORS[body["error"]]
        return Response({"sessions": Session.objects.count()}, status=status.HTTP_201_CREATED)


urlpatterns = [
    path("api/v1/fail/<name>", fail),
    path("api/v1/fail-plainly/<name>", fail_plainly),
    path("fail-plainly/<name>", fail_plainly),
    path("api/v1/echo", echo),
    path("api/v1/validate", validate),
    path("api/v1/long-text", long_text),
    path("api/v1/limited", limited),
    path("api/v1/rename", RenameView.as_view()),
    path("api/v1/auth/rename", RenameView.as_view()),
    path("api/v1/gateway/rename", RenameView.as_view()),
    path("api/v1/me/keys/rename", RenameView.as_view()),
    re_path("^api/", problems.not_found),
]
handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
