"""Rooms in the admin panel: to look at, and to archive through the action. What is said in them is not shown here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from chat.actions.rooms import archive_room
from chat.models import Room, RoomOverwrites
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from kernel.ids import RoomId


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    """Which rooms there are. Direct ones are the business of their two people alone."""

    list_display = ("name", "community", "visibility", "created_at", "archived_at")
    list_filter = ("visibility",)
    list_select_related = ("community",)
    search_fields = ("name", "community__name", "community__slug")
    ordering = ("-created_at",)
    fields = ("community", "name", "topic_line", "visibility", "created_at", "archived_at")
    actions = ("archive",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:  # noqa: ARG002  # Django calls it
        """Leave direct rooms out."""
        return Room.objects.filter(direct_key=None)

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Whether the actions of this page are offered."""
        return request.user.has_perm("chat.change_room")

    @admin.action(description="Archive", permissions=["administer"])
    def archive(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        """Archive the chosen rooms, each for itself."""
        for room in rooms:
            try:
                archive_room(SYSTEM, room_id=RoomId(room.pk))
            except DomainError as error:
                self.message_user(request, f"{room}: {error.text}", messages.ERROR)
            else:
                self.log_change(request, room, "Archived.")


@admin.register(RoomOverwrites)
class RoomOverwritesAdmin(ReadOnlyAdmin):
    """What roles and members may in single rooms, and who changed it when: every version."""

    list_display = ("room", "community", "author", "created_at")
    list_select_related = ("room", "community", "author")
    search_fields = ("room__name", "community__name", "community__slug")
    ordering = ("-created_at",)
    fields = ("community", "room", "entries", "author", "created_at")
