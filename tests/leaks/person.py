"""Somebody in one of the states, and what they show at every kind of door."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.authentication import AuthenticatedSession, actor_of_access_token
from accounts.models import User
from kernel.actor import ANONYMOUS as NOBODY
from kernel.actor import Actor
from kernel.scopes import Scope
from tests.factories.accounts import actor_for, key_header, make_key, sign_in
from tests.leaks.knowledge import BOT, INACTIVE, SCOPELESS

_SCOPES = {SCOPELESS: (Scope.PROFILE_READ,), BOT: tuple(Scope)}


@dataclass
class Person:
    """Somebody. With a `proof` they have been recognised already; without one each request has to do it, or does not get that far."""

    state: str
    actor: Actor
    headers: dict[str, str] = field(default_factory=dict)
    user: User | None = None
    proof: AuthenticatedSession | None = None


def make_person(state: str, user: User | None) -> Person:
    """Sign the user in, or give them a key. Nobody has nothing."""
    if user is None:
        return Person(state, NOBODY)
    shown = make_key(user, *_SCOPES[state])[0] if state in _SCOPES else sign_in(user).access
    if state == INACTIVE:
        return Person(state, actor_for(user), key_header(shown), user)
    session = actor_of_access_token(shown)
    return Person(state, session.actor, key_header(shown), user, None if state in _SCOPES else session)
