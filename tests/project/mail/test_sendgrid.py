"""Mail by SendGrid's API, against a server on loopback that answers as SendGrid documents it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.deliveries import DeliveryPostponed, Undeliverable
from project.environment import MailSettings
from project.mail.backends import anymail_settings, mail_backend
from tests.scripted_http import Answer, ScriptedServer, scripted_server

ACCEPTED = Answer(202, "", {"X-Message-Id": "1"})


@pytest.fixture
def sendgrid(settings, monkeypatch) -> Iterator[ScriptedServer]:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.hush")
    monkeypatch.setenv("MAIL_TIMEOUT", "0.5")
    with scripted_server() as server:
        settings.EMAIL_BACKEND = mail_backend("sendgrid")
        settings.ANYMAIL = anymail_settings(MailSettings()) | {"SENDGRID_API_URL": f"{server.url}/v3/"}
        yield server


def refusal(status: int, **headers: str) -> Answer:
    errors = [{"message": "ada@example.net is not what we like", "field": "personalizations.0.to", "help": None}]
    return Answer(status, {"errors": errors}, headers)


def test_a_mail_is_posted_with_both_its_forms(sendgrid, send):
    sendgrid.answers.append(ACCEPTED)
    send()
    (request,) = sendgrid.requests
    assert (request.method, request.path) == ("POST", "/v3/mail/send")
    assert request.headers["Authorization"] == "Bearer SG.hush"
    body = request.json
    assert body["from"] == {"email": "chat@example.org", "name": "Chat"}
    assert body["personalizations"][0]["to"] == [{"email": "ada@example.net"}]
    assert body["subject"] == "Grüße"
    assert body["content"] == [
        {"type": "text/plain", "value": "Your code is 246810.\n"},
        {"type": "text/html", "value": "<p>Your code is 246810.</p>"},
    ]
    assert body["headers"] == {"Message-ID": "<0199@example.org>", "Auto-Submitted": "auto-generated"}


@pytest.mark.parametrize("status", [400, 404, 413])
def test_a_refusal_for_good_is_not_tried_again(sendgrid, failure_of_send, status):
    sendgrid.answers.append(refusal(status))
    failure = failure_of_send()
    assert isinstance(failure, Undeliverable)
    assert failure.reason == f"http_{status}"
    assert len(sendgrid.requests) == 1


@pytest.mark.parametrize(
    ("answer", "maybe_sent", "retry_after"),
    [
        (refusal(401), False, None),
        (refusal(403), False, None),
        (refusal(429, **{"Retry-After": "42"}), False, 42.0),
        (refusal(429, **{"Retry-After": "soon"}), False, None),
        (refusal(500), True, None),
        (refusal(503), True, None),
    ],
)
def test_what_may_pass_is_tried_again_by_the_job(sendgrid, failure_of_send, answer, maybe_sent, retry_after):
    sendgrid.answers.append(answer)
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == (f"http_{answer.status}", maybe_sent)
    assert failure.retry_after == retry_after
    assert len(sendgrid.requests) == 1


@pytest.mark.parametrize("silence", ["hang up", "never answer"])
def test_without_an_answer_it_is_tried_again(sendgrid, failure_of_send, silence):
    sendgrid.answers.append(silence)
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("no_answer", True)
    assert len(sendgrid.requests) == 1
