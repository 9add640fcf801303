"""Who is told of a sign-in: the user's devices always, the user by mail when the device had not been seen before."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from accounts.actions.attempts import Client
from accounts.actions.known_devices import extended_token
from accounts.actions.sessions import revoke_session, unchecked_start_session
from accounts.errors import InvalidCredentials
from accounts.events import SessionStarted
from accounts.models import Delivery, Session, User
from accounts.payloads import session_payload
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import SessionId
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.event_log import events_of
from tests.factories.accounts import PASSWORD, log_in, make_user, sign_up
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

HOME = Client(network="192.0.2.17", user_agent="Harbour/2.1 (iPhone; iOS 18_1)")
ELSEWHERE = Client(network="198.51.100.9", user_agent="Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/140.0")


@pytest.fixture
def user() -> User:
    """Ada has been signed in at home for two days."""
    user = make_user("ada")
    User.objects.update(created_at=now() - timedelta(days=2))
    user.refresh_from_db()
    unchecked_start_session(user, HOME)
    Delivery.objects.all().delete()
    return user


def started(user: User) -> list[SessionStarted]:
    return [event for _, _, event in events_of(topic_for("user", user.id)) if isinstance(event, SessionStarted)]


def test_a_sign_in_from_a_new_device_is_told_to_the_other_devices_and_by_mail(user):
    with time_machine.travel("2030-05-06T07:08:09Z", tick=False):
        log_in(login="ada", password=PASSWORD, client=ELSEWHERE)
    session = Session.objects.latest("pk")
    assert started(user)[-1] == SessionStarted(session=session_payload(session), new_device=True)
    (mail,) = waiting(Mail)
    assert (mail.to, mail.subject) == ("ada@example.org", "New sign-in to your Portcullis account")
    assert "Device: Firefox on Linux\nNetwork: 198.51.100.0/24\nTime: 6 May 2030, 07:08 UTC\n" in mail.text
    assert "Device: Firefox on Linux<br>Network: 198.51.100.0/24<br>Time: 6 May 2030, 07:08 UTC" in mail.html


@pytest.mark.parametrize(
    "client",
    [
        HOME,
        Client(network="192.0.99.3", user_agent=HOME.user_agent),
        Client(network=HOME.network, user_agent="Harbour/2.2 (iPhone; iOS 19)"),
    ],
    ids=["the same", "another address of its network", "updated"],
)
def test_a_device_that_was_seen_before_is_no_news(user, client):
    unchecked_start_session(user, client)
    assert [event.new_device for event in started(user)][1:] == [False]
    assert waiting(Mail) == []


@pytest.mark.parametrize(
    "client",
    [
        Client(network="203.0.113.5", user_agent=HOME.user_agent),
        Client(network=HOME.network, user_agent="Harbour/2.1 (Android 16)"),
        Client(network="unknown"),
    ],
    ids=["elsewhere", "another kind", "unknown"],
)
def test_another_network_or_another_kind_of_device_is_new(user, client):
    unchecked_start_session(user, client)
    assert [event.new_device for event in started(user)][1:] == [True]
    assert len(waiting(Mail)) == 1


def test_the_second_sign_in_from_a_new_device_is_no_news_any_more(user):
    for _ in range(2):
        unchecked_start_session(user, ELSEWHERE)
    assert [event.new_device for event in started(user)][1:] == [True, False]
    assert len(waiting(Mail)) == 1


def test_a_device_that_keeps_its_token_is_known_wherever_it_goes(user):
    token = extended_token("", [user.id])
    unchecked_start_session(user, Client(network="203.0.113.5", user_agent="Renamed/1", device=token))
    assert waiting(Mail) == []


def test_the_token_of_another_user_or_a_made_up_one_makes_no_device_known(user):
    for token in (extended_token("", [make_user().id]), "made up", extended_token("", [user.id])[:-2]):
        unchecked_start_session(user, Client(network="203.0.113.5", user_agent=f"{token}/1", device=token))
    assert len(waiting(Mail)) == 3


def test_the_device_of_another_user_is_new_to_me(user):
    unchecked_start_session(make_user("bob"), ELSEWHERE)
    unchecked_start_session(user, ELSEWHERE)
    assert [mail.to for mail in waiting(Mail)] == ["ada@example.org"]


def test_who_signs_up_is_not_warned_of_themselves():
    sign_up(email="new@example.org", username="newcomer", password=PASSWORD, client=HOME)
    assert [event.new_device for event in started(User.objects.get())] == [False]
    assert waiting(Mail) == []


def test_who_comes_back_when_all_sessions_are_forgotten_is_told_of_it(user):
    Session.objects.all().delete()
    unchecked_start_session(user, HOME)
    assert len(waiting(Mail)) == 1


def test_a_session_that_has_ended_still_tells_that_its_device_was_seen(user):
    revoke_session(SYSTEM, session_id=SessionId(Session.objects.get().id))
    unchecked_start_session(user, HOME)
    assert waiting(Mail) == []


def test_a_refused_sign_in_tells_nobody(user):
    with unchanged(Session, Delivery), pytest.raises(InvalidCredentials):
        log_in(login="ada", password="not the password", client=ELSEWHERE)


def test_a_sign_in_that_is_undone_sends_no_mail(user):
    with unchanged(Session, Delivery), transaction.atomic():
        unchecked_start_session(user, ELSEWHERE)
        transaction.set_rollback(True)


def test_what_a_device_calls_itself_cannot_put_markup_or_an_address_into_a_mail(user):
    unchecked_start_session(user, Client(network="203.0.113.5", user_agent="<a href=//evil.example>Win</a>/1"))
    (mail,) = waiting(Mail)
    assert "evil" not in mail.text + mail.html


def test_whether_a_device_was_seen_is_one_statement_however_many_sessions_there_are(user, django_assert_num_queries):
    with django_assert_num_queries(
        10
    ):  # 2 x savepoint, seen before, session, delivery with its job and savepoint, 2 x append
        unchecked_start_session(user, ELSEWHERE)
    for _ in range(20):
        unchecked_start_session(user, HOME)
    with django_assert_num_queries(6):
        unchecked_start_session(user, HOME)
