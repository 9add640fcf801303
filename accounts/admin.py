"""Users and sessions in the admin panel: to look at, and to change through actions only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.actions.sessions import revoke_session
from accounts.actions.users import deactivate_user, reactivate_user
from accounts.models import Session, User
from kernel.actor import Actor, user_actor
from kernel.errors import DomainError
from kernel.ids import SessionId, UserId

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

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Whether the actions of this page are offered; they check again by themselves."""
        return request.user.has_perm("accounts.change_user")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Who has an account."""

    list_display = ("username", "email", "display_name", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "email", "display_name")
    ordering = ("-created_at",)
    exclude = ("password",)
    actions = ("deactivate", "reactivate")

    @admin.action(description="Deactivate: no login, and every session ends", permissions=["administer"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Shut the chosen users out."""
        _for_each(self, request, users, lambda actor, pk: deactivate_user(actor, user_id=UserId(pk)))

    @admin.action(description="Reactivate", permissions=["administer"])
    def reactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let the chosen users in again."""
        _for_each(self, request, users, lambda actor, pk: reactivate_user(actor, user_id=UserId(pk)))


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Where users are signed in."""

    list_display = ("user", "user_agent", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("-last_used_at",)
    exclude = ("refresh_jti_hash",)
    actions = ("revoke",)

    @admin.action(description="End the session", permissions=["administer"])
    def revoke(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        """End the chosen sessions."""
        _for_each(self, request, sessions, lambda actor, pk: revoke_session(actor, session_id=SessionId(pk)))


def _for_each(
    page: ReadOnlyAdmin, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Actor, UUID], None]
) -> None:
    """Do an action to each chosen row as the administrator, and show every refusal beside its row."""
    actor = user_actor(UserId(cast("User", request.user).id))
    for row in rows:
        try:
            act(actor, row.pk)
        except DomainError as error:
            page.message_user(request, f"{row}: {error.text}", messages.ERROR)
