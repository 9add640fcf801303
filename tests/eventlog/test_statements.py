"""Statements of the hot path: arrays arrive as they were, a pipeline keeps order and snapshots, and errors are Django's."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DataError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.statements import numbers, pipeline, send, texts, uuids

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.django_db
def test_any_array_arrives_as_it_was():
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.none() | storable | st.sampled_from(["NULL", "", '"', "\\", "{,}", " "])),
        st.lists(st.none() | st.uuids()),
        st.lists(st.integers(-(2**63), 2**63 - 1)),
    )
    def check(some_texts: list[str | None], some_uuids: list[UUID | None], some_numbers: list[int]):
        asked = [texts(some_texts), uuids(some_uuids), numbers(some_numbers)]
        (row,) = send("SELECT %s::text[], %s::uuid[], %s::bigint[]", asked).fetchall()
        assert row == (some_texts, some_uuids, some_numbers)

    check()


@pytest.mark.django_db
def test_a_pipeline_carries_out_in_order_and_answers_when_it_is_asked():
    with transaction.atomic(), pipeline():
        send("CREATE TEMPORARY TABLE noted (text text) ON COMMIT DROP", [])
        send("INSERT INTO noted SELECT * FROM unnest(%s::text[])", [texts(["a", "b"])])
        found = send("SELECT text FROM noted ORDER BY text", [])
        counted = send("SELECT count(*) FROM noted", [])
        assert (counted.fetchall(), found.fetchall()) == ([(2,)], [("a",), ("b",)])


@pytest.mark.django_db
def test_a_statement_that_fails_in_a_pipeline_undoes_the_transaction_and_leaves_the_connection_usable():
    with pytest.raises(DataError), transaction.atomic(), pipeline():
        send("SELECT set_config('tests.noted', 'yes', true)", [])
        send("SELECT 1 / %s::bigint", [0])
        send("SELECT 1", [])
    assert send("SELECT current_setting('tests.noted', true)", []).fetchall() in ([(None,)], [("",)])


@pytest.mark.django_db(transaction=True)
def test_a_pipeline_outside_of_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="belongs into a transaction"), pipeline():
        pass


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_prepared_once_and_planned_once():
    for _ in range(3):
        send("SELECT %s::bigint + 41", [1])
    prepared = send("SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1", ["SELECT $1::bigint + 41"])
    assert prepared.fetchall() == [(3,)]
    connection.close()
