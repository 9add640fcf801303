"""The tables of communities, one module per noun."""

from communities.models.communities import Community
from communities.models.invites import Invite, InviteUse
from communities.models.memberships import Membership

__all__ = ["Community", "Invite", "InviteUse", "Membership"]
