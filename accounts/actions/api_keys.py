"""API keys begin, are rotated and end. Who shows one is recognised in `accounts.authentication`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.actions.security_notes import Note, tell_owner
from accounts.constants import API_KEYS_PRUNED_AT_ONCE, StaffPermission
from accounts.errors import KeyRotated, TooManyKeys
from accounts.events import ApiKeyCreated, ApiKeyPayload, ApiKeyRevoked, ApiKeyRotated, NewApiKey
from accounts.models import ApiKey, User
from accounts.models.locks import lock_key, lock_key_and_replaced, lock_user
from accounts.payloads import api_key_payload
from accounts.policies import (
    get_bot_for,
    has_staff_permission,
    may_manage_key,
    require_recent_authentication,
)
from accounts.processing.key_texts import new_key_text
from accounts.queries.api_keys import count_keys_towards_limit
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import Topic, topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import ApiKeyId, UserId
from kernel.metrics import limit_hit
from kernel.rate_limits import take
from kernel.scopes import Scope


@transaction.atomic
def create_api_key(
    actor: Actor, *, name: str, scopes: Collection[Scope], days: int, bot_id: UserId | None = None
) -> NewApiKey:
    """Make a key for the person who acts, or for a bot of theirs, good for 1 to `API_KEY_MAX_DAYS` days; its secret is told this once.

    Needs a recent proof. Locks the person. Emits `api_key.created` and tells them by mail. Raises `InvalidInput`, `NotFound`,
    `TooManyKeys`, `RateLimited`, `ReauthenticationRequired`, or `KeyNotAccepted` for who comes with a key.
    """
    person = _locked_person(actor)
    user = person if bot_id is None else get_bot_for(actor, bot_id)
    if count_keys_towards_limit(UserId(user.id)) >= settings.API_KEYS_MAX:
        limit_hit("account.api_keys")
        raise TooManyKeys(f"A user has at most {settings.API_KEYS_MAX} API keys. Revoke one first.")
    expires_at = now() + timedelta(days=_checked_number("days", days, settings.API_KEY_MAX_DAYS, least=1))
    key = ApiKey(user=user, name=name.strip(), scopes=_checked_scopes(scopes), created_by=person, expires_at=expires_at)
    secret = _insert(key)
    payload = api_key_payload(key)
    append(_told(key, ApiKeyCreated(key=payload)))
    _note(person, Note.KEY_CREATED, key, until=expires_at)
    return NewApiKey(key=payload, secret=secret)


@transaction.atomic
def rotate_api_key(actor: Actor, *, key_id: ApiKeyId, overlap_hours: int) -> NewApiKey:
    """Replace a key of the person or of a bot of theirs by a new one with the same name, scopes and lifetime.

    The old one lives on for up to `API_KEY_OVERLAP_MAX_HOURS`, with 0 not at all; what it had replaced itself ends now, so that never
    more than two are good. Needs a recent proof. Locks the person, then the keys. Emits `api_key.rotated`, and `api_key.revoked` for
    each that ends now, and tells them by mail. Raises `InvalidInput`, `NotFound`, `KeyRotated`, or as `create_api_key`.
    """
    person = _locked_person(actor)
    overlap = timedelta(hours=_checked_number("overlap_hours", overlap_hours, settings.API_KEY_OVERLAP_MAX_HOURS))
    old, replaced = lock_key_and_replaced(key_id)
    if old is None or not old.is_live or not may_manage_key(actor, old):
        raise NotFound
    if ApiKey.objects.filter(rotated_from=old).exists():
        raise KeyRotated
    new = ApiKey(user=old.user, name=old.name, scopes=old.scopes, created_by=person, rotated_from=old)
    new.expires_at = now() + (old.expires_at - old.created_at)
    secret = _insert(new)
    payload = api_key_payload(new)
    _retire(old, payload, now() + overlap)
    _note(person, Note.KEY_ROTATED, old, until=old.expires_at)
    unchecked_revoke_keys(
        [key for key, is_over in ((replaced, True), (old, not overlap)) if key is not None and is_over]
    )
    return NewApiKey(key=payload, secret=secret)


@transaction.atomic
def revoke_api_key(actor: Actor, *, key_id: ApiKeyId) -> None:
    """End a key of the person or of a bot of theirs, or anyone's for the system and staff who end sessions; once more changes nothing.

    Locks the key. Emits `api_key.revoked`. Raises `Unauthenticated`, `KeyNotAccepted`, or `NotFound` for a key that is not theirs.
    """
    key = lock_key(key_id)
    if key is None or not _may_end(actor, key):
        raise NotFound
    if key.revoked_at is None:
        unchecked_revoke_keys([key])


@transaction.atomic
def revoke_own_api_key(actor: Actor, *, key_id: ApiKeyId) -> None:
    """End a key of the person or of a bot of theirs, and nobody else's whatever staff they are. Emits and raises as `revoke_api_key`."""
    key = lock_key(key_id)
    if key is None or not may_manage_key(actor, key):
        raise NotFound
    if key.revoked_at is None:
        unchecked_revoke_keys([key])


def unchecked_revoke_keys(keys: Sequence[ApiKey]) -> None:
    """End locked keys, which come with their users, and emit `api_key.revoked` for each. A constant number of statements."""
    if not keys:
        return
    ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(revoked_at=now())
    append([draft for key in keys for draft in _told(key, ApiKeyRevoked(key=key.id))])


def prune_api_keys() -> int:
    """Delete keys that ended more than `API_KEYS_KEPT_DAYS` ago, a thousand per transaction; return how many there were.

    Until then they tell their owner what was there. The successor of a rotated key no longer names it afterwards.
    """
    oldest = now() - timedelta(days=settings.API_KEYS_KEPT_DAYS)
    ended = ApiKey.objects.filter(Q(revoked_at__lt=oldest) | Q(expires_at__lt=oldest)).order_by("pk")
    pruned, last = 0, UUID(int=0)
    while ids := list(ended.filter(pk__gt=last).values_list("pk", flat=True)[:API_KEYS_PRUNED_AT_ONCE]):
        ApiKey.objects.filter(pk__in=ids).delete()
        pruned, last = pruned + len(ids), ids[-1]
    return pruned


def note_key_use(key: ApiKey) -> None:
    """Keep when the key was last used, right to `API_KEY_USE_NOTED_MINUTES`: of all calls in that time one pays for it.

    Waits for nobody: while another call notes the same key, or the key is being rotated or revoked, this one leaves it at that.
    """
    stale = now() - timedelta(minutes=settings.API_KEY_USE_NOTED_MINUTES)
    if key.last_used_at is not None and key.last_used_at > stale:
        return
    with transaction.atomic():
        free = ApiKey.objects.select_for_update(skip_locked=True).filter(pk=key.pk).values("pk")
        ApiKey.objects.filter(pk__in=free).update(last_used_at=now())


def _locked_person(actor: Actor) -> User:
    """Return the person who acts, locked, so that limits hold; counted, and known to have signed in not long ago."""
    user_id = require_recent_authentication(actor)
    take(settings.RATE_LIMITS["key_create.user"], str(user_id))
    person = lock_user(user_id)
    if person is None or not person.is_active:
        raise NotFound
    return person


def _insert(key: ApiKey) -> str:
    """Give the key its text, insert it and return the text. Raises `InvalidInput` when the name breaks a rule."""
    text, parts = new_key_text()
    key.prefix, key.secret_hash = parts.prefix, parts.hash
    try:
        key.clean_fields()
    except ValidationError as error:
        raise InvalidInput(errors=error.message_dict, field=next(iter(error.message_dict))) from error
    key.save(force_insert=True)
    return text


def _retire(old: ApiKey, successor: ApiKeyPayload, until: datetime) -> None:
    """Let a rotated key end, at the latest when it would have anyway."""
    old.expires_at = min(old.expires_at, until)
    old.save(update_fields=["expires_at"])
    append(_told(old, ApiKeyRotated(key=successor, old=old.id, old_expires_at=old.expires_at)))


def _note(person: User, note: Note, key: ApiKey, *, until: datetime) -> None:
    """Tell the person, by mail, what was done with a key of theirs or of a bot of theirs."""
    whom = "you" if key.user_id == person.id else f"your bot {key.user.username}"
    day = f"{until:%d %B %Y, %H:%M} UTC"
    tell_owner(person, note, name=key.name, whom=whom, scopes=", ".join(key.granted_scopes), until=day)


def _may_end(actor: Actor, key: ApiKey) -> bool:
    return has_staff_permission(actor, StaffPermission.END_SESSIONS) or may_manage_key(actor, key)


def _told(key: ApiKey, event: Event) -> list[Draft]:
    """Tell the user of the key, whose topic every socket of the key is watched by, and the owner of a bot."""
    topics: list[Topic] = [topic_for("user", user_id) for user_id in (key.user_id, key.user.owner_id) if user_id]
    return [Draft(topic, event) for topic in topics]


def _checked_scopes(scopes: Collection[Scope]) -> list[str]:
    if not scopes:
        raise InvalidInput("Give the key at least one scope.", field="scopes")
    return sorted({scope.value for scope in scopes})


def _checked_number(field: str, number: int, most: int, *, least: int = 0) -> int:
    if not least <= number <= most:
        raise InvalidInput(f"Use a number from {least} to {most}.", field=field)
    return number
