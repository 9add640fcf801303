"""The table of what keys need covers the product exactly: no route, command or kind of topic without a row, no row without one of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given
from hypothesis import strategies as st

from eventlog import topics
from gateway import dispatch
from kernel.actor import ANONYMOUS, SYSTEM, Actor, key_actor, user_actor
from kernel.clock import now
from kernel.commands import registered_commands
from kernel.errors import DomainError, KeyNotAccepted, ScopeMissing
from kernel.ids import ApiKeyId, UserId, uuid7
from kernel.key_access import (
    Door,
    KeyAccess,
    has_scope,
    key_access,
    require_command,
    require_route,
    topic_refusal,
    use_key_access,
)
from kernel.scopes import KeyGrant, Scope
from project.key_access import COMMANDS, ROUTES, TOPICS, wire_key_access


def routes_below(prefix: str) -> Iterator[tuple[str, str]]:
    """Every (name, method) of the URL configuration whose path begins with the prefix."""
    for path, pattern in _patterns(get_resolver().url_patterns, ""):
        view = getattr(pattern.callback, "view_class", None)
        if path.startswith(prefix) and view is not None:
            yield from ((str(pattern.name), m.upper()) for m in view.http_method_names if _is_route(view, m))


def _is_route(view: type, method: str) -> bool:
    return method not in ("options", "head") and hasattr(view, method)


def _patterns(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, path)
        else:
            yield path, pattern


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(ROUTES) == set(routes_below("api/v1/"))


def test_every_command_has_a_row_and_every_row_a_command():
    assert set(COMMANDS) == set(registered_commands()) | set(dispatch._OWN)


def test_every_kind_of_topic_has_a_row_and_every_row_a_kind():
    assert set(TOPICS) == set(topics._kinds)


def test_the_table_is_plugged_in_when_the_project_starts():
    assert key_access() == KeyAccess(routes=ROUTES, commands=COMMANDS, topics=TOPICS)


def test_every_scope_opens_something():
    assert set(Scope) <= {*ROUTES.values(), *COMMANDS.values(), *TOPICS.values()}


SCOPES = st.frozensets(st.sampled_from(Scope))


def acting_with(scopes: frozenset[Scope]) -> Actor:
    return key_actor(UserId(uuid7()), KeyGrant(ApiKeyId(uuid7()), scopes, now()), is_bot=True)


def refusals(actor: Actor) -> dict[object, DomainError | None]:
    """What the actor is answered at every door."""
    answers: dict[object, DomainError | None] = {kind: topic_refusal(actor, kind) for kind in [*TOPICS, "unknown"]}
    for name in [*COMMANDS, "unknown.command"]:
        answers[name] = raised_by(require_command, actor, name)
    for route in [*ROUTES, ("unknown", "GET"), ("me", "TRACE"), ("", "")]:
        answers[route] = raised_by(require_route, actor, *route)
    return answers


def raised_by(require, *question) -> DomainError | None:
    try:
        require(*question)
    except DomainError as error:
        return error
    return None


def opened(actor: Actor) -> set[object]:
    return {door for door, refusal in refusals(actor).items() if refusal is None}


@given(SCOPES)
def test_a_key_opens_exactly_what_its_scopes_name_and_what_is_open_to_every_key(scopes):
    rows = {**ROUTES, **COMMANDS, **TOPICS}
    assert opened(acting_with(scopes)) == {
        door for door, need in rows.items() if need is Door.ANY_KEY or need in scopes
    }


@given(SCOPES, SCOPES)
def test_two_keys_together_open_what_one_with_the_scopes_of_both_opens(some, others):
    assert opened(acting_with(some)) | opened(acting_with(others)) == opened(acting_with(some | others))


@given(SCOPES)
def test_a_refusal_names_the_scope_that_is_missing_or_says_that_no_key_will_do(scopes):
    rows = {**ROUTES, **COMMANDS, **TOPICS}
    for door, refusal in refusals(acting_with(scopes)).items():
        match refusal:
            case ScopeMissing(data={"scope": missing}):
                assert missing == rows[door]
                assert missing not in scopes
            case KeyNotAccepted():
                assert rows.get(door, Door.NO_KEY) is Door.NO_KEY


@given(st.sampled_from(Scope))
def test_who_comes_without_a_key_is_not_asked_for_scopes(scope):
    for actor in (ANONYMOUS, SYSTEM, user_actor(UserId(uuid7()))):
        assert has_scope(actor, scope)
        assert set(refusals(actor).values()) == {None}


def test_a_head_needs_what_a_get_needs():
    require_route(acting_with(frozenset({Scope.PROFILE_READ})), "me", "HEAD")
    with pytest.raises(ScopeMissing):
        require_route(acting_with(frozenset({Scope.PROFILE_WRITE})), "me", "HEAD")


def test_before_a_table_is_plugged_in_everything_is_closed_to_keys():
    use_key_access(KeyAccess(routes={}, commands={}, topics={}))
    try:
        assert opened(acting_with(frozenset(Scope))) == set()
    finally:
        wire_key_access()


def test_nothing_that_makes_more_of_a_key_is_open_to_one():
    closed = {name for (name, _), need in ROUTES.items() if need is Door.NO_KEY}
    assert closed >= {"my-keys", "my-key", "rotate-my-key", "my-bots", "my-bot", "bot-keys", "logout", "refresh"}
    for (name, _), need in ROUTES.items():
        assert (name in closed) == (need is Door.NO_KEY)
