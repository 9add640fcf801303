"""Staying signed in: each refresh token gets one next pair, a lost answer can be asked for again, and a stolen token ends the session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.tokens import hash_of_jti, read_access_token, read_refresh_token
from accounts.authentication import actor_of_access_token
from accounts.errors import RefreshReplayed, SessionEnded, TokenExpired, TokenInvalid
from accounts.events import SessionReplayed, SessionRevoked, SignedIn, TokenPair
from accounts.models import Delivery, Session, User
from accounts.payloads import session_payload
from eventlog.topics import topic_for
from kernel.clock import now
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import make_user, sign_in

pytestmark = pytest.mark.django_db


def refresh(pair: TokenPair) -> TokenPair:
    return refresh_session(refresh=pair.refresh)


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(now() + timedelta(seconds=seconds), tick=False)


def told(user: User) -> list[Any]:
    """Return what the user's devices were told after the sign-in."""
    events = events_of(topic_for("user", user.id))
    return [event for _, name, event in events if name != "session.started"]


def assert_replayed(user: User, use: Callable[[], TokenPair], *tokens: TokenPair) -> None:
    """Check that a use is refused and ends the session for whoever holds these tokens."""
    session = Session.objects.get()
    with pytest.raises(RefreshReplayed) as caught:
        use()
    assert (caught.value.code, caught.value.http_status) == ("auth.refresh_replayed", 401)
    assert told(user) == [SessionReplayed(session=session_payload(session)), SessionRevoked(session=session.id)]
    assert [(mail.to, mail.subject) for mail in waiting(Mail)] == [
        (user.email, "A session of your Portcullis account was ended for safety")
    ]
    for pair in tokens:
        with pytest.raises(SessionEnded):
            refresh(pair)
        with pytest.raises(SessionEnded):
            actor_of_access_token(pair.access)
    assert len(told(user)) == 2


def test_a_refresh_gives_the_next_pair_and_moves_the_end_of_the_session():
    user = make_user()
    first = sign_in(user)
    with time_machine.travel(now() + timedelta(days=29), tick=False):
        second = refresh_session(refresh=first.refresh)
        session = Session.objects.get()
        assert session.last_used_at == now()
        assert session.expires_at == now() + timedelta(days=30)
        assert actor_of_access_token(second.access).actor.session_id == session.id
    with time_machine.travel(now() + timedelta(days=58), tick=False):
        refresh_session(refresh=second.refresh)
    assert Session.objects.count() == 1


def test_a_refresh_token_is_stored_as_a_hash_of_its_id_alone():
    signed_in = sign_in(make_user())
    jti = read_refresh_token(signed_in.refresh).jti
    row = Session.objects.values().get()
    assert row["refresh_jti_hash"] == hash_of_jti(jti)
    assert jti not in str(row)
    assert signed_in.refresh not in str(row)


def test_an_expired_session_is_not_refreshed():
    signed_in = sign_in(make_user())
    Session.objects.update(expires_at=now())
    with pytest.raises(SessionEnded):
        refresh_session(refresh=signed_in.refresh)


def test_a_refresh_token_does_not_outlive_its_thirty_days():
    signed_in = sign_in(make_user())
    with time_machine.travel(now() + timedelta(days=30, seconds=1)), pytest.raises(TokenExpired):
        refresh_session(refresh=signed_in.refresh)


def test_the_session_of_a_deactivated_user_is_not_refreshed():
    user = make_user()
    signed_in = sign_in(user)
    User.objects.update(is_active=False)
    with pytest.raises(SessionEnded):
        refresh_session(refresh=signed_in.refresh)


def test_an_access_token_does_not_refresh():
    signed_in = sign_in(make_user())
    before = Session.objects.values().get()
    with pytest.raises(TokenInvalid):
        refresh_session(refresh=signed_in.access)
    assert Session.objects.values().get() == before


def test_a_token_that_comes_back_after_the_grace_ends_the_session_for_both_holders():
    user = make_user()
    stolen = sign_in(user)
    current = refresh(stolen)
    with later(10.001):
        assert_replayed(user, lambda: refresh(stolen), stolen, current)


def test_a_token_that_comes_back_within_the_grace_when_the_next_one_was_used_ends_the_session():
    user = make_user()
    stolen = sign_in(user)
    second = refresh(stolen)
    third = refresh(second)
    assert_replayed(user, lambda: refresh(stolen), second, third)


def test_who_lost_the_answer_asks_again_and_gets_the_same_refresh_token_for_ten_seconds():
    user = make_user()
    first = sign_in(user)
    second = refresh(first)
    row = Session.objects.values().get()
    with later(9):
        again = [refresh(first), refresh(first)]
        assert [pair.refresh for pair in again] == [second.refresh] * 2
        assert {read_access_token(pair.access).session_id for pair in again} == {row["id"]}
    assert Session.objects.values().get() == row | {"refresh_retried": True}
    assert told(user) == []
    assert not Delivery.objects.exists()


def test_of_two_who_hold_the_same_next_token_the_second_to_use_it_is_found_out_though_it_is_quick():
    """What a thief gains by the grace: a pair that is found out at the next refresh, since a repeated token has no grace of its own."""
    user = make_user()
    first = sign_in(user)
    mine, stolen = refresh(first), refresh(first)
    assert mine.refresh == stolen.refresh
    third = refresh(mine)
    assert_replayed(user, lambda: refresh(stolen), stolen, third)


def test_after_a_repeated_answer_and_one_more_refresh_there_is_a_grace_again():
    first = sign_in(make_user())
    second = refresh(first)
    refresh(first)
    third = refresh(second)
    fourth = refresh(third)
    assert refresh(third).refresh == fourth.refresh


def test_without_a_grace_the_second_use_ends_the_session(settings):
    settings.REFRESH_GRACE_SECONDS = 0
    user = make_user()
    stolen = sign_in(user)
    with later(1):
        current = refresh(stolen)
    with later(2):
        assert_replayed(user, lambda: refresh(stolen), stolen, current)


def test_a_token_of_long_ago_is_found_out_whatever_was_refreshed_since():
    user = make_user()
    stolen = pair = sign_in(user)
    for _ in range(5):
        pair = refresh(pair)
    assert_replayed(user, lambda: refresh(stolen), pair)


def test_the_next_token_cannot_be_made_without_the_key(settings):
    first = sign_in(make_user())
    second = refresh(first)
    jti = read_refresh_token(second.refresh).jti
    assert read_refresh_token(first.refresh).jti not in jti
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key" * 6
    other = sign_in(make_user())
    assert read_refresh_token(refresh(other).refresh).jti != jti


def test_an_answer_is_repeated_after_a_change_of_keys(settings):
    first = sign_in(make_user())
    second = refresh(first)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key" * 6
    again = refresh(first)
    assert read_refresh_token(again.refresh).jti == read_refresh_token(second.refresh).jti
    assert refresh(again).refresh


def test_the_tokens_of_somebody_else_do_not_touch_my_session():
    mine, theirs = sign_in(make_user()), sign_in(make_user())
    refresh(theirs)
    with later(60), pytest.raises(RefreshReplayed):
        refresh(theirs)
    assert actor_of_access_token(mine.access)
    assert refresh(mine).refresh


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_with_one_token_get_the_same_next_token():
    first = sign_in(make_user())
    pairs = at_once(*[lambda: refresh(first)] * 2)
    assert len({pair.refresh for pair in pairs}) == 1
    assert refresh(pairs[0]).refresh


@pytest.mark.django_db(transaction=True)
def test_without_a_grace_exactly_one_of_two_refreshes_at_once_gets_a_pair(settings):
    settings.REFRESH_GRACE_SECONDS = 0
    first = sign_in(make_user())
    outcomes = at_once(*[lambda: refresh(first)] * 2)
    assert {type(outcome) for outcome in outcomes} == {TokenPair, RefreshReplayed}
    assert Session.objects.get().revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_replayed_session_is_committed_before_the_refusal():
    user = make_user()
    stolen: SignedIn = sign_in(user)
    refresh(refresh(stolen))
    with pytest.raises(RefreshReplayed):
        refresh(stolen)
    assert Session.objects.get().revoked_at is not None
    assert len(told(user)) == 2
