"""The requirements of gates, one file each. A new one is added to this table and to the union of nodes in `communities.gates.trees`."""

from communities.gates.requirement import Requirement
from communities.gates.requirements.account_age import AccountAge
from communities.gates.requirements.application import Application
from communities.gates.requirements.entitlement import Entitled
from communities.gates.requirements.external import External
from communities.gates.requirements.invite import Invited
from communities.gates.requirements.level import Level
from communities.gates.requirements.member_for import MemberFor
from communities.gates.requirements.min_age import MinAge
from communities.gates.requirements.role import HasRole
from communities.gates.requirements.two_factor import TwoFactor
from communities.gates.requirements.verified_email import VerifiedEmail
from communities.gates.requirements.verified_phone import VerifiedPhone

REQUIREMENTS: tuple[type[Requirement], ...] = (
    AccountAge,
    Application,
    Entitled,
    External,
    HasRole,
    Invited,
    Level,
    MemberFor,
    MinAge,
    TwoFactor,
    VerifiedEmail,
    VerifiedPhone,
)

__all__ = [
    "REQUIREMENTS",
    "AccountAge",
    "Application",
    "Entitled",
    "External",
    "HasRole",
    "Invited",
    "Level",
    "MemberFor",
    "MinAge",
    "TwoFactor",
    "VerifiedEmail",
    "VerifiedPhone",
]
