"""A dead connection is told from a living one, without asking the database unless it has spoken."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import psycopg
import pytest

from project.postgresql.base import is_alive


@pytest.fixture
def connection() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def wait_for_word(connection: psycopg.Connection) -> None:
    """Wait until the server has said something without being asked."""
    assert select.select([connection], [], [], 10)[0]


def test_an_idle_connection_is_alive_and_is_not_asked(connection, monkeypatch):
    monkeypatch.setattr(psycopg.Connection, "execute", None)
    assert is_alive(connection)


def test_a_connection_that_the_server_has_ended_is_dead(connection, other):
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
    wait_for_word(connection)
    assert not is_alive(connection)
    assert not is_alive(connection)


def test_a_connection_that_was_told_something_else_is_alive(connection, other):
    connection.execute("LISTEN something")
    other.execute("NOTIFY something")
    wait_for_word(connection)
    assert is_alive(connection)
    assert is_alive(connection)


def test_a_closed_connection_is_dead(connection):
    connection.close()
    assert not is_alive(connection)
