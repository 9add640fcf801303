"""Making and changing users: for the system and administrators, and what users change of themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from accounts.actions.deactivations import unchecked_shut_out
from accounts.actions.reactivations import unchecked_reopen
from accounts.constants import (
    BOT_EMAIL_DOMAIN,
    IMPORTED_EMAIL_DOMAIN,
    PASSWORD_MAX_LENGTH,
    InactiveBecause,
    StaffPermission,
    UserKind,
)
from accounts.errors import AccountTaken, DisposableMail, LastAdministrator
from accounts.events import MePayload, UserUpdated
from accounts.models import User
from accounts.models.locks import lock_administrators, lock_user
from accounts.payloads import me_payload
from accounts.policies import require_power_over, require_staff_permission
from accounts.queries.deletions import is_reserved
from accounts.queries.staff_roles import is_last_administrator
from accounts.queries.users import find_by_usernames
from accounts.storage.disposable_mail import is_disposable
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.ids import UserId, uuid7

_DELETING = (InactiveBecause.DELETION, InactiveBecause.DELETED)
_FIELD_OF_CONSTRAINT = {"accounts_user_email_key": "email", "user_username_unique": "username"}


@transaction.atomic
def create_user(actor: Actor, *, email: str, username: str, password: str, display_name: str = "") -> User:
    """Make a user with a verified address, for the system (seeds) and administrators; people sign up themselves.

    Raises `InvalidInput` with `errors` by field, `AccountTaken`, or `Forbidden`.
    """
    require_staff_permission(actor, StaffPermission.MAKE_USERS)
    return unchecked_create_user(
        email=email, username=username, password=password, display_name=display_name, verified=True
    )


def unchecked_create_user(
    *, email: str, username: str, password: str, display_name: str, verified: bool = False
) -> User:
    """Insert a user with their e-mail address, which is `verified` when who asks for it has seen to that. Raises as `create_user`."""
    with transaction.atomic():
        user = unchecked_insert_user(email=email, username=username, password=password, display_name=display_name)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def unchecked_insert_user(*, email: str, username: str, password: str | None, display_name: str = "") -> User:
    """Insert a user, and no row for the e-mail address; without a display name the username is shown, without a password there is none.

    Unique names are the database's business, so two sign-ups at once cannot both win. Raises as `create_user`.
    """
    user = _checked_user(email=email, username=username, password=password, display_name=display_name)
    user.set_password(password)
    _insert(user)
    return user


def unchecked_insert_stand_in(*, email: str, username: str, password: str, display_name: str = "") -> User:
    """Insert the user that `unchecked_create_user` would, under an address that nobody has. For who undoes it. Raises as that does."""
    user = _checked_user(email=email, username=username, password=password, display_name=display_name)
    user.email = f"{user.id}@{IMPORTED_EMAIL_DOMAIN}"
    user.set_password(password)
    with transaction.atomic():
        _insert(user)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user


def _checked_user(*, email: str, username: str, password: str | None, display_name: str) -> User:
    user = User(email=email.strip(), username=username, display_name=display_name.strip() or username)
    _check(user, password=password)
    if is_disposable(user.email):
        raise DisposableMail(field="email")
    if is_reserved(username):
        raise AccountTaken(field="username")
    user.email = user.email.lower()
    return user


def unchecked_create_bot(*, owner: User, username: str, display_name: str) -> User:
    """Insert a bot: a user of that person, without a password and with an address that cannot receive mail. Raises as `create_user`."""
    bot_id = uuid7()
    bot = User(
        id=bot_id,
        kind=UserKind.BOT.value,
        owner=owner,
        email=f"{bot_id}@{BOT_EMAIL_DOMAIN}",
        username=username,
        display_name=display_name.strip() or username,
    )
    _check(bot)
    if is_reserved(username):
        raise AccountTaken(field="username")
    bot.set_unusable_password()
    _insert(bot)
    return bot


def _insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(error) from error


@transaction.atomic
def import_users(actor: Actor, *, display_names: Mapping[str, str]) -> dict[str, User]:
    """Return a user for every username (a key of `display_names`), by lower-case username; make those that are absent.

    For the system and administrators. Nobody can log in as an imported user: they have no password and
    an address that cannot receive mail. A constant number of statements. Raises `InvalidInput` or `Forbidden`.
    """
    require_staff_permission(actor, StaffPermission.MAKE_USERS)
    absent = display_names.keys() - _known(display_names)
    made = [_imported(name, display_names[name]) for name in sorted(absent)]
    User.objects.bulk_create(made, ignore_conflicts=True)
    users = find_by_usernames(display_names)
    _add_addresses({user.id for user in made}, users.values())
    return users


@transaction.atomic
def update_profile(actor: Actor, *, display_name: str | None = None) -> MePayload:
    """Change what others see of the actor; None keeps what is there.

    Locks the user. Emits `user.updated` to the actor's own devices when something was given. Raises `InvalidInput`.
    """
    user_id = actor.require_user()
    if display_name is None:
        return me_payload(_locked(user_id))
    user = unchecked_rename(user_id, display_name)
    append([Draft(topic_for("user", user.id), UserUpdated(user=me_payload(user)))])
    return me_payload(user)


def unchecked_rename(user_id: UserId, display_name: str) -> User:
    """Lock a user, give them another display name and return them; the caller emits. Raises `InvalidInput` or `NotFound`."""
    user = _locked(user_id)
    user.display_name = display_name.strip()
    _check(user)
    user.save(update_fields=["display_name"])
    return user


@transaction.atomic
def deactivate_user(actor: Actor, *, user_id: UserId) -> None:
    """Shut a user out: no login, and every session, API key and socket ends now, those of their bots too.

    For the system and staff who may suspend. Locks the user, then the sessions, then the keys. Emits `session.revoked` and
    `api_key.revoked` for each. Raises `Forbidden`, `NotFound`, `LastAdministrator`, or `Conflict` for oneself.
    """
    require_staff_permission(actor, StaffPermission.SUSPEND_USERS)
    if actor.user_id == user_id:
        raise Conflict("You cannot deactivate your own account.")
    user = _locked(user_id)
    if user.is_staff:
        _check_dismissal(actor, user)
    unchecked_shut_out(user, InactiveBecause.SUSPENDED)


@transaction.atomic
def reactivate_user(actor: Actor, *, user_id: UserId) -> None:
    """Let a deactivated user log in again. The system and staff may: who restores, for users who left; who suspends, for all.

    Locks the user. Emits `account.reactivated`. Raises `Forbidden`, `NotFound`, or `Conflict` for an account that is being deleted.
    """
    require_staff_permission(actor, StaffPermission.RESTORE_USERS)
    user = _locked(user_id)
    if user.is_active:
        return
    require_power_over(actor, user)
    if user.inactive_because in _DELETING:
        raise Conflict("The deletion of this account has to be cancelled.")
    if user.inactive_because != InactiveBecause.LEFT:
        require_staff_permission(actor, StaffPermission.SUSPEND_USERS)
    unchecked_reopen(user)


def _check(user: User, *, password: str | None = None) -> None:
    """Raise `InvalidInput` naming every field of the user that breaks a rule, and the password when one is given."""
    errors: dict[str, list[str]] = {}
    # A display name that is the username has no errors of its own.
    unchecked = {"password", "display_name"} if user.display_name == user.username else {"password"}
    try:
        user.clean_fields(exclude=unchecked)
    except ValidationError as error:
        errors |= error.message_dict
    if password is not None:
        errors |= _password_errors(password, user)
    if errors:
        raise InvalidInput(errors=errors, field=next(iter(errors)))


def _password_errors(password: str, user: User) -> dict[str, list[str]]:
    """Check the length first: the other validators compare texts at a cost that grows with it."""
    if len(password) > PASSWORD_MAX_LENGTH:
        return {"password": [f"Use at most {PASSWORD_MAX_LENGTH} characters."]}
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {"password": error.messages}
    return {}


def _taken(error: IntegrityError) -> Exception:
    """Return the refusal for a name that is taken, or the error itself when it is about anything else."""
    cause = error.__cause__
    constraint = cause.diag.constraint_name if isinstance(cause, UniqueViolation) else None
    field = _FIELD_OF_CONSTRAINT.get(constraint or "")
    return AccountTaken(field=field) if field else error


def _known(usernames: Mapping[str, str]) -> set[str]:
    known = find_by_usernames(usernames)
    return {username for username in usernames if username.lower() in known}


def _imported(username: str, display_name: str) -> User:
    user_id = uuid7()
    user = User(id=user_id, email=f"{user_id}@{IMPORTED_EMAIL_DOMAIN}", username=username, display_name=display_name)
    _check(user)
    user.password = make_password(None)
    return user


def _add_addresses(made: Collection[UUID], users: Iterable[User]) -> None:
    """Add the addresses of those who were made just now; a name that somebody else took meanwhile is theirs."""
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True) for user in users if user.id in made
    )


def _locked(user_id: UserId) -> User:
    user = lock_user(user_id)
    if user is None:
        raise NotFound
    return user


def _check_dismissal(actor: Actor, user: User) -> None:
    """Return when the actor may shut one of the staff out, and somebody else stays administrator."""
    lock_administrators()
    require_power_over(actor, user)
    if is_last_administrator(user):
        raise LastAdministrator
