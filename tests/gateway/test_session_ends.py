"""What the tables say has ended closes its sockets, although no event and no doorbell told of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts.errors import KeyEnded, SessionEnded
from accounts.models import ApiKey, Session
from accounts.queries.sessions import find_ended
from gateway import session_ends
from gateway.session_ends import SessionEnds
from kernel.actor import key_actor, user_actor
from kernel.clock import now
from kernel.errors import Unavailable
from kernel.ids import ApiKeyId, SessionId, UserId
from kernel.scopes import KeyGrant
from tests.factories.accounts import make_key, make_user, sign_in


@pytest.mark.django_db
def test_sessions_and_keys_that_were_revoked_of_late_are_found_in_one_statement(django_assert_num_queries):
    user = make_user()
    for _ in range(3):
        sign_in(user)
    old, new, _alive = Session.objects.order_by("pk")
    key = make_key(user)[1]
    make_key(user)
    Session.objects.filter(pk=old.pk).update(revoked_at=now() - timedelta(seconds=70))
    Session.objects.filter(pk=new.pk).update(revoked_at=now() - timedelta(seconds=50))
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=now())
    with django_assert_num_queries(1):
        assert find_ended(within=60) == {new.pk, key.pk}
    assert find_ended(within=600) == {old.pk, new.pk, key.pk}


@pytest.fixture
async def watch(monkeypatch):
    """Return looks at a table that is a list, and how far each reached back."""
    ended: list[uuid.UUID] = []
    reaches: list[int] = []

    def find(*, within):
        reaches.append(within)
        if None in ended:
            raise Unavailable
        return frozenset(ended)

    monkeypatch.setattr(session_ends, "find_ended", find)
    ends = SessionEnds(100.0)
    yield ends, ended, reaches
    ends.pool.close()


async def test_each_end_is_told_once(watch):
    ends, ended, _ = watch
    first, second = uuid.uuid4(), uuid.uuid4()
    ended.append(first)
    assert await ends.look(100.5) == {first}
    ended.append(second)
    assert await ends.look(101.0) == {second}
    assert await ends.look(101.5) == frozenset()


async def test_who_comes_with_a_session_or_key_that_was_found_is_refused(watch):
    ends, ended, _ = watch
    session_id, key_id, user_id = SessionId(uuid.uuid4()), ApiKeyId(uuid.uuid4()), UserId(uuid.uuid4())
    by_session = user_actor(user_id, session_id)
    by_key = key_actor(user_id, KeyGrant(key_id, frozenset(), now()), is_bot=False)
    assert (ends.refusal(by_session), ends.refusal(by_key)) == (None, None)
    ended += [session_id, key_id]
    await ends.look(100.5)
    assert isinstance(ends.refusal(by_session), SessionEnded)
    assert isinstance(ends.refusal(by_key), KeyEnded)
    assert ends.refusal(user_actor(user_id, SessionId(uuid.uuid4()))) is None


async def test_a_look_reaches_back_to_before_the_last_one_that_was_answered(watch):
    ends, ended, reaches = watch
    await ends.look(100.5)
    ended.append(None)
    for moment in (101.0, 130.0):
        with pytest.raises(Unavailable):
            await ends.look(moment)
    ended.clear()
    await ends.look(140.5)
    await ends.look(9_000.0)
    assert reaches == [61, 61, 90, 100, 660]


@pytest.mark.parametrize("kind", ["session", "key"])
async def test_a_socket_is_closed_although_nothing_was_told(connect, open_socket, owner, kind):
    kept = await connect(owner)
    if kind == "session":
        ended = await connect(owner)
        newest = await sync_to_async(Session.objects.latest)("created_at")
        await sync_to_async(Session.objects.filter(pk=newest.pk).update)(revoked_at=now())
    else:
        text, key = await sync_to_async(make_key)(owner)
        ended = await open_socket(headers=((b"authorization", f"Bearer {text}".encode()),))
        assert (await ended.frame())["t"] == "hello"
        await sync_to_async(ApiKey.objects.filter(pk=key.pk).update)(revoked_at=now())
    assert await ended.close_code() == 4504
    assert (await kept.command("ping"))["t"] == "ok"
