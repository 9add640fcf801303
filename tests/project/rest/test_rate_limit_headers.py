"""Clients see what is left of every limit that their request used."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from kernel.rate_limits import RateLimit
from tests.factories.accounts import bearer, make_user

pytestmark = [pytest.mark.urls("tests.project.rest.routes"), pytest.mark.django_db]


@pytest.fixture
def small_quotas(settings: Any) -> None:
    settings.RATE_LIMITS = {
        f"rest.{kind}": RateLimit(f"rest.{kind}", quota=quota, seconds=60)
        for kind, quota in {"read": 3, "write": 2, "anonymous": 1}.items()
    }


def test_every_limit_of_a_request_is_shown(small_quotas: None) -> None:
    client = Client(headers=bearer(make_user()))
    response = client.get(f"/api/v1/limited?key={uuid4().hex}")
    assert response["RateLimit-Policy"] == '"rest.read";q=3;w=60, "test.limited";q=2;w=60'
    assert response["RateLimit"] == '"rest.read";r=2;t=20, "test.limited";r=1;t=30'


def test_reads_and_writes_have_quotas_of_their_own(small_quotas: None) -> None:
    client = Client(headers=bearer(make_user()))
    reads = [client.get("/api/v1/long-text?length=1").status_code for _ in range(4)]
    writes = [client.post("/api/v1/echo", {}, content_type="application/json") for _ in range(3)]
    assert reads == [200, 200, 200, 429]
    assert [response.status_code for response in writes] == [200, 200, 429]
    assert writes[-1].json()["limit"] == "rest.write"
    assert 0 < int(writes[-1]["Retry-After"]) <= 30
    assert writes[-1]["RateLimit"] == '"rest.write";r=0;t=60'


def test_anonymous_requests_are_counted_by_address(small_quotas: None) -> None:
    addresses = ["2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:2::1"]
    network = uuid4().hex[:4]
    statuses = [
        Client(REMOTE_ADDR=address.replace("db8", network)).get("/api/v1/long-text?length=1").status_code
        for address in addresses
    ]
    assert statuses == [200, 429, 200]


def test_a_repeated_answer_costs_a_unit_too(small_quotas: None) -> None:
    client = Client(headers=bearer(make_user()) | {"Idempotency-Key": "k"})
    statuses = [
        client.post("/api/v1/rename", {"name": "x"}, content_type="application/json").status_code for _ in range(3)
    ]
    assert statuses == [201, 201, 429]


def test_a_wrong_token_is_counted_by_address(small_quotas: None) -> None:
    client = Client(headers={"Authorization": "Bearer made.up.token"}, REMOTE_ADDR=f"2001:db8:{uuid4().hex[:4]}::1")
    answers = [client.get("/api/v1/long-text?length=1") for _ in range(2)]
    assert [answer.json()["code"] for answer in answers] == ["auth.token_invalid", "rate.limited"]
    assert answers[1]["RateLimit"] == '"rest.anonymous";r=0;t=60'


def test_pages_outside_of_the_api_have_no_such_headers() -> None:
    assert not Client().get("/nothing").has_header("RateLimit")
