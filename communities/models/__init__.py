"""The tables of communities, one module per noun."""

from communities.models.applications import Application, ApplicationForm, ApplicationVote
from communities.models.communities import Community
from communities.models.entitlements import Entitlement, TrialOffer
from communities.models.external_services import ExternalAnswer, ExternalService
from communities.models.gates import Gate, GateVersion
from communities.models.invites import Invite, InviteUse
from communities.models.levels import MemberLevel
from communities.models.memberships import Membership
from communities.models.onboarding import OnboardingAnswer, OnboardingVersion
from communities.models.roles import MembershipRole, Role
from communities.models.rules import RulesAcceptance, RulesVersion
from communities.models.shadows import ShadowDifference

__all__ = [
    "Application",
    "ApplicationForm",
    "ApplicationVote",
    "Community",
    "Entitlement",
    "ExternalAnswer",
    "ExternalService",
    "Gate",
    "GateVersion",
    "Invite",
    "InviteUse",
    "MemberLevel",
    "Membership",
    "MembershipRole",
    "OnboardingAnswer",
    "OnboardingVersion",
    "Role",
    "RulesAcceptance",
    "RulesVersion",
    "ShadowDifference",
    "TrialOffer",
]
