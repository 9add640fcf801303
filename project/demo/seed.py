"""Puts the demo community into the database, through the same actions that people use; only the dates of messages are older."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db import transaction

from accounts.actions.users import create_user
from accounts.models import User
from chat.actions.message_batches import MessageDraft, unchecked_post
from chat.actions.read_markers import mark_read
from chat.actions.room_members import add_room_member
from chat.actions.rooms import create_room, open_direct_room
from chat.constants import ROOM_KIND, RoomVisibility
from chat.models import Room
from chat.models.locks import hold_room_topics
from communities.access import GateDraft
from communities.actions.communities import create_community
from communities.actions.entitlements import grant_entitlement
from communities.actions.gates import put_gate
from communities.actions.membership_roles import give_role
from communities.actions.memberships import add_members
from communities.constants import JoinPolicy, StartingRole
from communities.models import Community, Role
from eventlog.replay import read_heads
from eventlog.topics import topic_for
from kernel.actor import SYSTEM, Actor, user_actor
from kernel.clock import now
from kernel.ids import CommunityId, MessageId, RoleId, RoomId, UserId
from project.demo import people
from project.demo.transcripts import Line, read_transcript

UNREAD_BY_OWNER = 4  # so that the first thing a visitor sees is that something is new

Users = Mapping[str, User]


@transaction.atomic
def seed_demo() -> bool:
    """Make the community with its people, rooms and conversations; False when it is there already."""
    if demo_is_here():
        return False
    users = {person.username: _make_user(person) for person in people.PEOPLE}
    community_id = _make_community(users)
    for demo_room in people.ROOMS:
        room_id = _make_room(demo_room, community_id, users)
        _hold_conversation(room_id, demo_room.conversation, users)
        _mark_read(room_id, _readers(demo_room, users))
    asking, asked = (users[name] for name in people.DIRECT_PEOPLE)
    direct_id = RoomId(open_direct_room(_as(asking), community_id=community_id, user_id=UserId(asked.pk)).id)
    _hold_conversation(direct_id, people.DIRECT_CONVERSATION, users)
    _mark_read(direct_id, [asking, asked])
    return True


def demo_is_here() -> bool:
    """Tell whether the demo community is in the database."""
    return Community.objects.filter(slug=people.COMMUNITY_SLUG).exists()


def _make_user(person: people.Person) -> User:
    return create_user(
        SYSTEM,
        email=person.email,
        username=person.username,
        password=people.PASSWORD,
        display_name=person.display_name,
    )


def _make_community(users: Users) -> CommunityId:
    owner = _as(users[people.OWNER.username])
    community = create_community(
        owner,
        name=people.COMMUNITY_NAME,
        slug=people.COMMUNITY_SLUG,
        description=people.COMMUNITY_DESCRIPTION,
        join_policy=JoinPolicy.OPEN,
    )
    community_id = CommunityId(community.id)
    ids = {person: UserId(users[person.username].pk) for person in people.PEOPLE if person is not people.OWNER}
    add_members(owner, community_id=community_id, user_ids=ids.values())
    moderators = RoleId(Role.objects.get(community_id=community_id, name=StartingRole.MODERATOR).pk)
    for person, user_id in ids.items():
        if person.role == "moderator":
            give_role(owner, community_id=community_id, user_id=user_id, role_id=moderators)
    return community_id


def _make_room(room: people.DemoRoom, community_id: CommunityId, users: Users) -> RoomId:
    owner = _as(users[people.OWNER.username])
    visibility = RoomVisibility.PRIVATE if room.participants else RoomVisibility.COMMUNITY
    made = create_room(
        owner, community_id=community_id, name=room.name, topic_line=room.topic_line, visibility=visibility
    )
    room_id = RoomId(made.id)
    for username in room.participants:
        add_room_member(owner, room_id=room_id, user_id=UserId(users[username].pk))
    if room.course:
        _put_gate(room, room_id, community_id, users)
    return room_id


def _put_gate(room: people.DemoRoom, room_id: RoomId, community_id: CommunityId, users: Users) -> None:
    """Let in who has passed the course: first the passes, since nobody may lock themselves out."""
    owner = _as(users[people.OWNER.username])
    for username in room.passed:
        user_id = UserId(users[username].pk)
        grant_entitlement(
            owner, community_id=community_id, user_id=user_id, key=room.course, reason="Passed the course."
        )
    draft = GateDraft(
        tree={"type": "entitlement", "key": room.course}, reason="Steam is for those who have learned it."
    )
    put_gate(owner, kind=ROOM_KIND, resource_id=room_id, draft=draft)


def _readers(room: people.DemoRoom, users: Users) -> list[User]:
    names = room.passed or ((people.OWNER.username, *room.participants) if room.participants else users)
    return [users[name] for name in names]


def _hold_conversation(room_id: RoomId, name: str, users: Users) -> None:
    """Post a conversation. An answer names a message that must exist, so each one begins a new batch."""
    held = hold_room_topics([room_id])
    room = Room.objects.get(pk=room_id)
    said: dict[str, MessageId] = {}
    number = 0
    for batch in _batches(read_transcript(name, today=now())):
        drafts = []
        for line in batch:
            number += 1
            reply_to = said[line.answers] if line.answers else None
            drafts.append(_draft(room, line, users, f"demo-{number}", reply_to))
        posted = unchecked_post(drafts, held)
        said |= {line.author: posted[draft.key].id for line, draft in zip(batch, drafts, strict=True)}


def _batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines:
        if line.answers and batch:
            yield batch
            batch = []
        batch.append(line)
    yield batch


def _draft(room: Room, line: Line, users: Users, nonce: str, reply_to: MessageId | None) -> MessageDraft:
    return MessageDraft(
        room_id=RoomId(room.pk),
        community_id=CommunityId(room.community_id),
        author_id=UserId(users[line.author].pk),
        body=line.text,
        nonce=nonce,
        created_at=line.at,
        reply_to=reply_to,
    )


def _mark_read(room_id: RoomId, readers: Sequence[User]) -> None:
    topic = topic_for(ROOM_KIND, room_id)
    head = read_heads([topic])[topic]
    for reader in readers:
        unread = UNREAD_BY_OWNER if reader.username == people.OWNER.username else 0
        mark_read(_as(reader), room_id=room_id, seq=head - unread)


def _as(user: User) -> Actor:
    return user_actor(UserId(user.pk))
