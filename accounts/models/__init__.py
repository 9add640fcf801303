"""The tables of accounts: who exists, and where they are signed in."""

from accounts.models.idempotent_requests import IdempotentRequest
from accounts.models.sessions import Session
from accounts.models.staff_roles import StaffRoleChange
from accounts.models.users import User

__all__ = ["IdempotentRequest", "Session", "StaffRoleChange", "User"]
