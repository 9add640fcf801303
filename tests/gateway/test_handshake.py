"""Opening a socket: versions, proofs of identity, origins, and what the greeting says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.actions.sessions import revoke_session
from accounts.actions.tickets import issue_ticket
from accounts.authentication import AuthenticatedSession, unchecked_actor_of_access_token
from gateway.frames import FEATURE_LEVEL
from gateway.handshake import Handshake, origin_allowed, read_handshake
from kernel.clock import now
from project.asgi import application
from tests.factories.accounts import actor_with_session, make_user, sign_in
from tests.factories.communities import make_community

JSON = ("portcullis.v1",)


@sync_to_async
def new_user(**options):
    return make_user(**options)


@sync_to_async
def new_ticket(user) -> str:
    return issue_ticket(actor_with_session(user)).ticket


@sync_to_async
def new_ticket_of(actor) -> str:
    return issue_ticket(actor).ticket


@sync_to_async
def new_tokens(user):
    return sign_in(user)


async def test_a_ticket_opens_a_socket_and_the_greeting_names_the_user_the_limits_and_the_communities(open_socket):
    user = await new_user(display_name="Ann")
    community = await sync_to_async(make_community)(owner=user, name="Lighthouse")
    client = await open_socket(f"/ws/v1?ticket={await new_ticket(user)}")
    hello = await client.frame()
    assert client.accepted["subprotocol"] == "portcullis.v1"
    assert hello["t"] == "hello"
    assert hello["d"]["user"]["id"] == str(user.id)
    assert hello["d"]["user"]["display_name"] == "Ann"
    assert [entry["id"] for entry in hello["d"]["communities"]] == [str(community.id)]
    assert hello["d"]["feature_level"] == FEATURE_LEVEL
    assert hello["d"]["heartbeat_interval"] == 30
    assert hello["d"]["limits"] == {
        "frame_bytes": 16384,
        "frames": 120,
        "frames_seconds": 60,
        "topics": 1000,
        "message_characters": 4000,
        "presence_window": 100,
    }


async def test_a_ticket_opens_one_socket_only(open_socket):
    ticket = await new_ticket(await new_user())
    first = await open_socket(f"/ws/v1?ticket={ticket}")
    assert (await first.frame())["t"] == "hello"
    second = await open_socket(f"/ws/v1?ticket={ticket}")
    refusal = await second.frame()
    assert (refusal["t"], refusal["d"]["code"]) == ("problem", "auth.ticket_invalid")
    assert await second.close_code() == 4501


async def test_an_access_token_opens_a_socket_as_a_subprotocol_entry(open_socket):
    tokens = await new_tokens(await new_user())
    client = await open_socket(subprotocols=("portcullis.v1", f"bearer.{tokens.access}"))
    assert client.accepted["subprotocol"] == "portcullis.v1"
    assert (await client.frame())["t"] == "hello"


async def test_an_access_token_opens_a_socket_in_the_first_frame(open_socket):
    tokens = await new_tokens(await new_user())
    client = await open_socket()
    answer = await client.command("auth", token=tokens.access)
    hello = await client.frame()
    assert (answer["t"], hello["t"]) == ("ok", "hello")
    assert answer["d"]["expires_at"] == hello["d"]["expires_at"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 4096])
async def test_a_token_that_is_none_is_refused_and_the_socket_closed(open_socket, token):
    client = await open_socket()
    await client.send(f'{{"t":"auth","d":{{"token":"{token}"}}}}')
    answer = await client.frame()
    assert (answer["t"], answer["d"]["code"]) == ("problem", "auth.token_invalid")
    assert await client.close_code() == 4501


async def test_a_refresh_token_is_not_an_access_token(open_socket):
    tokens = await new_tokens(await new_user())
    client = await open_socket(subprotocols=("portcullis.v1", f"bearer.{tokens.refresh}"))
    assert (await client.frame())["d"]["code"] == "auth.token_invalid"
    assert await client.close_code() == 4501


async def test_the_first_frame_must_be_auth(open_socket):
    client = await open_socket()
    await client.send('{"t":"ping"}')
    assert (await client.frame())["d"]["code"] == "auth.required"
    assert await client.close_code() == 4501


async def test_a_socket_that_says_nothing_is_closed_after_the_time_for_auth(open_socket, settings):
    settings.SOCKET_AUTH_SECONDS = 0.1
    client = await open_socket()
    assert (await client.frame())["d"]["code"] == "auth.timeout"
    assert await client.close_code() == 4501


async def test_a_token_in_the_address_is_refused_even_when_it_is_good(open_socket):
    tokens = await new_tokens(await new_user())
    client = await open_socket(f"/ws/v1?token={tokens.access}")
    refusal = await client.frame()
    assert refusal["d"]["code"] == "handshake.invalid"
    assert refusal["d"]["message"].startswith("Never put a token into the address.")
    assert await client.close_code() == 4500


async def test_a_client_of_another_protocol_version_is_told_which_ones_there_are(open_socket):
    client = await open_socket(f"/ws/v1?ticket={await new_ticket(await new_user())}", subprotocols=("portcullis.v9",))
    assert (await client.frame())["d"]["message"] == "Offer the subprotocol portcullis.v1 or portcullis.v1.msgpack."
    assert await client.close_code() == 4500


async def test_a_session_that_has_ended_opens_no_socket(open_socket):
    user = await new_user()
    actor = await sync_to_async(actor_with_session)(user)
    ticket = (await sync_to_async(issue_ticket)(actor)).ticket
    await sync_to_async(revoke_session)(actor, session_id=actor.session_id)
    client = await open_socket(f"/ws/v1?ticket={ticket}")
    assert (await client.frame())["t"] == "problem"
    assert await client.close_code() == 4501


async def test_logging_out_closes_the_sockets_of_that_session_and_no_other(open_socket):
    user = await new_user()
    leaving, staying = [await sync_to_async(actor_with_session)(user) for _ in range(2)]
    tickets = [(await sync_to_async(issue_ticket)(actor)).ticket for actor in (leaving, staying)]
    left, stayed = [await open_socket(f"/ws/v1?ticket={ticket}") for ticket in tickets]
    assert (await left.frame())["t"] == (await stayed.frame())["t"] == "hello"
    await sync_to_async(revoke_session)(leaving, session_id=leaving.session_id)
    assert await left.close_code() == 4504
    assert (await stayed.command("ping"))["t"] == "ok"


def lasting(seconds: float):
    def authenticate(token: str):
        session = unchecked_actor_of_access_token(token)
        return AuthenticatedSession(session.actor, now() + timedelta(seconds=seconds))

    return authenticate


async def test_a_socket_is_closed_when_its_proof_expires_without_a_fresh_one(open_socket, gateway, monkeypatch):
    monkeypatch.setattr("gateway.signing_in.unchecked_actor_of_access_token", lasting(3_600))
    tokens = await new_tokens(await new_user())
    client = await open_socket()
    await client.command("auth", token=tokens.access)
    assert (await client.frame())["t"] == "hello"
    (connection,) = gateway.connections
    assert 3_500 < connection.expires - gateway.now() <= 3_600
    connection.expires = gateway.now()
    assert (await client.frame())["d"]["code"] == "auth.token_expired"
    assert await client.close_code() == 4501


async def test_a_fresh_proof_lets_the_socket_live_on(open_socket, gateway, monkeypatch):
    tokens = await new_tokens(await new_user())
    client = await open_socket()
    monkeypatch.setattr("gateway.signing_in.unchecked_actor_of_access_token", lasting(600))
    await client.command("auth", token=tokens.access)
    monkeypatch.setattr("gateway.dispatch.actor_of_access_token", lasting(3_600))
    assert (await client.frame())["t"] == "hello"
    (connection,) = gateway.connections
    assert connection.expires - gateway.now() <= 600
    assert (await client.command("auth", token=tokens.access))["t"] == "ok"
    assert 3_500 < connection.expires - gateway.now() <= 3_600
    assert (await client.command("ping"))["t"] == "ok"


async def test_a_ticket_lets_the_socket_of_a_browser_live_on_once(open_socket, monkeypatch):
    actor = await sync_to_async(actor_with_session)(await new_user())
    client = await open_socket(f"/ws/v1?ticket={await new_ticket_of(actor)}")
    hello = await client.frame()
    ticket = await new_ticket_of(actor)
    answer = await client.command("auth", ticket=ticket)
    assert answer["t"] == "ok"
    assert answer["d"]["expires_at"] > hello["d"]["expires_at"]
    again = await client.command("auth", ticket=ticket)
    assert (again["t"], again["d"]["code"]) == ("problem", "auth.ticket_invalid")
    assert (await client.command("ping"))["t"] == "ok"


async def test_a_ticket_of_another_session_does_not_prolong_a_socket(connect):
    user = await new_user()
    client = await connect(user)
    answer = await client.command("auth", ticket=await new_ticket(user))
    assert (answer["t"], answer["d"]["code"]) == ("problem", "auth.other_session")


async def test_a_ticket_opens_a_socket_in_the_first_frame(open_socket):
    client = await open_socket()
    assert (await client.command("auth", ticket=await new_ticket(await new_user())))["t"] == "ok"
    assert (await client.frame())["t"] == "hello"


@pytest.mark.parametrize("proofs", [{}, {"token": "x", "ticket": "x"}], ids=["none", "two"])
async def test_a_proof_is_a_token_or_a_ticket(connect, proofs):
    client = await connect(await new_user())
    answer = await client.command("auth", **proofs)
    assert (answer["d"]["code"], answer["d"]["message"]) == ("request.invalid", "Send a token or a ticket.")


async def test_a_socket_cannot_be_handed_to_another_user(connect):
    client = await connect(await new_user())
    other = await new_tokens(await new_user())
    answer = await client.command("auth", token=other.access)
    assert (answer["t"], answer["d"]["code"]) == ("problem", "auth.other_session")
    assert (await client.command("ping"))["t"] == "ok"


async def test_a_page_of_another_origin_is_closed_before_it_is_accepted(gateway):
    headers = [(b"origin", b"https://evil.example"), (b"host", b"chat.example")]
    communicator = WebsocketCommunicator(application, "/ws/v1", headers=headers, subprotocols=JSON)
    connected, _ = await communicator.connect()
    assert connected is False


async def test_a_path_that_is_no_socket_is_closed_before_it_is_accepted(gateway):
    communicator = WebsocketCommunicator(application, "/ws/v9", subprotocols=JSON)
    connected, _ = await communicator.connect()
    assert connected is False


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, b"chat.example", True),
        (b"https://chat.example", b"chat.example", True),
        (b"http://localhost:8000", b"localhost:8000", True),
        (b"https://app.example", b"chat.example", True),
        (b"https://app.example.evil", b"chat.example", False),
        (b"https://chat.example.evil", b"chat.example", False),
        (b"null", b"chat.example", False),
        (b"http://localhost:8001", b"localhost:8000", False),
    ],
)
def test_only_pages_of_the_same_host_or_a_trusted_origin_may_connect(settings, origin, host, allowed):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    headers = [(b"host", host)] + ([(b"origin", origin)] if origin is not None else [])
    assert origin_allowed({"headers": headers}) is allowed


def test_messagepack_is_chosen_when_it_is_offered():
    scope = {"subprotocols": ["portcullis.v1", "portcullis.v1.msgpack", "bearer.abc"], "query_string": b"ticket=t"}
    assert read_handshake(scope) == Handshake(subprotocol="portcullis.v1.msgpack", ticket="t", token="abc")
