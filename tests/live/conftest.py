"""Two gateway processes and a worker for all tests of a server, uvicorn or daphne, and people who reach them over the network alone."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.databases import copy_of_migrated, prepare
from tests.live.bystanders import Scene
from tests.live.people import Person, Place, found_place, sign_up
from tests.servers import ServerGroup, server_group

LOG_CHARACTERS = 6_000
BEFORE_SECONDS = 60.0
"""A process may fail in a test because of what an earlier one did to it."""
logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the address of a prepared database that only the servers of these tests use."""
    with django_db_blocker.unblock(), copy_of_migrated(f"portcullis_live_{os.getpid()}") as name:
        prepare(name)
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session", params=["uvicorn", "daphne"])
def server_name(request: pytest.FixtureRequest) -> str:
    """Return the server under test."""
    return request.param


@pytest.fixture(scope="session")
def running_group(database: str, server_name: str) -> Iterator[ServerGroup]:
    """Run the group; short waits where a test would only wait for them to pass."""
    with server_group(
        database,
        server=server_name,
        GATEWAY_SWEEP_SECONDS="1",
        GATEWAY_DRAIN_SECONDS="1",
        SOCKET_AUTH_SECONDS="3",
        PRESENCE_LEASE_SECONDS="3",
        PRESENCE_OFFLINE_SECONDS="4",
        DATABASE_POOL_TIMEOUT="5",
        REDIS_TIMEOUT="0.5",
    ) as group:
        yield group


@pytest.fixture
def servers(running_group: ServerGroup, request: pytest.FixtureRequest) -> ServerGroup:
    """Return the group with everything in it alive; its logs are shown when the test fails."""
    if running_group.revive():
        running_group.wait_until("livez")
    running_group.mark_logs()
    request.node.stash[GROUP] = running_group
    return running_group


GROUP = pytest.StashKey[ServerGroup]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add what the servers logged during a failed test to its report."""
    report: Any = yield
    group = item.stash.get(GROUP, None)
    if report.when == "call" and report.failed and group is not None:
        before, during = group.earlier_logs(BEFORE_SECONDS), group.new_logs()
        report.sections += [(f"what {name} logged before", _unusual(log)) for name, log in before.items()]
        report.sections += [(f"log of {name}", log[-LOG_CHARACTERS:]) for name, log in during.items()]
    return report


def _unusual(log: str) -> str:
    """Return the end of a log without what is always there."""
    usual = (" request_finished ", " socket.opened ", " socket.closed ")
    lines = [line for line in log.splitlines() if not any(event in line for event in usual)]
    return "\n".join(lines)[-LOG_CHARACTERS:]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share servers on one worker of xdist (`--dist loadgroup`): each worker would start servers of its own.

    A module with servers of its own shares them with no other module, so it is a group by itself.
    """
    for item in items:
        server = getattr(item, "callspec", None) and item.callspec.params.get("server_name")
        if isinstance(item, pytest.Function) and server:
            shared = "" if "running_group" in item.fixturenames else f"-{item.path.stem}"
            item.add_marker(pytest.mark.xdist_group(f"live-{server}{shared}"))


SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture
async def leaving() -> AsyncIterator[AsyncExitStack]:
    """Return what is closed at the end of the test, newest first."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def new_person(servers: ServerGroup, leaving: AsyncExitStack) -> SignUp:
    """Return a function that signs somebody up."""

    async def sign_up_as(name: str = "ann") -> Person:
        person = await sign_up(servers, name)
        leaving.push_async_callback(person.leave)
        return person

    return sign_up_as


@pytest.fixture
async def place(new_person: SignUp) -> Place:
    """Return a community with a room, of its founder Ann and its member Ben."""
    founder = await new_person("ann")
    place = await found_place(founder)
    await place.admit(await new_person("ben"))
    return place


@pytest.fixture(scope="module")
def scenes(running_group: ServerGroup) -> Iterator[list[Scene]]:
    """Return the scene of this module, if there is one; a test that harms it must not harm the next."""
    scenes: list[Scene] = []
    yield scenes
    for scene in scenes:
        scene.close()


@pytest.fixture
def scene(servers: ServerGroup, scenes: list[Scene]) -> Iterator[Scene]:
    """Return two people who talk, whatever is done to the process that they are on; afterwards they must still."""
    if not scenes:
        scenes.append(Scene(servers))
    try:
        yield scenes[0]
        scenes[0].run(scenes[0].talk_goes_on())
        scenes[0].run(scenes[0].clear_away())
    except BaseException:
        scenes.pop().close()
        raise
