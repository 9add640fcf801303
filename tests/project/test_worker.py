"""The worker as a process: it starts, beats, handles what the log holds, and stops when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from accounts.models import User
from chat.constants import RoomMemberState
from chat.models import Room, RoomMember
from communities.actions.memberships import remove_member
from eventlog.models import Cursor
from kernel.ids import CommunityId, UserId
from project.health import WORKER_HEARTBEAT_KEY
from tests.factories.accounts import actor_for, make_user
from tests.factories.chat import make_room
from tests.factories.communities import make_community, make_member


@pytest.fixture
def worker(transactional_db) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker on the test's own database."""
    path = f"/{connection.settings_dict['NAME']}"
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=path).geturl()
    Redis.from_url(settings.REDIS_URL).delete(WORKER_HEARTBEAT_KEY)
    process = subprocess.Popen([sys.executable, "manage.py", "run_worker"], env=os.environ | {"DATABASE_URL": address})
    yield process
    process.kill()
    process.wait()


def state_of(room: Room, user: User) -> str:
    return RoomMember.objects.get(room=room, user=user).state


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_worker_beats_and_ends_cleanly_when_asked(worker):
    redis = Redis.from_url(settings.REDIS_URL)
    assert eventually(lambda: redis.exists(WORKER_HEARTBEAT_KEY))
    assert 0 < redis.ttl(WORKER_HEARTBEAT_KEY) <= 30
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0


def test_a_worker_handles_what_was_committed_before_and_while_it_runs(worker):
    owner, member = make_user(), make_user()
    community = make_community(owner=owner)
    make_member(community, member)
    room = make_room(community, owner, member, private=True)
    remove_member(actor_for(owner), community_id=CommunityId(community.id), user_id=UserId(member.id))
    assert eventually(lambda: state_of(room, member) == RoomMemberState.REMOVED)
    assert state_of(room, owner) == RoomMemberState.MEMBER
    assert eventually(lambda: Cursor.objects.filter(topic=f"community:{community.id}").exists())
