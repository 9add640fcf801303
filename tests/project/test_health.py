"""The probes: alive, ready (and why not), and which version."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client

from project import health

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_state", {"draining": False, "migrated": False})


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(health, "WORKER_HEARTBEAT_KEY", "worker:heartbeat:test")
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.set(health.WORKER_HEARTBEAT_KEY, 1, ex=30)
    yield
    client.delete(health.WORKER_HEARTBEAT_KEY)


def readyz() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz", headers={"Host": "10.0.0.7"})
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["status"] == ("ok" if response.status_code == 200 else "failing")
    return response.status_code, body["parts"]


def test_a_process_with_all_its_parts_is_ready(worker: None) -> None:
    parts = {"database": "ok", "migrations": "ok", "redis": "ok", "worker": "ok", "process": "ok"}
    assert readyz() == (200, parts)


def test_without_a_worker_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WORKER_HEARTBEAT_KEY", "worker:heartbeat:nobody")
    status, parts = readyz()
    assert (status, parts["worker"]) == (503, "failing: no worker has reported lately")
    assert parts["database"] == parts["redis"] == "ok"


def test_without_redis_it_is_not_ready(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, parts = readyz()
    assert status == 503
    assert parts["redis"].startswith("failing: Error 111")
    assert parts["database"] == "ok"


def test_without_its_migrations_it_is_not_ready(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one"])
    status, parts = readyz()
    assert (status, parts["migrations"]) == (503, "failing: migrations are not applied")


def test_a_part_that_does_not_answer_is_given_up(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(health, "PROBE_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setitem(health._PROBES, "database", lambda: answered.wait(60) and None)
    status, parts = readyz()
    assert (status, parts["database"]) == (503, "failing: no answer within 0.1 seconds")
    assert not answered.is_set()
    answered.set()


def test_production_tells_no_reasons(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.PRODUCTION = True
    assert readyz()[1]["redis"] == "failing"


def test_a_draining_process_is_not_ready_but_alive(worker: None) -> None:
    health.start_draining()
    status, parts = readyz()
    assert (status, parts["process"]) == (503, "draining")
    assert Client().get("/livez").json() == {"status": "ok"}


def test_the_version_is_that_of_the_project() -> None:
    assert Client().get("/version").json() == {"version": health.version(), "commit": None}
