"""Signing up, in, on and out over HTTP, and what becomes of sockets meanwhile; every call may reach another process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.live.people import PASSWORD
from tests.web_sockets import Problem


async def test_who_signed_up_on_one_process_logs_in_on_the_other(new_person):
    ann = await new_person()
    first = await ann.call("GET", "me", at=1)
    signed_in = await ann.call("POST", "auth/login", {"login": ann.username.upper(), "password": PASSWORD}, at=1)
    assert first == signed_in["user"]
    assert first["username"] == ann.username


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD + " "])
async def test_a_wrong_password_is_refused_as_a_problem(new_person, password):
    ann = await new_person()
    answer = await ann.request("POST", "auth/login", json={"login": ann.username, "password": password})
    assert answer.status_code in (400, 401)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == ("auth.invalid_credentials" if password else "request.invalid")


async def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_session_everywhere(new_person):
    ann = await new_person()
    socket = await ann.connect(1)
    stolen = ann.refresh
    for at in (0, 1):  # the second one uses the token that the first one gave, so nobody can have lost its answer
        ann.adopt(await ann.call("POST", "auth/refresh", {"refresh": ann.refresh}, at=at))
    replay = await ann.request("POST", "auth/refresh", json={"refresh": stolen}, at=1)
    assert (replay.status_code, replay.json()["code"]) == (401, "auth.refresh_replayed")
    assert (await ann.request("GET", "me")).status_code == 401
    assert await socket.close_code() == 4504


async def test_who_lost_the_answer_of_a_refresh_gets_it_again_from_any_process(new_person):
    ann = await new_person()
    lost, again = [await ann.call("POST", "auth/refresh", {"refresh": ann.refresh}, at=at) for at in (0, 1)]
    assert again["refresh"] == lost["refresh"]
    ann.adopt(again)
    assert (await ann.request("GET", "me", at=1)).status_code == 200
    assert (await ann.request("POST", "auth/refresh", json={"refresh": ann.refresh})).status_code == 200


async def test_after_logout_no_token_of_the_session_is_good_on_any_process(new_person):
    ann = await new_person()
    await ann.call("POST", "auth/logout")
    for at in (0, 1):
        assert (await ann.request("GET", "me", at=at)).json()["code"] == "auth.session_ended"
        refreshed = await ann.request("POST", "auth/refresh", json={"refresh": ann.refresh}, at=at)
        assert refreshed.status_code == 401
        with pytest.raises(Problem, match="auth"):
            await ann.connect(at)


async def test_a_ticket_from_one_process_opens_one_socket_on_the_other(new_person):
    ann = await new_person()
    ticket = await ann.ticket()
    socket = await ann.connect(1, ticket=ticket)
    assert socket.hello["user"]["id"] == ann.id
    with pytest.raises(Problem) as refused:
        await ann.connect(0, ticket=ticket)
    assert refused.value.code == "auth.ticket_invalid"


@pytest.mark.parametrize("wire", ["json", "msgpack"])
async def test_a_socket_can_be_opened_by_its_first_frame_and_renewed_by_a_later_one(new_person, wire):
    ann = await new_person()
    socket = await ann.connect(auth_frame=ann.access, wire=wire)
    assert socket.hello["user"]["id"] == ann.id
    ann.adopt(await ann.call("POST", "auth/refresh", {"refresh": ann.refresh}, at=1))
    renewed = await socket.command("auth", token=ann.access)
    assert datetime.fromisoformat(renewed["expires_at"]) > datetime.now(UTC) + timedelta(minutes=4)
