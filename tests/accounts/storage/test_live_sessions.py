"""What is remembered of sessions: requests that ask PostgreSQL nothing, and revocations that no memory outlives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from redis import Redis

from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.sessions import revoke_session, unchecked_revoke_sessions
from accounts.actions.tokens import Claims, read_access_token
from accounts.actions.users import deactivate_user
from accounts.authentication import actor_of_access_token
from accounts.errors import RefreshReplayed, SessionEnded
from accounts.models import Session, User
from accounts.models.locks import lock_open_sessions
from accounts.queries.sessions import find_live_session
from accounts.storage import live_sessions
from accounts.storage.live_sessions import is_live
from accounts.tasks import remember_ended_sessions
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.errors import Unavailable
from kernel.ids import SessionId, UserId
from tests.concurrency import at_once
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.jobs import jobs_with

pytestmark = pytest.mark.django_db(transaction=True)

NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis(settings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def claims(user: User) -> Claims:
    """What the access token of a new session says."""
    return read_access_token(sign_in(user).access)


def lives(claims: Claims) -> bool:
    return is_live(claims.session_id, claims.user_id)


def revoke(claims: Claims) -> None:
    revoke_session(SYSTEM, session_id=claims.session_id)


def key_of(claims: Claims) -> str:
    return f"session:{claims.session_id.hex}"


@pytest.fixture
def after_the_look(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Return a function that has something happen after a reader has looked into PostgreSQL, and before it notes what it found."""

    def interpose(act: Callable[[], None]) -> None:
        def look(session_id: SessionId, user_id: UserId) -> Session | None:
            found = find_live_session(session_id, user_id)
            monkeypatch.setattr(live_sessions, "find_live_session", find_live_session)
            act()
            return found

        monkeypatch.setattr(live_sessions, "find_live_session", look)

    return interpose


def test_the_first_request_of_a_session_costs_a_statement_and_the_next_ones_none(django_assert_num_queries, user):
    access = sign_in(user).access
    with django_assert_num_queries(1):
        first = actor_of_access_token(access)
    with django_assert_num_queries(0):
        assert [actor_of_access_token(access) for _ in range(3)] == [first] * 3


def test_what_was_found_is_remembered_for_thirty_seconds_and_no_longer_than_the_session(redis, claims):
    assert lives(claims)
    assert 20_000 < redis.pttl(key_of(claims)) <= 30_000
    redis.delete(key_of(claims))
    Session.objects.update(expires_at=now() + timedelta(seconds=20))
    assert lives(claims)
    assert 0 < redis.pttl(key_of(claims)) <= 20_000


@pytest.mark.parametrize(
    "end",
    [
        revoke,
        lambda claims: deactivate_user(SYSTEM, user_id=claims.user_id),
        lambda claims: transaction.atomic(unchecked_revoke_sessions)(lock_open_sessions_of(claims)),
    ],
    ids=["revocation", "deactivation", "all sessions of a user"],
)
def test_a_session_that_was_just_found_alive_is_refused_from_its_end_on_without_a_statement(
    django_assert_num_queries, user, end
):
    access = sign_in(user).access
    actor_of_access_token(access)
    end(read_access_token(access))
    with django_assert_num_queries(0), pytest.raises(SessionEnded):
        actor_of_access_token(access)


@transaction.atomic
def lock_open_sessions_of(claims: Claims) -> list[Session]:
    return lock_open_sessions(claims.user_id)


def test_the_other_sessions_of_the_user_go_on_from_memory(django_assert_num_queries, user):
    gone, kept = (read_access_token(sign_in(user).access) for _ in range(2))
    assert lives(gone)
    assert lives(kept)
    revoke(gone)
    with django_assert_num_queries(0):
        assert (lives(gone), lives(kept)) == (False, True)


def test_a_remembered_session_of_somebody_else_is_no_proof(django_assert_num_queries, claims):
    stranger = make_user()
    assert lives(claims)
    with django_assert_num_queries(0):
        assert not is_live(claims.session_id, UserId(stranger.id))
    assert lives(claims)


def test_an_unknown_session_leaves_nothing_behind(redis, claims):
    unknown = SessionId(UUID(int=claims.session_id.int ^ 1))
    assert not is_live(unknown, claims.user_id)
    assert not redis.exists(f"session:{unknown.hex}")


def test_who_looked_before_the_revocation_cannot_note_after_it_that_the_session_lives(after_the_look, claims):
    after_the_look(lambda: revoke(claims))
    assert lives(claims)  # it looked before
    assert not lives(claims)


def test_who_looked_before_the_revocation_cannot_note_it_though_the_revoking_process_died_after_its_commit(
    monkeypatch, after_the_look, claims
):
    monkeypatch.setattr("accounts.actions.sessions.remember_ended", lambda ids: True)
    after_the_look(lambda: revoke(claims))
    assert lives(claims)
    assert not lives(claims)


def test_who_looks_while_the_revocation_is_not_committed_yet_remembers_nothing(redis, claims):
    def look() -> None:
        assert at_once(lambda: lives(claims)) == [True]

    assert lives(claims)
    with transaction.atomic():
        revoke(claims)
        look()
        assert redis.get(key_of(claims)) == b"?"
    assert not lives(claims)


def test_a_revocation_that_was_undone_leaves_the_session_alive(claims):
    assert lives(claims)
    with transaction.atomic():
        revoke(claims)
        transaction.set_rollback(True)
    assert lives(claims)


def test_who_stalled_between_look_and_note_notes_what_is_over_already(redis, after_the_look, claims):
    """However long: not even when what was noted of the revocation is forgotten by then."""

    def stall() -> None:
        revoke(claims)
        redis.delete(key_of(claims))
        clock.stop()

    clock = time_machine.travel(now() - timedelta(seconds=31))
    Session.objects.update(expires_at=now() + timedelta(days=1))
    clock.start()
    after_the_look(stall)
    assert lives(claims)
    assert not redis.exists(key_of(claims))
    assert not lives(claims)


def test_of_many_readers_and_a_revocation_at_once_none_is_let_in_afterwards(user):
    for _ in range(20):
        claims = read_access_token(sign_in(user).access)
        readers = [lambda claims=claims: lives(claims)] * 6
        at_once(*readers, lambda claims=claims: revoke(claims), *readers)
        assert not lives(claims)


def test_a_replayed_refresh_token_ends_what_was_remembered(user):
    first = sign_in(user)
    second = refresh_session(refresh=first.refresh)
    refresh_session(refresh=second.refresh)
    actor_of_access_token(first.access)
    with pytest.raises(RefreshReplayed):
        refresh_session(refresh=first.refresh)
    with pytest.raises(SessionEnded):
        actor_of_access_token(first.access)


def test_without_redis_every_request_looks_and_a_revocation_counts_at_once(
    settings, django_assert_num_queries, user, claims
):
    settings.REDIS_URL = NO_REDIS
    for _ in range(2):
        with django_assert_num_queries(1):
            assert lives(claims)
    revoke(claims)
    assert not lives(claims)
    assert Session.objects.get().revoked_at is not None


def test_a_revocation_that_redis_did_not_hear_of_is_told_by_a_job(settings, redis, claims):
    ours = settings.REDIS_URL
    assert lives(claims)
    settings.REDIS_URL = NO_REDIS
    revoke(claims)
    settings.REDIS_URL = ours
    assert 0 < redis.pttl(key_of(claims)) <= 30_000  # the most that the gap can last
    arguments = {"session_ids": [str(claims.session_id)]}
    assert jobs_with(**arguments) == [("accounts.tasks.remember_ended_sessions", arguments)]
    remember_ended_sessions(**arguments)
    assert not lives(claims)


def test_the_job_fails_and_is_tried_again_as_long_as_redis_is_away(settings, claims):
    settings.REDIS_URL = NO_REDIS
    with pytest.raises(Unavailable):
        remember_ended_sessions([str(claims.session_id)])


def test_a_revocation_that_redis_heard_of_needs_no_job(claims):
    revoke(claims)
    assert jobs_with(session_ids=[str(claims.session_id)]) == []


def test_a_refused_revocation_changes_nothing_that_is_remembered(redis, claims):
    assert lives(claims)
    remembered = redis.get(key_of(claims))
    with pytest.raises(Exception, match="not_found"):
        revoke_session(actor_for(make_user()), session_id=claims.session_id)
    assert redis.get(key_of(claims)) == remembered
    assert lives(claims)
