"""The worker's own address for scrapes: the same answer, and the same token, as at a gateway."""

from __future__ import annotations

import socket
from http.client import HTTPConnection

import pytest

from project.observability.worker_address import metrics_served

pytestmark = pytest.mark.django_db(transaction=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def get(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_scrape_of_the_worker_shows_its_metrics_and_nothing_else_is_there():
    port = free_port()
    with metrics_served(port):
        status, text = get(port)
        assert (status, get(port, "/")[0], get(port, "/metrics/")[0]) == (200, 404, 404)
    assert 'portcullis_consumer_lag{consumer="chat.removed_members"}' in text
    with pytest.raises(ConnectionRefusedError):
        get(port)


def test_a_scrape_of_the_worker_needs_the_token(settings):
    settings.METRICS_TOKEN = "s3cret"
    port = free_port()
    with metrics_served(port):
        assert get(port)[0] == 401
        assert get(port, Authorization="Bearer wrong")[0] == 401
        assert get(port, Authorization="Bearer s3cret")[0] == 200


def test_without_a_token_the_worker_shows_nothing_in_production(settings):
    settings.PRODUCTION = True
    port = free_port()
    with metrics_served(port):
        assert get(port) == (404, "")


def test_without_a_port_nothing_listens():
    with metrics_served(0):
        pass
