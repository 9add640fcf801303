"""The tables of accounts: who exists, where they are signed in, which keys they gave out, and what waits to be sent to them."""

from accounts.models.api_keys import ApiKey
from accounts.models.birth_dates import BirthDate
from accounts.models.deletions import AccountDeletion, AccountDeletionStep, ReservedUsername
from accounts.models.deliveries import Delivery
from accounts.models.idempotent_requests import IdempotentRequest
from accounts.models.phone_numbers import VerifiedPhone
from accounts.models.sessions import Session
from accounts.models.staff_roles import StaffRoleChange
from accounts.models.trusted_devices import TrustedDevice
from accounts.models.users import User
from accounts.models.web_sessions import WebSession

__all__ = [
    "AccountDeletion",
    "AccountDeletionStep",
    "ApiKey",
    "BirthDate",
    "Delivery",
    "IdempotentRequest",
    "ReservedUsername",
    "Session",
    "StaffRoleChange",
    "TrustedDevice",
    "User",
    "VerifiedPhone",
    "WebSession",
]
