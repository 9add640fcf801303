"""What can go wrong with communities, in the words that a person sees. Codes are stable."""

from __future__ import annotations

from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class SlugTaken(Conflict):
    """Another community has this slug."""

    code = "community.slug_taken"
    message = "Another community has this address already."


class OwnerIsNoGuest(Conflict):
    """The owner of a community is a full member of it."""

    code = "community.owner_is_no_guest"
    message = "The owner of a community cannot be a guest in it."


class RoleNotSelfAssignable(Conflict):
    """Answers to questions give roles only that are marked for it."""

    code = "role.not_self_assignable"
    message = "Mark this role as self-assignable first."


class OnboardingChanged(Conflict):
    """The questions were changed since they were read; `number` is the version that counts now."""

    code = "onboarding.changed"
    message = "The questions have changed meanwhile. Read them again."


class OwnerStays(Conflict):
    """The act would leave a community without its owner."""

    code = "community.owner_stays"
    message = "A community needs its owner: make somebody else the owner first."


class CannotOwn(Conflict):
    """Guests and bots own no community."""

    code = "community.cannot_own"
    message = "Only a person who is a full member can own a community."


class MemberBanned(Conflict):
    """A banned user cannot be added before the ban is lifted; told only to those who may add members."""

    code = "member.banned"
    message = "This user is banned here. Lift the ban first."


class EqualOrHigherRole(Forbidden):
    """Nobody acts on a member whose highest role stands as high as their own, or higher."""

    code = "member.equal_or_higher_role"
    message = "This member's role is as high as yours or higher."


class RoleTooHigh(Forbidden):
    """Nobody gives, takes or changes a role that stands as high as their own highest, or higher."""

    code = "role.too_high"
    message = "This role is as high as your highest or higher."


class PermissionNotHeld(Forbidden):
    """Nobody gives others what they do not have themselves; `permissions` names it."""

    code = "role.permission_not_held"
    message = "You cannot give others a permission that you do not have yourself."


class RoleIsDefault(Conflict):
    """Every member has the default role: it is neither given nor taken, nor deleted, nor moved."""

    code = "role.is_default"
    message = "Every member has this role."


class TooManyRoles(Conflict):
    """A member has, or a community has, as many roles as there may be."""

    code = "role.too_many"


class OwnsCommunities(Conflict):
    """Somebody wants to delete their account who owns communities with other members; `communities` names them."""

    code = "account.owns_communities"
    message = "Communities would be left without their owner. Make another member of each the owner first."


class InvalidGate(InvalidInput):
    """A gate's tree is not one; `path` says where it is wrong, as in `all[1].any[0].min_age.years`."""

    code = "gate.invalid"
    message = "The gate is not valid."


class InviteNotValid(NotFound):
    """No invite has this code, it has expired, was revoked or used up, its maker may no longer invite, or the actor is banned."""

    code = "invite.not_valid"
    message = "This invite is not valid, or no longer. Ask for another one."


class TooManyInvites(Conflict):
    """The community has as many open invites as it may have."""

    code = "invite.too_many"
    message = "There are too many open invites. Revoke one first."


class CommunityClosed(Forbidden):
    """Somebody who may see the card wants to join a community that nobody joins by themselves."""

    code = "community.closed"
    message = "This community is closed. Ask one of its members for an invite."


class ApplicationsClosed(Conflict):
    """The community has no form, or has closed it."""

    code = "application.closed"
    message = "This community takes no applications at the moment."


class FormChanged(Conflict):
    """The form was changed since it was read; `number` is the one that counts now."""

    code = "application.form_changed"
    message = "The form has changed meanwhile. Read it again and answer the new one."


class AlreadyApplied(Conflict):
    """An earlier application of the user is still pending."""

    code = "application.pending_already"
    message = "You have applied already. Wait for the answer, or withdraw it first."


class AlreadyMember(Conflict):
    """Somebody applies who is in."""

    code = "application.member_already"
    message = "You are a member already."


class ApplyLater(Conflict):
    """The user was refused lately; `apply_again_at` says from when on they may apply again."""

    code = "application.too_early"
    message = "You were refused lately. Wait a while before you apply again."


class ApplicationDecided(Conflict):
    """The application is not pending any more: approved, refused or withdrawn; `status` says which."""

    code = "application.decided_already"
    message = "This application is not pending any more."


class ApplicationClaimed(Conflict):
    """Another reviewer has taken the application on; `claimed_until` says for how long."""

    code = "application.claimed"
    message = "Another reviewer is at this application."


class ApplicantGone(Conflict):
    """The applicant's account is closed."""

    code = "application.applicant_gone"
    message = "The account of the applicant is closed."


class TooManyEntitlements(Conflict):
    """The user has as many entitlements in the community as anybody may have."""

    code = "entitlement.too_many"
    message = "This user has too many entitlements here. Revoke one first."


class TooManyTrialOffers(Conflict):
    """The community offers as many trials as it may."""

    code = "entitlement.too_many_trials"
    message = "There are too many trials on offer. Withdraw one first."


class TrialUsed(Conflict):
    """The user has tried this already, however long ago."""

    code = "entitlement.trial_used"
    message = "You have tried this already."


class RulesChangedMeanwhile(Conflict):
    """The rules were changed since they were read; `number` is the version that counts now."""

    code = "rules.changed"
    message = "The rules have changed meanwhile. Read them again."


class GateLocksOut(Conflict):
    """The new version would keep its own editor or the owner out; `missing` says what of."""

    code = "gate.locks_out"
    message = "You or the owner of the community would not pass this gate yourselves."


class TooManyExternalServices(Conflict):
    """The community has as many external services as it may."""

    code = "external_service.too_many"
    message = "There are too many external services here. Delete one first."


class ExternalServiceNameTaken(Conflict):
    """Another external service of the community has the name."""

    code = "external_service.name_taken"
    message = "Another external service of this community has this name already."


class ExternalServiceInUse(Conflict):
    """A gate of the community asks the service, a live one or one in the shadow."""

    code = "external_service.in_use"
    message = "A gate asks this service. Change the gate first."


class GraceRuns(Conflict):
    """The live version still holds members to the one before it; `until` says how long."""

    code = "gate.grandfathering"
    message = "Members from before the present gate are still held to the one before it. Wait until that ends, or end it first."
