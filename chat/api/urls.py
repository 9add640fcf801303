"""The routes of chat, below the prefix of the API version."""

from __future__ import annotations

from django.urls import URLPattern, path

from chat.api.category_views import CategoriesView, CategoryView, RoomPlaceView
from chat.api.overwrite_views import MemberOverwriteView, RoleOverwriteView, RoomOverwritesView
from chat.api.views import (
    ArchiveRoomView,
    DirectRoomsView,
    LeaveRoomView,
    MessagesView,
    MessageView,
    ReadMarkerView,
    RoomGuestsView,
    RoomMembersView,
    RoomMemberView,
    RoomsView,
    RoomView,
)
from chat.constants import ROOM_KIND
from communities.api.gate_views import gate_urls

urlpatterns: list[URLPattern] = [
    *gate_urls("rooms/<uuid:room_id>", ROOM_KIND, "room"),
    path("communities/<uuid:community_id>/rooms", RoomsView.as_view(), name="rooms"),
    path("communities/<uuid:community_id>/direct-rooms", DirectRoomsView.as_view(), name="direct-rooms"),
    path("communities/<uuid:community_id>/categories", CategoriesView.as_view(), name="categories"),
    path("communities/<uuid:community_id>/categories/<uuid:category_id>", CategoryView.as_view(), name="category"),
    path("rooms/<uuid:room_id>/place", RoomPlaceView.as_view(), name="room-place"),
    path("rooms/<uuid:room_id>", RoomView.as_view(), name="room"),
    path("rooms/<uuid:room_id>/archive", ArchiveRoomView.as_view(), name="archive-room"),
    path("rooms/<uuid:room_id>/leave", LeaveRoomView.as_view(), name="leave-room"),
    path("rooms/<uuid:room_id>/members", RoomMembersView.as_view(), name="room-members"),
    path("rooms/<uuid:room_id>/members/<uuid:user_id>", RoomMemberView.as_view(), name="room-member"),
    path("rooms/<uuid:room_id>/overwrites", RoomOverwritesView.as_view(), name="room-overwrites"),
    path(
        "rooms/<uuid:room_id>/overwrites/roles/<uuid:role_id>", RoleOverwriteView.as_view(), name="room-role-overwrite"
    ),
    path(
        "rooms/<uuid:room_id>/overwrites/members/<uuid:user_id>",
        MemberOverwriteView.as_view(),
        name="room-member-overwrite",
    ),
    path("rooms/<uuid:room_id>/guests", RoomGuestsView.as_view(), name="room-guests"),
    path("rooms/<uuid:room_id>/messages", MessagesView.as_view(), name="messages"),
    path("rooms/<uuid:room_id>/read", ReadMarkerView.as_view(), name="read-marker"),
    path("messages/<uuid:message_id>", MessageView.as_view(), name="message"),
]
