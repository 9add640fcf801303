"""Making, using and revoking invites. All of it waits for the community's lock, so that no invite is used once too often."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts.payloads import user_payload
from accounts.queries.users import get_user
from communities.access import change_access, load_known
from communities.actions.guests import unchecked_make_full_member
from communities.actions.membership_roles import unchecked_give_role
from communities.actions.memberships import current_payload, unchecked_admit
from communities.constants import INVITES_TOPIC, Permission
from communities.errors import InviteNotValid, TooManyInvites
from communities.events import InviteCreated, InviteRevoked, InviteUsed, InviteWithCode, MemberPayload
from communities.gates.facts import CAME_BY_INVITE
from communities.gates.live import gates_in_force
from communities.models import Invite, InviteUse, Membership
from communities.models.locks import lock_community, lock_memberships
from communities.payloads import invite_payload, invite_with_code
from communities.policies import InvitePlace, check_invited, check_may_invite, get_invite_for, lock_community_for
from communities.queries.invites import find_open_invite, open_invites
from communities.queries.memberships import current_members
from communities.registries.guest_places import guest_place
from communities.storage.invite_codes import hash_of_code, new_code, seal_code
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, InviteId, RoleId, UserId
from kernel.metrics import limit_hit
from kernel.rate_limits import take


def create_invite(
    actor: Actor,
    *,
    community_id: CommunityId,
    hours: int | None = None,
    max_uses: int | None = None,
    role_id: RoleId | None = None,
    place: InvitePlace | None = None,
) -> InviteWithCode:
    """Make an invite that is good for so many hours and uses (`INVITE_HOURS` and `INVITE_USES` unless told). For who may invite.

    It may give a role that the actor may give, and lead guests into a place into which the actor may let people. It is good only as long
    as its maker may do all of that. Locks the community. Emits `invite.created` to who manages invites. Raises
    `InvalidInput`, `TooManyInvites`, `RateLimited`, or why it is refused.
    """
    hours = _checked("hours", settings.INVITE_HOURS if hours is None else hours, settings.INVITE_HOURS_MAX)
    uses = _checked("max_uses", settings.INVITE_USES if max_uses is None else max_uses, settings.INVITE_USES_MAX)
    if actor.user_id is not None:
        take(settings.RATE_LIMITS["invite_create.user"], str(actor.user_id))
    code = new_code()
    with transaction.atomic():
        community = lock_community_for(actor, community_id, Permission.CREATE_INVITE)
        check_may_invite(actor, community, role_id=role_id, place=place)
        _check_number(community_id)
        invite = Invite.objects.create(
            community_id=community_id,
            created_by=get_user(actor.user_id) if actor.user_id is not None else None,
            code_hash=hash_of_code(code),
            sealed_code=seal_code(code),
            role_id=role_id,
            place_kind="" if place is None else place.kind,
            place_id=None if place is None else place.id,
            max_uses=uses,
            expires_at=now() + timedelta(hours=hours),
        )
        append([Draft(topic_for(INVITES_TOPIC, community_id), InviteCreated(invite=invite_payload(invite)))])
    return invite_with_code(invite, code, viewer_id=actor.user_id)


def accept_invite(actor: Actor, *, code: str) -> MemberPayload:
    """Become what the invite makes people: a member or a guest, with its role and in its room.

    Who is all of it uses nothing up, unless a gate asks for an invite and they came by none.

    A guest becomes a full member by an invite that is not for guests, and nobody less than they are. Role and room are given to nobody
    twice. Locks the community. Emits `member.joined`, `member.updated`, `membership.changed`, what coming into a room does,
    `invite.used` to who manages invites, and where a gate asks for an invite, as `communities.access.change_access`. Raises
    `InviteNotValid`, which is all that somebody banned is told too, `TooManyRoles`, or `RateLimited`.
    """
    user_id = actor.require_user()
    take(settings.RATE_LIMITS["invite_accept.user"], str(user_id))
    with transaction.atomic():
        invite = _lock_open_invite(code)
        check_invited(actor, invite)
        is_first = not InviteUse.objects.filter(invite=invite, user_id=user_id).exists()
        is_new, membership = _admit(invite, user_id)
        if is_new and invite.is_for_guests and not is_first:
            raise InviteNotValid  # it gives nobody their room twice, and a guest without one reaches nothing
        is_given = is_first and _give(invite, membership)
        is_asked = _is_asked_for_invite(CommunityId(invite.community_id), user_id)
        if is_new or is_given or is_asked:
            with change_access(CommunityId(invite.community_id), [user_id] if is_asked else []):
                _note_use(invite, user_id)
        return current_payload(membership)


def revoke_invite(actor: Actor, *, community_id: CommunityId, invite_id: InviteId) -> None:
    """Let nobody in by an invite any more; for its maker, and for who manages invites. Once more changes nothing.

    Locks the community. Emits `invite.revoked` to who manages invites. Raises `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.CREATE_INVITE)
        invite = get_invite_for(actor, community_id, invite_id)
        if invite.revoked_at is not None:
            return
        invite.revoked_at = now()
        invite.save(update_fields=["revoked_at"])
        append([Draft(topic_for(INVITES_TOPIC, community_id), InviteRevoked(invite=invite_payload(invite)))])


def _checked(field: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        limit_hit("invite.number")
        raise InvalidInput(f"Use a number from 1 to {most}.", field=field)
    return number


def _check_number(community_id: CommunityId) -> None:
    if open_invites().filter(community_id=community_id).count() >= settings.INVITES_MAX:
        limit_hit("invite.open")
        raise TooManyInvites(f"A community has at most {settings.INVITES_MAX} open invites. Revoke one first.")


def _lock_open_invite(code: str) -> Invite:
    """Return the invite as it is once nobody else can use or revoke it: the community never changes, so it may be read first."""
    code_hash = hash_of_code(code)
    found = find_open_invite(code_hash)
    if found is None:
        raise InviteNotValid
    lock_community(CommunityId(found.community_id))
    invite = find_open_invite(code_hash)
    if invite is None:
        raise InviteNotValid
    return invite


def _is_asked_for_invite(community_id: CommunityId, user_id: UserId) -> bool:
    """Return whether a gate asks whether members came by an invite, and this one did not: they joined first, and stand before it."""
    if not any(CAME_BY_INVITE in gate.reads for gate in gates_in_force(community_id)):
        return False
    pair = user_id, community_id
    return not load_known([pair], [CAME_BY_INVITE]).facts[pair][CAME_BY_INVITE]


def _admit(invite: Invite, user_id: UserId) -> tuple[bool, Membership]:
    """Make the user a member, or a guest; return whether they became either, or a full member, by it."""
    community_id = CommunityId(invite.community_id)
    before = current_members(community_id).filter(user_id=user_id).first()
    unchecked_admit(community_id, {user_id: get_user(user_id)}, as_guests=invite.is_for_guests)
    membership = lock_memberships(community_id, [user_id])[user_id]
    if membership.is_guest and not invite.is_for_guests:
        unchecked_make_full_member(membership)
        return True, membership
    return before is None, membership


def _give(invite: Invite, membership: Membership) -> bool:
    """Give role and room to who has not used the invite before, so that it gives nothing back that was taken since.

    Return whether there was anything to give.
    """
    given, user_id = False, UserId(membership.user_id)
    if invite.role_id is not None:
        maker_id = None if invite.created_by_id is None else UserId(invite.created_by_id)
        given = unchecked_give_role(membership, RoleId(invite.role_id), granted_by=maker_id) is not None
    if invite.place_id is not None:
        given = guest_place(invite.place_kind).let_in(invite.place_id, user_id) or given
    return given


def _note_use(invite: Invite, user_id: UserId) -> None:
    invite.uses += 1
    invite.save(update_fields=["uses"])
    InviteUse.objects.update_or_create(
        invite=invite, user_id=user_id, defaults={"community_id": invite.community_id, "used_at": now()}
    )
    event = InviteUsed(invite=invite_payload(invite), user=user_payload(get_user(user_id)))
    append([Draft(topic_for(INVITES_TOPIC, invite.community_id), event)])
