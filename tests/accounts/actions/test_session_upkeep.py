"""Sessions in the long run: when they were used is written seldom, and those that ended long ago are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from redis import Redis

from accounts.actions import session_upkeep
from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.session_upkeep import prune_sessions, record_session_use
from accounts.actions.sessions import revoke_session
from accounts.actions.tokens import read_access_token
from accounts.models import Session
from accounts.storage.live_sessions import is_live
from accounts.tasks import prune_sessions as prune_job
from accounts.tasks import record_session_use as record_job
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.errors import Unavailable
from kernel.ids import SessionId, UserId
from tests.factories.accounts import make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def redis(settings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete("sessions:used")
        yield client


@pytest.fixture
def session() -> Session:
    """A session that was used an hour ago."""
    sign_in(make_user())
    Session.objects.update(last_used_at=now() - timedelta(hours=1))
    return Session.objects.get()


def use(session: Session) -> None:
    assert is_live(SessionId(session.id), UserId(session.user_id))


def forget_the_look(redis: Redis, session: Session) -> None:
    redis.delete(f"session:{session.id.hex}")


def test_a_request_writes_nothing_and_the_job_writes_when_it_was(session, django_assert_num_queries):
    with time_machine.travel("2030-05-06T07:08:09Z", tick=False) as clock:
        Session.objects.update(expires_at=now() + timedelta(days=1))
        with django_assert_num_queries(1):
            use(session)
        used_at = now()
        clock.shift(60)
        record_job(timestamp=0)
    session.refresh_from_db()
    assert session.last_used_at == used_at
    assert record_session_use() == 0


def test_a_use_within_five_minutes_of_the_last_one_that_is_known_is_not_noted(session, redis):
    Session.objects.update(last_used_at=now() - timedelta(minutes=4))
    use(session)
    assert not redis.exists("sessions:used")


def test_of_several_uses_the_last_one_counts_and_a_refresh_meanwhile_is_not_undone(redis):
    signed_in = sign_in(make_user())
    Session.objects.update(last_used_at=now() - timedelta(hours=1))
    session = Session.objects.get()
    use(session)
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        refresh_session(refresh=signed_in.refresh)
        refreshed_at = now()
    record_session_use()
    session.refresh_from_db()
    assert session.last_used_at == refreshed_at


def test_more_uses_than_are_written_at_once_are_all_written(monkeypatch):
    monkeypatch.setattr(session_upkeep, "SESSIONS_USED_AT_ONCE", 2)
    for _ in range(5):
        sign_in(make_user())
    Session.objects.update(last_used_at=now() - timedelta(hours=1))
    for session in Session.objects.all():
        use(session)
    assert record_session_use() == 5
    assert not Session.objects.filter(last_used_at__lt=now() - timedelta(minutes=1)).exists()


def test_a_session_that_was_deleted_meanwhile_is_no_matter(session):
    use(session)
    Session.objects.all().delete()
    assert record_session_use() == 0


def test_without_redis_the_job_fails_and_is_run_again_at_its_time(session, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        record_session_use()


def test_sessions_that_ended_more_than_thirty_days_ago_are_forgotten_and_no_others(settings):
    assert settings.SESSIONS_KEPT_DAYS == 30
    ends = {
        "live": {},
        "revoked lately": {"revoked_at": now() - timedelta(days=29)},
        "revoked long ago": {"revoked_at": now() - timedelta(days=31)},
        "expired lately": {"expires_at": now() - timedelta(days=29)},
        "expired long ago": {"expires_at": now() - timedelta(days=31)},
    }
    for name, end in ends.items():
        session_id = read_access_token(sign_in(make_user()).access).session_id
        Session.objects.filter(pk=session_id).update(user_agent=name, **end)
    prune_job(timestamp=0)
    assert set(Session.objects.values_list("user_agent", flat=True)) == {"live", "revoked lately", "expired lately"}


def test_many_are_pruned_in_chunks_and_each_chunk_goes_on_where_the_last_one_ended(
    monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(session_upkeep, "SESSIONS_PRUNED_AT_ONCE", 3)
    user = make_user()
    ids = [read_access_token(sign_in(user).access).session_id for _ in range(8)]
    Session.objects.filter(pk__in=ids[:7]).update(revoked_at=now() - timedelta(days=31))
    assert prune_sessions() == 7
    assert [session.id for session in Session.objects.all()] == ids[7:]
    with django_assert_num_queries(1):
        assert prune_sessions() == 0


def test_a_revoked_session_is_not_used(session):
    revoke_session(SYSTEM, session_id=SessionId(session.id))
    assert not is_live(SessionId(session.id), UserId(session.user_id))
    assert record_session_use() == 0
