"""What is in a community of the matrix, all of it made by actions, and every text in it unmistakable; and who is shut out of it how."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from chat.actions.categories import create_category, delete_category, update_category
from chat.actions.messages import delete_message, edit_message, post_message
from chat.actions.overwrites import OverwriteTarget, put_room_overwrite
from chat.actions.read_markers import mark_read
from chat.actions.room_members import add_room_member, leave_room, remove_room_member
from chat.actions.rooms import archive_room, create_room, open_direct_room, update_room
from chat.constants import ROOM_KIND, ChatPermission, OverwriteKind, RoomVisibility
from communities.access import COMMUNITY_KIND
from communities.actions.application_forms import put_application_form
from communities.actions.application_reviews import claim_application, vote_on_application
from communities.actions.applications import submit_application
from communities.actions.communities import create_community, update_community
from communities.actions.entitlements import (
    put_trial_offer,
    revoke_entitlement,
    tell_ended_entitlements,
)
from communities.actions.external_services import create_external_service
from communities.actions.guests import make_guest
from communities.actions.invites import accept_invite, create_invite, revoke_invite
from communities.actions.memberships import (
    add_members,
    ban_member,
    leave_community,
    remove_member,
    time_out_member,
)
from communities.actions.onboarding import put_onboarding
from communities.actions.roles import create_role, delete_role, reorder_roles, update_role
from communities.actions.rules import put_rules
from communities.constants import ROOM_PLACE, CommunityVisibility, Verdict
from communities.models import Entitlement, Role
from communities.policies import InvitePlace
from eventlog.replay import read_heads
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.ids import ApplicationId, CategoryId, InviteId, MessageId, RoleId, RoomId, UserId
from tests.factories.accounts import actor_for, make_user
from tests.leaks.knowledge import (
    APPLICANT,
    APPLICATIONS,
    BADGE,
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
    INSIDE,
    INVITES,
    OWNER,
    PARTICIPANT,
    PUT_OUT,
    REMOVED,
    ROOMS,
    SCOPELESS,
    SERVICES,
    SHUT_OUT,
    TIMED_OUT,
    VAULT,
)
from tests.leaks.passing import end_passing, expire, grant, let_pass
from tests.leaks.place import Place

Users = dict[str, User]

_JOINING = INSIDE - {OWNER, SHUT_OUT} | {FORMER, REMOVED, BANNED, INACTIVE, SCOPELESS}


def furnish(place: Place, users: Users) -> None:
    """Make the community listed and open, with all who come and go inside, and everybody passing the gates who ever does."""
    owner = actor_for(users[OWNER])
    texts = {name: place.text(CARD) for name in ("name", "slug", "description")}
    place.thing(CARD, create_community(owner, **texts, visibility=CommunityVisibility.LISTED).id)
    _set_up(place, owner)
    mate = make_user(place.text(INNER), display_name=place.text(INNER))
    place.ids["user_id"] = place.thing(INNER, mate.pk)
    joining = [UserId(mate.pk), *(UserId(users[state].pk) for state in sorted(_JOINING))]
    add_members(owner, community_id=place.id, user_ids=joining)
    _open_rooms(place, owner, users)
    _manage(place, owner, users, mate)
    let_pass(place, owner, users)


def lock_up(place: Place, users: Users) -> None:
    """Send away who is to be sent away, then go on: what happens now nobody outside has heard."""
    owner = actor_for(users[OWNER])
    end_passing(place, owner, users)
    _send_away(place, owner, users)
    place.heads = read_heads(
        [*(topic_for(ROOM_KIND, place.room(kind)) for kind in ROOMS), topic_for(COMMUNITY_KIND, place.id)]
    )
    for room in place.rooms.values():
        _go_on(place, owner, room)
    if place.visibility is not CommunityVisibility.LISTED:
        update_community(owner, community_id=place.id, visibility=place.visibility)
    expire(place, users)


def _set_up(place: Place, owner: Actor) -> None:
    """Make roles, categories and rules, and change some of them."""
    about: dict[str, Any] = {"community_id": place.id}
    role, gone, badge = (create_role(owner, **about, name=place.text(INNER)) for _ in range(3))
    place.ids["role_id"] = place.thing(INNER, role.id)
    place.thing(BADGE, badge.id)
    update_role(owner, **about, role_id=RoleId(role.id), name=place.text(INNER))
    delete_role(owner, **about, role_id=RoleId(gone.id))
    roles = Role.objects.filter(community_id=place.id, is_default=False).order_by("position")
    reorder_roles(owner, **about, role_ids=[RoleId(one.pk) for one in roles])
    category, empty = (create_category(owner, **about, name=place.text(INNER)) for _ in range(2))
    place.ids["category_id"] = place.thing(INNER, category.id)
    update_category(owner, **about, category_id=CategoryId(category.id), name=place.text(INNER))
    delete_category(owner, **about, category_id=CategoryId(empty.id))
    put_rules(owner, **about, text=place.text(CARD), must_accept=False)


def _open_rooms(place: Place, owner: Actor, users: Users) -> None:
    """Open the rooms while those are there who are put out later: what a room was called once is not told to them either."""
    ids = {state: UserId(user.pk) for state, user in users.items()}
    about: dict[str, Any] = {"community_id": place.id}
    hall, cabin, vault = (
        create_room(owner, **about, name=place.text(kind), topic_line=place.text(kind), visibility=visibility)
        for kind, visibility in (
            (HALL, RoomVisibility.COMMUNITY),
            (CABIN, RoomVisibility.PRIVATE),
            (VAULT, RoomVisibility.COMMUNITY),
        )
    )
    deck, gone = (create_room(owner, **about, name=place.text(INNER)) for _ in range(2))
    update_room(owner, room_id=RoomId(deck.id), name=place.text(INNER))
    archive_room(owner, room_id=RoomId(gone.id))
    for room in (deck, gone):
        place.thing(INNER, room.id)
    direct = open_direct_room(owner, **about, user_id=ids[PARTICIPANT])
    for kind, room in zip(ROOMS, (hall, cabin, direct, vault), strict=True):
        place.rooms[kind] = {"kind": kind, "room_id": place.thing(kind, room.id)}
        _say(place, owner, place.rooms[kind])
    make_guest(owner, **about, user_id=ids[GUEST])
    for state in (PARTICIPANT, GUEST, PUT_OUT):
        add_room_member(owner, room_id=place.room(CABIN), user_id=ids[state])
    choice = {"label": place.text(INNER), "roles": [], "rooms": [place.room(CABIN)]}
    put_onboarding(owner, **about, questions=[{"kind": "choices", "label": place.text(INNER), "choices": [choice]}])
    into_cabin = create_invite(owner, **about, place=InvitePlace(ROOM_PLACE, place.room(CABIN)))
    place.texts[into_cabin.code or ""] = INVITES


def _manage(place: Place, owner: Actor, users: Users, mate: User) -> None:
    """Leave something in every drawer of who manages the community."""
    about: dict[str, Any] = {"community_id": place.id}
    invite = create_invite(owner, **about)
    place.code = invite.code or ""
    place.texts[place.code] = INVITES
    place.ids["invite_id"] = place.thing(INVITES, invite.id)
    accept_invite(actor_for(users[SHUT_OUT]), code=place.code)
    revoke_invite(owner, **about, invite_id=InviteId(create_invite(owner, **about).id))
    question = {"kind": "text", "label": place.text(CARD), "required": True, "choices": []}
    put_application_form(owner, **about, introduction=place.text(CARD), questions=[question])
    stranger = make_user(display_name=place.text(APPLICATIONS))
    answers = {"1": place.text(APPLICATIONS)}
    application = submit_application(actor_for(stranger), **about, form=1, answers=answers)
    submit_application(actor_for(users[APPLICANT]), **about, form=1, answers={"1": "Because."})
    place.ids["application_id"] = place.thing(APPLICATIONS, application.id)
    of_theirs: dict[str, Any] = about | {"application_id": ApplicationId(application.id)}
    claim_application(owner, **of_theirs)
    vote_on_application(owner, **of_theirs, verdict=Verdict.APPROVE, note=place.text(APPLICATIONS))
    keys = [place.text(ENTITLEMENTS) for _ in range(3)]
    given = [grant(place, owner, UserId(mate.pk), key, place.text(ENTITLEMENTS)) for key in keys]
    Entitlement.objects.filter(pk=given[2]).update(ends_at=now())
    tell_ended_entitlements()
    revoke_entitlement(owner, **about, entitlement_id=given[1])
    place.ids["entitlement_id"] = place.thing(ENTITLEMENTS, given[0])
    name, host = place.text(SERVICES), place.text(SERVICES)
    service = create_external_service(owner, **about, name=name, url=f"https://{host}.example/ask")
    place.ids["service_id"] = place.thing(SERVICES, service.id)
    place.ids["offer_id"] = str(put_trial_offer(owner, **about, key=place.text(CARD), days=7).id)


def _send_away(place: Place, owner: Actor, users: Users) -> None:
    about: dict[str, Any] = {"community_id": place.id}
    ids = {state: UserId(user.pk) for state, user in users.items()}
    if not place.is_gated:  # behind the gate they reach no room already
        leave_room(actor_for(users[PUT_OUT]), room_id=place.room(CABIN))
        remove_room_member(owner, room_id=place.room(HALL), user_id=ids[PUT_OUT])
    denied = OverwriteTarget(OverwriteKind.MEMBER, ids[DENIED])
    put_room_overwrite(owner, room_id=place.room(HALL), target=denied, deny=[ChatPermission.VIEW_ROOM])
    time_out_member(owner, **about, user_id=ids[TIMED_OUT], seconds=3600)
    leave_community(actor_for(users[FORMER]), **about)
    remove_member(owner, **about, user_id=ids[REMOVED])
    ban_member(owner, **about, user_id=ids[BANNED])


def _go_on(place: Place, owner: Actor, room: dict[str, str]) -> None:
    """Talk in a room when some have been sent away, and rename it where it has a name."""
    kind, room_id = room["kind"], place.room(room["kind"])
    if kind != DIRECT:
        update_room(owner, room_id=room_id, name=place.text(kind), topic_line=place.text(kind))
    first, message = (_say(place, owner, room) for _ in range(2))
    delete_message(owner, message_id=first)
    edit_message(owner, message_id=message, body=place.text(kind))
    mark_read(owner, room_id=room_id, seq=1)
    room["message_id"] = place.thing(kind, message)


def _say(place: Place, owner: Actor, room: dict[str, str]) -> MessageId:
    kind = room["kind"]
    room_id = RoomId(UUID(room["room_id"]))
    return MessageId(post_message(owner, room_id=room_id, body=place.text(kind), nonce=place.text(kind)).id)
