"""Django's sessions in our table: no key is stored, and none outlives the session that it hangs on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError

from accounts.actions.web_sessions import prune_web_sessions
from accounts.models import Session, WebSession
from accounts.storage.web_sessions import SESSION_ID, SessionStore, stored_key
from kernel.clock import now
from kernel.ids import SessionId
from tests.factories.accounts import actor_with_session, make_user

pytestmark = pytest.mark.django_db


def make_store(session: Session | None = None, **values: str) -> SessionStore:
    store = SessionStore()
    store.update(values if session is None else values | {SESSION_ID: str(session.id)})
    store.save()
    return store


def make_session() -> Session:
    actor_with_session(make_user())
    return Session.objects.get()


def test_what_was_saved_is_read_with_the_key_and_the_key_is_not_stored():
    store = make_store(colour="green")
    row = WebSession.objects.get()
    assert SessionStore(store.session_key)["colour"] == "green"
    assert row.session_key == stored_key(str(store.session_key))
    assert str(store.session_key) not in str(WebSession.objects.values().get())


def test_a_stored_key_that_leaked_opens_nothing():
    make_store(colour="green")
    leaked = str(WebSession.objects.get().session_key)
    assert not SessionStore().exists(leaked)
    assert "colour" not in SessionStore(leaked)


@pytest.mark.parametrize(
    "end",
    [
        lambda: Session.objects.update(revoked_at=now()),
        lambda: Session.objects.update(expires_at=now()),
        lambda: Session.objects.all().delete(),
        lambda: WebSession.objects.update(expire_date=now()),
    ],
    ids=["revoked", "expired", "deleted", "past its own time"],
)
def test_it_ends_with_the_session_that_it_hangs_on(end):
    session = make_session()
    store = make_store(session, colour="green")
    assert SessionStore().exists(str(store.session_key))
    end()
    assert not SessionStore().exists(str(store.session_key))
    assert "colour" not in SessionStore(store.session_key)
    assert SessionStore.of_session(SessionId(session.id)) is None
    store["colour"] = "red"
    with pytest.raises(UpdateError):
        store.save()


def test_a_new_key_takes_what_the_session_hangs_on_along():
    session = make_session()
    store = make_store(session, colour="green")
    old = str(store.session_key)
    store.cycle_key()
    store.save()
    assert not SessionStore().exists(old)
    assert WebSession.objects.get().session_id == session.id
    found = SessionStore.of_session(SessionId(session.id))
    assert found is not None
    assert found["colour"] == "green"


def test_one_found_by_its_session_is_saved_under_the_same_key():
    session = make_session()
    make_store(session)
    found = SessionStore.of_session(SessionId(session.id))
    assert found is not None
    found["colour"] = "blue"
    found.save()
    assert WebSession.objects.count() == 1
    assert SessionStore.of_session(SessionId(session.id))["colour"] == "blue"


def test_flushing_deletes_the_row():
    store = make_store(colour="green")
    store.flush()
    assert not WebSession.objects.exists()


@pytest.mark.parametrize("clear", [SessionStore.clear_expired, prune_web_sessions], ids=["Django's command", "the job"])
def test_rows_past_their_time_are_cleared_and_others_stay(clear):
    make_store(colour="green")
    with time_machine.travel(now() + timedelta(days=20)):
        make_store(colour="red")
    with time_machine.travel(now() + timedelta(days=31)):
        clear()
    assert WebSession.objects.count() == 1
