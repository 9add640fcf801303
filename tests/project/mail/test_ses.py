"""Mail by Amazon SES, against a server on loopback that answers as its API (version 2) does."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest

from kernel.deliveries import DeliveryPostponed, Undeliverable
from project.environment import MailSettings
from project.mail.backends import anymail_settings, mail_backend
from tests.scripted_http import Answer, ScriptedServer, scripted_server


@pytest.fixture
def ses(settings, monkeypatch) -> Iterator[ScriptedServer]:
    for name, value in {
        "SES_REGION": "eu-central-1",
        "SES_ACCESS_KEY_ID": "AKIA",
        "SES_SECRET_ACCESS_KEY": "hush",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAIL_TIMEOUT", "0.5")
    with scripted_server() as server:
        settings.EMAIL_BACKEND = mail_backend("ses")
        given = anymail_settings(MailSettings())
        given["AMAZON_SES_CLIENT_PARAMS"]["endpoint_url"] = server.url
        settings.ANYMAIL = given
        yield server


def refusal(status: int, code: str) -> Answer:
    return Answer(status, {"message": "ada@example.net is not what we like"}, {"x-amzn-ErrorType": code})


def test_a_mail_is_handed_over_as_it_is(ses, send):
    ses.answers.append(Answer(200, {"MessageId": "1"}))
    send()
    (request,) = ses.requests
    assert (request.method, request.path) == ("POST", "/v2/email/outbound-emails")
    assert "Credential=AKIA/" in request.headers["Authorization"]
    mail = message_from_bytes(base64.b64decode(request.json["Content"]["Raw"]["Data"]), policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == ("Chat <chat@example.org>", "ada@example.net", "Grüße")
    assert mail.get_body(("plain",)).get_content() == "Your code is 246810.\n"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "MessageRejected"), (400, "BadRequestException"), (404, "NotFoundException")]
)
def test_a_refusal_for_good_is_not_tried_again(ses, failure_of_send, status, code):
    ses.answers.append(refusal(status, code))
    failure = failure_of_send()
    assert isinstance(failure, Undeliverable)
    assert failure.reason == f"http_{status}_{code}"
    assert len(ses.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "maybe_sent"),
    [
        (400, "LimitExceededException", False),
        (400, "SendingPausedException", False),
        (400, "MailFromDomainNotVerifiedException", False),
        (429, "TooManyRequestsException", False),
        (403, "InvalidClientTokenId", False),
        (500, "InternalServiceErrorException", True),
        (503, "ServiceUnavailable", True),
    ],
)
def test_what_may_pass_is_tried_again_by_the_job_and_not_by_the_library(ses, failure_of_send, status, code, maybe_sent):
    ses.answers.append(refusal(status, code))
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == (f"http_{status}_{code}", maybe_sent)
    assert len(ses.requests) == 1


@pytest.mark.parametrize("silence", ["hang up", "never answer"])
def test_without_an_answer_it_is_tried_again(ses, failure_of_send, silence):
    ses.answers.append(silence)
    failure = failure_of_send()
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("no_answer", True)
    assert len(ses.requests) == 1
