"""Deliveries: tries with pauses that grow, one end for each, no message twice where the provider can tell, no secret at rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from accounts.actions.deliveries import attempt_delivery, resume_deliveries, unchecked_enqueue_delivery
from accounts.models import Delivery
from accounts.tasks import attempt_delivery as job
from accounts.tasks import resume_deliveries as resume_job
from kernel import mail as kernel_mail
from kernel import sms as kernel_sms
from kernel.deliveries import DeliveryPostponed, Undeliverable
from kernel.ids import DeliveryId, uuid7
from kernel.mail import Mail
from kernel.sms import Sms
from tests.accounts.outgoing import ScriptedMailer, ScriptedSmsProvider, attempt, forget_jobs, jobs
from tests.concurrency import at_once
from tests.metrics import value_of

MAIL = Mail(to="ada@example.org", subject="Hello", text="Your code is 246810.\n")
SMS = Sms(to="+447700900123", text="Your code is 246810.")
START = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_jobs(db: None) -> None:
    """Start without the jobs of tests that have committed."""
    forget_jobs()


@pytest.fixture
def mailer(monkeypatch: pytest.MonkeyPatch) -> ScriptedMailer:
    mailer = ScriptedMailer()
    monkeypatch.setattr(kernel_mail, "_mailer", mailer)
    return mailer


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> ScriptedSmsProvider:
    provider = ScriptedSmsProvider()
    monkeypatch.setattr(kernel_sms, "_provider", provider)
    return provider


def enqueue(message: Mail | Sms = MAIL, **lifetime: float) -> DeliveryId:
    return unchecked_enqueue_delivery(message, lifetime=timedelta(**lifetime or {"minutes": 10}))


def test_a_message_waits_sealed_and_its_job_knows_its_id_alone():
    delivery_id = enqueue()
    row = Delivery.objects.get()
    assert (row.id, row.channel, row.attempts, row.maybe_sent_since) == (delivery_id, "mail", 0, None)
    assert b"246810" not in bytes(row.sealed)
    assert b"ada@example.org" not in bytes(row.sealed)
    (waiting,) = jobs()
    assert (waiting.args, waiting.status, waiting.scheduled_at) == ({"delivery_id": str(delivery_id)}, "todo", None)


def test_a_transaction_that_is_rolled_back_leaves_neither_message_nor_job():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue()
        raise ZeroDivisionError
    assert (Delivery.objects.count(), jobs()) == (0, [])


def test_what_was_sent_is_forgotten(mailer):
    before = value_of("portcullis_outgoing_messages_total", channel="mail", outcome="sent")
    delivery_id = enqueue()
    job(str(delivery_id))
    assert (mailer.sent, mailer.references) == ([MAIL], [str(delivery_id)])
    assert Delivery.objects.count() == 0
    assert value_of("portcullis_outgoing_messages_total", channel="mail", outcome="sent") == before + 1


def test_a_second_job_for_the_same_message_does_nothing(mailer):
    delivery_id = enqueue()
    attempt_delivery(delivery_id)
    attempt_delivery(delivery_id)
    attempt_delivery(DeliveryId(uuid7()))
    assert mailer.sent == [MAIL]


def test_an_sms_is_valid_for_as_long_as_its_row(provider):
    with time_machine.travel(START, tick=False) as clock:
        enqueue(SMS, minutes=10)
        clock.shift(60)
        attempt()
    assert (provider.sent, provider.valid_seconds, provider.asked_since) == ([SMS], [540], [])


@pytest.mark.parametrize(
    ("message", "pauses"),
    [(SMS, [5, 15, 45, 120, 240]), (MAIL, [10, 60, 300, 900, 3600, 10800, 21600])],
)
def test_temporary_failures_are_tried_again_after_growing_pauses_and_then_given_up(mailer, provider, message, pauses):
    for scripted in (mailer, provider):
        scripted.failures.extend(DeliveryPostponed("busy", maybe_sent=False) for _ in range(20))
    with time_machine.travel(START, tick=False) as clock:
        enqueue(message, days=2)
        for number, pause in enumerate(pauses, start=1):
            attempt()
            row = Delivery.objects.get()
            assert (row.attempts, row.due_at, row.maybe_sent_since) == (
                number,
                clock_now() + timedelta(seconds=pause),
                None,
            )
            assert jobs()[-1].scheduled_at == clock_now() + timedelta(seconds=pause + 1)
            clock.shift(pause)
        attempt()
    assert Delivery.objects.count() == 0
    assert len(jobs()) == 1 + len(pauses)
    assert 20 - len(mailer.failures) + 20 - len(provider.failures) == len(pauses) + 1


def clock_now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(("retry_after", "pause"), [(3, 10), (200, 200), (90_000, 21_600)])
def test_a_provider_may_ask_for_a_longer_pause_up_to_the_longest(mailer, retry_after, pause):
    mailer.failures.append(DeliveryPostponed("busy", maybe_sent=False, retry_after=retry_after))
    with time_machine.travel(START, tick=False):
        enqueue()
        attempt()
    assert Delivery.objects.get().due_at == START + timedelta(seconds=pause)


def test_a_permanent_failure_ends_the_message_at_once_and_is_counted(mailer):
    before = value_of("portcullis_outgoing_messages_total", channel="mail", outcome="refused")
    mailer.failures.append(Undeliverable("no_such_box"))
    enqueue()
    attempt()
    assert (Delivery.objects.count(), len(jobs()), mailer.sent) == (0, 1, [])
    assert value_of("portcullis_outgoing_messages_total", channel="mail", outcome="refused") == before + 1


def test_a_message_whose_time_is_over_is_not_sent(mailer):
    with time_machine.travel(START, tick=False) as clock:
        enqueue(minutes=10)
        clock.shift(600)
        attempt()
    assert (Delivery.objects.count(), mailer.sent) == (0, [])


def test_a_message_that_was_sealed_under_another_secret_is_dropped(mailer, settings):
    enqueue()
    settings.SECRET_KEY = "another"
    attempt()
    assert (Delivery.objects.count(), mailer.sent) == (0, [])


def test_a_message_is_sent_when_the_secret_was_changed_and_the_earlier_one_is_known(mailer, settings):
    enqueue()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    attempt()
    assert mailer.sent == [MAIL]


def test_when_an_answer_was_lost_the_provider_is_asked_before_an_sms_is_sent_again(provider):
    provider.failures.append(DeliveryPostponed("timeout", maybe_sent=True))
    provider.knows = True
    with time_machine.travel(START, tick=False) as clock:
        enqueue(SMS)
        attempt()
        clock.shift(5)
        attempt()
    assert (provider.asked_since, provider.sent) == ([START], [])
    assert Delivery.objects.count() == 0


def test_an_sms_that_the_provider_does_not_know_is_sent_again(provider):
    provider.failures.append(DeliveryPostponed("timeout", maybe_sent=True))
    with time_machine.travel(START, tick=False) as clock:
        enqueue(SMS)
        attempt()
        clock.shift(5)
        attempt()
    assert (provider.asked_since, provider.sent) == ([START], [SMS])


def test_a_doubt_is_not_forgotten_by_a_later_try_that_certainly_failed(provider):
    provider.failures.extend(
        [DeliveryPostponed("timeout", maybe_sent=True), DeliveryPostponed("busy", maybe_sent=False)]
    )
    with time_machine.travel(START, tick=False) as clock:
        enqueue(SMS)
        for pause in (5, 15, 0):
            attempt()
            clock.shift(pause)
    assert (provider.asked_since, provider.sent) == ([START, START], [SMS])


def test_a_try_that_crashed_counts_and_the_next_one_asks_whether_it_sent(provider):
    provider.failures.append(ZeroDivisionError())
    with time_machine.travel(START, tick=False) as clock:
        enqueue(SMS)
        with pytest.raises(ZeroDivisionError):
            attempt()
        row = Delivery.objects.get()
        assert (row.attempts, row.due_at, row.maybe_sent_since) == (1, START + timedelta(seconds=90), START)
        clock.shift(89)
        attempt()
        assert provider.asked_since == []
        clock.shift(1)
        attempt()
    assert (provider.asked_since, provider.sent) == ([START], [SMS])


def test_what_is_overdue_is_enqueued_again_once():
    with time_machine.travel(START, tick=False) as clock:
        delivery_id = enqueue()
        clock.shift(119)
        resume_job(timestamp=0)
        assert len(jobs()) == 1
        clock.shift(1)
        assert [resume_deliveries(), resume_deliveries()] == [1, 0]
    assert [found.args for found in jobs()] == [{"delivery_id": str(delivery_id)}] * 2


@pytest.mark.django_db(transaction=True)
def test_of_two_tries_at_once_one_sends(mailer):
    delivery_id = enqueue()
    at_once(lambda: attempt_delivery(delivery_id), lambda: attempt_delivery(delivery_id))
    assert mailer.sent == [MAIL]
