"""What roles and single members may in one room, whatever their roles give in the community: putting it and taking it back.

Nobody gives or takes here what they do not have in the room themselves, nor touches whom they do not stand above.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from msgspec.structs import replace

from chat.constants import READING, ROOM_KIND, ROOM_OVERWRITES_MAX, ChatPermission, OverwriteKind, RoomVisibility
from chat.errors import OverwriteLocksOut, TooManyOverwrites
from chat.events import OverwritePayload, RoomOverwritesChanged, RoomsChanged
from chat.models import Room, RoomOverwrites
from chat.models.overwrites import OverwriteEntry, stored_entries
from chat.payloads import overwrite_payload
from chat.policies import get_room_for, lock_room_for
from chat.processing.overwrites import changed_names, checked_names, find_entry
from chat.queries.overwrites import entries_of, parse_overwrites
from chat.queries.resources import room_resource
from communities.access import change_access, holds, load_memberships, overwritable_permissions, reviews
from communities.errors import PermissionNotHeld
from communities.models import Role
from communities.models.locks import lock_community, lock_memberships
from communities.policies import check_outranks, get_role_below
from communities.queries.roles import holders_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, RoleId, RoomId, UserId
from kernel.metrics import limit_hit


class OverwriteTarget(NamedTuple):
    """The role or the user whom an overwrite is for."""

    kind: OverwriteKind
    id: UUID


def put_room_overwrite(
    actor: Actor, *, room_id: RoomId, target: OverwriteTarget, allow: Collection[str] = (), deny: Collection[str] = ()
) -> OverwritePayload:
    """Give and take permissions in a room, in place of what was overwritten for the target before. For who manages the room.

    Locks the community, then the room. Emits `room_overwrites.changed` on the room when anything differs, and before that `access.revoked`
    for who cannot read it any more; where more than `ACCESS_CHANGES_AT_ONCE` members have the role, `access.reviewed` on the room and
    `rooms.changed` on the community instead, and in a private room `access.reviewed` as well. Raises `InvalidInput`, `PermissionNotHeld`,
    `RoleTooHigh`, `EqualOrHigherRole`, `OverwriteLocksOut`, `TooManyOverwrites`, `RoomIsDirect`, `RoomIsArchived`, `NotFound`, or why it
    is refused.
    """
    with transaction.atomic():
        room = _lock_for_overwrites(actor, room_id)
        _check_target(actor, room, target, must_be_member=True)
        entry = _checked(target, allow, deny)
        others = _others(room, target)
        if len(others) >= ROOM_OVERWRITES_MAX:
            limit_hit("room.overwrites")
            raise TooManyOverwrites
        _put(actor, room, target, [*others, entry])
    return overwrite_payload(entry)


def delete_room_overwrite(actor: Actor, *, room_id: RoomId, target: OverwriteTarget) -> None:
    """Let the target's roles say again what they may in a room. For who manages the room; of a user who has left, too.

    Locks, emits and raises as `put_room_overwrite`; raises `NotFound` where there is no overwrite for the target.
    """
    with transaction.atomic():
        room = _lock_for_overwrites(actor, room_id)
        _check_target(actor, room, target, must_be_member=False)
        if find_entry(entries_of(room), *target) is None:
            raise NotFound
        _put(actor, room, target, _others(room, target))


def _lock_for_overwrites(actor: Actor, room_id: RoomId) -> Room:
    """Return the room, locked after its community, which never changes and so may be read first."""
    community_id = CommunityId(get_room_for(actor, room_id, ChatPermission.MANAGE_ROOM).community_id)
    lock_community(community_id)
    return lock_room_for(actor, room_id, ChatPermission.MANAGE_ROOM)


def _check_target(actor: Actor, room: Room, target: OverwriteTarget, *, must_be_member: bool) -> None:
    community_id = CommunityId(room.community_id)
    if target.kind is OverwriteKind.ROLE:
        get_role_below(actor, community_id, RoleId(target.id))
        return
    user_id = UserId(target.id)
    membership = lock_memberships(community_id, [user_id]).get(user_id)
    if membership is None or (must_be_member and not membership.is_current):
        raise NotFound
    check_outranks(actor, community_id, user_id)


def _checked(target: OverwriteTarget, allow: Collection[str], deny: Collection[str]) -> OverwriteEntry:
    known = overwritable_permissions(ROOM_KIND)
    allowed, denied = checked_names("allow", allow, known), checked_names("deny", deny, known)
    if set(allowed) & set(denied):
        raise InvalidInput("Give a permission or take it, not both.", field="deny")
    if not (allowed or denied):
        raise InvalidInput("Give or take something, or delete the overwrite.", field="allow")
    return OverwriteEntry(kind=target.kind, id=target.id, allow=allowed, deny=denied, made_at=now())


def _others(room: Room, target: OverwriteTarget) -> list[OverwriteEntry]:
    return [entry for entry in entries_of(room) if (entry.kind, entry.id) != target]


def _put(actor: Actor, room: Room, target: OverwriteTarget, entries: Sequence[OverwriteEntry]) -> None:
    """Make these the room's overwrites, of which only the target's may differ from those before."""
    changed = changed_names(find_entry(entries_of(room), *target), find_entry(entries, *target))
    if not changed:
        return
    _check_editor(actor, room, changed, entries)
    version = _saved(actor, room, entries)
    if changed & READING:
        _set_and_revoke(room, version, target)
    else:
        _set(room, version)
    append([Draft(topic_for(ROOM_KIND, room.pk), RoomOverwritesChanged(room=room.pk))])


def _check_editor(actor: Actor, room: Room, changed: Collection[str], entries: Sequence[OverwriteEntry]) -> None:
    """Refuse what the editor does not have in the room, and what would keep them from mending it."""
    if actor.user_id is None:
        return
    own = load_memberships(CommunityId(room.community_id), [actor.user_id])[actor.user_id]
    resource = room_resource(room)
    names = [name for name in overwritable_permissions(ROOM_KIND) if name in changed]
    missing = [name for name in names if not holds(own, name, resource)]
    if missing:
        raise PermissionNotHeld(permissions=sorted(missing))
    if not holds(own, ChatPermission.MANAGE_ROOM, replace(resource, overwrites=parse_overwrites(entries))):
        raise OverwriteLocksOut


def _saved(actor: Actor, room: Room, entries: Sequence[OverwriteEntry]) -> RoomOverwrites | None:
    if not entries:
        return None
    return RoomOverwrites.objects.create(
        community_id=room.community_id, room=room, entries=stored_entries(entries), author_id=actor.user_id
    )


def _set_and_revoke(room: Room, version: RoomOverwrites | None, target: OverwriteTarget) -> None:
    """Where very many are concerned every gateway asks anew about its own followers of the room, and nobody is named."""
    concerned = _concerned(room, target)
    if len(concerned) > settings.ACCESS_CHANGES_AT_ONCE:
        _set(room, version)
        changed = Draft(topic_for("community", room.community_id), RoomsChanged())
        append([*reviews([topic_for(ROOM_KIND, room.pk)]), changed])
        return
    with change_access(CommunityId(room.community_id), concerned):
        _set(room, version)
    if (
        room.visibility == RoomVisibility.PRIVATE
    ):  # jobs of a change before may not have come to all of its participants yet
        append(reviews([topic_for(ROOM_KIND, room.pk)]))


def _concerned(room: Room, target: OverwriteTarget) -> list[UserId]:
    """Return the members that the overwrite is for, one more than are done at once if there are so many."""
    if target.kind is OverwriteKind.MEMBER:
        return [UserId(target.id)]
    holders = holders_of(Role.objects.get(community_id=room.community_id, pk=target.id)).order_by("pk")
    found = holders.values_list("user_id", flat=True)[: settings.ACCESS_CHANGES_AT_ONCE + 1]
    return [UserId(user_id) for user_id in found]


def _set(room: Room, version: RoomOverwrites | None) -> None:
    room.overwrites = version
    room.save(update_fields=["overwrites"])
