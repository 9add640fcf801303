"""What accounts themselves do with the data of a deleted user: the steps that `apps.py` registers. The user's row stays, without a name."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import Model

from accounts.actions.deactivations import tell_by_mail
from accounts.actions.sessions import unchecked_revoke_sessions
from accounts.constants import (
    DELETED_DISPLAY_NAME,
    DELETED_EMAIL_DOMAIN,
    DELETION_ROWS_AT_ONCE,
    InactiveBecause,
    PreferredStatus,
)
from accounts.models import (
    ApiKey,
    BirthDate,
    IdempotentRequest,
    ReservedUsername,
    Session,
    TrustedDevice,
    VerifiedPhone,
)
from accounts.models.locks import lock_open_sessions, lock_user
from accounts.queries.deletions import hash_of_username
from kernel.clock import now
from kernel.ids import UserId

_RECORDS: tuple[type[Model], ...] = (
    Session,
    ApiKey,
    IdempotentRequest,
    EmailAddress,
    VerifiedPhone,
    BirthDate,
    Authenticator,
    TrustedDevice,
    SocialAccount,
)


def end_access(user_id: UserId) -> bool:
    """End what could still let somebody in: sessions were ended when the deletion was scheduled, so there are none but by a mistake."""
    unchecked_revoke_sessions(lock_open_sessions(user_id))
    return True


def erase_records(user_id: UserId) -> bool:
    """Delete the user's sessions, which tell of their devices, API keys, addresses, birth date, second factors, and answers to requests.

    Some rows of a table at a time.
    """
    return all(_delete_some(table, user_id) for table in _RECORDS)


def erase_identity(user_id: UserId) -> bool:
    """Say good-bye by mail, then take names, address, password, status and roles; keep the username from others for a while.

    The row itself stays, for messages and logs to refer to.
    """
    user = lock_user(user_id)
    if user is None or user.inactive_because == InactiveBecause.DELETED:
        return True
    tell_by_mail(user, "account_deleted")
    _reserve(user.username)
    user.email = f"{user.pk}@{DELETED_EMAIL_DOMAIN}"
    user.username = f"deleted-{user.pk.hex[8:]}"  # 32 characters, the random ones among them
    user.display_name = DELETED_DISPLAY_NAME
    user.set_unusable_password()
    user.preferred_status, user.presence_revision = PreferredStatus.ONLINE, user.presence_revision + 1
    user.custom_status_text = user.custom_status_emoji = ""
    user.custom_status_expires_at = user.last_login = None
    user.is_active = user.is_staff = user.is_superuser = False
    user.inactive_because = InactiveBecause.DELETED
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    return True


def prune_reserved_usernames() -> int:
    """Forget the names that may be taken again, and return how many there were."""
    return ReservedUsername.objects.filter(until__lte=now()).delete()[0]


def _delete_some(table: type[Model], user_id: UserId) -> bool:
    """Delete a bounded number of the user's rows; return whether none are left."""
    rows = table._default_manager.filter(user_id=user_id)  # noqa: SLF001  # documented
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:DELETION_ROWS_AT_ONCE])
    rows.filter(pk__in=some).delete()
    return len(some) < DELETION_ROWS_AT_ONCE


def _reserve(username: str) -> None:
    until = now() + timedelta(days=settings.USERNAME_RESERVED_DAYS)
    ReservedUsername.objects.update_or_create(name_hash=hash_of_username(username), defaults={"until": until})
