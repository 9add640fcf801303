"""/metrics: who may read it, what HTTP and limits count, and that no limit is without a metric."""

from __future__ import annotations

import ast
import gc
import re
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from prometheus_client import REGISTRY

import gateway
from eventlog.consumers import registered_consumers
from kernel.metrics import sample
from kernel.rate_limits import RateLimit
from project.environment import Environment
from project.observability import limits
from project.rate_limits import limiter_from_settings
from tests.factories.communities import Rank, make_community, make_member
from tests.metrics import growth_of

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("accounts", "chat", "communities", "eventlog", "gateway", "kernel", "project")


def scrape(token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = Client().get("/metrics", headers=headers)
    return answer.status_code, answer.content.decode()


def test_outside_of_production_metrics_are_open_until_there_is_a_token(settings):
    status, text = scrape()
    assert status == 200
    assert "# TYPE portcullis_deliveries_total counter" in text
    settings.METRICS_TOKEN = "s3cret"
    assert scrape() == (401, "")
    assert scrape("guess") == (401, "")
    assert scrape("s3cret")[0] == 200


def test_in_production_there_are_no_metrics_without_a_token(settings):
    settings.PRODUCTION = True
    assert scrape() == (404, "")
    assert scrape("guess") == (404, "")
    settings.METRICS_TOKEN = "s3cret"
    assert scrape()[0] == 401
    assert scrape("s3cret")[0] == 200


def test_requests_are_counted_by_route_and_never_by_path(api):
    found = growth_of("portcullis_http_requests_total", route="api/v1/rooms/<uuid:room_id>", method="GET", status="401")
    absent = growth_of("portcullis_http_requests_total", route="none", method="GET", status="404")
    timed = growth_of("portcullis_http_seconds_count", route="api/v1/rooms/<uuid:room_id>")
    for number in range(2):
        api.get(f"/api/v1/rooms/00000000-0000-0000-0000-00000000000{number}")
    api.get("/secret-name")
    assert (found(), timed(), absent()) == (2, 2, 1)
    assert "secret-name" not in scrape()[1]


def test_rate_limits_are_counted_by_name_used_up_and_refused():
    units = growth_of("portcullis_limit_units_total", limit="tests.metrics")
    refused = growth_of("portcullis_limit_hits_total", limit="tests.metrics")
    limiter_from_settings().take_many(RateLimit("tests.metrics", 2, 1), ["a", "a", "a", "b"])
    assert (units(), refused()) == (3, 1)


def test_a_limiter_without_redis_is_counted(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    failures = growth_of("portcullis_limiter_failures_total")
    limiter = limiter_from_settings()
    for _ in range(2):
        assert limiter.take(RateLimit("tests.metrics", 1, 1), "a").allowed
    assert failures() == 1  # for the next second, Redis is not even asked


def test_how_far_consumers_are_behind_is_asked_at_the_scrape(owner_of_events):
    names = {reader.name for reader in registered_consumers()}
    shown = {line for line in scrape()[1].splitlines() if line.startswith("portcullis_consumer_lag{")}
    assert {line.split('"')[1] for line in shown} == names
    assert 'portcullis_consumer_lag{consumer="chat.removed_members"} 1.0' in shown


@pytest.fixture
def owner_of_events():
    """A community with one event."""
    from communities.actions.communities import update_community
    from kernel.ids import CommunityId
    from tests.factories.communities import acting

    owner = make_member(make_community(), rank=Rank.OWNER)
    update_community(acting(owner), community_id=CommunityId(owner.community_id), name="New")


@pytest.fixture
def collector_on_request():
    """Let the garbage collector run only when it is called."""
    gc.disable()
    yield
    gc.enable()


def test_pauses_by_the_garbage_collector_are_counted_later_since_they_happen_inside_of_locks_of_metrics(
    collector_on_request,
):
    sample()
    pauses = growth_of("portcullis_gc_seconds_count", generation="2")
    gc.collect()
    assert pauses() == 0
    sample()
    assert pauses() == 1


# Every limit has a metric --------------------------------------------------------------------------------------------


def test_every_number_of_the_settings_has_a_metric_or_is_no_limit():
    numbers = {name for name, field in Environment.model_fields.items() if isinstance(field.default, int | float)}
    numbers = {name for name in numbers if not isinstance(Environment.model_fields[name].default, bool)}
    assert numbers == {*limits.LIMIT_OF_SETTING, *limits.METRIC_OF_SETTING, *limits.NOT_LIMITS}


def test_every_bound_in_the_gateway_has_a_metric_or_is_none():
    folder = Path(gateway.__path__[0])
    found = {
        f"{module}.{name}"
        for path in folder.rglob("*.py")
        for module in [".".join(path.relative_to(folder).with_suffix("").parts)]
        for name in re.findall(r"^([A-Z_]+) = [0-9]", path.read_text(), flags=re.MULTILINE)
        if name.rpartition("_")[2] in BOUNDS
    }
    assert found == {*limits.LIMIT_OF_CONSTANT, *limits.METRIC_OF_CONSTANT, *limits.NOT_LIMITS_OF_CONSTANTS}


BOUNDS = {"SIZE", "MAX", "EVENTS", "BYTES", "THREADS", "TOPICS", "USERS", "RUNS"}


def test_every_limit_of_the_tables_is_counted_somewhere():
    counted = set(_counted_limits())
    named = {*limits.LIMIT_OF_SETTING.values(), *limits.LIMIT_OF_CONSTANT.values()}
    assert {name for name in named if not name.startswith("pool.")} <= counted
    assert "pool.{}" in counted


def test_every_rate_limit_is_counted_by_the_limiter_or_by_the_socket():
    by_socket = {name for name in django_settings.RATE_LIMITS if name.startswith("socket.")}
    assert by_socket == {"socket.frame", "socket.problem"}
    assert by_socket <= set(_counted_limits())


def test_every_metric_of_the_tables_exists():
    known = {name for family in REGISTRY.collect() for name in (family.name, f"{family.name}_total")}
    assert {*limits.METRIC_OF_SETTING.values(), *limits.METRIC_OF_CONSTANT.values()} <= known


def _counted_limits():
    """Return the names that the code passes to `limit_hit`, with `{}` where a part is computed."""
    for path in chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "limit_hit":
                match node.args[0]:
                    case ast.Constant(value):
                        yield value
                    case ast.JoinedStr(parts):
                        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
