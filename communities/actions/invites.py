"""Making, using and revoking invites. All of it waits for the community's lock, so that no invite is used once too often."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts.queries.users import get_user
from communities.actions.memberships import unchecked_admit
from communities.constants import INVITES_TOPIC, Permission
from communities.errors import InviteNotValid, TooManyInvites
from communities.events import InviteCreated, InviteRevoked, InviteUsed, InviteWithCode, MemberPayload
from communities.models import Invite, InviteUse
from communities.models.locks import lock_community
from communities.payloads import invite_payload, invite_with_code
from communities.policies import check_invited, get_invite_for, lock_community_for
from communities.queries.invites import find_open_invite, open_invites
from communities.queries.memberships import current_members
from communities.storage.invite_codes import hash_of_code, new_code, seal_code
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, InviteId, UserId
from kernel.metrics import limit_hit
from kernel.rate_limits import take


def create_invite(
    actor: Actor, *, community_id: CommunityId, hours: int | None = None, max_uses: int | None = None
) -> InviteWithCode:
    """Make an invite that is good for so many hours and uses (`INVITE_HOURS` and `INVITE_USES` unless told). For who may invite.

    It is good only as long as its maker may invite. Locks the community. Emits `invite.created` to who manages invites. Raises
    `InvalidInput`, `TooManyInvites`, `RateLimited`, or why it is refused.
    """
    hours = _checked("hours", settings.INVITE_HOURS if hours is None else hours, settings.INVITE_HOURS_MAX)
    uses = _checked("max_uses", settings.INVITE_USES if max_uses is None else max_uses, settings.INVITE_USES_MAX)
    if actor.user_id is not None:
        take(settings.RATE_LIMITS["invite_create.user"], str(actor.user_id))
    code = new_code()
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.CREATE_INVITE)
        _check_number(community_id)
        invite = Invite.objects.create(
            community_id=community_id,
            created_by=get_user(actor.user_id) if actor.user_id is not None else None,
            code_hash=hash_of_code(code),
            sealed_code=seal_code(code),
            max_uses=uses,
            expires_at=now() + timedelta(hours=hours),
        )
        append([Draft(topic_for(INVITES_TOPIC, community_id), InviteCreated(invite=invite_payload(invite)))])
    return invite_with_code(invite, code)


def accept_invite(actor: Actor, *, code: str) -> MemberPayload:
    """Become a member by an invite; who is one already stays as they are and uses nothing up.

    Locks the community. Emits `member.joined`, `membership.changed` and, to who manages invites, `invite.used`.
    Raises `InviteNotValid`, which is all that somebody banned is told too, or `RateLimited`.
    """
    user_id = actor.require_user()
    take(settings.RATE_LIMITS["invite_accept.user"], str(user_id))
    with transaction.atomic():
        invite = _lock_open_invite(code)
        check_invited(actor, invite)
        community_id = CommunityId(invite.community_id)
        is_member = current_members(community_id).filter(user_id=user_id).exists()
        member = unchecked_admit(community_id, {user_id: get_user(user_id)})[0]
        if not is_member:
            _note_use(invite, user_id, member)
    return member


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


def _note_use(invite: Invite, user_id: UserId, member: MemberPayload) -> None:
    invite.uses += 1
    invite.save(update_fields=["uses"])
    InviteUse.objects.update_or_create(
        invite=invite, user_id=user_id, defaults={"community_id": invite.community_id, "used_at": now()}
    )
    event = InviteUsed(invite=invite_payload(invite), user=member.user)
    append([Draft(topic_for(INVITES_TOPIC, invite.community_id), event)])
