"""/livez, /readyz and /version, answered before any other middleware so that a probe needs no host name, session or database."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from project.environment import BASE_DIR, environment

PROBE_TIMEOUT_SECONDS = 2.0
WORKER_HEARTBEAT_KEY = "worker:heartbeat"
WORKER_HEARTBEAT_SECONDS = 30

Probe = Callable[[], None]
logger = structlog.get_logger(__name__)
# More threads than probes: one that hangs must not hide the others.
_threads = ThreadPoolExecutor(max_workers=12, thread_name_prefix="readiness")
_state = {"draining": False, "migrated": False}


class NotReady(Exception):
    """A part answered, but not as it must; the message is one sentence."""


class HealthMiddleware:
    """Answers the three probes; every other request passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe, or pass the request on."""
        probe = _ROUTES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        response = probe()
        response["Cache-Control"] = "no-store"
        return response


def start_draining() -> None:
    """Make /readyz fail from now on; called when the process was asked to stop."""
    _state["draining"] = True


def answer_livez() -> HttpResponse:
    """Say that this process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


def answer_readyz() -> HttpResponse:
    """Say whether this process should get traffic: 200, or 503 with the state of each part."""
    running = {name: _threads.submit(probe) for name, probe in _PROBES.items()}
    parts = {name: _result(name, future) for name, future in running.items()}
    parts["process"] = "draining" if _state["draining"] else "ok"
    ready = set(parts.values()) == {"ok"}
    return JsonResponse({"status": "ok" if ready else "failing", "parts": parts}, status=200 if ready else 503)


def answer_version() -> HttpResponse:
    """Say what runs here."""
    return JsonResponse({"version": version(), "commit": environment.build_commit or None})


@lru_cache(maxsize=1)
def version() -> str:
    """Return the project's version, from pyproject.toml."""
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _result(name: str, future: Future[None]) -> str:
    """Return "ok" or "failing"; the reason goes to the log, and into the answer only outside of production."""
    try:
        future.result(timeout=PROBE_TIMEOUT_SECONDS)
    except FutureTimeoutError:
        reason = f"no answer within {PROBE_TIMEOUT_SECONDS:g} seconds"
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the part is not ready
        reason = str(error).partition("\n")[0] or type(error).__name__
    else:
        return "ok"
    logger.warning("readiness_probe_failed", part=name, reason=reason)
    return "failing" if settings.PRODUCTION else f"failing: {reason}"


def probe_database() -> None:
    """Ask PostgreSQL for an answer, past the pool: a busy process is still a ready one."""
    connection = _own_connection()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def probe_migrations() -> None:
    """Check that every migration is applied; once that is so it stays so for this process."""
    if _state["migrated"]:
        return
    try:
        # Django reads the applied migrations over the thread's own connection, whatever the executor is given.
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise NotReady("migrations are not applied")
    finally:
        connections.close_all()
    _state["migrated"] = True


def probe_redis() -> None:
    """Ask Redis for an answer."""
    with _redis() as client:
        client.ping()


def probe_worker() -> None:
    """Check that a worker wrote its heartbeat lately (the key expires by itself)."""
    with _redis() as client:
        if not client.exists(WORKER_HEARTBEAT_KEY):
            raise NotReady("no worker has reported lately")


def _own_connection() -> BaseDatabaseWrapper:
    connection = connections["default"].copy()
    connection.settings_dict["OPTIONS"].pop("pool", None)
    return connection


def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_TIMEOUT_SECONDS, socket_connect_timeout=PROBE_TIMEOUT_SECONDS
    )


_PROBES: dict[str, Probe] = {
    "database": probe_database,
    "migrations": probe_migrations,
    "redis": probe_redis,
    "worker": probe_worker,
}
_ROUTES: dict[str, Callable[[], HttpResponse]] = {
    "/livez": answer_livez,
    "/readyz": answer_readyz,
    "/version": answer_version,
}
