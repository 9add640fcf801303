"""The routes of communities, below the prefix of the API version."""

from __future__ import annotations

from django.urls import URLPattern, path

from communities.api.views import (
    BanView,
    CommunitiesView,
    CommunityView,
    DiscoverView,
    JoinView,
    LeaveView,
    MembersView,
    MemberView,
    TimeOutView,
)

_MEMBER = "communities/<uuid:community_id>/members/<uuid:user_id>"

urlpatterns: list[URLPattern] = [
    path("communities", CommunitiesView.as_view(), name="communities"),
    path("communities/discover", DiscoverView.as_view(), name="discover-communities"),
    path("communities/<uuid:community_id>", CommunityView.as_view(), name="community"),
    path("communities/<uuid:community_id>/join", JoinView.as_view(), name="join-community"),
    path("communities/<uuid:community_id>/leave", LeaveView.as_view(), name="leave-community"),
    path("communities/<uuid:community_id>/members", MembersView.as_view(), name="members"),
    path(_MEMBER, MemberView.as_view(), name="member"),
    path(f"{_MEMBER}/ban", BanView.as_view(), name="member-ban"),
    path(f"{_MEMBER}/timeout", TimeOutView.as_view(), name="member-timeout"),
]
