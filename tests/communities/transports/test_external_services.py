"""Questions to external services over real TLS: what is sent, who could check it, and what counts as an answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from communities.transports.external_services import Called, NoAnswer, ServiceAnswer, ask_service_about
from kernel.clock import now
from kernel.ids import CommunityId, UserId, uuid7
from tests.certificates import Authority
from tests.scripted_http import Answer, Request, ScriptedServer, scripted_server

YES = Answer(200, {"allowed": True, "expires_in": 600})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(authority: Authority, settings) -> Iterator[ScriptedServer]:
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    settings.EXTERNAL_SERVICE_RULES = replace(
        settings.EXTERNAL_SERVICE_RULES, seconds=30, allowed=loopback, ca_file=str(authority.ca_file)
    )
    with scripted_server(authority.server_context("localhost")) as running:
        yield running


@pytest.fixture
def called(server: ScriptedServer) -> Called:
    return Called(f"{server.url}/ask", ["new secret", "former secret"], CommunityId(uuid7()), "club")


def is_signed(request: Request, secret: str) -> bool:
    """Check a question as a service would: one of the signatures is of this body at that time, which is not long ago."""
    seconds, *signatures = request.headers["Portcullis-Signature"].split(",")
    at = seconds.removeprefix("t=")
    expected = hmac.new(secret.encode(), f"{at}.".encode() + request.body, hashlib.sha256).hexdigest()
    return f"v1={expected}" in signatures and abs(now().timestamp() - int(at)) < 300


def test_the_question_says_who_is_asked_about_and_nothing_else(server: ScriptedServer, called: Called) -> None:
    user_id = UserId(uuid7())
    server.answers.append(YES)
    assert ask_service_about(called, [user_id]) == {user_id: ServiceAnswer(True, 600)}
    [asked] = server.requests
    assert set(asked.json) == {"community", "service", "user", "nonce", "asked_at"}
    assert (asked.json["community"], asked.json["service"]) == (str(called.community_id), "club")
    assert asked.json["user"] == str(user_id)


def test_the_service_can_check_the_question_by_its_secret_new_or_former(server: ScriptedServer, called: Called) -> None:
    server.answers.append(YES)
    ask_service_about(called, [UserId(uuid7())])
    [asked] = server.requests
    assert [is_signed(asked, secret) for secret in ("new secret", "former secret", "another")] == [True, True, False]
    assert not is_signed(replace(asked, body=asked.body.replace(b"club", b"clan")), "new secret")
    moved = asked.headers["Portcullis-Signature"].replace("t=", "t=1")
    assert not is_signed(replace(asked, headers={"Portcullis-Signature": moved}), "new secret")


def test_no_question_is_like_another(server: ScriptedServer, called: Called) -> None:
    user_id = UserId(uuid7())
    server.answers.extend([YES, YES])
    for _ in range(2):
        ask_service_about(called, [user_id])
    first, second = server.requests
    assert first.json["nonce"] != second.json["nonce"]
    assert first.headers["Portcullis-Signature"] != second.headers["Portcullis-Signature"]


def test_many_are_asked_about_at_once(server: ScriptedServer, called: Called) -> None:
    user_ids = [UserId(uuid7()) for _ in range(5)]
    server.answers.extend([YES] * 5)
    assert ask_service_about(called, user_ids) == dict.fromkeys(user_ids, ServiceAnswer(True, 600))
    assert sorted(request.json["user"] for request in server.requests) == sorted(map(str, user_ids))


def test_what_is_no_answer_lets_nobody_in(server: ScriptedServer, called: Called) -> None:
    wrong = {
        "status_403": Answer(403, YES.body),
        "status_302": Answer(302, YES.body, {"Location": f"{server.url}/yes"}),
        "status_500": Answer(500, {}),
        "too_long": Answer(200, {**YES.body, "more": "x" * 5_000}),
    }
    broken = (
        *("yes", {}, {"allowed": True}, {"allowed": "true", "expires_in": 5}, {"allowed": 1, "expires_in": 5}),
        *({"allowed": True, "expires_in": 0}, {"allowed": True, "expires_in": -5}, [True, 5]),
        *({"allowed": True, "expires_in": 1.5}, {"allowed": None, "expires_in": 5}),
    )
    user_id = UserId(uuid7())
    for word, answer in [*wrong.items(), *(("broken_answer", Answer(200, body)) for body in broken)]:
        server.answers.append(answer)
        assert ask_service_about(called, [user_id]) == {user_id: NoAnswer(word)}, answer
    assert len(server.requests) == len(wrong) + len(broken)


def test_a_service_that_is_not_where_it_may_be_is_not_reached(server: ScriptedServer, called: Called, settings) -> None:
    settings.EXTERNAL_SERVICE_RULES = replace(settings.EXTERNAL_SERVICE_RULES, allowed=())
    user_id = UserId(uuid7())
    for url in (called.url, "https://127.0.0.1/ask", "http://localhost/ask"):
        assert ask_service_about(called._replace(url=url), [user_id]) == {user_id: NoAnswer("unreachable")}
    assert server.requests == []
