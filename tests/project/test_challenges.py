"""The providers of challenges, against HTTP as it was recorded: verdicts, refusals, errors and time-outs."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from kernel import challenges
from kernel.challenges import ChallengeRequired, ChallengeUnavailable, challenge_offered, require_challenge
from project.challenges.siteverify import SiteVerifyProvider
from project.challenges.wiring import PROVIDERS, provider_from_settings
from project.environment import load_environment

SOLVED = {
    "hcaptcha": {"success": True, "challenge_ts": "2026-05-01T10:00:00.000000Z", "hostname": "chat.example.org"},
    "turnstile": {
        "success": True,
        "error-codes": [],
        "challenge_ts": "2026-05-01T10:00:00.000Z",
        "hostname": "chat.example.org",
        "action": "login",
        "cdata": "",
        "metadata": {"interactive": False},
    },
}


@pytest.fixture(params=sorted(PROVIDERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def made(name: str, *, open_when_away: bool = False) -> SiteVerifyProvider:
    return PROVIDERS[name](site_key="site", secret="hush", open_when_away=open_when_away)


def answers(name: str, status: int = 200, **content: Any) -> respx.Route:
    return respx.post(PROVIDERS[name].address).mock(return_value=httpx.Response(status, **content))


@respx.mock
def test_a_solved_challenge_is_believed_and_nothing_of_the_person_is_sent(name: str) -> None:
    route = answers(name, json=SOLVED[name])
    assert made(name).verify("token") is True
    assert parse_qs(route.calls.last.request.content.decode()) == {
        "secret": ["hush"],
        "response": ["token"],
        "sitekey": ["site"],
    }


@respx.mock
@pytest.mark.parametrize(
    "codes",
    [
        ["invalid-input-response"],
        ["timeout-or-duplicate"],
        ["already-seen-response"],
        ["invalid-or-already-seen-response"],
        ["missing-input-response", "invalid-input-response"],
    ],
)
def test_a_wrong_or_used_response_is_refused(name: str, codes: list[str]) -> None:
    answers(name, json={"success": False, "error-codes": codes})
    assert made(name).verify("token") is False
    assert made(name, open_when_away=True).verify("token") is False


DOUBTS: list[dict[str, Any]] = [
    {"json": {"success": False, "error-codes": ["invalid-input-secret"]}},
    {"json": {"success": False, "error-codes": ["internal-error"]}},
    {"json": {"success": False, "error-codes": ["timeout-or-duplicate", "bad-request"]}},
    {"json": {"success": False}},
    {"json": {"success": "yes"}},
    {"json": []},
    {"text": "<html>"},
    {"text": ""},
    {"status": 500, "json": {"success": True}},
    {"status": 503, "text": "busy"},
    {"status": 302, "headers": {"Location": "https://elsewhere.example.org/"}},
]


@respx.mock
@pytest.mark.parametrize("answer", DOUBTS, ids=str)
def test_an_answer_that_proves_nothing_keeps_everybody_out_or_lets_everybody_in(
    name: str, answer: dict[str, Any]
) -> None:
    answers(name, **answer)
    with pytest.raises(ChallengeUnavailable) as caught:
        made(name).verify("token")
    assert (caught.value.code, caught.value.http_status, caught.value.retryable) == ("challenge.unavailable", 503, True)
    assert made(name, open_when_away=True).verify("token") is True


@respx.mock
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ReadError])
def test_a_provider_that_is_away_is_a_doubt(name: str, error: type[Exception]) -> None:
    route = respx.post(PROVIDERS[name].address).mock(side_effect=error)
    with pytest.raises(ChallengeUnavailable):
        made(name).verify("token")
    assert route.call_count == 1
    assert made(name, open_when_away=True).verify("token") is True


def test_every_call_has_a_time_out(name: str) -> None:
    assert made(name)._http.timeout.as_dict() == {"connect": 2.0, "read": 3.0, "write": 3.0, "pool": 3.0}


@respx.mock
def test_the_refusal_names_the_provider_and_the_public_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(name, json={"success": False, "error-codes": ["invalid-input-response"]})
    monkeypatch.setattr(challenges, "_provider", made(name))
    for response in ("", "wrong", "x" * 8_193):
        with pytest.raises(ChallengeRequired) as caught:
            require_challenge(response)
        assert caught.value.data == {"provider": name, "site_key": "site"}
        assert (caught.value.code, caught.value.http_status) == ("challenge.required", 403)
    assert respx.calls.call_count == 1


def test_no_provider_is_the_default_and_asks_nobody() -> None:
    assert provider_from_settings() is None
    assert not challenge_offered()
    require_challenge("")


def test_the_settings_name_the_provider(settings: Any, name: str) -> None:
    settings.CHALLENGE_PROVIDER, settings.CHALLENGE_SITE_KEY = name, "public"
    provider = provider_from_settings()
    assert provider is not None
    assert (provider.name, provider.site_key) == (name, "public")


def test_a_provider_without_keys_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHALLENGE_PROVIDER", "turnstile")
    monkeypatch.setenv("CHALLENGE_SITE_KEY", "x")
    with pytest.raises(SystemExit) as ended:
        load_environment()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "The settings contradict each other: CHALLENGE_PROVIDER needs CHALLENGE_SITE_KEY and CHALLENGE_SECRET.\n"
    )
