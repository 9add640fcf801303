"""Who takes part in rooms, for the list of members, for access and for revocation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.events import UserPayload
from accounts.models import User
from accounts.payloads import user_payload
from chat.constants import ROOM_KIND, RoomMemberState, RoomVisibility
from chat.models import Room, RoomMember
from communities.access import Participation
from communities.constants import CURRENT_STATUSES
from communities.models import Membership
from communities.queries.keyset import SortKey, cut_page
from eventlog.topics import Topic, topic_for
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

ROOM_MEMBER_SORTS = {"username": SortKey("lower_username")}


def list_room_members(room: Room, *, page: PageRequest, search: str = "", sort: str = "username") -> Page[UserPayload]:
    """Return who takes part: the participants of a private room, or all members but those removed from the room.

    `search` looks in username and display name. One query.
    """
    users = User.objects.filter(_is_member(room), _participates(room)).annotate(lower_username=Lower("username"))
    if search:
        users = users.filter(Q(username__icontains=search) | Q(display_name__icontains=search))
    found, following = cut_page(users, sort=sort, sorts=ROOM_MEMBER_SORTS, page=page)
    return Page(items=[user_payload(user) for user in found], next=following)


def counting_participants() -> QuerySet[RoomMember]:
    """Return the participants that count: those added since their present membership of the community began."""
    present = Membership.objects.filter(
        community_id=OuterRef("community_id"),
        user_id=OuterRef("user_id"),
        status__in=CURRENT_STATUSES,
        joined_at__lte=OuterRef("added_at"),
    )
    return RoomMember.objects.filter(Exists(present), state=RoomMemberState.MEMBER)


def load_participations(
    room_ids: Collection[UUID], user_ids: Collection[UserId]
) -> Mapping[tuple[UUID, UserId], Participation]:
    """Return every user's own state in every room, for `communities.access`. One query.

    A participant from before the present membership has none: who comes back does not find old private rooms open.
    """
    rows = RoomMember.objects.filter(room_id__in=room_ids, user_id__in=user_ids)
    counting = counting_participants().filter(pk=OuterRef("pk"))
    found = rows.annotate(counts=Exists(counting)).values_list("room_id", "user_id", "state", "counts")
    return {
        (room_id, UserId(user_id)): Participation(state)
        for room_id, user_id, state, counts in found
        if counts or state == RoomMemberState.REMOVED
    }


def readable_room_topics(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, Sequence[Topic]]:
    """Return the topics of the rooms that each user can read, for `communities.access` to revoke. Two queries."""
    visible = list(
        Room.objects.filter(community_id=community_id, visibility=RoomVisibility.COMMUNITY).values_list("pk", flat=True)
    )
    own: dict[RoomMemberState, dict[UserId, set[UUID]]] = {state: {} for state in RoomMemberState}
    states = RoomMember.objects.filter(community_id=community_id, user_id__in=user_ids)
    for room_id, user_id, state in states.values_list("room_id", "user_id", "state"):
        own[RoomMemberState(state)].setdefault(UserId(user_id), set()).add(room_id)
    return {
        user_id: [
            topic_for(ROOM_KIND, room_id)
            for room_id in sorted(
                {*visible, *own[RoomMemberState.MEMBER].get(user_id, ())}
                - own[RoomMemberState.REMOVED].get(user_id, set())
            )
        ]
        for user_id in user_ids
    }


def _is_member(room: Room) -> Exists:
    current = Membership.objects.filter(user=OuterRef("pk"), community=room.community_id, status__in=CURRENT_STATUSES)
    return Exists(current)


def _participates(room: Room) -> Q:
    if room.visibility == RoomVisibility.PRIVATE:
        return Q(Exists(counting_participants().filter(room=room, user_id=OuterRef("pk"))))
    return ~Q(Exists(RoomMember.objects.filter(room=room, user_id=OuterRef("pk"), state=RoomMemberState.REMOVED)))
