"""Communities and memberships for tests, written straight to their tables: no events, no checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from communities.constants import (
    ApplicationStatus,
    CommunityVisibility,
    EntitlementSource,
    JoinPolicy,
    MembershipStatus,
    Role,
)
from communities.models import Application, ApplicationForm, Community, Entitlement, Invite, Membership, TrialOffer
from communities.storage.invite_codes import hash_of_code, new_code, seal_code
from kernel.actor import Actor, user_actor
from kernel.clock import now
from kernel.ids import UserId, uuid7
from tests.factories.accounts import make_user


def make_community(
    *,
    owner: User | None = None,
    name: str = "Lighthouse",
    slug: str | None = None,
    description: str = "",
    join_policy: JoinPolicy = JoinPolicy.CLOSED,
    visibility: CommunityVisibility | None = None,
) -> Community:
    """Return a new community, listed when it is open and secret otherwise unless told; with an owner when one is given."""
    usual = CommunityVisibility.LISTED if join_policy is JoinPolicy.OPEN else CommunityVisibility.SECRET
    community = Community.objects.create(
        name=name,
        slug=slug or f"c{uuid7().hex}",
        description=description,
        join_policy=join_policy,
        visibility=visibility or usual,
    )
    if owner is not None:
        make_member(community, owner, role=Role.OWNER)
    return community


def make_member(
    community: Community,
    user: User | None = None,
    *,
    role: Role = Role.MEMBER,
    status: MembershipStatus = MembershipStatus.ACTIVE,
    timed_out_until: datetime | None = None,
) -> Membership:
    """Return a new membership of the user, or of a new one."""
    return Membership.objects.create(
        community=community,
        user=user or make_user(),
        role=role,
        status=status,
        timed_out_until=timed_out_until,
    )


def make_invite(
    community: Community,
    created_by: User | None = None,
    *,
    code: str | None = None,
    max_uses: int = 5,
    uses: int = 0,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> tuple[Invite, str]:
    """Return a new invite, good for a day, and its code."""
    code = code or new_code()
    invite = Invite.objects.create(
        community=community,
        created_by=created_by,
        code_hash=hash_of_code(code),
        sealed_code=seal_code(code),
        max_uses=max_uses,
        uses=uses,
        expires_at=expires_at or now() + timedelta(days=1),
        revoked_at=revoked_at,
    )
    return invite, code


TEXT_QUESTION = {"id": "1", "kind": "text", "label": "Why?", "required": True, "choices": []}


def make_form(
    community: Community, *, questions: Sequence[dict[str, Any]] = (TEXT_QUESTION,), cool_down_days: int = 7
) -> ApplicationForm:
    """Return the next version of the community's application form."""
    number = ApplicationForm.objects.filter(community=community).count() + 1
    return ApplicationForm.objects.create(
        community=community, number=number, questions=list(questions), cool_down_days=cool_down_days
    )


def make_application(
    community: Community, user: User, *, status: ApplicationStatus = ApplicationStatus.PENDING, **columns: Any
) -> Application:
    """Return a new application of the user; with a form when the community has none."""
    form = ApplicationForm.objects.filter(community=community).last() or make_form(community)
    answers = [{"question": "1", "answer": "Because."}]
    return Application.objects.create(
        community=community, user=user, form=form, answers=answers, status=status, **columns
    )


def make_entitlement(community: Community, user: User, *, key: str = "gold", **columns: Any) -> Entitlement:
    """Return a new entitlement, granted for good unless told."""
    source = columns.pop("source", EntitlementSource.GRANT)
    return Entitlement.objects.create(community=community, user=user, key=key, source=source, **columns)


def make_trial_offer(community: Community, *, key: str = "gold", days: int = 14) -> TrialOffer:
    """Return a new offer of a trial."""
    return TrialOffer.objects.create(community=community, key=key, days=days)


def acting(membership: Membership) -> Actor:
    """Return the member as an actor."""
    return user_actor(UserId(membership.user_id))
