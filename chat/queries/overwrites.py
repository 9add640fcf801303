"""Overwrites of rooms as access reads them, each version parsed once per process, since a version never changes; and as they are listed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from uuid import UUID

from chat.constants import ROOM_KIND, OverwriteKind
from chat.events import RoomOverwritesPayload
from chat.models import Room, RoomOverwrites
from chat.models.overwrites import OverwriteEntry, read_entries
from chat.payloads import overwrite_payload
from communities.access import MemberOverwrite, Overwrite, Overwrites, overwritable_permissions
from communities.models import Role
from kernel.ids import CommunityId, UserId

_KEPT = 10_000
"""Parsed versions per process, some kilobytes each at most; what was not used for longest is dropped first."""

_parsed: OrderedDict[UUID, Overwrites] = OrderedDict()
_lock = Lock()


def overwrites_of(room: Room) -> Overwrites | None:
    """Return the overwrites that count in a room. Loads a version that this process has not seen: lists select it with the row."""
    if room.overwrites_id is None:
        return None
    known = _recall(room.overwrites_id)
    return known if known is not None or room.overwrites is None else _remember(room.overwrites)


def find_overwrites(version_ids: Collection[UUID]) -> dict[UUID, Overwrites]:
    """Return these versions. No statement for those that this process has parsed, one for all others."""
    found = {one: known for one in version_ids if (known := _recall(one)) is not None}
    missing = [one for one in version_ids if one not in found]
    if missing:
        found |= {version.pk: _remember(version) for version in RoomOverwrites.objects.filter(pk__in=missing)}
    return found


def parse_overwrites(entries: Collection[OverwriteEntry]) -> Overwrites:
    """Return overwrites that may not have been saved. Permissions that no room gives, of another release, count for nothing."""
    known = frozenset(str(name) for name in overwritable_permissions(ROOM_KIND))
    return Overwrites(
        roles={
            entry.id: Overwrite(known.intersection(entry.allow), known.intersection(entry.deny))
            for entry in entries
            if entry.kind is OverwriteKind.ROLE
        },
        members={
            UserId(entry.id): MemberOverwrite(
                known.intersection(entry.allow), known.intersection(entry.deny), entry.made_at
            )
            for entry in entries
            if entry.kind is OverwriteKind.MEMBER
        },
    )


def entries_of(room: Room) -> list[OverwriteEntry]:
    """Return the entries of a room that are about roles that there are, and about users. At most two queries."""
    if room.overwrites is None:
        return []
    entries = read_entries(room.overwrites)
    asked = [entry.id for entry in entries if entry.kind is OverwriteKind.ROLE]
    roles = set(_roles(CommunityId(room.community_id), asked)) if asked else set()
    return [entry for entry in entries if entry.kind is not OverwriteKind.ROLE or entry.id in roles]


def list_overwrites(room: Room) -> RoomOverwritesPayload:
    """Return the overwrites of a room, for who manages it. At most two queries."""
    version = room.overwrites
    return RoomOverwritesPayload(
        items=tuple(overwrite_payload(entry) for entry in entries_of(room)),
        changed_by=None if version is None else version.author_id,
        changed_at=None if version is None else version.created_at,
    )


def _roles(community_id: CommunityId, role_ids: Collection[UUID]) -> list[UUID]:
    return list(Role.objects.filter(community_id=community_id, pk__in=role_ids).values_list("pk", flat=True))


def _recall(version_id: UUID) -> Overwrites | None:
    with _lock:
        known = _parsed.get(version_id)
        if known is not None:
            _parsed.move_to_end(version_id)
        return known


def _remember(version: RoomOverwrites) -> Overwrites:
    overwrites = parse_overwrites(read_entries(version))
    with _lock:
        _parsed[version.pk] = overwrites
        if len(_parsed) > _KEPT:
            _parsed.popitem(last=False)
    return overwrites
