"""What there is to leak: a community of each visibility, in which everything has an unmistakable name. All of it is made by actions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from chat.actions.categories import create_category, delete_category, update_category
from chat.actions.messages import delete_message, edit_message, post_message
from chat.actions.overwrites import OverwriteTarget, put_room_overwrite
from chat.actions.read_markers import mark_read
from chat.actions.room_members import add_room_member, remove_room_member
from chat.actions.rooms import archive_room, create_room, open_direct_room, update_room
from chat.constants import ROOM_KIND, ChatPermission, OverwriteKind, RoomVisibility
from communities.access import COMMUNITY_KIND, GateDraft
from communities.actions.application_forms import put_application_form
from communities.actions.application_reviews import claim_application, vote_on_application
from communities.actions.applications import submit_application
from communities.actions.communities import create_community, update_community
from communities.actions.entitlements import (
    grant_entitlement,
    put_trial_offer,
    revoke_entitlement,
    tell_ended_entitlements,
)
from communities.actions.external_services import create_external_service
from communities.actions.gates import put_gate
from communities.actions.guests import make_guest
from communities.actions.invites import accept_invite, create_invite, revoke_invite
from communities.actions.memberships import add_member, ban_member, leave_community, remove_member, time_out_member
from communities.actions.roles import create_role, delete_role, reorder_roles, update_role
from communities.actions.rules import put_rules
from communities.constants import CommunityVisibility, Verdict
from communities.models import Entitlement, Role
from kernel import rate_limits
from kernel.actor import ANONYMOUS as NOBODY
from kernel.actor import Actor, key_actor
from kernel.clock import now
from kernel.ids import (
    ApiKeyId,
    ApplicationId,
    CategoryId,
    CommunityId,
    EntitlementId,
    InviteId,
    MessageId,
    RoleId,
    RoomId,
    UserId,
)
from kernel.scopes import KeyGrant, Scope
from tests.authorisation.people import Unlimited
from tests.factories.accounts import actor_for, bearer, key_header, make_key, make_user
from tests.leaks.knowledge import (
    ANONYMOUS,
    APPLICANT,
    APPLICATIONS,
    BANNED,
    CABIN,
    CARD,
    DENIED,
    DIRECT,
    ENTITLEMENTS,
    FORMER,
    GUEST,
    HALL,
    INACTIVE,
    INNER,
    INVITES,
    MEMBER,
    OWNER,
    PARTICIPANT,
    PUT_OUT,
    REMOVED,
    ROOMS,
    SCOPELESS,
    SERVICES,
    STATES,
    TIMED_OUT,
    known_to,
    was_told_of,
)

_JOINED = (PARTICIPANT, GUEST, MEMBER, TIMED_OUT, PUT_OUT, DENIED, FORMER, REMOVED, BANNED, INACTIVE, SCOPELESS)
_NARROW = Scope.PROFILE_READ
_numbers = count(1)


@dataclass
class Person:
    """Somebody in one of the states, with what they show at every kind of door."""

    state: str
    actor: Actor
    headers: dict[str, str] = field(default_factory=dict)
    user: User | None = None


@dataclass
class Place:
    """A community of a visibility: its ids as routes name them, and the texts and ids that give its things away, by kind of thing."""

    visibility: CommunityVisibility
    ids: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    code: str = ""

    def text(self, kind: str) -> str:
        """Return a new text that occurs nowhere else and gives a thing of that kind away."""
        marker = f"qz{next(_numbers):04}x{self.visibility[0]}{kind[0]}"
        self.texts[marker] = kind
        return marker

    def thing(self, kind: str, id_: UUID) -> str:
        """Note the id of a thing of that kind."""
        self.things[str(id_)] = kind
        return str(id_)


@dataclass
class World:
    """Everybody, and a community of each visibility."""

    people: dict[str, Person]
    places: list[Place]

    def unknown_to(self, person: Person) -> list[str]:
        """Return every text and id that must not reach a person."""
        unknown: list[str] = []
        for place in self.places:
            known = known_to(person.state, place.visibility)
            unknown += [text for text, kind in place.texts.items() if kind not in known]
            known |= was_told_of(person.state)
            unknown += [id_ for id_, kind in place.things.items() if kind not in known]
        return unknown


@contextmanager
def one_world() -> Iterator[World]:
    """Build everything once for many tests, in a transaction that is undone at the end; nobody is held back by limits."""
    cache.clear()
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # something durable may begin inside, as in tests that Django itself wraps
    with pytest.MonkeyPatch.context() as patch, around:
        patch.setattr(rate_limits, "_limiter", Unlimited())
        logging.disable(logging.ERROR)
        yield _build()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


def _build() -> World:
    users = {state: make_user(f"{state}-{next(_numbers)}") for state in STATES if state != ANONYMOUS}
    places = [_furnish(users, visibility) for visibility in CommunityVisibility]
    people = {state: _person(state, users.get(state)) for state in STATES}
    users[INACTIVE].is_active = False
    users[INACTIVE].save(update_fields=["is_active"])
    return World(people, places)


def _person(state: str, user: User | None) -> Person:
    if user is None:
        return Person(state, NOBODY)
    if state == SCOPELESS:
        text, row = make_key(user, _NARROW)
        grant = KeyGrant(ApiKeyId(row.pk), frozenset({_NARROW}), now())
        return Person(state, key_actor(UserId(user.pk), grant, is_bot=False), key_header(text), user)
    return Person(state, actor_for(user), bearer(user), user)


def _furnish(users: dict[str, User], visibility: CommunityVisibility) -> Place:
    """Make a community of people who come and go; it takes its visibility when all have found it."""
    place, owner = Place(visibility), actor_for(users[OWNER])
    community = create_community(
        owner,
        name=place.text(CARD),
        slug=place.text(CARD),
        description=place.text(CARD),
        visibility=CommunityVisibility.LISTED,
    )
    community_id = CommunityId(community.id)
    place.ids["community_id"] = place.thing(CARD, community_id)
    put_gate(owner, kind=COMMUNITY_KIND, resource_id=community_id, draft=GateDraft(tree=None))
    _set_up(place, owner, community_id)
    mate = make_user(place.text(INNER), display_name=place.text(INNER))
    place.ids["user_id"] = place.thing(INNER, mate.pk)
    for user in (mate, *(users[state] for state in _JOINED)):
        add_member(owner, community_id=community_id, username=user.username)
    _open_rooms(place, owner, community_id, users)
    make_guest(owner, community_id=community_id, user_id=UserId(users[GUEST].pk))
    add_room_member(owner, room_id=RoomId(UUID(place.rooms[CABIN]["room_id"])), user_id=UserId(users[GUEST].pk))
    _send_away(place, owner, community_id, users)
    _manage(place, owner, community_id, users[APPLICANT], mate)
    for room in place.rooms.values():
        _go_on(place, owner, room)
    if visibility is not CommunityVisibility.LISTED:
        update_community(owner, community_id=community_id, visibility=visibility)
    return place


def _set_up(place: Place, owner: Actor, community_id: CommunityId) -> None:
    """Make roles, categories and rules, and change some of them."""
    role, gone = (create_role(owner, community_id=community_id, name=place.text(INNER)) for _ in range(2))
    place.ids["role_id"] = place.thing(INNER, role.id)
    update_role(owner, community_id=community_id, role_id=RoleId(role.id), name=place.text(INNER))
    delete_role(owner, community_id=community_id, role_id=RoleId(gone.id))
    roles = Role.objects.filter(community_id=community_id, is_default=False).order_by("position")
    reorder_roles(owner, community_id=community_id, role_ids=[RoleId(one.pk) for one in roles])
    category, empty = (create_category(owner, community_id=community_id, name=place.text(INNER)) for _ in range(2))
    place.ids["category_id"] = place.thing(INNER, category.id)
    update_category(owner, community_id=community_id, category_id=CategoryId(category.id), name=place.text(INNER))
    delete_category(owner, community_id=community_id, category_id=CategoryId(empty.id))
    put_rules(owner, community_id=community_id, text=place.text(CARD), must_accept=False)


def _open_rooms(place: Place, owner: Actor, community_id: CommunityId, users: dict[str, User]) -> None:
    """Open the three rooms, while those are there who are put out later: what it was called once is not told to them either."""
    participant = UserId(users[PARTICIPANT].pk)
    hall = create_room(owner, community_id=community_id, name=place.text(HALL), topic_line=place.text(HALL))
    cabin = create_room(
        owner,
        community_id=community_id,
        name=place.text(CABIN),
        topic_line=place.text(CABIN),
        visibility=RoomVisibility.PRIVATE,
    )
    add_room_member(owner, room_id=RoomId(cabin.id), user_id=participant)
    deck, gone = (create_room(owner, community_id=community_id, name=place.text(INNER)) for _ in range(2))
    update_room(owner, room_id=RoomId(deck.id), name=place.text(INNER))
    archive_room(owner, room_id=RoomId(gone.id))
    for room in (deck, gone):
        place.thing(INNER, room.id)
    direct = open_direct_room(owner, community_id=community_id, user_id=participant)
    for kind, room in zip(ROOMS, (hall, cabin, direct), strict=True):
        if room is not direct:
            put_gate(owner, kind=ROOM_KIND, resource_id=room.id, draft=GateDraft(tree=None))
        place.rooms[kind] = {"kind": kind, "room_id": place.thing(kind, room.id)}


def _send_away(place: Place, owner: Actor, community_id: CommunityId, users: dict[str, User]) -> None:
    ids = {state: UserId(user.pk) for state, user in users.items()}
    remove_room_member(owner, room_id=RoomId(UUID(place.rooms[HALL]["room_id"])), user_id=ids[PUT_OUT])
    put_room_overwrite(
        owner,
        room_id=RoomId(UUID(place.rooms[HALL]["room_id"])),
        target=OverwriteTarget(OverwriteKind.MEMBER, ids[DENIED]),
        deny=[ChatPermission.VIEW_ROOM],
    )
    time_out_member(owner, community_id=community_id, user_id=ids[TIMED_OUT], seconds=3600)
    leave_community(actor_for(users[FORMER]), community_id=community_id)
    remove_member(owner, community_id=community_id, user_id=ids[REMOVED])
    ban_member(owner, community_id=community_id, user_id=ids[BANNED])


def _manage(place: Place, owner: Actor, community_id: CommunityId, applicant: User, mate: User) -> None:
    """Leave something in every drawer of who manages the community."""
    about: dict[str, Any] = {"community_id": community_id}
    invite = create_invite(owner, **about)
    place.code = invite.code or ""
    place.texts[place.code] = INVITES
    place.ids["invite_id"] = place.thing(INVITES, invite.id)
    accept_invite(actor_for(make_user()), code=place.code)
    revoke_invite(owner, **about, invite_id=InviteId(create_invite(owner, **about).id))
    question = {"kind": "text", "label": place.text(CARD), "required": True, "choices": []}
    put_application_form(owner, **about, introduction=place.text(CARD), questions=[question])
    stranger = make_user(display_name=place.text(APPLICATIONS))
    answers = {"1": place.text(APPLICATIONS)}
    application = submit_application(actor_for(stranger), **about, form=1, answers=answers)
    submit_application(actor_for(applicant), **about, form=1, answers={"1": "Because."})
    place.ids["application_id"] = place.thing(APPLICATIONS, application.id)
    claim_application(owner, **about, application_id=ApplicationId(application.id))
    vote_on_application(
        owner,
        **about,
        application_id=ApplicationId(application.id),
        verdict=Verdict.APPROVE,
        note=place.text(APPLICATIONS),
    )
    given = [
        grant_entitlement(
            owner, **about, user_id=UserId(mate.pk), key=place.text(ENTITLEMENTS), reason=place.text(ENTITLEMENTS)
        )
        for _ in range(3)
    ]
    Entitlement.objects.filter(pk=given[2].id).update(ends_at=now())
    tell_ended_entitlements()
    revoke_entitlement(owner, **about, entitlement_id=EntitlementId(given[1].id))
    place.ids["entitlement_id"] = place.thing(ENTITLEMENTS, given[0].id)
    service = create_external_service(
        owner, **about, name=place.text(SERVICES), url=f"https://{place.text(SERVICES)}.example/ask"
    )
    place.ids["service_id"] = place.thing(SERVICES, service.id)
    place.ids["offer_id"] = str(put_trial_offer(owner, **about, key=place.text(CARD), days=7).id)


def _go_on(place: Place, owner: Actor, room: dict[str, str]) -> None:
    """Talk in a room when some have been sent away, and rename it where it has a name."""
    kind, room_id = room["kind"], RoomId(UUID(room["room_id"]))
    if kind != DIRECT:
        update_room(owner, room_id=room_id, name=place.text(kind), topic_line=place.text(kind))
    for _ in range(3):
        posted = post_message(owner, room_id=room_id, body=place.text(kind), nonce=place.text(kind))
    first, message = (MessageId(one) for one in (_post(place, owner, room), posted.id))
    delete_message(owner, message_id=first)
    edit_message(owner, message_id=message, body=place.text(kind))
    mark_read(owner, room_id=room_id, seq=posted.seq)
    room["message_id"] = place.thing(kind, message)


def _post(place: Place, owner: Actor, room: dict[str, str]) -> UUID:
    kind = room["kind"]
    return post_message(owner, room_id=RoomId(UUID(room["room_id"])), body=place.text(kind), nonce=place.text(kind)).id
