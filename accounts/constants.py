"""Longest forms of what accounts keep, in characters, and the values to choose from. Lifetimes and rate limits are settings."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

USERNAME_MIN_LENGTH = 3
USERNAME_MAX_LENGTH = 32
DISPLAY_NAME_MAX_LENGTH = 64
EMAIL_MAX_LENGTH = 254
PHONE_NUMBER_MAX_LENGTH = 16
PASSWORD_MAX_LENGTH = 256
USER_AGENT_MAX_LENGTH = 256
NETWORK_MAX_LENGTH = 43
"""The longest IPv6 network."""
SESSION_USE_SECONDS = 300
"""How old what is known of a device's last use may be before it is written anew; access tokens live no longer."""
PROLONG_SESSION_AFTER = timedelta(days=1)
"""How much of the lifetime of a cookie's session must be gone before it is prolonged: what bounds the writes."""
SESSIONS_USED_AT_ONCE = 1_000
SESSIONS_PRUNED_AT_ONCE = 1_000
FIRST_SIGN_IN_HOURS = 24
"""Nobody is warned of the first sign-in to an account that is younger."""
IDEMPOTENCY_KEY_MAX_LENGTH = 128
TOKEN_MAX_LENGTH = 2048
DEVICE_TOKEN_MAX_LENGTH = 1024
USERS_OF_A_DEVICE_MAX = 5
"""Who signs in as more users on one device is a stranger again to those of long ago."""
API_KEY_NAME_MAX_LENGTH = 64
API_KEY_MARK = "ptc_"
"""How every API key begins."""
API_KEY_DEFAULT_DAYS = 90
API_KEY_DEFAULT_OVERLAP_HOURS = 24
API_KEYS_PRUNED_AT_ONCE = 1_000
CUSTOM_STATUS_MAX_LENGTH = 128
CUSTOM_STATUS_EMOJI_MAX_LENGTH = 16
"""A family with skin tones is eleven code points."""
CUSTOM_STATUS_MAX_SECONDS = 30 * 86_400
TOTP_TOLERANCE_STEPS = 1
"""Of 30 seconds, before and after: for the clock of a phone, and for who types slowly."""
SECOND_FACTOR_CODE_MAX_LENGTH = 32
PASSKEY_CEREMONY_SECONDS = 300
"""From the question to the authenticator's answer: time to find a key in a drawer."""
PASSKEY_ID_MAX_BYTES = 1023
"""W3C Web Authentication, section 7.1, step 25."""
PASSKEY_NAME_MAX_LENGTH = 64
PASSKEYS_MAX = 20
"""Per user: each is read at every sign-in."""
TRUSTED_DEVICES_MAX = 20
"""Per user; one more forgets the oldest."""
TRUSTED_DEVICE_TOKENS_MAX = 5
"""How many people one browser remembers to be trusted."""

IMPORTED_EMAIL_DOMAIN = "imported.invalid"
"""Where the addresses of imported users point: RFC 2606 keeps `.invalid` from ever existing."""

SMS_MAX_LENGTH = 306
"""Two parts of 153 characters; each is paid for."""
DELIVERY_LEASE_SECONDS = 90.0
"""Longer than all calls of one try may take together; afterwards somebody else may try."""
DELIVERY_RESUMED_AFTER_SECONDS = 120.0
DELIVERY_RESUMED_AT_ONCE = 500


class Channel(StrEnum):
    """The ways in which a message reaches a person outside of the community."""

    MAIL = "mail"
    SMS = "sms"


DELIVERY_PAUSES_SECONDS: dict[Channel, tuple[float, ...]] = {
    Channel.SMS: (5.0, 15.0, 45.0, 120.0, 240.0),
    Channel.MAIL: (10.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0),
}
"""The pause after each try that failed; after the try that follows the last pause the message is given up."""
BOT_EMAIL_DOMAIN = "bots.invalid"
"""Where the addresses of bots point: to nowhere, by the same rule."""


class UserKind(StrEnum):
    """Who is behind an account: a person who signs in, or a program that somebody owns and that comes with a key."""

    PERSON = "person"
    BOT = "bot"


class PreferredStatus(StrEnum):
    """What a user chooses to be shown as while connected. `online` leaves it to their devices, `invisible` looks like being away."""

    ONLINE = "online"
    IDLE = "idle"
    DO_NOT_DISTURB = "dnd"
    INVISIBLE = "invisible"


class StaffRole(StrEnum):
    """What one of the operator's own staff is: a group of Django by that name, whose permissions are in `registries.staff_roles`."""

    SUPPORT = "support"
    MODERATOR = "moderator"
    TRUST_AND_SAFETY = "trust_and_safety"
    FINANCE = "finance"
    ADMINISTRATOR = "administrator"


class StaffPermission(StrEnum):
    """What staff may do with accounts, by the names of Django's permissions."""

    VIEW_USERS = "accounts.view_user"
    VIEW_SESSIONS = "accounts.view_session"
    VIEW_API_KEYS = "accounts.view_apikey"
    END_SESSIONS = "accounts.end_session"
    SUSPEND_USERS = "accounts.suspend_user"
    RESTORE_USERS = "accounts.restore_user"
    DELETE_USERS = "accounts.delete_user"
    MAKE_USERS = "accounts.add_user"
    GRANT_STAFF_ROLES = "accounts.grant_staff_role"
    VIEW_STAFF_ROLE_CHANGES = "accounts.view_staffrolechange"
    VIEW_DELETIONS = "accounts.view_accountdeletion"


OLDEST_BIRTH_YEAR = 1900


class StaffRoleChangeKind(StrEnum):
    """What was done with a staff role."""

    GRANTED = "granted"
    REVOKED = "revoked"


STAFF_REASON_MAX_LENGTH = 500


class InactiveBecause(StrEnum):
    """Why an account is not active, which decides who brings it back: who left does so by signing in, a suspended one staff alone."""

    LEFT = "left"
    SUSPENDED = "suspended"
    DELETION = "deletion"
    DELETED = "deleted"


DELETED_EMAIL_DOMAIN = "deleted.invalid"
DELETED_DISPLAY_NAME = "Deleted user"
DELETION_CANCELLATION_SECONDS = 600
"""How long after a sign-in its account can be kept with the token that the sign-in was answered with."""
DELETION_ROWS_AT_ONCE = 1_000
DELETIONS_AT_ONCE = 100
DELETION_TRANSACTIONS_AT_ONCE = 1_000


class SecondFactorKind(StrEnum):
    """How a user proves, beyond the password, who they are."""

    TOTP = "totp"
    RECOVERY_CODES = "recovery_codes"
    PASSKEY = "webauthn"
