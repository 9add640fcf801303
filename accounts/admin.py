"""Users, sessions, API keys, staff roles and deletions in the admin panel: to look at, and to change through actions only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from accounts.actions.api_keys import revoke_api_key
from accounts.actions.birth_dates import forget_birth_date
from accounts.actions.deletions import cancel_deletion, schedule_deletion
from accounts.actions.sessions import revoke_session
from accounts.actions.staff_roles import grant_staff_role, revoke_staff_role
from accounts.actions.users import deactivate_user, reactivate_user
from accounts.constants import StaffPermission, StaffRole, StaffRoleChangeKind
from accounts.models import AccountDeletion, ApiKey, Session, StaffRoleChange, User
from accounts.storage.web_sessions import session_id_of
from kernel.actor import Actor, user_actor
from kernel.errors import Conflict, DomainError
from kernel.ids import ApiKeyId, SessionId, UserId

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
else:
    ModelAdmin = admin.ModelAdmin  # takes a type parameter in its stubs only


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; adds, edits and deletes none."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django calls it
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody edits rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody deletes rows here."""
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Who has an account."""

    list_display = (
        "username",
        "kind",
        "email",
        "display_name",
        "is_active",
        "inactive_because",
        "is_staff",
        "created_at",
    )
    list_filter = ("kind", "is_active", "inactive_because", "is_staff")
    search_fields = ("username", "email", "display_name")
    ordering = ("-created_at",)
    exclude = ("password",)
    actions = ("deactivate", "reactivate", "forget_birth_date", "schedule_deletion", "cancel_deletion")

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        """Whether the actions of this page are offered; they check again by themselves."""
        return request.user.has_perm(StaffPermission.SUSPEND_USERS)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Whether users who left can be brought back."""
        return request.user.has_perm(StaffPermission.RESTORE_USERS)

    def has_schedule_permission(self, request: HttpRequest) -> bool:
        """Whether accounts can be deleted."""
        return request.user.has_perm(StaffPermission.DELETE_USERS)

    @admin.action(description="Deactivate: no login, and every session ends", permissions=["suspend"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Shut the chosen users out."""
        _for_each(self, request, users, lambda actor, pk: deactivate_user(actor, user_id=UserId(pk)))

    @admin.action(description="Reactivate", permissions=["restore"])
    def reactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let the chosen users in again."""
        _for_each(self, request, users, lambda actor, pk: reactivate_user(actor, user_id=UserId(pk)))

    @admin.action(description="Forget the birth date, so that it can be told anew", permissions=["suspend"])
    def forget_birth_date(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Take back what was told wrongly."""
        _for_each(self, request, users, lambda actor, pk: forget_birth_date(actor, user_id=UserId(pk)))

    @admin.action(description="Delete, after the grace: every session ends now", permissions=["schedule"])
    def schedule_deletion(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Close the chosen accounts, to be deleted."""
        _for_each(self, request, users, lambda actor, pk: schedule_deletion(actor, user_id=UserId(pk)))

    @admin.action(description="Cancel the deletion", permissions=["restore"])
    def cancel_deletion(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Keep the chosen accounts."""
        _for_each(self, request, users, lambda actor, pk: cancel_deletion(actor, user_id=UserId(pk)))


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Where users are signed in."""

    list_display = ("user", "user_agent", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("-last_used_at",)
    exclude = ("refresh_jti_hash",)
    actions = ("revoke",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the action of this page is offered; it checks again by itself."""
        return request.user.has_perm(StaffPermission.END_SESSIONS)

    @admin.action(description="End the session", permissions=["end"])
    def revoke(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        """End the chosen sessions."""
        _for_each(self, request, sessions, lambda actor, pk: revoke_session(actor, session_id=SessionId(pk)))


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Which keys people and bots have. A key's hash is not shown."""

    list_display = ("name", "prefix", "user", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("prefix", "user__username", "user__email")
    ordering = ("-created_at",)
    exclude = ("secret_hash",)
    actions = ("revoke",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the action of this page is offered; it checks again by itself."""
        return request.user.has_perm(StaffPermission.END_SESSIONS)

    @admin.action(description="Revoke the key", permissions=["end"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Revoke the chosen keys."""
        _for_each(self, request, keys, lambda actor, pk: revoke_api_key(actor, key_id=ApiKeyId(pk)))


@admin.register(StaffRoleChange)
class StaffRoleChangeAdmin(ReadOnlyAdmin):
    """Who was given which role of the staff, by whom, when and why. To grant or revoke one is to add an entry."""

    list_display = ("user", "role", "kind", "changed_by", "changed_at", "reason")
    list_filter = ("role", "kind")
    list_select_related = ("user", "changed_by")
    search_fields = ("user__username", "user__email", "changed_by__username")
    ordering = ("-changed_at",)
    raw_id_fields = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Administrators add entries, and thereby change roles."""
        return request.user.has_perm(StaffPermission.GRANT_STAFF_ROLES)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Ask for what an administrator decides; who and when are known."""
        asked = ("user", "role", "kind", "reason")
        return asked if obj is None else (*asked, "changed_by", "changed_at")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """Show a refusal on the page that it came from."""
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as error:
            self.message_user(request, error.text, messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Carry out what the entry says."""
        act = grant_staff_role if obj.kind == StaffRoleChangeKind.GRANTED else revoke_staff_role
        done = act(_actor(request), user_id=UserId(obj.user_id), role=StaffRole(obj.role), reason=obj.reason)
        if done is None:
            raise Conflict("That is so already.")
        obj.pk = done.pk


@admin.register(AccountDeletion)
class AccountDeletionAdmin(ReadOnlyAdmin):
    """Which accounts are being deleted, how far that is, and what went wrong."""

    list_display = ("user", "due_at", "started_at", "completed_at", "cancelled_at", "failures", "last_error")
    list_filter = ("last_error",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("-requested_at",)


def _actor(request: HttpRequest) -> Actor:
    return user_actor(UserId(cast("User", request.user).id), session_id_of(request.session))


def _for_each(
    page: ReadOnlyAdmin, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Actor, UUID], object]
) -> None:
    """Do an action to each chosen row as the administrator, and show every refusal beside its row."""
    actor = _actor(request)
    for row in rows:
        try:
            act(actor, row.pk)
        except DomainError as error:
            page.message_user(request, f"{row}: {error.text}", messages.ERROR)
