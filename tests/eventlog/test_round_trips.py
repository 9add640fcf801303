"""Statements that are sent together: one round trip, whatever the size; a broken connection is told apart from a failed statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from eventlog.round_trips import RoundTrip


@pytest.fixture
def driver(db) -> Iterator[psycopg.Connection[Any]]:
    """Another connection to the test's database, with a transaction of its own."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters) as driver:
        yield driver


def asked(driver: psycopg.Connection[Any], statement: str, *parameters: bytes) -> list[tuple[Any, ...]]:
    return RoundTrip(driver).add(statement, parameters).fetchall()


def test_the_first_read_takes_all_answers_and_the_next_statements_go_with_the_next_trip(driver):
    trip = RoundTrip(driver)
    first, second = trip.add("SELECT 1", []), trip.add("SELECT 2", [])
    assert (second.fetchall(), first.rows) == ([(2,)], [(1,)])
    third = trip.add("SELECT 3", [])
    assert third.rows == []
    assert third.fetchall() == [(3,)]


def test_a_trip_begins_the_transaction_that_the_driver_ends(driver):
    trip = RoundTrip(driver)
    trip.add("CREATE TEMPORARY TABLE noted (text text)", [])
    trip.add("INSERT INTO noted VALUES ($1)", [b"a"])
    trip.make()
    driver.rollback()
    assert asked(driver, "SELECT to_regclass('noted')") == [(None,)]


def test_more_than_both_ends_can_buffer_goes_through(driver):
    """Answers are taken while questions are still being sent: else client and server would wait for each other."""
    large = b"x" * 1_000_000
    trip = RoundTrip(driver)
    answers = [trip.add("SELECT $1::text", [large]) for _ in range(20)]
    trip.make()
    assert all(answer.rows == [(large.decode(),)] for answer in answers)


def test_after_a_failure_the_connection_can_be_used_and_its_prepared_statements_are_known(driver):
    trip = RoundTrip(driver)
    trip.add("SELECT 10 / $1::bigint", [b"5"])
    trip.add("SELECT 20 / $1::bigint", [b"0"])
    trip.add("SELECT 30 / $1::bigint", [b"5"])
    with pytest.raises(psycopg.errors.DivisionByZero):
        trip.make()
    driver.rollback()
    assert [asked(driver, f"SELECT {number} / $1::bigint", b"5") for number in (10, 20, 30)] == [[(2,)], [(4,)], [(6,)]]


def test_checks_come_after_the_answers_and_not_after_a_failure(driver):
    checked = []
    trip = RoundTrip(driver)
    answer = trip.add("SELECT 1", [])
    trip.checks.append(lambda: checked.append(list(answer.rows)))
    trip.make()
    trip.add("SELECT 1 / 0", [])
    trip.checks.append(lambda: checked.append("never"))
    with pytest.raises(psycopg.errors.DivisionByZero):
        trip.make()
    assert checked == [[(1,)]]


def test_a_connection_that_breaks_on_the_way_is_an_operational_error_and_closed(driver):
    (pid,) = asked(driver, "SELECT pg_backend_pid()")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(psycopg.OperationalError):
        asked(driver, "SELECT 1")
    assert driver.closed


def test_behind_a_pooler_nothing_is_prepared(driver):
    driver.prepare_threshold = None
    assert asked(driver, "SELECT $1::bigint + 1", b"1") == [(2,)]
    assert asked(driver, "SELECT count(*) FROM pg_prepared_statements") == [(0,)]
