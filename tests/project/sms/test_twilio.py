"""Twilio's provider against a server on loopback that answers as Twilio does: its protocol, its errors, its silence.

Answers have the form that Twilio documents for its Message resource and for its errors.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.http.http_client import TwilioHttpClient

from kernel.deliveries import DeliveryPostponed, Undeliverable
from kernel.sms import Sms, SmsReceipt
from project.environment import read_environment
from project.sms import sms_provider_of
from project.sms.twilio import TwilioSmsProvider, twilio_provider
from tests.scripted_http import Answer, ScriptedServer, scripted_server

ACCOUNT = "AC" + "0" * 32
SMS = Sms(to="+447700900123", text="Your Portcullis code is 246810.")
SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


class HttpClient(TwilioHttpClient):
    """Twilio's own client, led to loopback."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **kwargs)


@pytest.fixture
def twilio() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


def provider_at(url: str, *, api_key: str = "", sender: str = "+14155550100", timeout: float = 60) -> TwilioSmsProvider:
    client = HttpClient(url, timeout)
    return twilio_provider(
        account=ACCOUNT, api_key=api_key, secret="hush", sender=sender, timeout=timeout, http_client=client
    )


def created(**changes: object) -> dict[str, object]:
    return {
        "account_sid": ACCOUNT,
        "body": SMS.text,
        "date_created": "Thu, 01 Jan 2026 12:00:01 +0000",
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+14155550100",
        "num_segments": "1",
        "sid": "SM" + "1" * 32,
        "status": "queued",
        "to": SMS.to,
        **changes,
    }


def listed(*messages: dict[str, object]) -> Answer:
    return Answer(200, {"messages": list(messages), "next_page_uri": None, "page": 0, "page_size": 20})


def refusal(status: int, code: int) -> Answer:
    return Answer(
        status,
        {
            "code": code,
            "message": f"The 'To' number {SMS.to} is not what we like.",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        },
    )


def failure_of_send(url: str, timeout: float = 60) -> Undeliverable | DeliveryPostponed:
    with pytest.raises((Undeliverable, DeliveryPostponed)) as caught:
        provider_at(url, timeout=timeout).send(SMS, valid_seconds=600)
    assert SMS.to not in str(caught.value)
    return caught.value


def test_a_message_is_created_with_its_text_and_its_validity(twilio):
    twilio.answers.append(Answer(201, created()))
    assert provider_at(twilio.url).send(SMS, valid_seconds=600) == SmsReceipt("SM" + "1" * 32)
    (request,) = twilio.requests
    assert (request.method, request.path) == ("POST", MESSAGES)
    assert request.form == {"To": SMS.to, "From": "+14155550100", "Body": SMS.text, "ValidityPeriod": "600"}
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == f"{ACCOUNT}:hush".encode()


def test_an_api_key_speaks_for_the_account_and_a_messaging_service_may_be_the_sender(twilio):
    twilio.answers.append(Answer(201, created()))
    provider_at(twilio.url, api_key="SK1", sender="MG1").send(SMS, valid_seconds=600)
    (request,) = twilio.requests
    assert request.path == MESSAGES
    assert (request.form["MessagingServiceSid"], "From" in request.form) == ("MG1", False)
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"SK1:hush"


@pytest.mark.parametrize(("seconds", "told"), [(1, "5"), (600, "600"), (86_400, "14400")])
def test_the_validity_stays_within_what_twilio_takes(twilio, seconds, told):
    twilio.answers.append(Answer(201, created()))
    provider_at(twilio.url).send(SMS, valid_seconds=seconds)
    assert twilio.requests[0].form["ValidityPeriod"] == told


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 21211),
        (400, 21214),
        (400, 21217),
        (400, 21408),
        (400, 21610),
        (400, 21612),
        (400, 21614),
        (400, 30006),
        (404, 20404),
    ],
)
def test_what_twilio_refuses_for_good_is_not_tried_again(twilio, status, code):
    twilio.answers.append(refusal(status, code))
    failure = failure_of_send(twilio.url)
    assert isinstance(failure, Undeliverable)
    assert failure.reason == f"twilio_{code}"
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "maybe_sent"),
    [
        (429, 20429, False),
        (401, 20003, False),
        (403, 20005, False),
        (400, 21611, False),
        (400, 30001, False),
        (500, 20500, True),
        (503, 20503, True),
    ],
)
def test_what_may_pass_is_tried_again_by_the_job_and_not_at_once(twilio, status, code, maybe_sent):
    twilio.answers.append(refusal(status, code))
    failure = failure_of_send(twilio.url)
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == (f"twilio_{code}", maybe_sent)
    assert len(twilio.requests) == 1


def test_an_error_in_the_newer_form_is_read_too(twilio):
    problem = {
        "type": "https://www.twilio.com/docs/errors/21211",
        "title": "Invalid 'To'",
        "status": 400,
        "code": 21211,
    }
    twilio.answers.append(Answer(400, problem, {"Content-Type": "application/problem+json"}))
    assert failure_of_send(twilio.url).reason == "twilio_21211"


def test_an_error_of_something_in_between_has_a_status_alone(twilio):
    twilio.answers.append(Answer(502, "<html>Bad gateway</html>", {"Content-Type": "text/html"}))
    failure = failure_of_send(twilio.url)
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("twilio_502", True)


@pytest.mark.parametrize("silence", ["hang up", "never answer", Answer(201, "<html>")])
def test_without_an_answer_the_message_may_have_been_sent(twilio, silence):
    twilio.answers.append(silence)
    failure = failure_of_send(twilio.url, timeout=1)
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("no_answer", True)
    assert len(twilio.requests) == 1


def test_without_a_connection_it_was_not_sent():
    failure = failure_of_send("http://127.0.0.1:1")
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("no_connection", False)


def test_a_host_without_an_address_was_not_sent_to():
    failure = failure_of_send("http://twilio.invalid")
    assert isinstance(failure, DeliveryPostponed)
    assert (failure.reason, failure.maybe_sent) == ("no_connection", False)


def test_a_message_whose_answer_was_lost_is_found_by_number_text_and_time(twilio):
    twilio.answers.append(listed(created(body="Another text"), created()))
    assert provider_at(twilio.url).find(SMS, since=SINCE) == SmsReceipt("SM" + "1" * 32)
    (request,) = twilio.requests
    assert (request.method, request.path) == ("GET", MESSAGES)
    assert request.query == {"To": [SMS.to], "PageSize": ["20"]}


def test_the_words_that_a_trial_account_adds_do_not_hide_a_message(twilio):
    twilio.answers.append(listed(created(body=f"Sent from your Twilio trial account - {SMS.text}")))
    assert provider_at(twilio.url).find(SMS, since=SINCE) is not None


@pytest.mark.parametrize(
    "messages",
    [[], [created(body="Your Portcullis code is 135790.")], [created(date_created="Thu, 01 Jan 2026 11:59:00 +0000")]],
    ids=["none", "another code", "an older one"],
)
def test_a_message_that_twilio_does_not_know_is_not_found(twilio, messages):
    twilio.answers.append(listed(*messages))
    assert provider_at(twilio.url).find(SMS, since=SINCE) is None


def test_clocks_may_differ_by_half_a_minute(twilio):
    twilio.answers.append(listed(created()))
    assert provider_at(twilio.url).find(SMS, since=SINCE + timedelta(seconds=31)) is not None


def test_a_message_that_was_taken_and_failed_is_refused_for_good(twilio):
    twilio.answers.append(listed(created(status="undelivered", error_code=30006)))
    with pytest.raises(Undeliverable) as caught:
        provider_at(twilio.url).find(SMS, since=SINCE)
    assert caught.value.reason == "twilio_30006"


@pytest.mark.parametrize("answer", [refusal(500, 20500), refusal(400, 20001), "never answer"])
def test_a_look_that_fails_says_nothing_about_the_message(twilio, answer):
    twilio.answers.append(answer)
    with pytest.raises(DeliveryPostponed) as caught:
        provider_at(twilio.url, timeout=1).find(SMS, since=SINCE)
    assert caught.value.maybe_sent is False


def test_twilios_own_lines_are_not_logged_since_they_name_numbers(twilio, caplog):
    twilio.answers.append(listed())
    provider_at(twilio.url).find(SMS, since=SINCE)
    assert [record for record in caplog.records if record.name.startswith("twilio")] == []


def test_the_time_out_of_the_settings_is_the_one_of_every_call(monkeypatch):
    for name, value in {"SMS_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_SECRET": "hush"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TWILIO_FROM", "+14155550100")
    monkeypatch.setenv("SMS_TIMEOUT", "7")
    provider = sms_provider_of(read_environment(None))
    assert isinstance(provider, TwilioSmsProvider)
    http = provider._messages._version.domain.twilio.http_client
    assert http.timeout == 7.0
    assert http.session.get_adapter("https://api.twilio.com").max_retries.total == 0
