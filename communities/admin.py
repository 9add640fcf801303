"""Communities and memberships in the admin panel: to look at, and to change through actions only.

Administrators need not be members, so they act as the system does; the admin's own log keeps who it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin import ReadOnlyAdmin
from communities.actions.membership_roles import transfer_ownership
from communities.actions.memberships import (
    ban_member,
    lift_time_out,
    remove_member,
    unban_member,
)
from communities.models import (
    Application,
    Community,
    Entitlement,
    ExternalService,
    Gate,
    GateVersion,
    Invite,
    MemberLevel,
    Membership,
    OnboardingVersion,
    Role,
)
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from kernel.ids import CommunityId, UserId


@admin.register(Community)
class CommunityAdmin(ReadOnlyAdmin):
    """Which communities there are."""

    list_display = ("name", "slug", "join_policy", "visibility", "created_at")
    list_filter = ("join_policy", "visibility")
    search_fields = ("name", "slug")
    ordering = ("-created_at",)


@admin.register(Role)
class RoleAdmin(ReadOnlyAdmin):
    """What roles communities have, and what they let members do."""

    list_display = ("name", "community", "position", "is_default", "permissions")
    list_filter = ("is_default",)
    list_select_related = ("community",)
    search_fields = ("name", "community__name", "community__slug")
    ordering = ("community", "-position")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who is in which community, as what."""

    list_display = ("user", "community", "status", "is_owner", "is_guest", "timed_out_until", "joined_at")
    list_filter = ("status", "is_owner", "is_guest")
    list_select_related = ("user", "community")
    search_fields = ("user__username", "user__email", "community__name", "community__slug")
    ordering = ("-joined_at",)
    actions = ("remove", "ban", "unban", "end_time_out", "make_owner")

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Whether the actions of this page are offered."""
        return request.user.has_perm("communities.change_membership")

    @admin.action(description="Remove from the community", permissions=["administer"])
    def remove(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """End the chosen memberships."""
        self._for_each(request, memberships, "Removed.", lambda row: remove_member(SYSTEM, **_member(row)))

    @admin.action(description="Ban from the community", permissions=["administer"])
    def ban(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Shut the chosen users out."""
        self._for_each(request, memberships, "Banned.", lambda row: ban_member(SYSTEM, **_member(row)))

    @admin.action(description="Lift the ban", permissions=["administer"])
    def unban(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Let the chosen users become members again."""
        self._for_each(request, memberships, "Unbanned.", lambda row: unban_member(SYSTEM, **_member(row)))

    @admin.action(description="End the time-out", permissions=["administer"])
    def end_time_out(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Let the chosen members write again."""
        self._for_each(request, memberships, "Time-out ended.", lambda row: lift_time_out(SYSTEM, **_member(row)))

    @admin.action(description="Make owner", permissions=["administer"])
    def make_owner(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Hand communities over to the chosen members."""
        self._for_each(request, memberships, "Made owner.", lambda row: transfer_ownership(SYSTEM, **_member(row)))

    def _for_each(
        self,
        request: HttpRequest,
        memberships: QuerySet[Membership],
        done: str,
        act: Callable[[Membership], object],
    ) -> None:
        """Do an action to each chosen row and log it, and show every refusal beside its row."""
        for row in memberships:
            try:
                act(row)
            except DomainError as error:
                self.message_user(request, f"{row}: {error.text}", messages.ERROR)
            else:
                self.log_change(request, row, done)


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """Who applied where, and what became of it. What they answered is between them and the community."""

    list_display = ("user", "community", "status", "submitted_at", "decided_by", "decided_at")
    list_filter = ("status",)
    list_select_related = ("user", "community", "decided_by")
    search_fields = ("user__username", "community__name", "community__slug")
    ordering = ("-submitted_at",)
    exclude = ("answers",)


@admin.register(Entitlement)
class EntitlementAdmin(ReadOnlyAdmin):
    """Who has which rights where, by whom and until when."""

    list_display = ("user", "community", "key", "source", "starts_at", "ends_at", "revoked_at", "granted_by")
    list_filter = ("source",)
    list_select_related = ("user", "community", "granted_by")
    search_fields = ("user__username", "community__name", "community__slug", "key")
    ordering = ("-created_at",)


@admin.register(Gate)
class GateAdmin(ReadOnlyAdmin):
    """Which things have gates, and which of their versions count now. Gates are changed by communities, not by staff."""

    list_display = ("community", "kind", "resource_id", "live", "shadow", "history")
    list_filter = ("kind",)
    list_select_related = ("community", "live", "shadow")
    search_fields = ("community__name", "community__slug")
    ordering = ("community", "kind")

    @admin.display(description="History")
    def history(self, gate: Gate) -> str:
        """Lead to every version that there was."""
        page = reverse("admin:communities_gateversion_changelist")
        return format_html('<a href="{}?gate__id__exact={}">Versions</a>', page, gate.pk)


@admin.register(GateVersion)
class GateVersionAdmin(ReadOnlyAdmin):
    """Every version of every gate, who put it there and why."""

    list_display = ("gate", "number", "mode", "author", "reason", "created_at", "grandfathered_until")
    list_filter = ("mode",)
    list_select_related = ("gate", "author")
    search_fields = ("author__username", "reason", "gate__community__name", "gate__community__slug")
    ordering = ("-created_at",)


@admin.register(MemberLevel)
class MemberLevelAdmin(ReadOnlyAdmin):
    """How far members have come, and who said so."""

    list_display = ("user", "community", "level", "set_by", "set_at")
    list_select_related = ("user", "community", "set_by")
    search_fields = ("user__username", "community__name", "community__slug")
    ordering = ("-set_at",)


@admin.register(ExternalService)
class ExternalServiceAdmin(ReadOnlyAdmin):
    """Which services outside are asked about members, and whether they answer. Secrets are not shown."""

    list_display = ("name", "community", "url", "failures", "last_failure", "paused_until", "created_at")
    list_select_related = ("community",)
    search_fields = ("name", "url", "community__name", "community__slug")
    ordering = ("-created_at",)
    exclude = ("sealed_secret", "sealed_former_secret")


@admin.register(Invite)
class InviteAdmin(ReadOnlyAdmin):
    """Who invited, until when and how often it was used. Codes are not shown."""

    list_display = ("community", "created_by", "uses", "max_uses", "expires_at", "revoked_at", "created_at")
    list_select_related = ("community", "created_by")
    search_fields = ("created_by__username", "community__name", "community__slug")
    ordering = ("-created_at",)
    exclude = ("code_hash", "sealed_code")


@admin.register(OnboardingVersion)
class OnboardingVersionAdmin(ReadOnlyAdmin):
    """What communities ask of their members, version by version. What members answered is not shown."""

    list_display = ("community", "number", "created_by", "created_at")
    list_select_related = ("community", "created_by")
    search_fields = ("created_by__username", "community__name", "community__slug")
    ordering = ("-created_at",)


class _Member(TypedDict):
    """Whom an action is about, as its keyword arguments."""

    community_id: CommunityId
    user_id: UserId


def _member(membership: Membership) -> _Member:
    return {"community_id": CommunityId(membership.community_id), "user_id": UserId(membership.user_id)}
