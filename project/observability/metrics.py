"""/metrics for Prometheus, and what HTTP, rate limits, PostgreSQL's pool and the garbage collector count. Metrics of apps are in the apps.

Processes of one machine share a folder (`PROMETHEUS_MULTIPROC_DIR`, set by the supervisor), so that a scrape of any of them shows all.
"""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from secrets import compare_digest
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from eventlog.consumers import backlogs
from kernel.metrics import register_sampler

PATH = "/metrics"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PAUSES_NOTED = 10_000
"""Of the garbage collector, between two looks a few seconds apart; a process that looks at none keeps no more than these."""

HTTP_REQUESTS = Counter("portcullis_http_requests", "Answered requests.", ["route", "method", "status"])
HTTP_SECONDS = Histogram("portcullis_http_seconds", "Time to answer a request.", ["route"])
LIMIT_UNITS = Counter("portcullis_limit_units", "Units of rate limits that were used up.", ["limit"])
LIMITER_FAILURES = Counter("portcullis_limiter_failures", "Times that Redis was away for rate limits and lock-outs.")
DATABASE_POOL = Gauge(
    "portcullis_database_pool", "PostgreSQL connections, by state.", ["state"], multiprocess_mode="livesum"
)
DATABASE_POOL_ERRORS = Gauge(
    "portcullis_database_pool_errors", "Calls that got no connection in time.", multiprocess_mode="sum"
)
GC_SECONDS = Histogram(
    "portcullis_gc_seconds",
    "Pauses by the garbage collector.",
    ["generation"],
    buckets=(0.001, 0.01, 0.05, 0.1, 0.5, 2.0),
)

logger = structlog.get_logger(__name__)


class MetricsMiddleware:
    """Answers /metrics before any other middleware, and counts every other request when it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a scrape, or pass the request on and count it."""
        if request.path_info == PATH:
            return answer_scrape(request)
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        HTTP_REQUESTS.labels(route, _method_of(request), response.status_code).inc()
        HTTP_SECONDS.labels(route).observe(time.perf_counter() - started)
        return response


def answer_scrape(request: HttpRequest) -> HttpResponse:
    """Answer a request for the metrics."""
    return answer_to(request.headers.get("Authorization", ""))


def answer_to(given: str) -> HttpResponse:
    """Show all metrics to whoever gave the token; without a token, to everybody outside of production and to nobody in it."""
    token = settings.METRICS_TOKEN
    if not token and settings.PRODUCTION:
        return HttpResponse(status=404)
    if token and not compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def exposition() -> bytes:
    """Return the metrics of all processes that share a folder with this one, or of this one alone."""
    registry = REGISTRY
    if FOLDER_VARIABLE in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry) + generate_latest(_of_the_database())


def _of_the_database() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ConsumerBacklogs())
    return registry


class ConsumerBacklogs:
    """How far each consumer is behind, asked at the scrape: true even when no worker runs. Left out while PostgreSQL is away."""

    def collect(self) -> Iterator[Metric]:
        """Yield the two gauges."""
        lag = GaugeMetricFamily(
            "portcullis_consumer_lag", "Events that a consumer has not handled.", labels=["consumer"]
        )
        failing = GaugeMetricFamily(
            "portcullis_consumer_failing", "Topics that a consumer fails at.", labels=["consumer"]
        )
        try:
            for backlog in backlogs():
                lag.add_metric([backlog.consumer], backlog.events)
                failing.add_metric([backlog.consumer], backlog.failing)
        except DatabaseError as error:
            logger.warning("metrics.database_away", error=type(error).__name__)
        yield lag
        yield failing


def watch_garbage_collector() -> None:
    """Measure every pause from now on; called once per process."""
    pauses = _CollectorPauses()
    gc.callbacks.append(pauses)
    register_sampler(pauses.count)


class _CollectorPauses:
    """Pauses that are noted as they happen and counted later.

    The collector may run in whoever holds the lock of a metric, and to count would then be to wait for oneself for ever. It never
    runs inside of itself, so one start suffices.
    """

    def __init__(self) -> None:
        self._started = 0.0
        self._noted: deque[tuple[int, float]] = deque(maxlen=PAUSES_NOTED)

    def __call__(self, phase: str, details: dict[str, Any]) -> None:
        if phase == "start":
            self._started = time.perf_counter()
        else:
            self._noted.append((details["generation"], time.perf_counter() - self._started))

    def count(self) -> None:
        """Count what was noted since the last time."""
        while self._noted:
            generation, seconds = self._noted.popleft()
            GC_SECONDS.labels(generation).observe(seconds)


def sample_database_pool() -> None:
    """Look at the pool of PostgreSQL connections; tests have none."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    found = pool.get_stats()
    DATABASE_POOL.labels("open").set(found.get("pool_size", 0))
    DATABASE_POOL.labels("idle").set(found.get("pool_available", 0))
    DATABASE_POOL.labels("waited_for").set(found.get("requests_waiting", 0))
    DATABASE_POOL_ERRORS.set(found.get("requests_errors", 0))


def _method_of(request: HttpRequest) -> str:
    """Return the method; whatever a client invents is one."""
    return request.method if request.method in _METHODS else "other"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
