"""Requests to addresses that users have given go to the machine that was looked at, over TLS, and end in time, whatever it does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_network

import msgspec
import pytest

from kernel.outbound import CannotReach, OutboundReply, OutboundRules, WrongUrl, checked_url, post
from tests.certificates import Authority
from tests.scripted_http import Answer, Scripted, ScriptedServer, scripted_server

LOOPBACK = (ip_network("127.0.0.0/8"),)
STRICT = OutboundRules(seconds=30, answer_bytes=1000)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shared(authority: Authority) -> Iterator[ScriptedServer]:
    with scripted_server(authority.server_context("gate.example")) as running:
        yield running


@pytest.fixture
def server(shared: ScriptedServer) -> ScriptedServer:
    shared.requests.clear()
    shared.answers.clear()
    return shared


@pytest.fixture
def rules(authority: Authority) -> OutboundRules:
    return OutboundRules(seconds=30, answer_bytes=1000, allowed=LOOPBACK, ca_file=str(authority.ca_file))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Which names there are, and where they lead; what is not in it does not exist."""
    known = {"gate.example": ["127.0.0.1"]}

    def look_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def ask(url: str, rules: OutboundRules) -> OutboundReply:
    return asyncio.run(post(url, body=b"{}", headers={"X-Mark": "1"}, rules=rules))


def reason(url: str, rules: OutboundRules) -> str:
    with pytest.raises(CannotReach) as refused:
        ask(url, rules)
    return refused.value.reason


def address(server: ScriptedServer, host: str = "gate.example") -> str:
    return f"{server.url.replace('localhost', host)}/ask?who=1"


def test_the_question_reaches_the_service_by_its_name(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]]
) -> None:
    server.answers.append(Answer(200, {"allowed": True}))
    assert ask(address(server), rules) == OutboundReply(200, b'{"allowed": true}')
    [asked] = server.requests
    assert (asked.method, asked.path, asked.query, asked.body) == ("POST", "/ask", {"who": ["1"]}, b"{}")
    assert asked.headers["Host"] == f"gate.example:{server.url.rpartition(':')[2]}"
    assert (asked.headers["X-Mark"], asked.headers["Accept-Encoding"]) == ("1", "identity")


def test_no_proxy_of_the_environment_sees_the_question(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answers.append(Answer(200, {}))
    assert ask(address(server), rules).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]]
) -> None:
    server.answers.append(Answer(307, {}, {"Location": f"{server.url}/elsewhere"}))
    assert ask(address(server), rules).status == 307
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("hang up", "broken_answer"),
        ("never answer", "timeout"),
        ("drip", "timeout"),
        (Answer(200, "x" * 5000), "too_long"),
    ],
)
def test_bad_answers_end_in_time_and_size(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]], answer: Scripted, word: str
) -> None:
    server.answers.append(answer)
    patience = 0.5 if word == "timeout" else rules.seconds
    assert reason(address(server), msgspec.structs.replace(rules, seconds=patience)) == word


def test_a_certificate_of_another_name_or_of_nobody_is_refused(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]]
) -> None:
    names["other.example"] = ["127.0.0.1"]
    assert reason(address(server, "other.example"), rules) == "certificate"
    assert reason(address(server), msgspec.structs.replace(rules, ca_file="")) == "certificate"
    assert server.requests == []


def test_names_that_lead_inside_are_like_names_that_nobody_has(
    server: ScriptedServer, rules: OutboundRules, names: dict[str, list[str]]
) -> None:
    names |= {"inside.example": ["10.0.0.1"], "both.example": ["127.0.0.1", "10.0.0.1"], "mapped.example": ["::1"]}
    for host in ("inside.example", "both.example", "mapped.example", "nobody.example"):
        assert reason(address(server, host), rules) == "unreachable"
    assert reason(address(server), STRICT) == "unreachable"
    assert server.requests == []


def test_nobody_listening_is_no_connection(rules: OutboundRules, names: dict[str, list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    assert reason(f"https://gate.example:{port}/", rules) == "no_connection"


def test_only_https_with_a_name_or_a_public_address_is_an_address_of_a_service() -> None:
    wrong = (
        *("", "gate", "http://gate.example", "ftp://gate.example", "https://", "https:///x", "https://gate.example:x"),
        *("https://ada@gate.example", "https://gate.example/#x", "https://127.0.0.1/", "https://[::1]/"),
        *("https://[::ffff:8.8.8.8]/", "https://169.254.169.254/latest", "https://ga te.example/"),
    )
    for url in wrong:
        with pytest.raises(WrongUrl):
            checked_url(url, STRICT)
    assert checked_url("https://gate.example:8443/ask?x=1", STRICT) == "https://gate.example:8443/ask?x=1"
    assert checked_url("https://8.8.8.8/", STRICT) == "https://8.8.8.8/"
    assert checked_url("https://127.0.0.1/", msgspec.structs.replace(STRICT, allowed=LOOPBACK)) == "https://127.0.0.1/"


def test_numbers_that_are_addresses_in_disguise_lead_nowhere() -> None:
    for host in ("2130706433", "127.1", "0x7f.1", "localhost"):
        assert reason(f"https://{host}/", STRICT) == "unreachable"
