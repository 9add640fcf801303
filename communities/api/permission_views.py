"""The route of permissions: what there is for roles to give. Who has which is told with roles and communities."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, query_of
from communities.access import grantable_permissions, permission_rules
from communities.events import PermissionPayload
from kernel.wire import Page


class PermissionsView(APIView):
    """What roles can give."""

    @extend_schema(responses={200: Page[PermissionPayload]})
    def get(self, request: Request) -> Response:
        """List every permission that a role can give, in words; it is the same for all communities, and one page."""
        actor_of(request).require_user()
        query_of(request)
        rules = [permission_rules()[name] for name in grantable_permissions()]
        items = [
            PermissionPayload(name=rule.name, about=rule.about, overwritten_in=rule.overwritten_in) for rule in rules
        ]
        return Response(Page(items=items, next=None))
