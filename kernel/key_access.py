"""Which scope a key needs for which route, command and topic. The table is plugged in by project; what is not in it is closed to keys."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kernel.actor import Actor
from kernel.errors import DomainError, KeyNotAccepted, ScopeMissing
from kernel.scopes import Scope


class Door(StrEnum):
    """What needs no scope of its own: open to every key, or closed to all of them."""

    ANY_KEY = "any key"
    NO_KEY = "no key"


Need = Scope | Door


class KeyAccess(msgspec.Struct, frozen=True):
    """What keys need: by (route name, method), by command, and by kind of topic that is followed."""

    routes: Mapping[tuple[str, str], Need]
    commands: Mapping[str, Need]
    topics: Mapping[str, Need]


_access = KeyAccess(routes={}, commands={}, topics={})


def use_key_access(access: KeyAccess) -> None:
    """Plug in the table; called once at start-up. Until then everything is closed to keys."""
    global _access
    _access = access


def key_access() -> KeyAccess:
    """Return what was plugged in."""
    return _access


def has_scope(actor: Actor, scope: Scope) -> bool:
    """Tell whether the actor may use what the scope opens: always, unless a key acts that was not given it."""
    return actor.key is None or scope in actor.key.scopes


def require_route(actor: Actor, name: str, method: str) -> None:
    """Return when the actor may call a route. Raises `KeyNotAccepted` or `ScopeMissing`; a HEAD is a GET."""
    _require(actor, _access.routes.get((name, "GET" if method == "HEAD" else method)))


def require_command(actor: Actor, name: str) -> None:
    """Return when the actor may send a command. Raises `KeyNotAccepted` or `ScopeMissing`."""
    _require(actor, _access.commands.get(name))


def topic_refusal(actor: Actor, kind: str) -> DomainError | None:
    """Return why the actor may follow no topic of the kind at all, or None."""
    return _refusal(actor, _access.topics.get(kind))


def _require(actor: Actor, need: Need | None) -> None:
    refusal = _refusal(actor, need)
    if refusal is not None:
        raise refusal


def _refusal(actor: Actor, need: Need | None) -> DomainError | None:
    if actor.key is None or need is Door.ANY_KEY:
        return None
    if not isinstance(need, Scope):
        return KeyNotAccepted()
    if need in actor.key.scopes:
        return None
    return ScopeMissing(f"This takes an API key with the scope {need.value}.", scope=need.value)
