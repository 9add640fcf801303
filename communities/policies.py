"""Loaders that authorise: the only way to a community or a membership. Absent and "not yours" give the same answer.

The `lock_...` loaders keep other changes of the same community waiting until the transaction ends, and decide after that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from accounts.payloads import user_payload
from communities.access import (
    COMMUNITY_KIND,
    Question,
    Resource,
    absent_resource,
    community_resource,
    community_to_guest,
    decide,
    decide_all,
    decide_many,
    load_memberships,
    require,
)
from communities.constants import ROOM_PLACE, Permission, PermissionName
from communities.errors import EqualOrHigherRole, InviteNotValid, PermissionNotHeld, RoleIsDefault, RoleTooHigh
from communities.events import InvitePreview, LevelPayload, OnboardingPayload
from communities.models import Application, ApplicationForm, Community, Invite, MemberLevel, Membership, Role
from communities.models.locks import find_and_hold_community, find_and_lock_community, lock_memberships
from communities.payloads import community_payload, level_payload, onboarding_payload, onboarding_questions_of
from communities.queries.application_forms import newest_form
from communities.queries.applications import find_application
from communities.queries.invites import find_invite, find_open_invite
from communities.queries.levels import find_level
from communities.queries.memberships import member_ids, members_among
from communities.queries.onboarding import newest_onboarding
from communities.registries.gates import GateTarget
from communities.registries.guest_places import guest_place
from communities.storage.invite_codes import hash_of_code
from kernel.actor import SYSTEM, Actor, user_actor
from kernel.decision import Decision, refusal
from kernel.errors import DomainError, NotFound, Unauthenticated
from kernel.ids import ApplicationId, CommunityId, InviteId, RoleId, UserId
from kernel.rate_limits import take


def get_community_for(actor: Actor, community_id: CommunityId, permission: PermissionName) -> Community:
    """Return the community when the actor has the permission in it. Raises `NotFound`, or why it is refused."""
    _refuse_nobody(actor)
    return _authorised(actor, Community.objects.filter(pk=community_id).first(), permission)


def refusals_of(asked: Sequence[tuple[Actor, CommunityId]], permission: PermissionName) -> list[DomainError | None]:
    """Return for each actor and community, in order, None or what `get_community_for` would raise. At most two queries for all."""
    wanted = {community_id for actor, community_id in asked if actor.kind != "anonymous"}
    communities = Community.objects.select_related("gate_version").in_bulk(wanted) if wanted else {}
    resources = [_resource(communities.get(community_id)) for _, community_id in asked]
    questions = [Question(actor, permission, resource) for (actor, _), resource in zip(asked, resources, strict=True)]
    return [
        refusal_of(actor, decision if community_id in communities else None)
        for (actor, community_id), decision in zip(asked, decide_all(questions), strict=True)
    ]


def refusal_of(actor: Actor, decision: Decision | None) -> DomainError | None:
    """Return why the actor is refused, if so; without a decision there is nothing that it could be about."""
    if actor.kind == "anonymous":
        return Unauthenticated()
    if decision is None:
        return NotFound()
    return None if decision.allowed else refusal(decision)


def lock_community_for(actor: Actor, community_id: CommunityId, permission: PermissionName) -> Community:
    """Return the community, locked, when the actor has the permission in it. Raises as `get_community_for`."""
    _refuse_nobody(actor)
    return _authorised(actor, find_and_lock_community(community_id), permission)


def hold_community_for(actor: Actor, community_id: CommunityId, permission: PermissionName) -> Community:
    """Return the community, held against whoever locks it until the transaction ends. Raises as `get_community_for`."""
    _refuse_nobody(actor)
    find_and_hold_community(community_id)
    return get_community_for(actor, community_id, permission)


def lock_member_for(actor: Actor, community_id: CommunityId, user_id: UserId, permission: PermissionName) -> Membership:
    """Return a current member, locked with their community, whom the actor may act on.

    Raises `NotFound` for who is not a member, and otherwise as `lock_membership_for`.
    """
    membership = lock_membership_for(actor, community_id, user_id, permission)
    if not membership.is_current:
        raise NotFound
    return membership


def lock_membership_for(
    actor: Actor, community_id: CommunityId, user_id: UserId, permission: PermissionName
) -> Membership:
    """Return a user's membership of whatever status, locked with its community, that the actor may act on.

    Raises `NotFound` without a membership, `EqualOrHigherRole`, or as `lock_community_for`.
    """
    lock_community_for(actor, community_id, permission)
    membership = lock_memberships(community_id, [user_id]).get(user_id)
    if membership is None:
        raise NotFound
    if not (permission is Permission.GIVE_ROLE and actor.user_id == user_id):  # who could give away, may do without
        check_outranks(actor, community_id, user_id)
    return membership


def check_outranks(actor: Actor, community_id: CommunityId, user_id: UserId) -> None:
    """Return when the actor stands above the user, whose membership exists. One query. Raises `EqualOrHigherRole`."""
    if actor.user_id is None:
        return
    memberships = load_memberships(community_id, {actor.user_id, user_id})
    if actor.user_id not in memberships or memberships[actor.user_id].rank <= memberships[user_id].rank:
        raise EqualOrHigherRole


def get_role_below(actor: Actor, community_id: CommunityId, role_id: RoleId) -> Role:
    """Return a role of the community, which must be locked, that stands below the actor's highest.

    Raises `NotFound`, `RoleTooHigh`.
    """
    role = Role.objects.filter(community_id=community_id, pk=role_id).first()
    if role is None:
        raise NotFound
    rank = rank_of(actor, community_id)
    if rank is not None and role.position >= rank:
        raise RoleTooHigh
    return role


def rank_of(actor: Actor, community_id: CommunityId) -> int | None:
    """Return where the actor stands; None for the system, which stands nowhere and above all."""
    if actor.user_id is None:
        return None
    own = load_memberships(community_id, [actor.user_id]).get(actor.user_id)
    return own.rank if own is not None else -1


def get_role_to_give(actor: Actor, community_id: CommunityId, role_id: RoleId) -> Role:
    """Return a role of the community, which must be locked, that the actor may give: below their highest, with nothing that they lack.

    Raises `NotFound`, `RoleTooHigh`, `RoleIsDefault`, `PermissionNotHeld`.
    """
    role = get_role_below(actor, community_id, role_id)
    if role.is_default:
        raise RoleIsDefault
    check_may_give(actor, community_id, role.permissions)
    return role


def check_may_give(actor: Actor, community_id: CommunityId, permissions: Collection[str]) -> None:
    """Return when the actor has all of these permissions. Raises `PermissionNotHeld`."""
    if actor.user_id is None:
        return
    own = load_memberships(community_id, [actor.user_id]).get(actor.user_id)
    missing = set(permissions) if own is None else set() if own.is_owner else set(permissions) - own.permissions
    if missing:
        raise PermissionNotHeld(permissions=sorted(missing))


def members_visible_to(
    requests: Sequence[tuple[Actor, CommunityId, Collection[UserId]]],
) -> list[set[UserId] | DomainError]:
    """Return for each actor, community and users those who are members and whom the actor may see there, or the refusal.

    Whatever hides one member from another belongs in here. Three queries, however many requests; absent and forbidden look alike.
    """
    communities = Community.objects.select_related("gate_version").in_bulk(
        {community_id for _, community_id, _ in requests}
    )
    decisions = decide_all(
        [Question(actor, Permission.LIST_MEMBERS, _resource(communities.get(place))) for actor, place, _ in requests]
    )
    allowed = {
        (actor, place)
        for (actor, place, _), decision in zip(requests, decisions, strict=True)
        if decision.allowed and place in communities
    }
    granted = [(place, user_ids) for actor, place, user_ids in requests if (actor, place) in allowed]
    members = members_among({(place, user_id) for place, user_ids in granted for user_id in user_ids})
    return [
        {user_id for user_id in user_ids if (place, user_id) in members} if (actor, place) in allowed else NotFound()
        for actor, place, user_ids in requests
    ]


def users_who_may(permission: PermissionName, community: Community) -> set[UserId]:
    """Return the members who have the permission in the community itself; two queries, however many members."""
    members = member_ids(CommunityId(community.pk))
    decisions = decide_many(members, permission, community_resource(community))
    return {user_id for user_id, decision in decisions.items() if decision.allowed}


def may(actor: Actor, permission: PermissionName, community: Community) -> bool:
    """Return whether the actor has the permission in the community itself."""
    return decide(actor, permission, community_resource(community)).allowed


def get_invite_for(actor: Actor, community_id: CommunityId, invite_id: InviteId) -> Invite:
    """Return an invite that the actor made, or any when they manage invites. Raises `NotFound`, or why it is refused."""
    community = get_community_for(actor, community_id, Permission.CREATE_INVITE)
    invite = find_invite(community_id, invite_id)
    if invite is None or not _may_manage(actor, invite, community):
        raise NotFound
    return invite


def get_application_for(actor: Actor, community_id: CommunityId, application_id: ApplicationId) -> Application:
    """Return an application to the community when the actor reviews them. Raises `NotFound`, or why it is refused."""
    get_community_for(actor, community_id, Permission.REVIEW_APPLICATIONS)
    application = find_application(community_id, application_id)
    if application is None:
        raise NotFound
    return application


def get_level_for(actor: Actor, community_id: CommunityId, user_id: UserId) -> LevelPayload:
    """Return the level of a member when the actor sees the list of members. Raises `NotFound`, or why it is refused."""
    get_community_for(actor, community_id, Permission.LIST_MEMBERS)
    if (community_id, user_id) not in members_among({(community_id, user_id)}):
        raise NotFound
    found = find_level(community_id, user_id)
    return level_payload(found or MemberLevel(community_id=community_id, user_id=user_id, level=0))


def get_application_form_for(actor: Actor, community_id: CommunityId) -> ApplicationForm:
    """Return the newest version of the form, open or closed, when the actor sees the community's card. Raises `NotFound`."""
    get_community_for(actor, community_id, Permission.VIEW_CARD)
    form = newest_form(community_id)
    if form is None:
        raise NotFound
    return form


def get_invite_preview_for(actor: Actor, *, code: str, network: str) -> InvitePreview:
    """Return where an open invite leads: its community's card to who is signed in, and to nobody else unless anybody may see the card.

    Raises `InviteNotValid`, or `RateLimited` for a network that asks too often.
    """
    take(settings.RATE_LIMITS["invite_preview.address"], network)
    invite = find_open_invite(hash_of_code(code))
    if invite is None:
        raise InviteNotValid
    if actor.kind == "anonymous":
        _check_maker(invite)
    else:
        check_invited(actor, invite)
    is_shown = actor.kind != "anonymous" or community_resource(invite.community).visibility == "public"
    return InvitePreview(
        community=community_payload(invite.community) if is_shown else None,
        invited_by=user_payload(invite.created_by) if is_shown and invite.created_by is not None else None,
        expires_at=invite.expires_at,
        for_guests=invite.is_for_guests,
    )


def check_invited(actor: Actor, invite: Invite) -> None:
    """Return when the actor may come in by this open invite. Raises `InviteNotValid`, or why it is refused to who may know."""
    _check_maker(invite)
    decision = decide(actor, Permission.VIEW_CARD, community_to_guest(invite.community))
    if not decision.allowed:
        refused = refusal(decision)
        raise InviteNotValid if isinstance(refused, NotFound) else refused


class InvitePlace(NamedTuple):
    """What an invite for guests leads into: a thing of a kind that some app has registered."""

    kind: str
    id: UUID


def check_may_invite(actor: Actor, community: Community, *, role_id: RoleId | None, place: InvitePlace | None) -> None:
    """Return when the actor may invite into a community, with a role and into a place.

    Raises as `get_role_to_give` and as the loaders of the place, or why it is refused.
    """
    require(actor, Permission.CREATE_INVITE, community_resource(community))
    if role_id is not None:
        require(actor, Permission.GIVE_ROLE, community_resource(community))
        get_role_to_give(actor, CommunityId(community.pk), role_id)
    if place is not None and guest_place(place.kind).check(actor, place.id) != community.pk:
        raise NotFound


def rooms_open_to(actor: Actor, community_id: CommunityId, room_ids: Collection[UUID]) -> set[UUID]:
    """Return those rooms of the community into which the actor may let people."""
    return {room_id for room_id in room_ids if _is_open_to(actor, community_id, room_id)}


def get_onboarding_for(actor: Actor, community_id: CommunityId) -> OnboardingPayload:
    """Return the questions that count now, for who manages the community, with those of the rooms into which they may let people.

    Raises `NotFound` where there have been none, or why it is refused.
    """
    get_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
    version = newest_onboarding(community_id)
    if version is None:
        raise NotFound
    choices = [choice for question in onboarding_questions_of(version) for choice in question.choices]
    rooms = {room_id for choice in choices for room_id in choice.rooms}
    return onboarding_payload(version, rooms=rooms_open_to(actor, community_id, rooms))


def _is_open_to(actor: Actor, community_id: CommunityId, room_id: UUID) -> bool:
    try:
        return guest_place(ROOM_PLACE).check(actor, room_id) == community_id
    except DomainError:
        return False


def _check_maker(invite: Invite) -> None:
    """An invite ends with its maker's right to make it: who was banned, or has lost the role they gave, has left no way in."""
    maker = SYSTEM if invite.created_by is None else user_actor(UserId(invite.created_by.pk))
    place = None if invite.place_id is None else InvitePlace(invite.place_kind, invite.place_id)
    role_id = None if invite.role_id is None else RoleId(invite.role_id)
    try:
        check_may_invite(maker, invite.community, role_id=role_id, place=place)
    except DomainError as error:
        raise InviteNotValid from error


def _may_manage(actor: Actor, invite: Invite, community: Community) -> bool:
    is_own = actor.user_id is not None and invite.created_by_id == actor.user_id
    return is_own or may(actor, Permission.MANAGE_INVITES, community)


def see_community_gate(actor: Actor, community_id: UUID) -> GateTarget:
    """Return the community as what a gate hangs on, for who may see its card. Raises as `get_community_for`."""
    return _gate_target(get_community_for(actor, CommunityId(community_id), Permission.VIEW_CARD))


def find_community_gate(actor: Actor, community_id: UUID) -> GateTarget:
    """Return the community as what a gate hangs on, for who manages it. Raises as `get_community_for`."""
    return _gate_target(get_community_for(actor, CommunityId(community_id), Permission.MANAGE_GATES))


def lock_community_gate(actor: Actor, community_id: UUID) -> GateTarget:
    """Return the community, locked, as what a gate hangs on, for who manages it. Raises as `get_community_for`."""
    return _gate_target(lock_community_for(actor, CommunityId(community_id), Permission.MANAGE_GATES))


def _gate_target(community: Community) -> GateTarget:
    return GateTarget(COMMUNITY_KIND, community, community)


def _authorised(actor: Actor, community: Community | None, permission: PermissionName) -> Community:
    """Ask about what is not there, too: how long an answer takes would tell it from what is not the actor's."""
    require(actor, permission, _resource(community))
    if community is None:
        raise NotFound
    return community


def _resource(community: Community | None) -> Resource:
    return absent_resource(COMMUNITY_KIND) if community is None else community_resource(community)


def _refuse_nobody(actor: Actor) -> None:
    """Answer anonymous calls before anything is looked up: a 401 for what exists beside a 404 would tell which is which."""
    if actor.kind == "anonymous":
        raise Unauthenticated
