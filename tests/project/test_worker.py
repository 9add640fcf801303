"""The worker as a process: it starts, beats, handles what the log holds, outlives its database's absence, and stops when told to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from redis import Redis

from accounts.actions.mail import send_mail
from accounts.actions.sms import send_code_by_sms
from accounts.models import Delivery, User
from chat.constants import RoomMemberState
from chat.models import Room, RoomMember
from communities.actions.memberships import remove_member
from eventlog.models import Cursor
from eventlog.tasks import keep_partitions
from kernel.ids import CommunityId, UserId
from project.embedded.processes import Child, Program
from project.health import WORKER_HEARTBEAT_KEY
from project.outbox.store import newest
from project.supervisor.programs import ROOT
from tests.factories.accounts import actor_for, make_user
from tests.factories.chat import make_room
from tests.factories.communities import make_community, make_member
from tests.forks import Starter, quickest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("worker")]  # one process that forks


class Worker:
    """A worker process on the test's own database, and what it says."""

    def __init__(self, starter: Starter, environment: Mapping[str, str], log: Path) -> None:
        command = [sys.executable, "manage.py", "run_worker"]
        self.child = starter(Program("worker", command, log, environment, ROOT, stop_seconds=60.0))
        self.child.start()
        self._log = log

    def says(self, words: str) -> bool:
        return words in self._log.read_text()

    def ends_when_asked(self) -> int | None:
        """Ask it to end, and return its exit code."""
        self.child.ask_to_stop()
        self.child.wait()
        return self.child.exit_code


@pytest.fixture(scope="module")
def environment(django_db_setup) -> dict[str, str]:
    """Return the environment of all workers: they use the test's own database."""
    path = f"/{connection.settings_dict['NAME']}"
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=path).geturl()
    return os.environ | {"DATABASE_URL": address, "DATABASE_POOL_TIMEOUT": "1"}


@pytest.fixture(scope="module")
def forks(environment, tmp_path_factory) -> Iterator[Starter]:
    """Return what starts workers quickly."""
    with quickest(environment, tmp_path_factory.mktemp("forks") / "fork-server.log") as starter:
        yield starter


class Door:
    """Lets connections into the test's own database, or throws out everybody but the test and lets nobody in."""

    def __init__(self) -> None:
        self._name = connection.settings_dict["NAME"]

    def close(self) -> None:
        connection.ensure_connection()
        self._change("false")
        self.end_connections()

    def end_connections(self) -> None:
        """End all but our own; one that was being made while the door was closed shows only later."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [self._name],
            )

    def open(self) -> None:
        self._change("true")

    def _change(self, allowed: str) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as elsewhere:
            elsewhere.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS {allowed}')


@pytest.fixture
def door(transactional_db) -> Iterator[Door]:
    """Return the door of the database, which is open at the end."""
    door = Door()
    yield door
    door.open()


@pytest.fixture
def start_worker(transactional_db, environment, forks, tmp_path) -> Iterator[Callable[..., Worker]]:
    """Return a function that starts a worker."""
    started: list[Worker] = []

    def start(starter: Starter = forks) -> Worker:
        Redis.from_url(settings.REDIS_URL).delete(WORKER_HEARTBEAT_KEY)
        started.append(Worker(starter, environment, tmp_path / "worker.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.child.kill()


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Return a client of the Redis that the worker beats in."""
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


def state_of(room: Room, user: User) -> str:
    return RoomMember.objects.get(room=room, user=user).state


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def lose_a_member() -> tuple[Room, User]:
    """Remove a member from a community; return a private room of theirs, in which they are until the worker has heard of it."""
    owner, member = make_user(), make_user()
    community = make_community(owner=owner)
    make_member(community, member)
    room = make_room(community, owner, member, private=True)
    remove_member(actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id))
    return room, member


def a_job_is_done() -> bool:
    job_id = keep_partitions.defer(timestamp=0)
    return eventually(lambda: ProcrastinateJob.objects.get(pk=job_id).status == "succeeded")


def test_a_worker_beats_and_ends_cleanly_when_asked(start_worker, redis):
    """This one is started by its command line, as in production."""
    worker = start_worker(Child)
    assert eventually(lambda: redis.exists(WORKER_HEARTBEAT_KEY))
    assert 0 < redis.ttl(WORKER_HEARTBEAT_KEY) <= 30
    assert worker.ends_when_asked() == 0


def test_a_worker_handles_what_was_committed_before_and_while_it_runs(start_worker):
    start_worker()
    room, member = lose_a_member()
    assert eventually(lambda: state_of(room, member) == RoomMemberState.REMOVED)
    owner = RoomMember.objects.exclude(user=member).get(room=room)
    assert owner.state == RoomMemberState.MEMBER
    assert eventually(lambda: Cursor.objects.filter(topic=f"community:{room.community_id}").exists())


def test_a_worker_sends_what_was_committed_and_forgets_it(start_worker, redis, unspent):
    redis.delete("dev:outbox")
    code = "WXYZ-1234"
    send_mail(to="ada@example.org", subject="Hello", text=f"Your code is {code}")
    send_code_by_sms(to="+447700900123", code="246810", network="192.0.2.1")
    worker = start_worker()
    assert eventually(lambda: len(newest()) == 2)
    assert {(message.to, message.code) for message in newest()} == {
        ("ada@example.org", code),
        ("+447700900123", "246810"),
    }
    assert eventually(lambda: not Delivery.objects.exists())
    assert not worker.says(code)
    assert not worker.says("246810")


def test_a_worker_that_is_not_let_into_the_database_at_its_start_waits_for_it(door, start_worker, redis):
    door.close()
    worker = start_worker()
    assert eventually(lambda: worker.says("worker.part_failed"))
    assert not redis.exists(WORKER_HEARTBEAT_KEY)
    door.open()
    assert eventually(lambda: redis.exists(WORKER_HEARTBEAT_KEY))
    assert worker.child.exit_code is None


def test_a_worker_that_waits_for_the_database_ends_cleanly_when_asked(door, start_worker):
    door.close()
    worker = start_worker()
    assert eventually(lambda: worker.says("worker.part_failed"))
    assert worker.ends_when_asked() == 0


def test_a_worker_whose_database_goes_away_does_its_jobs_and_reads_the_log_when_it_is_back(door, start_worker):
    worker = start_worker(Child)
    assert a_job_is_done()
    door.close()
    assert eventually(lambda: door.end_connections() or worker.says("Side task listener failed"))
    assert eventually(lambda: worker.says("couldn't get a connection after 5.00 sec"))
    door.open()
    room, member = lose_a_member()
    assert eventually(lambda: state_of(room, member) == RoomMemberState.REMOVED)
    assert a_job_is_done()
    assert worker.child.exit_code is None
