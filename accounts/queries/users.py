"""Finding users: by id, by name, by login. They do not ask who wants to know: names of users are public."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS
from django.db.models.functions import Lower
from django.db.models.lookups import Exact, In

from accounts.models import User
from accounts.queries.phone_numbers import find_by_phone
from kernel.errors import NotFound
from kernel.ids import UserId


def get_user(user_id: UserId) -> User:
    """Return the user. Raises `NotFound`."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def get_users(user_ids: Iterable[UserId]) -> dict[UserId, User]:
    """Return the users that exist, by id, in one query."""
    return {UserId(user.id): user for user in User.objects.filter(pk__in=set(user_ids))}


def unloaded_user(user_id: UserId) -> User:
    """Return a user who is known to exist and to be active, without a statement: each other column is loaded when it is first read."""
    return User.from_db(DEFAULT_DB_ALIAS, ["id", "is_active"], [user_id, True])


def find_by_usernames(usernames: Iterable[str]) -> dict[str, User]:
    """Return the users that exist, by lower-case username, in one query."""
    lowered = {_lowered(username) for username in usernames} - {""}
    return {user.username.lower(): user for user in User.objects.filter(In(Lower("username"), lowered))}


def find_by_login(login: str) -> User | None:
    """Return the user with that e-mail address or username, in any case, or with that verified phone number, from its "+" on."""
    if login.startswith("+"):
        return find_by_phone(login)
    lowered = _lowered(login)
    if "@" in lowered:
        return User.objects.filter(email=lowered).first()
    return next(iter(User.objects.filter(Exact(Lower("username"), lowered))), None)


def _lowered(name: str) -> str:
    """Return the stored form of a name; names are ASCII, so what is not cannot exist and must not reach the database."""
    return name.lower() if name.isascii() and "\0" not in name else ""
