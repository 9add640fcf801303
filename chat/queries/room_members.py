"""Who takes part in rooms, for the list of members, for access and for revocation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.events import UserPayload
from accounts.models import User
from accounts.payloads import user_payload
from chat.constants import ROOM_KIND, ChatPermission, RoomMemberState, RoomVisibility
from chat.models import Room, RoomMember
from chat.queries.resources import room_resource
from chat.queries.rooms import rooms_for_all
from communities.access import FactSource, Question, decide_all
from communities.constants import CURRENT_STATUSES
from communities.models import Membership
from communities.queries.keyset import SortKey, cut_page
from eventlog.topics import Topic, topic_for
from kernel.actor import user_actor
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

ROOM_MEMBER_SORTS = {"username": SortKey("lower_username")}


# A participant from before the present membership has none: who comes back does not find old private rooms open.
PARTICIPATIONS = """
SELECT things.resource_id, things.user_id, own.state FROM things
CROSS JOIN LATERAL (
    SELECT * FROM chat_roommember found WHERE found.room_id = things.resource_id AND found.user_id = things.user_id LIMIT 1
) own
LEFT JOIN LATERAL (
    SELECT * FROM communities_membership found
    WHERE found.community_id = own.community_id AND found.user_id = own.user_id LIMIT 1
) membership ON true
WHERE own.state = 'removed' OR (membership.status IN ('active', 'timed_out') AND own.added_at >= membership.joined_at)
"""
"""Every user's own state in every room, for `communities.access`."""


def list_room_members(room: Room, *, page: PageRequest, search: str = "", sort: str = "username") -> Page[UserPayload]:
    """Return who takes part: of a private room its participants; of another the members but those removed, and guests that were added.

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


def open_room_topics(community_id: CommunityId) -> Sequence[Topic]:
    """Return the topics of the rooms that are not private, for `communities.access` to review. One query."""
    return [topic_for(ROOM_KIND, room.pk) for room in rooms_for_all(community_id)]


def private_room_topics(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, Sequence[Topic]]:
    """Return the topics of the private rooms that each user was added to, for `communities.access` to revoke. One query."""
    rows = counting_participants().filter(
        community_id=community_id, user_id__in=user_ids, room__visibility=RoomVisibility.PRIVATE
    )
    found: dict[UserId, list[Topic]] = {}
    for user_id, room_id in rows.order_by("room_id").values_list("user_id", "room_id"):
        found.setdefault(UserId(user_id), []).append(topic_for(ROOM_KIND, room_id))
    return found


def was_put_out(room: Room, user_id: UserId) -> bool:
    """Return whether the user left a room, or was removed from it, during their present membership of the community."""
    present = Membership.objects.filter(
        community_id=room.community_id,
        user_id=user_id,
        status__in=CURRENT_STATUSES,
        joined_at__lte=OuterRef("added_at"),
    )
    return RoomMember.objects.filter(
        Exists(present), room=room, user_id=user_id, state=RoomMemberState.REMOVED
    ).exists()


def readable_room_topics(
    community_id: CommunityId, user_ids: Collection[UserId], facts: FactSource
) -> Mapping[UserId, Sequence[Topic]]:
    """Return the topics of the rooms that each user can read, for `communities.access` to revoke. Four queries."""
    users = list(dict.fromkeys(user_ids))
    visible = rooms_for_all(community_id)
    own = _private_rooms(community_id, users)
    asked = [(user_id, room) for user_id in users for room in (*visible, *own.get(user_id, ()))]
    questions = [
        Question(user_actor(user_id), ChatPermission.READ_MESSAGES, room_resource(room)) for user_id, room in asked
    ]
    readable: dict[UserId, list[Topic]] = {}
    for (user_id, room), decision in zip(asked, decide_all(questions, facts=facts), strict=True):
        if decision.allowed:
            readable.setdefault(user_id, []).append(topic_for(ROOM_KIND, room.pk))
    return readable


def _private_rooms(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, Sequence[Room]]:
    rows = RoomMember.objects.filter(
        community_id=community_id,
        user_id__in=user_ids,
        state=RoomMemberState.MEMBER,
        room__visibility=RoomVisibility.PRIVATE,
    )
    found: dict[UserId, list[Room]] = {}
    for row in rows.select_related("room__community__gate_version", "room__gate_version", "room__overwrites").order_by(
        "room_id"
    ):
        found.setdefault(UserId(row.user_id), []).append(row.room)
    return found


def _is_member(room: Room) -> Exists:
    current = Membership.objects.filter(user=OuterRef("pk"), community=room.community_id, status__in=CURRENT_STATUSES)
    return Exists(current)


def _participates(room: Room) -> Q:
    if room.visibility == RoomVisibility.PRIVATE:
        return Q(Exists(counting_participants().filter(room=room, user_id=OuterRef("pk"))))
    own = RoomMember.objects.filter(room=room, user_id=OuterRef("pk"))
    guest = Membership.objects.filter(user=OuterRef("pk"), community=room.community_id, is_guest=True)
    was_added = Exists(counting_participants().filter(room=room, user_id=OuterRef("pk")))
    return ~Q(Exists(own.filter(state=RoomMemberState.REMOVED))) & (~Q(Exists(guest)) | Q(was_added))
