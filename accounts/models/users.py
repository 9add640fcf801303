"""The user: an account with its names, its password hash and its state. Not what a user may do in a community."""

from __future__ import annotations

import re
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

from accounts.constants import (
    CUSTOM_STATUS_EMOJI_MAX_LENGTH,
    CUSTOM_STATUS_MAX_LENGTH,
    DISPLAY_NAME_MAX_LENGTH,
    EMAIL_MAX_LENGTH,
    IMPORTED_EMAIL_DOMAIN,
    USERNAME_MAX_LENGTH,
    USERNAME_MIN_LENGTH,
    InactiveBecause,
    PreferredStatus,
    UserKind,
)
from kernel.clock import now
from kernel.ids import uuid7

# Control characters, line and paragraph separators, and bidirectional overrides: a name with them can imitate another.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def validate_printable(text: str) -> None:
    """Refuse a name that does not show as what it is."""
    if _UNPRINTABLE.search(text):
        raise ValidationError("Control characters are not allowed.", code="unprintable")


def validate_ascii(text: str) -> None:
    """Refuse an address whose letters have more than one lower case, so that two accounts can't share one mailbox."""
    if not text.isascii():
        raise ValidationError("Only ASCII characters are allowed; write a domain as xn--...", code="not_ascii")


class UserManager(BaseUserManager["User"]):
    """What Django's own tools need to make and find users; the API makes them in `accounts.actions`."""

    def create_superuser(self, email: str, username: str, password: str | None = None) -> User:
        """Insert an administrator, for `manage.py createsuperuser`; without a password nobody can log in as them."""
        user = self.model(email=email.lower(), username=username, display_name=username)
        user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by e-mail in any case; Django's admin login calls it."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """An account, of a person or a bot. E-mail and username are each unique whatever their case; the e-mail is stored in lower case.

    `inactive_because` is empty for an active user; for an inactive one it may be too, which counts as suspended.
    What the user chose to be shown as is here and not in Redis, which may forget: somebody invisible must stay so.
    `presence_revision` grows with every such choice, so that an older one never replaces a newer one.
    A bot has an owner and can neither have a password nor administer anything; the database says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=EMAIL_MAX_LENGTH, unique=True, validators=[validate_ascii])
    username = models.CharField(
        max_length=USERNAME_MAX_LENGTH,
        validators=[
            MinLengthValidator(USERNAME_MIN_LENGTH),
            RegexValidator(r"\A[a-zA-Z0-9_.-]+\Z", "Letters a-z, digits, dots, hyphens and underscores only."),
        ],
    )
    display_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH, validators=[validate_printable])
    is_active = models.BooleanField(default=True)
    inactive_because = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=[(reason.value, reason.value) for reason in InactiveBecause],
        editable=False,
    )
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)
    kind = models.CharField(
        max_length=6,
        choices=[(kind.value, kind.value) for kind in UserKind],
        default=UserKind.PERSON.value,
        db_default=UserKind.PERSON.value,
        editable=False,
    )
    owner = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="bots", db_index=False, editable=False
    )
    preferred_status = models.CharField(
        max_length=9,
        choices=[(status.value, status.value) for status in PreferredStatus],
        default=PreferredStatus.ONLINE.value,
        db_default=PreferredStatus.ONLINE.value,
    )
    custom_status_text = models.CharField(
        max_length=CUSTOM_STATUS_MAX_LENGTH, blank=True, default="", db_default="", validators=[validate_printable]
    )
    custom_status_emoji = models.CharField(
        max_length=CUSTOM_STATUS_EMOJI_MAX_LENGTH,
        blank=True,
        default="",
        db_default="",
        validators=[validate_printable],
    )
    custom_status_expires_at = models.DateTimeField(null=True, blank=True)
    presence_revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username"]

    class Meta:
        permissions = (
            ("suspend_user", "Can shut users out and let them in again"),
            ("restore_user", "Can bring back users who left by themselves"),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner"], condition=models.Q(owner__isnull=False), name="user_bots_of_owner"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower"),
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.CheckConstraint(
                condition=models.Q(preferred_status__in=[status.value for status in PreferredStatus]),
                name="user_preferred_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(inactive_because=""), name="user_active_has_no_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.PERSON.value, owner__isnull=True)
                | models.Q(
                    kind=UserKind.BOT.value,
                    owner__isnull=False,
                    password__startswith=UNUSABLE_PASSWORD_PREFIX,
                    is_staff=False,
                    is_superuser=False,
                ),
                name="user_bot_is_owned_and_has_no_password",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_bot(self) -> bool:
        """Whether a program acts through the account."""
        return self.kind == UserKind.BOT

    @property
    def is_imported(self) -> bool:
        """Whether the account stands for somebody in an imported log; nobody can log in as it."""
        return self.email.endswith(f"@{IMPORTED_EMAIL_DOMAIN}") and not self.has_usable_password()
