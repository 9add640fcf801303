"""Communities, roles and memberships for tests, written straight to their tables: no events, no checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accounts.models import User
from communities.access import grantable_permissions
from communities.actions.roles import unchecked_make_starting_roles
from communities.constants import (
    CURRENT_STATUSES,
    ApplicationStatus,
    CommunityVisibility,
    EntitlementSource,
    JoinPolicy,
    MembershipStatus,
    StartingRole,
)
from communities.models import (
    Application,
    ApplicationForm,
    Community,
    Entitlement,
    ExternalService,
    Invite,
    MemberLevel,
    Membership,
    MembershipRole,
    OnboardingVersion,
    Role,
    RulesVersion,
    TrialOffer,
)
from communities.storage.invite_codes import hash_of_code, new_code, seal_code
from communities.storage.service_secrets import seal_secret
from kernel.actor import Actor, user_actor
from kernel.clock import now
from kernel.ids import RoleId, UserId, uuid7
from tests.factories.accounts import make_user


class Rank(StrEnum):
    """What a member of a test is: the owner, an administrator who may all that roles can give, a moderator, or an ordinary member."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    MEMBER = "member"


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
    unchecked_make_starting_roles(community)
    if owner is not None:
        make_member(community, owner, rank=Rank.OWNER)
    return community


def make_member(
    community: Community,
    user: User | None = None,
    *,
    rank: Rank = Rank.MEMBER,
    status: MembershipStatus = MembershipStatus.ACTIVE,
    timed_out_until: datetime | None = None,
    is_guest: bool = False,
) -> Membership:
    """Return a new membership of the user, or of a new one; who is no member is nothing special."""
    current = status in CURRENT_STATUSES
    membership = Membership.objects.create(
        community=community,
        user=user or make_user(),
        is_owner=current and rank is Rank.OWNER,
        is_guest=is_guest,
        status=status,
        timed_out_until=timed_out_until,
    )
    if current and rank in (Rank.MODERATOR, Rank.ADMINISTRATOR):
        hold(membership, role_of(community, rank))
    return membership


def role_of(community: Community, rank: Rank) -> Role:
    """Return the role that makes moderators or members; the administrators' is made when there is none."""
    if rank is not Rank.ADMINISTRATOR:
        return Role.objects.get(community=community, name=StartingRole[rank.name])
    found = Role.objects.filter(community=community, name="Administrator").first()
    return found or make_role(community, *grantable_permissions(), name="Administrator", position=50)


def make_role(community: Community, *permissions: str, name: str = "Pilots", position: int = 5) -> Role:
    """Return a new role that gives these permissions."""
    return Role.objects.create(community=community, name=name, position=position, permissions=[*permissions])


def hold(membership: Membership, role: Role) -> RoleId:
    """Let a member have a role; return its id."""
    MembershipRole.objects.create(membership=membership, role=role)
    return RoleId(role.pk)


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


def make_level(membership: Membership, level: int) -> MemberLevel:
    """Return the level that a member has from now on."""
    return MemberLevel.objects.create(community=membership.community, user=membership.user, level=level)


def make_external_service(community: Community, *, name: str = "club", **columns: Any) -> ExternalService:
    """Return a new external service, whose answers count from a minute to an hour unless told."""
    columns = {"url": "https://club.example/ask", "min_seconds": 60, "max_seconds": 3600} | columns
    return ExternalService.objects.create(
        community=community, name=name, sealed_secret=seal_secret(columns.pop("secret", "secret")), **columns
    )


def make_rules(community: Community, *, must_accept: bool = True) -> RulesVersion:
    """Return the next version of the community's rules."""
    number = RulesVersion.objects.filter(community=community).count() + 1
    if must_accept:
        community.rules_required = number
        community.save(update_fields=["rules_required"])
    return RulesVersion.objects.create(
        community=community, number=number, text=f"Be kind {number} times.", must_accept=must_accept
    )


def make_onboarding(
    community: Community, *questions: dict[str, Any], author: User | None = None, roles: Sequence[Role] = ()
) -> OnboardingVersion:
    """Return the next version of what the community asks of its members."""
    number = OnboardingVersion.objects.filter(community=community).count() + 1
    permissions = {str(role.pk): [*role.permissions] for role in roles}
    return OnboardingVersion.objects.create(
        community=community, number=number, questions=[*questions], permissions=permissions, created_by=author
    )


def acting(membership: Membership) -> Actor:
    """Return the member as an actor."""
    return user_actor(UserId(membership.user_id))
