"""Finding API keys: by what was shown, by id, and those that a user has."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from accounts.models import ApiKey
from kernel.clock import now
from kernel.ids import ApiKeyId, UserId


def find_keys_by_prefix(prefixes: Collection[str]) -> dict[str, ApiKey]:
    """Return the keys with these prefixes, each with its user and the owner of a bot, alive or not. One statement."""
    return {key.prefix: key for key in _with_people().filter(prefix__in=set(prefixes))}


def find_keys(key_ids: Collection[ApiKeyId]) -> dict[ApiKeyId, ApiKey]:
    """Return these keys, each with its user and the owner of a bot, alive or not. One statement, none for no ids."""
    return {ApiKeyId(key.id): key for key in _with_people().filter(pk__in=set(key_ids))}


def may_act(key: ApiKey) -> bool:
    """Whether the key lives, its user is active, and so is the owner of a bot. No statement for a key that was found here."""
    owner = key.user.owner
    return key.is_live and key.user.is_active and (owner is None or owner.is_active)


def living_keys(user_id: UserId) -> QuerySet[ApiKey]:
    """Return the keys of a user that are neither revoked nor expired, newest first."""
    return ApiKey.objects.filter(user_id=user_id, revoked_at=None, expires_at__gt=now()).order_by("-id")


def count_keys_towards_limit(user_id: UserId) -> int:
    """Return how many living keys the user has; one that was rotated and waits for its end counts with its successor."""
    return living_keys(user_id).filter(Q(successor=None)).count()


def _with_people() -> QuerySet[ApiKey]:
    return ApiKey.objects.select_related("user__owner")
