"""Garbage at the door: upgrades, tokens, tickets and HTTP requests that are wrong get a clear status or problem and harm nobody."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.bystanders import Scene
from tests.live.raw_socket import TEXT, frame
from tests.servers import SECRET
from tests.web_sockets import Problem, open_socket

GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def status_of(head: bytes) -> int:
    """Return the status of an HTTP answer; 0 when there was none."""
    return int(head.split()[1]) if head.startswith(b"HTTP/1.1 ") else 0


# Tokens and tickets -------------------------------------------------------------------------------------------------


Claims = dict[str, Any]


def _signed(claims: Claims) -> str:
    """Sign claims without the checks of the library."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), SECRET)


def _with_another_body(scene: Scene) -> str:
    header, _, signature = scene.attacker.access.split(".")
    return ".".join([header, scene.place.founder.access.split(".")[1], signature])


SIGNED = {
    "expired": lambda claims: claims | {"exp": int(time.time()) - 60},
    "without an end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "with an end that is no number": lambda claims: claims | {"exp": "soon"},
    "with an endless end": lambda claims: claims | {"exp": 1e300},
    "of no session": lambda claims: claims | {"sid": str(uuid4())},
    "of a session that is no id": lambda claims: claims | {"sid": "' OR 1=1"},
    "whose user is no id": lambda claims: claims | {"sub": ["me"]},
    "of another kind": lambda claims: claims | {"token_type": "refresh"},
}
FORGED: dict[str, Callable[[Scene], str]] = {
    "of another key": lambda scene: jwt.encode(claims_of(scene), "another-secret-that-is-just-as-long-as-ours"),
    "without a signature": lambda scene: jwt.encode(claims_of(scene), "", algorithm="none"),
    "of another user with our session": lambda scene: _signed(claims_of(scene) | {"sub": scene.place.founder.id}),
    "with another body": _with_another_body,
    "to refresh": lambda scene: scene.attacker.refresh,
    "of one letter": lambda _: "x",
    "of dots": lambda _: "..",
}
TOKENS = FORGED | {
    name: lambda scene, change=change: _signed(change(claims_of(scene))) for name, change in SIGNED.items()
}


def claims_of(scene: Scene) -> Claims:
    """Return what the attacker's good token says."""
    claims: Claims = jwt.decode(scene.attacker.access, SECRET, algorithms=["HS256"], options={"verify_aud": False})
    return claims


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_is_no_good_opens_nothing(scene, kind):
    token = TOKENS[kind](scene)

    async def play():
        at = scene.gateway.socket_url
        upgrade = await last_words(await open_socket(at, token=token))
        socket = await open_socket(at)
        await socket.send(json.dumps({"t": "auth", "ref": "1", "d": {"token": token}}))
        first_frame = await last_words(socket)
        scene.attacker.access, kept = token, scene.attacker.access
        rest = await scene.attacker.request("GET", "me")
        scene.attacker.access = kept
        return upgrade, first_frame, rest

    *sockets, rest = scene.run(play())
    for problem, code in sockets:
        assert problem["code"] in ("auth.token_invalid", "auth.token_expired", "auth.session_ended")
        assert code == 4501
    assert rest.status_code == 401
    assert rest.headers["content-type"] == "application/problem+json"
    assert rest.json()["code"] == sockets[0][0]["code"]


async def last_words(socket) -> tuple[dict, int]:
    """Return the problem that the server gives, and the code that it then closes with."""
    async with asyncio.timeout(60):
        words = json.loads(await socket.recv())
        await socket.wait_closed()
    assert words["t"] == "problem"
    return words["d"], socket.close_code


@pytest.mark.parametrize("ticket", ["", "x", "x" * 5000, "%00", "%ff%fe", "a&ticket=b", "../..", "*", "[a-z]*"])
def test_a_ticket_that_is_none_opens_nothing(scene, ticket):
    async def play():
        raw = await scene.raw()
        head = await raw.upgrade(scene.gateway.address, path=f"/ws/v1?ticket={ticket}")
        if status_of(head) != 101:
            return status_of(head)
        texts, code = await raw.texts_until_close()
        return json.loads(texts[0])["d"]["code"], code

    assert scene.run(play()) in [("auth.ticket_invalid", 4501), ("auth.timeout", 4501), 400, 414]


def test_a_ticket_is_good_once_even_when_it_is_used_many_times_at_once(scene):
    async def play():
        ticket = await scene.attacker.ticket()
        attempts = await asyncio.gather(
            *(scene.attacker.connect(number % 2, ticket=ticket) for number in range(8)), return_exceptions=True
        )
        return [attempt.code if isinstance(attempt, Problem) else type(attempt).__name__ for attempt in attempts]

    assert sorted(scene.run(play())) == ["SocketClient"] + ["auth.ticket_invalid"] * 7


def test_a_token_in_the_address_is_refused_even_when_it_is_good(scene):
    async def play():
        raw = await scene.raw()
        await raw.upgrade(scene.gateway.address, path=f"/ws/v1?token={scene.attacker.access}")
        return await raw.texts_until_close()

    (text,), code = scene.run(play())
    assert (json.loads(text)["d"]["code"], code) == ("handshake.invalid", 4500)


# Upgrades -----------------------------------------------------------------------------------------------------------

UPGRADES = {
    "another path": ("GET /ws/v2 HTTP/1.1", [], {403, 404}),
    "a longer path": ("GET /ws/v1/../v1 HTTP/1.1", [], {403, 404}),
    "an odd path": ("GET /ws/v1%00 HTTP/1.1", [], {403, 404}),
    "another method": ("POST /ws/v1 HTTP/1.1", [], {400, 403, 404, 405}),
    "an old version": ("GET /ws/v1 HTTP/1.1", ["Sec-WebSocket-Version: 7"], {400, 426}),
    "a key that is none": ("GET /ws/v1 HTTP/1.1", ["Sec-WebSocket-Key: short"], {400}),
    "a foreign origin": ("GET /ws/v1 HTTP/1.1", ["Origin: https://evil.example"], {403}),
    "an origin that cannot be read": ("GET /ws/v1 HTTP/1.1", ["Origin: http://["], {400, 403}),
    "an origin that is null": ("GET /ws/v1 HTTP/1.1", ["Origin: null"], {403}),
}


@pytest.mark.parametrize("wrong", UPGRADES)
def test_an_upgrade_that_is_wrong_is_refused_with_a_status(scene, wrong):
    request, replaced, statuses = UPGRADES[wrong]
    headers = {
        "Host": scene.gateway.address,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": f"portcullis.v1, bearer.{scene.attacker.access}",
    }
    headers |= dict(header.split(": ", 1) for header in replaced)

    async def play():
        raw = await scene.raw()
        lines = [request, *(f"{name}: {value}" for name, value in headers.items())]
        await raw.send("\r\n".join([*lines, "", ""]).encode())
        return status_of(await raw.head())

    assert scene.run(play()) in statuses


@pytest.mark.parametrize("offered", ["", "portcullis.v2", "graphql-ws", "bearer.x", "\xff\xfe", ", ,,"])
def test_a_protocol_that_we_do_not_speak_is_refused(scene, offered):
    async def play():
        raw = await scene.raw()
        lines = [
            "GET /ws/v1 HTTP/1.1",
            f"Host: {scene.gateway.address}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *([f"Sec-WebSocket-Protocol: {offered}"] if offered else []),
        ]
        await raw.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = await raw.head()
        return status_of(head), await raw.texts_until_close() if status_of(head) == 101 else None

    status, words = scene.run(play())
    if status == 101:
        assert (json.loads(words[0][0])["d"]["code"], words[1]) == ("handshake.invalid", 4500)
    else:
        assert 400 <= status < 500 or (status, scene.servers.server) == (500, "daphne")  # it cannot read such a header


def test_who_connects_and_says_nothing_holds_up_nobody_and_is_sent_away_after_the_upgrade(scene):
    async def play():
        half_open = [await scene.raw() for _ in range(50)]
        for number, raw in enumerate(half_open):
            await raw.send(b"GET /ws/v1 HTTP/1.1\r\nHost: x\r\nUpgr"[: number % 34])
        silent = await scene.raw()
        await silent.upgrade(scene.gateway.address)
        await scene.talk_goes_on()
        return await silent.texts_until_close()

    (text,), code = scene.run(play())
    assert (json.loads(text)["d"]["code"], code) == ("auth.timeout", 4501)


@pytest.mark.parametrize(
    "first", ['{"t":"ping"}', "garbage", '{"t":"auth"}', '{"t":"auth","d":{"token":7}}', "", "\n\n"]
)
def test_a_first_frame_that_is_no_proof_ends_the_socket(scene, first):
    async def play():
        raw = await scene.raw()
        await raw.upgrade(scene.gateway.address)
        await raw.send(frame(TEXT, first.encode()))
        return await raw.texts_until_close()

    (text,), code = scene.run(play())
    assert json.loads(text)["d"]["code"] in ("auth.required", "request.invalid")
    assert code in (4500, 4501)


@GENERATED
@given(data=st.binary(max_size=300))
def test_any_bytes_on_a_new_connection_harm_nobody(scene, data):
    async def play():
        raw = await scene.raw()
        await raw.send(data + b"\r\n\r\n")
        await scene.talk_goes_on()
        await raw.abort()

    scene.run(play())


@GENERATED
@given(
    query=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc", "Zs"]), max_size=60),
    header=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60),
)
def test_an_upgrade_with_any_query_and_header_is_answered(scene, query, header):
    async def play():
        raw = await scene.raw()
        path = f"/ws/v1?{quote(query, safe='=&%+')}"
        lines = [f"Origin: {header}", f"Cookie: {header}", f"X-Forwarded-For: {header}"]
        head = await raw.upgrade(scene.gateway.address, path=path, headers=lines, token="x")
        assert status_of(head) in (101, 400, 403)
        await scene.talk_goes_on()
        await raw.abort()

    scene.run(play())


# REST ---------------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = ["auth/sign-up", "auth/login", "auth/refresh", "communities", "communities/{community}/rooms"]
PATHS += ["communities/{community}/members", "rooms/{room}/messages", "rooms/{room}/read", "rooms/{room}", "me"]


@GENERATED
@given(
    method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()),
    content_type=st.sampled_from(
        ["application/json", "application/json; charset=utf-16", "text/plain", "application/xml"]
    ),
)
def test_any_body_is_answered_with_a_problem(scene, method, path, body, content_type):
    async def play():
        place = scene.place
        where = path.format(community=place.community, room=place.room)
        kept, scene.attacker.access = scene.attacker.access, "" if path.startswith("auth/") else scene.attacker.access
        answer = await scene.attacker.request(method, where, content=body, content_type=content_type)
        scene.attacker.access = kept
        await scene.talk_goes_on()
        return answer

    answer = scene.run(play())
    assert 400 <= answer.status_code < 500 or (answer.status_code, path) == (200, "me")
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'{"body": "\0"}', b"[" * 100_000, b'{"a":' * 50_000, b'"' + b"x" * 1_000_000 + b'"', b"NaN"],
    ids=["broken", "not UTF-8", "NUL", "arrays", "objects", "a megabyte", "NaN"],
)
def test_a_body_that_is_no_json_is_refused(scene, body):
    async def play():
        path = f"rooms/{scene.place.room}/messages"
        return await scene.place.founder.request("POST", path, content=body, content_type="application/json")

    answer = scene.run(play())
    assert answer.status_code == (413 if len(body) > 262_144 else 400)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["\0", "a\0b", "x" * 5000, "\u202e", "💥" * 100])
def test_names_that_cannot_be_are_refused_over_rest(scene, name):
    async def play():
        return await scene.place.founder.request("POST", "communities", json={"name": name, "slug": name})

    answer = scene.run(play())
    assert answer.status_code == 400
    assert answer.json()["code"] == "request.invalid"


@pytest.mark.parametrize(
    "path", ["rooms/{}/messages", "rooms/{}", "messages/{}", "communities/{}", "communities/{}/rooms"]
)
def test_foreign_and_absent_things_get_the_same_answer_over_rest(scene, path):
    async def play():
        place = scene.place
        foreign = {"rooms": place.room, "communities": place.community}.get(path.split("/")[0])
        if foreign is None:
            room = await place.new_room()
            foreign = (await place.write(place.founder, "Ours", room=room))[0]["id"]
        answers = [await scene.attacker.request("GET", path.format(which)) for which in (foreign, uuid4())]
        return [(answer.status_code, answer.json() | {"request_id": "", "instance": ""}) for answer in answers]

    foreign, absent = scene.run(play())
    assert foreign == absent
    assert foreign[0] == 404
