"""The wire contract of accounts: what a user, a session, a sign-in and an API key look like, and the events on `user:<id>`. No models."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from accounts.constants import PreferredStatus, SecondFactorKind, StaffRole
from eventlog.events import Event, durable_event
from kernel.scopes import Scope
from kernel.wire import WireStruct


class UserPayload(WireStruct, frozen=True):
    """What everybody may know of a user. `bot` is there, and true, for bots alone: most messages need not carry it."""

    id: UUID
    username: str
    display_name: str
    bot: Literal[True] | UnsetType = UNSET


class CustomStatus(WireStruct, frozen=True):
    """A few words of one's own, and an emoji (either may be empty, not both). Over at `expires_at`; null is until it is changed."""

    text: str
    emoji: str
    expires_at: datetime | None


class PresencePreference(WireStruct, frozen=True):
    """What a user chose to be shown as, on all devices, until they choose otherwise."""

    status: PreferredStatus = PreferredStatus.ONLINE
    custom: CustomStatus | None = None


class MePayload(UserPayload, frozen=True, kw_only=True):
    """What a user is told about themselves."""

    email: str
    created_at: datetime
    presence: PresencePreference = PresencePreference()


class BirthDatePayload(WireStruct, frozen=True):
    """The birth date that the user has told, shown to themselves alone; null when they have told none."""

    birth_date: date | None


class TokenPair(WireStruct, frozen=True):
    """An access token, good for `expires_in` seconds, and the refresh token that gets the next pair, once."""

    access: str
    refresh: str
    expires_in: int


class SignedIn(TokenPair, frozen=True):
    """A new session: its tokens and its user."""

    user: MePayload


class SessionPayload(WireStruct, frozen=True):
    """A device where the user is signed in. `network` is about where it signed in from, empty when that is not known.

    `last_used_at` may be ten minutes old.
    """

    id: UUID
    device: str
    network: str
    created_at: datetime
    last_used_at: datetime


class ListedSession(SessionPayload, frozen=True):
    """A device in the user's list; `current` is the one that asks."""

    current: bool


class SocketTicket(WireStruct, frozen=True):
    """A secret that opens one socket, once, within `expires_in` seconds."""

    ticket: str
    expires_in: int


class DeletionPayload(WireStruct, frozen=True):
    """A deletion that was asked for; it can be cancelled until `due_at`."""

    requested_at: datetime
    due_at: datetime


class BotPayload(UserPayload, frozen=True, kw_only=True):
    """A bot as its owner sees it."""

    created_at: datetime


class ApiKeyPayload(WireStruct, frozen=True):
    """An API key without its secret. `prefix` is its beginning, to tell keys apart; `user` is whom it acts for.

    `last_used_at` is right to some minutes. `rotated_from` is the key that this one replaces.
    """

    id: UUID
    user: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    rotated_from: UUID | None


class NewApiKey(WireStruct, frozen=True):
    """A key that was just made, and its `secret`: the whole key, shown this once."""

    key: ApiKeyPayload
    secret: str


@durable_event("user.updated")
class UserUpdated(Event, frozen=True):
    """The user changed their profile or what they are shown as; told to their own devices."""

    user: MePayload


@durable_event("session.started")
class SessionStarted(Event, frozen=True):
    """The user signed in on a device; `new_device` when it had not been seen before, which they are told by mail too."""

    session: SessionPayload
    new_device: bool


@durable_event("session.replayed")
class SessionReplayed(Event, frozen=True):
    """Somebody used an old refresh token of the session, so two parties had it: it is over for both (`session.revoked`)."""

    session: SessionPayload


class SecondFactorPayload(WireStruct, frozen=True):
    """One second factor of a user, without its secret. `id` names it among the user's own; `name` is given to passkeys only."""

    id: int
    kind: SecondFactorKind
    name: str
    created_at: datetime
    last_used_at: datetime | None


class TrustedDevicePayload(WireStruct, frozen=True):
    """A device where the user is not asked for a second factor until `expires_at`."""

    id: UUID
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@durable_event("second_factor.added")
class SecondFactorAdded(Event, frozen=True):
    """The user has set up a second factor; told to their own devices, as everything about them."""

    factor: SecondFactorPayload


@durable_event("second_factor.updated")
class SecondFactorUpdated(Event, frozen=True):
    """A passkey has got another name."""

    factor: SecondFactorPayload


@durable_event("second_factor.removed")
class SecondFactorRemoved(Event, frozen=True):
    """A second factor is gone. With the last one the recovery codes go, too."""

    factor: int


@durable_event("recovery_codes.replaced")
class RecoveryCodesReplaced(Event, frozen=True):
    """There are new recovery codes; the old ones are worth nothing."""

    left: int


@durable_event("recovery_code.used")
class RecoveryCodeUsed(Event, frozen=True):
    """Somebody proved to be the user with a recovery code; so many are left."""

    left: int


@durable_event("trusted_device.added")
class TrustedDeviceAdded(Event, frozen=True):
    """The user is not asked for a second factor on that device for a while."""

    device: TrustedDevicePayload


@durable_event("trusted_device.removed")
class TrustedDeviceRemoved(Event, frozen=True):
    """The device is no longer trusted, or with null none is: the next sign-in asks for a second factor again."""

    device: UUID | None


@durable_event("social_account.connected")
class SocialAccountConnected(Event, frozen=True):
    """The user can sign in with an account that they have elsewhere; `provider` is its id in the configuration."""

    provider: str


@durable_event("social_account.disconnected")
class SocialAccountDisconnected(Event, frozen=True):
    """The user can no longer sign in with an account at that provider."""

    provider: str


@durable_event("phone_number.verified")
class PhoneNumberVerified(Event, frozen=True):
    """The user has proved to own this number (E.164), which takes the place of the one before, if any."""

    number: str


@durable_event("phone_number.removed")
class PhoneNumberRemoved(Event, frozen=True):
    """The user has no phone number any more."""


@durable_event("session.revoked")
class SessionRevoked(Event, frozen=True):
    """The session is over: its tokens are refused from now on and its sockets are closed."""

    session: UUID


@durable_event("staff_roles.changed")
class StaffRolesChanged(Event, frozen=True):
    """The user's staff roles are now these."""

    roles: tuple[StaffRole, ...]


@durable_event("account.deactivated")
class AccountDeactivated(Event, frozen=True):
    """The user closed their account, and opens it again by signing in. All sessions end with this."""


@durable_event("account.reactivated")
class AccountReactivated(Event, frozen=True):
    """The account is open again."""


@durable_event("account.deletion_scheduled")
class AccountDeletionScheduled(Event, frozen=True):
    """The account will be deleted at `due_at`, unless that is cancelled. All sessions end with this."""

    due_at: datetime


@durable_event("account.deletion_cancelled")
class AccountDeletionCancelled(Event, frozen=True):
    """The account will not be deleted."""


@durable_event("api_key.created")
class ApiKeyCreated(Event, frozen=True):
    """There is a new key; told to the user whom it acts for, and to the owner of a bot."""

    key: ApiKeyPayload


@durable_event("api_key.rotated")
class ApiKeyRotated(Event, frozen=True):
    """`key` replaces the key `old`, which lives on until `old_expires_at`; then its sockets are closed."""

    key: ApiKeyPayload
    old: UUID
    old_expires_at: datetime


@durable_event("api_key.revoked")
class ApiKeyRevoked(Event, frozen=True):
    """The key is over: it is refused from now on and its sockets are closed."""

    key: UUID


@durable_event("bot.created")
class BotCreated(Event, frozen=True):
    """The user owns a new bot."""

    bot: BotPayload


@durable_event("bot.updated")
class BotUpdated(Event, frozen=True):
    """A bot of the user has another name."""

    bot: BotPayload


@durable_event("bot.deleted")
class BotDeleted(Event, frozen=True):
    """A bot of the user is gone: its keys are refused and nobody can act through it any more."""

    bot: UUID
