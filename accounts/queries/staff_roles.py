"""Who is of the staff, and as what."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from accounts.constants import StaffRole
from accounts.models import User


def staff_roles_of(user: User) -> tuple[StaffRole, ...]:
    """Return the user's staff roles, in the order of `StaffRole`; a superuser is an administrator. One query."""
    names = set(user.groups.values_list("name", flat=True))
    if user.is_superuser:
        names.add(StaffRole.ADMINISTRATOR)
    return tuple(role for role in StaffRole if role in names)


def is_last_administrator(user: User) -> bool:
    """Return whether nobody would be administrator without this user; true for as long as the administrators' role is locked."""
    administrators = _administrators()
    return administrators.filter(pk=user.pk).exists() and not administrators.exclude(pk=user.pk).exists()


def list_staff() -> list[User]:
    """Return everybody who has the flag of the staff, by username."""
    return list(User.objects.filter(is_staff=True).prefetch_related("groups").order_by("username"))


def _administrators() -> QuerySet[User]:
    group = Group.objects.filter(name=StaffRole.ADMINISTRATOR)
    return User.objects.filter(Q(is_superuser=True) | Q(groups__in=group), is_active=True, is_staff=True).distinct()
