"""A session that has ended has no socket a moment later, on any process, whatever Redis does: the log is never compared here."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.live.people import PASSWORD, Person, sign_up
from tests.servers import ServerGroup, server_group

NEVER = "86400"
pytestmark = pytest.mark.xdist_group("live-session-ends")


@pytest.fixture(scope="module")
def deaf_group(database: str) -> Iterator[ServerGroup]:
    """Run two processes that would take a day to notice by the log what no doorbell told them."""
    with server_group(database, worker=False, GATEWAY_SWEEP_SECONDS=NEVER, REDIS_TIMEOUT="0.5") as group:
        yield group


@pytest.fixture(params=["killed", "hanging"])
def redis_away(deaf_group: ServerGroup, request: pytest.FixtureRequest) -> Iterator[object]:
    """Return a function that takes Redis away: gone, or there and silent. It is back afterwards."""
    child = deaf_group.redis.child

    def take_away() -> None:
        child.kill() if request.param == "killed" else os.kill(child.pid, signal.SIGSTOP)

    yield take_away
    if request.param == "hanging":
        os.kill(child.pid, signal.SIGCONT)
    deaf_group.revive()
    deaf_group.wait_until("livez")


@pytest.fixture
async def phone(deaf_group: ServerGroup) -> AsyncIterator[Person]:
    person = await sign_up(deaf_group, "ann")
    yield person
    await person.leave()


@pytest.fixture
async def laptop(phone: Person) -> AsyncIterator[Person]:
    """The same person on another device."""
    laptop = Person(phone.servers, phone.username, phone.id)
    laptop.adopt(await laptop.call("POST", "auth/login", {"login": phone.username, "password": PASSWORD}, at=1))
    yield laptop
    await laptop.leave()


async def log_out(phone: Person, laptop: Person) -> None:
    await laptop.call("POST", "auth/logout")


async def revoke(phone: Person, laptop: Person) -> None:
    (ended,) = [item["id"] for item in (await phone.call("GET", "me/sessions"))["items"] if not item["current"]]
    await phone.call("DELETE", f"me/sessions/{ended}")


@pytest.mark.parametrize("end", [log_out, revoke])
async def test_an_ended_session_loses_its_sockets_on_every_process_without_doorbell_and_without_sweep(
    phone, laptop, redis_away, end
):
    sockets = [await laptop.connect(0), await laptop.connect(1)]
    kept = await phone.connect(1)
    redis_away()
    await end(phone, laptop)
    for socket in sockets:
        assert await socket.close_code() == 4504
    assert await kept.command("ping") == {}


async def test_a_revoked_key_loses_its_sockets_on_every_process_too(phone, redis_away):
    made = await phone.call("POST", "me/keys", {"name": "live", "scopes": ["profile:read"], "days": 1})
    sockets = [await phone.connect(at, token=made["secret"]) for at in (0, 1)]
    redis_away()
    await phone.call("DELETE", f"me/keys/{made['key']['id']}")
    for socket in sockets:
        assert await socket.close_code() == 4504
