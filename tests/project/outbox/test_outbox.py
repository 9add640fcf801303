"""The outbox of development: what it keeps, how it is shown, and that it is nowhere in production."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
import time_machine
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import get_resolver

from kernel.sms import Sms
from project.mail.backends import mail_backend
from project.outbox import store
from project.outbox.sms import OutboxSmsProvider
from project.rest.security_headers import content_security_policy
from tests.project.test_checks import SAFE
from tests.project.test_environment import run_manage

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMS = Sms(to="+447700900123", text="Your code is 246810. It works for 3 minutes.")


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.delete("dev:outbox")
        yield
        client.delete("dev:outbox")


@pytest.fixture
def browser() -> Client:
    return Client()


def send_mail(to: str = "ada@example.org") -> None:
    mail = EmailMultiAlternatives(
        "Confirm your address",
        "Enter AB1C-2DEF or open https://chat.example.org/confirm/123456?x=<b>\n",
        to=[to],
        connection=get_connection(mail_backend("outbox")),
    )
    mail.attach_alternative("<p>Enter <b>AB1C-2DEF</b></p>", "text/html")
    assert mail.send() == 1


def test_mails_and_sms_are_kept_newest_first_with_their_codes_and_links(browser):
    with time_machine.travel(START, tick=False):
        send_mail()
        OutboxSmsProvider().send(SMS, valid_seconds=180)
    answer = browser.get("/dev/outbox.json")
    assert answer.json() == {
        "messages": [
            {
                "channel": "sms",
                "to": "+447700900123",
                "subject": "",
                "text": "Your code is 246810. It works for 3 minutes.",
                "html": "",
                "code": "246810",
                "links": [],
                "sent_at": "2026-01-01T12:00:00Z",
            },
            {
                "channel": "mail",
                "to": "ada@example.org",
                "subject": "Confirm your address",
                "text": "Enter AB1C-2DEF or open https://chat.example.org/confirm/123456?x=<b>\n",
                "html": "<p>Enter <b>AB1C-2DEF</b></p>",
                "code": "AB1C-2DEF",
                "links": ["https://chat.example.org/confirm/123456?x="],
                "sent_at": "2026-01-01T12:00:00Z",
            },
        ]
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 246810.", "246810"),
        ("246810 is your code", "246810"),
        ("Code: 1234", "1234"),
        ("Code: X7K9-2MPQ", "X7K9-2MPQ"),
        ("Nothing here: 123, 123456789, +447700900123, https://example.org/123456", None),
    ],
)
def test_the_first_code_in_a_text_is_found(text, code):
    store.put("sms", to="+1", text=text)
    assert store.newest()[0].code == code


@pytest.mark.parametrize("to", ["+447700900123", " 447700900123", "0900123"])
def test_the_json_is_filtered_by_recipient(browser, to):
    send_mail()
    OutboxSmsProvider().send(SMS, valid_seconds=180)
    found = browser.get(f"/dev/outbox.json?to={to}").json()["messages"]
    assert [message["to"] for message in found] == ["+447700900123"]


def test_a_mail_to_two_is_in_the_outbox_of_each(browser):
    EmailMultiAlternatives(
        "Hi", "Text", to=["ada@example.org"], cc=["Bob@example.org"], connection=get_connection(mail_backend("outbox"))
    ).send()
    assert len(browser.get("/dev/outbox.json?to=ada@").json()["messages"]) == 1
    assert len(browser.get("/dev/outbox.json?to=bob@").json()["messages"]) == 1


def test_the_page_shows_codes_and_links_and_no_markup_of_a_message(browser):
    send_mail()
    page = browser.get("/dev/outbox?to=ADA@").content.decode()
    assert '<p class="code">AB1C-2DEF</p>' in page
    assert 'href="https://chat.example.org/confirm/123456?x="' in page
    assert "<b>AB1C" not in page
    assert "&lt;b&gt;AB1C-2DEF&lt;/b&gt;" in page
    assert 'value="ADA@"' in page


def test_a_filter_cannot_bring_markup_into_the_page(browser):
    page = browser.get("/dev/outbox", {"to": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert "Nothing for" in page


def test_the_page_is_readable_on_a_phone_and_keeps_the_policy_without_inline_code(browser):
    answer = browser.get("/dev/outbox")
    page = answer.content.decode()
    assert answer.headers["Content-Security-Policy"] == content_security_policy(answer.wsgi_request)
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in answer.headers["Cache-Control"]
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert page.count("<script") == page.count("<script src=") == 1
    assert "style=" not in page
    assert "<style" not in page
    for asset in ("outbox/outbox.js", "outbox/outbox.css"):
        assert browser.get(f"/static/{asset}").status_code == 200


def test_nothing_can_be_posted_there(browser):
    assert [browser.post(path).status_code for path in ("/dev/outbox", "/dev/outbox.json")] == [405, 405]


def test_two_hundred_messages_are_kept():
    for number in range(store.KEPT_MESSAGES + 5):
        store.put("sms", to="+1", text=str(number))
    kept = store.newest()
    assert (len(kept), kept[0].text, kept[-1].text) == (200, "204", "5")


def test_an_sms_whose_sending_was_not_noticed_is_found_again():
    provider = OutboxSmsProvider()
    with time_machine.travel(START, tick=False):
        assert provider.find(SMS, since=START) is None
        provider.send(SMS, valid_seconds=180)
        assert provider.find(SMS, since=START) is not None


def test_without_redis_the_page_says_that_it_is_unavailable(browser, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [browser.get(path).status_code for path in ("/dev/outbox", "/dev/outbox.json")] == [503, 503]


def test_production_has_no_such_route():
    asked = "from django.urls import get_resolver; print([str(p.pattern) for p in get_resolver().url_patterns])"
    production = run_manage("shell", "--no-imports", "--command", asked, **SAFE).stdout
    assert ("'api/v1/'" in production, "'dev/'" in production) == (True, False)
    here = [str(found.pattern) for found in get_resolver().url_patterns]
    assert ("api/v1/" in here, "dev/" in here) == (True, True)
