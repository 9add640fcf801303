"""Sending SMS: what is sent to whom, what is refused, and that refusals cost nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis
import time_machine
from django.conf import settings as django_settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.actions.sms import send_code_by_sms, send_sms, served_phone_number
from accounts.errors import PhoneInvalid, PhoneNotServed, SmsLimited
from accounts.models import Delivery
from kernel import budgets
from kernel.errors import Unavailable
from kernel.sms import Sms
from project.budgets import RedisTreasurer, treasurer_from_settings
from tests.accounts.outgoing import forget_jobs, jobs, waiting
from tests.unchanged import unchanged

NUMBER = "+447700900123"
NETWORK = "192.0.2.1"
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_treasurer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in the real Redis."""
    monkeypatch.setattr(budgets, "_treasurer", treasurer_from_settings())


@pytest.fixture(autouse=True)
def _no_jobs(db: None) -> None:
    """Start without the jobs of tests that have committed."""
    forget_jobs()


def send(to: str = NUMBER, *, network: str = NETWORK) -> None:
    send_sms(to=to, text="Hello", network=network)


def refused(error: type[Exception], to: str = NUMBER, *, network: str = NETWORK) -> Exception:
    """Return why a message is refused; nothing may have been written or enqueued."""
    before = len(jobs())
    with unchanged(Delivery), pytest.raises(error) as caught:
        send(to, network=network)
    assert len(jobs()) == before
    return caught.value


def test_a_text_waits_for_the_number_in_e164():
    send(" 0044 (0)7700 900-123 ")
    assert waiting(Sms) == [Sms(to=NUMBER, text="Hello")]
    assert len(jobs()) == 1


def test_a_code_is_told_with_its_lifetime_and_a_warning():
    with time_machine.travel(START, tick=False):
        send_code_by_sms(to=NUMBER, code="246810", network=NETWORK, lifetime=timedelta(minutes=3))
    text = "Your Portcullis code is 246810. It works for 3 minutes. Never tell it to anybody."
    assert waiting(Sms) == [Sms(to=NUMBER, text=text)]
    assert Delivery.objects.get().expires_at == START + timedelta(minutes=3)


@pytest.mark.parametrize("text", ["", "07700900123", "+44", "ada@example.org"])
def test_what_is_no_number_is_refused(text):
    assert refused(PhoneInvalid, text).code == "phone.invalid"


@pytest.mark.parametrize("number", ["+19005550100", "+18765550100", "+88216123456", "+447012345678", "+2348012345678"])
def test_premium_numbers_and_countries_that_are_not_served_are_refused(number):
    error = refused(PhoneNotServed, number)
    assert (error.code, error.retryable) == ("phone.not_served", False)


def test_which_prefixes_are_served_is_a_setting(settings):
    settings.SMS_PREFIXES = ["+234"]
    assert served_phone_number("+234 801 234 5678").e164 == "+2348012345678"
    refused(PhoneNotServed)


def test_the_fourth_sms_to_a_number_in_an_hour_is_refused_with_the_time_to_wait():
    with time_machine.travel(START, tick=False) as clock:
        for number in range(3):
            send(network=f"192.0.2.{number}")
            clock.shift(60)
        error = refused(SmsLimited, network="192.0.2.9")
        assert (error.code, error.http_status, error.retryable, error.retry_after) == ("sms.limited", 429, True, 3420.0)
        assert error.data == {}
        clock.shift(3420)
        send(network="192.0.2.9")
    assert Delivery.objects.count() == 4


def test_the_eleventh_sms_to_a_number_in_a_day_is_refused():
    with time_machine.travel(START, tick=False) as clock:
        for number in range(10):
            send(network=f"192.0.2.{number}")
            clock.shift(3600)
        assert refused(SmsLimited, network="192.0.2.99").retry_after == DAY - 10 * 3600


def test_an_address_that_asks_for_one_number_after_the_other_is_refused():
    for number in range(10):
        send(f"+4477009{number}0123")
    refused(SmsLimited, "+14155550100")
    send("+14155550100", network="192.0.2.2")


def test_neighbouring_numbers_share_a_limit_whoever_asks():
    for number in range(10):
        send(f"+44770090012{number}", network=f"192.0.2.{number}")
    refused(SmsLimited, "+447700905555", network="198.51.100.1")
    send("+447700915555", network="198.51.100.1")


@pytest.mark.parametrize(("name", "other"), [("sms_country.day", "+14155550100"), ("sms_total.day", None)])
def test_a_country_and_all_together_have_an_end_per_day(settings, name, other):
    limit = settings.RATE_LIMITS[name]
    settings.RATE_LIMITS = settings.RATE_LIMITS | {name: type(limit)(name, 2, DAY)}
    with time_machine.travel(START, tick=False):
        send("+447700900123")
        send("+447800900123")
        assert refused(SmsLimited, "+447900900123").retry_after == DAY
        if other:
            send(other)


def test_a_refused_sms_uses_up_nothing_of_any_limit():
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        for _ in range(3):
            send()
        before = {key: client.zcard(key) for key in client.scan_iter("budget:*")}
        for _ in range(5):
            refused(SmsLimited)
        assert {key: client.zcard(key) for key in client.scan_iter("budget:*")} == before
    assert len(before) == 8


def test_no_number_stands_in_redis_in_clear():
    send()
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        assert [key for key in client.scan_iter("budget:*") if b"770090" in key] == []


def test_without_redis_no_sms_is_sent(monkeypatch):
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(budgets, "_treasurer", RedisTreasurer(nobody))
    assert refused(Unavailable).code == "service.unavailable"


def test_a_text_of_more_than_two_parts_is_a_mistake_of_ours():
    with unchanged(Delivery), pytest.raises(ValueError, match="307 characters"):
        send_sms(to=NUMBER, text="x" * 307, network=NETWORK)
