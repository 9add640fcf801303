"""Bringing in what was said elsewhere. For the system alone; every step can be repeated, and then changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from accounts.actions.users import import_users
from accounts.models import User
from accounts.queries.users import find_by_usernames
from chat.actions.message_batches import MessageDraft, unchecked_post
from chat.actions.rooms import create_room
from chat.constants import MAX_ROOM_NAME_LENGTH, ChatPermission, RoomKind, RoomVisibility
from chat.models import Room
from chat.models.locks import hold_room_topics
from chat.policies import get_room_for
from chat.processing.irc import is_same_nick, usernames_for
from chat.processing.text import checked_line
from chat.queries.messages import find_repeated
from communities.actions.memberships import add_members
from communities.models import Membership
from kernel.actor import Actor
from kernel.errors import Forbidden
from kernel.ids import CommunityId, RoomId, UserId


class ImportedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a log; its body is checked. The nonce makes a second import of it the same message."""

    author_id: UserId
    body: str
    nonce: str
    created_at: datetime


def get_or_create_import_room(actor: Actor, *, community_id: CommunityId, name: str) -> RoomId:
    """Return the oldest open room of that name that all members can read; make it when there is none.

    Emits `room.created` for a new one. Raises `InvalidInput`, `Forbidden`.
    """
    _require_system(actor)
    name = checked_line(name, field="name", longest=MAX_ROOM_NAME_LENGTH, may_be_empty=False)
    rooms = Room.objects.filter(
        community_id=community_id,
        kind=RoomKind.TEXT,
        visibility=RoomVisibility.COMMUNITY,
        name=name,
        archived_at=None,
    )
    found = rooms.order_by("pk").values_list("pk", flat=True).first()
    return RoomId(found or create_room(actor, community_id=community_id, name=name).id)


def import_people(actor: Actor, *, community_id: CommunityId, nicks: Sequence[str]) -> dict[str, UserId]:
    """Return the user of each nick, made a member of the community; users are made for nicks that have none.

    A user of ours is never taken for a nick: only imported users are, and only under the same display name. Who is or ever was a
    member of the community stays what they are. A constant number of statements, but for names that clash.
    Emits `member.joined` and `membership.changed` for each new member. Raises `Forbidden`.
    """
    _require_system(actor)
    with transaction.atomic():
        users = _users_of(actor, nicks)
        _admit(actor, community_id, users.values())
    return users


def import_messages(actor: Actor, *, room_id: RoomId, messages: Sequence[ImportedMessage]) -> int:
    """Write messages that are not there yet, with the times they were said at; return how many were new.

    One transaction and a constant number of statements. Emits `message.created` for each. Raises `NotFound`, `Forbidden`.
    """
    _require_system(actor)
    with transaction.atomic():
        held = hold_room_topics([room_id])
        room = get_room_for(actor, room_id, ChatPermission.SEND_MESSAGE)
        drafts = [_draft(room, message) for message in messages]
        repeated = find_repeated({draft.key for draft in drafts})()
        return len(unchecked_post([draft for draft in drafts if draft.key not in repeated], held))


def _require_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise Forbidden


def _users_of(actor: Actor, nicks: Sequence[str]) -> dict[str, UserId]:
    """Try each nick's usernames, best first, until one is its own already or free."""
    names = {nick: usernames_for(nick) for nick in nicks}
    tried = {nick: next(names[nick]) for nick in nicks}
    found: dict[str, UserId] = {}
    while tried:
        users = _existing_or_new(actor, tried)
        found |= {
            nick: UserId(users[name.lower()].pk) for nick, name in tried.items() if _is(users[name.lower()], nick)
        }
        tried = {nick: next(names[nick]) for nick in tried if nick not in found}
    return found


def _existing_or_new(actor: Actor, tried: Mapping[str, str]) -> dict[str, User]:
    """Return who has the tried names, by lower-case name; a free one goes to the first nick that tries it."""
    users = find_by_usernames(tried.values())
    free: dict[str, str] = {}
    for nick, name in tried.items():
        if name.lower() not in users:
            free.setdefault(name.lower(), nick)
    return users | import_users(actor, display_names={tried[nick]: nick for nick in free.values()})


def _is(user: User, nick: str) -> bool:
    return user.is_imported and is_same_nick(user.display_name, nick)


def _admit(actor: Actor, community_id: CommunityId, user_ids: Collection[UserId]) -> None:
    known = Membership.objects.filter(community_id=community_id, user_id__in=user_ids)
    strangers = set(user_ids) - set(known.values_list("user_id", flat=True))
    if strangers:
        add_members(actor, community_id=community_id, user_ids=strangers)


def _draft(room: Room, message: ImportedMessage) -> MessageDraft:
    return MessageDraft(
        room_id=RoomId(room.pk),
        community_id=CommunityId(room.community_id),
        author_id=message.author_id,
        body=message.body,
        nonce=message.nonce,
        created_at=message.created_at,
    )
