"""Mail by SMTP, against a server on loopback: what arrives, and what each refusal means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.deliveries import DeliveryPostponed, Undeliverable
from project.mail.backends import mail_backend
from tests.project.mail.smtp_server import SmtpServer, smtp_server


@pytest.fixture
def smtp(settings) -> Iterator[SmtpServer]:
    with smtp_server() as server:
        settings.EMAIL_BACKEND = mail_backend("smtp")
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 0.5
        yield server


def test_a_mail_arrives_with_both_its_forms_and_the_same_id_at_every_try(smtp, send):
    send()
    send()
    first, second = smtp.accepted
    assert (first["From"], first["To"], first["Subject"]) == ("Chat <chat@example.org>", "ada@example.net", "Grüße")
    assert first["Message-ID"] == second["Message-ID"] == "<0199@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_body(("plain",)).get_content().splitlines() == ["Your code is 246810."]
    assert first.get_body(("html",)).get_content().strip() == "<p>Your code is 246810.</p>"
    assert smtp.envelopes[0] == ("mail FROM:<chat@example.org>", "rcpt TO:<ada@example.net>")


@pytest.mark.parametrize(
    ("verb", "reply", "reason"),
    [
        ("RCPT", "550 5.1.1 no such box ada@example.net", "smtp_550"),
        ("RCPT", "552 5.2.2 full for ever", "smtp_552"),
        ("MAIL", "553 5.1.8 not from there", "smtp_553"),
        ("DATA", "554 5.7.1 no", "smtp_554"),
        ("END", "550 5.7.1 this is spam", "smtp_550"),
    ],
)
def test_a_refusal_for_good_is_not_tried_again(smtp, failure_of_send, verb, reply, reason):
    smtp.replies[verb] = reply
    failure = failure_of_send()
    assert isinstance(failure, Undeliverable)
    assert failure.reason == reason
    assert smtp.accepted == []


@pytest.mark.parametrize(
    ("verb", "reply", "reason"),
    [
        ("RCPT", "450 4.2.0 greylisted, ada@example.net", "smtp_450"),
        ("RCPT", "452 4.2.2 box is full", "smtp_452"),
        ("MAIL", "451 4.3.0 later", "smtp_451"),
        ("END", "451 4.3.0 later", "smtp_451"),
        ("MAIL", "530 5.7.0 sign in first", "smtp_530"),
        ("CONNECT", "554 5.7.1 not you, not now", "smtp_554"),
    ],
)
def test_a_refusal_for_now_or_because_of_our_settings_is_tried_again(smtp, failure_of_send, verb, reply, reason):
    smtp.replies[verb] = reply
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == (reason, False)
    assert smtp.accepted == []


def test_a_server_that_hangs_up_after_the_mail_may_have_taken_it(smtp, failure_of_send):
    smtp.replies["END"] = ""
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("SMTPServerDisconnected", True)
    assert len(smtp.accepted) == 1


def test_a_server_that_says_nothing_is_not_waited_for(smtp, failure_of_send):
    smtp.silent = True
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert failure.reason == "SMTPServerDisconnected"


def test_a_server_that_is_away_is_tried_again(smtp, settings, failure_of_send):
    settings.EMAIL_PORT = 1
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert failure.reason == "ConnectionRefusedError"


def test_a_server_without_tls_gets_no_mail_when_tls_is_asked_for(smtp, settings, failure_of_send):
    settings.EMAIL_USE_TLS = True
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert failure.reason == "SMTPNotSupportedError"
    assert smtp.accepted == []


def test_a_wrong_password_is_our_fault_and_not_the_mails(smtp, settings, failure_of_send):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "chat", "wrong"
    smtp.replies |= {"EHLO": "250-loopback\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 no"}
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert failure.reason == "smtp_535"
