"""Questions that a community asks of its members, and their answers, which give roles and rooms. Both can be changed at any time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.constants import DELETION_ROWS_AT_ONCE
from communities.access import change_access
from communities.actions.memberships import unchecked_update_membership
from communities.constants import ROOM_PLACE, Permission
from communities.errors import OnboardingChanged, RoleNotSelfAssignable, TooManyRoles
from communities.events import MyOnboarding, OnboardingAnswered, OnboardingPayload, OnboardingUpdated
from communities.models import Membership, MembershipRole, OnboardingAnswer, OnboardingVersion, Role
from communities.models.locks import lock_memberships
from communities.payloads import chosen_of, onboarding_payload, onboarding_questions_of
from communities.policies import get_role_to_give, lock_community_for, rooms_open_to
from communities.processing.onboarding import checked_choices, checked_onboarding, picked_choices, stored_onboarding
from communities.queries.onboarding import find_answer, get_my_onboarding, newest_onboarding
from communities.registries.guest_places import guest_place
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import SYSTEM, Actor, user_actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import CommunityId, RoleId, UserId
from kernel.metrics import limit_hit


def put_onboarding(
    actor: Actor, *, community_id: CommunityId, questions: Sequence[Mapping[str, Any]]
) -> OnboardingPayload:
    """Ask these questions from now on, none for nothing. For who manages the community.

    Each has `kind`, `label` and `choices`, and each of these a `label`, `roles` and `rooms`. The actor may give all of the roles, which are
    marked as self-assignable, and let people into all of the rooms. Locks the community. Emits `onboarding.changed`. Raises `InvalidInput`,
    which names the question, `RoleNotSelfAssignable`, as `get_role_to_give`, as the loaders of rooms, or why it is refused.
    """
    asked = checked_onboarding(questions)
    choices = [choice for question in asked for choice in question.choices]
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
        roles = _roles_to_give(actor, community_id, {role_id for choice in choices for role_id in choice.roles})
        for room_id in {room_id for choice in choices for room_id in choice.rooms}:
            if guest_place(ROOM_PLACE).check(actor, room_id) != community_id:
                raise NotFound
        last = newest_onboarding(community_id)
        version = OnboardingVersion.objects.create(
            community_id=community_id,
            number=last.number + 1 if last is not None else 1,
            questions=stored_onboarding(asked),
            permissions={str(role.pk): sorted(role.permissions) for role in roles},
            created_by_id=actor.user_id,
        )
        append([Draft(topic_for("community", community_id), OnboardingUpdated(number=version.number))])
        return onboarding_payload(version, rooms={room_id for choice in choices for room_id in choice.rooms})


def answer_onboarding(
    actor: Actor, *, community_id: CommunityId, number: int, answers: Mapping[str, Sequence[str]]
) -> MyOnboarding:
    """Answer the newest questions, which are version `number`, in place of what the actor answered before. Any full member may.

    Gives the roles that are picked, and takes those that were picked before and are not any more; lets the actor into the rooms, which they
    leave as any others. What cannot be given any more is left out. Locks the community. Emits `onboarding.answered` to the user,
    `member.updated` and `membership.changed` when roles change, what `communities.access.change_access` does, and what coming into a room
    does. Raises `InvalidInput`, which names the question, `OnboardingChanged`, `TooManyRoles`, `NotFound`, or why it is refused.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.VIEW_COMMUNITY)
        version = newest_onboarding(community_id)
        if version is None:
            raise NotFound
        if version.number != number:
            raise OnboardingChanged(number=version.number)
        questions = onboarding_questions_of(version)
        chosen = checked_choices(questions, answers)
        picked = list(picked_choices(questions, chosen))
        before = find_answer(community_id, user_id)
        OnboardingAnswer.objects.update_or_create(
            community_id=community_id,
            user_id=user_id,
            defaults={"version": version, "chosen": stored_onboarding(chosen), "answered_at": now()},
        )
        _change_roles(
            lock_memberships(community_id, [user_id])[user_id],
            picked=_open_roles(version, {role_id for choice in picked for role_id in choice.roles}),
            before=_picked_before(before),
        )
        _let_into_rooms(version, {room_id for choice in picked for room_id in choice.rooms}, user_id)
        append([Draft(topic_for("user", user_id), OnboardingAnswered(community=community_id, number=number))])
        return get_my_onboarding(community_id, user_id)


def erase_onboarding(user_id: UserId) -> bool:
    """Delete some answers of a deleted user; return whether none is left."""
    rows = OnboardingAnswer.objects.filter(user_id=user_id).order_by("pk")
    some = list(rows.values_list("pk", flat=True)[:DELETION_ROWS_AT_ONCE])
    OnboardingAnswer.objects.filter(pk__in=some).delete()
    return len(some) < DELETION_ROWS_AT_ONCE


def _roles_to_give(actor: Actor, community_id: CommunityId, role_ids: Collection[UUID]) -> list[Role]:
    roles = [get_role_to_give(actor, community_id, RoleId(role_id)) for role_id in role_ids]
    if not all(role.is_self_assignable for role in roles):
        raise RoleNotSelfAssignable
    return roles


def _open_roles(version: OnboardingVersion, role_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the roles that members may still take: marked, and giving no more than when the questions were made."""
    found = Role.objects.filter(community_id=version.community_id, pk__in=role_ids, is_self_assignable=True)
    return {role.pk for role in found if set(role.permissions) <= set(version.permissions[str(role.pk)])}


def _picked_before(answer: OnboardingAnswer | None) -> set[UUID]:
    if answer is None:
        return set()
    choices = picked_choices(onboarding_questions_of(answer.version), chosen_of(answer))
    return {role_id for choice in choices for role_id in choice.roles}


def _change_roles(membership: Membership, *, picked: Collection[UUID], before: Collection[UUID]) -> None:
    """Give what is picked, and take what was picked before; a role that somebody else gave as well stays."""
    community_id, user_id = CommunityId(membership.community_id), UserId(membership.user_id)
    held = MembershipRole.objects.filter(membership=membership)
    gone = held.filter(role_id__in=set(before) - set(picked), granted_by_id=user_id)
    new = set(picked) - set(held.values_list("role_id", flat=True))
    if not new and not gone.exists():
        return
    with change_access(community_id, [user_id]):
        gone.delete()
        if held.count() + len(new) > settings.MEMBER_ROLES_MAX:
            limit_hit("member.roles")
            raise TooManyRoles(f"A member has at most {settings.MEMBER_ROLES_MAX} roles. Choose less.")
        MembershipRole.objects.bulk_create(
            MembershipRole(membership=membership, role_id=role_id, granted_by_id=user_id) for role_id in sorted(new)
        )
    membership.refresh_from_db(fields=["access_epoch", "access_changes_at"])
    unchecked_update_membership(membership)


def _let_into_rooms(version: OnboardingVersion, room_ids: Collection[UUID], user_id: UserId) -> None:
    """Let a member into the rooms that the author of the questions may still open: nobody outside of a room decides who comes in."""
    author = SYSTEM if version.created_by_id is None else user_actor(UserId(version.created_by_id))
    for room_id in sorted(rooms_open_to(author, CommunityId(version.community_id), room_ids)):
        guest_place(ROOM_PLACE).let_in(room_id, user_id)
