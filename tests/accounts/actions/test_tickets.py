"""Socket tickets, on a real Redis: one use, thirty seconds, and no secret at rest."""

from __future__ import annotations

import pytest
import redis

from accounts.actions.tickets import TicketHolder, issue_ticket, use_up_tickets
from kernel.actor import ANONYMOUS, SYSTEM, user_actor
from kernel.errors import Unauthenticated, Unavailable
from kernel.ids import SessionId, UserId, uuid7

USER_ID, SESSION_ID = UserId(uuid7()), SessionId(uuid7())
ACTOR = user_actor(USER_ID, SESSION_ID)


@pytest.fixture
def store(settings):
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter("ticket:*"):
        client.delete(key)
    return client


def test_a_ticket_lets_its_holder_in_once(store):
    issued = issue_ticket(ACTOR)
    assert issued.expires_in == 30
    assert use_up_tickets([issued.ticket]) == [TicketHolder(USER_ID, SESSION_ID)]
    assert use_up_tickets([issued.ticket]) == [None]


def test_of_many_tickets_each_gets_its_own_answer_in_one_round_trip(store, monkeypatch):
    holders = [TicketHolder(UserId(uuid7()), SessionId(uuid7())) for _ in range(3)]
    tickets = [issue_ticket(user_actor(holder.user_id, holder.session_id)).ticket for holder in holders]
    executed: list[int] = []
    execute = redis.client.Pipeline.execute
    monkeypatch.setattr(redis.client.Pipeline, "execute", lambda self: executed.append(len(self)) or execute(self))
    answers = use_up_tickets([tickets[0], "unknown", tickets[1], tickets[0], tickets[2]])
    assert answers == [holders[0], None, holders[1], None, holders[2]]
    assert executed == [5]


def test_a_ticket_is_kept_for_thirty_seconds_under_a_hash_of_itself(store):
    ticket = issue_ticket(ACTOR).ticket
    (key,) = store.scan_iter("ticket:*")
    assert 0 < store.pttl(key) <= 30_000
    assert ticket not in key.decode()
    assert ticket not in store.get(key).decode()


def test_every_ticket_is_another(store):
    assert len({issue_ticket(ACTOR).ticket for _ in range(20)}) == 20


@pytest.mark.parametrize("ticket", ["", "x", "\0", "\ud800", "\u00e4", "x" * 100_000])
def test_an_unknown_ticket_is_refused(ticket):
    assert use_up_tickets([ticket]) == [None]


def test_a_ticket_needs_a_session(store):
    for actor in (ANONYMOUS, SYSTEM, user_actor(USER_ID)):
        with pytest.raises(Unauthenticated):
            issue_ticket(actor)
    assert list(store.scan_iter("ticket:*")) == []


def test_without_redis_the_service_says_that_it_is_away(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        issue_ticket(ACTOR)
    with pytest.raises(Unavailable):
        use_up_tickets(["x"])
