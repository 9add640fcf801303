"""The databases of a test run: migrated once, copied for every process that tests, and emptied after each test that commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
LOCK = 0x74657374  # "test": held in the database that DATABASE_URL names, where nothing else is locked
LARGE = 1 << 20
"""Bytes from which on a table is truncated: that costs milliseconds for each table, but a large one would leave as much behind."""

MADE_BY_MIGRATE = ("django_migrations", "django_content_type", "auth_permission")
"""What every database has rows of, because `migrate` itself puts them there. `flush` would make the last two again."""

EMPTY = f"""
DO $$
DECLARE
    targets regclass[] := ARRAY(
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN {MADE_BY_MIGRATE}
    );
    target regclass;
BEGIN
    EXECUTE 'LOCK TABLE ' || array_to_string(targets, ', ') || ' IN SHARE ROW EXCLUSIVE MODE';
    SET LOCAL session_replication_role = replica;
    FOREACH target IN ARRAY targets LOOP
        CASE
            WHEN pg_relation_size(target) = 0 THEN NULL;
            WHEN pg_relation_size(target) < {LARGE} THEN EXECUTE 'DELETE FROM ' || target;
            ELSE EXECUTE 'TRUNCATE ' || target || ' CASCADE';
        END CASE;
    END LOOP;
END $$
"""
"""Empties what has rows, in one round trip. Who still writes is waited for; rows go without the triggers of foreign keys, which
would look for each row in every table that could point to it, and all of these are emptied."""
PERMISSIONS = """
SELECT (SELECT md5(string_agg(row::text, ';' ORDER BY id)) FROM django_content_type AS row),
       (SELECT md5(string_agg(row::text, ';' ORDER BY id)) FROM auth_permission AS row)
"""


@contextmanager
def database_of_tests(*, reuse: bool) -> Iterator[None]:
    """Let Django use a migrated database that no other process uses, emptied quickly after tests that commit; drop it at the end.

    To reuse is to keep what was migrated for the next run, and to apply only the migrations that are new since the last one.
    """
    ours = str(connection.settings_dict["NAME"])
    with (
        copy_of_migrated(f"test_{ours}{'_' * bool(WORKER)}{WORKER}", reuse=reuse) as name,
        _using(name),
        _quick_flush(),
    ):
        yield


@contextmanager
def copy_of_migrated(name: str, *, reuse: bool = False) -> Iterator[str]:
    """Make a database as `migrate` leaves it and yield its name; drop it at the end. The first of a run migrates for all."""
    with _cluster() as cluster:
        template = _migrated_once(cluster, reuse=reuse)
        _drop(cluster, name)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        cluster.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        with _cluster() as cluster:
            _drop(cluster, name)


def prepare(name: str) -> None:
    """Do to a migrated database what `prepare_database` does beyond that."""
    with _using(name):
        call_command("prepare_database", stdout=StringIO())


def forget_migrated() -> None:
    """Drop what the processes of this run have copied, if they have."""
    with suppress(psycopg.OperationalError), _cluster() as cluster:
        _drop(cluster, _template(cluster))


def _cluster() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _drop(cluster: psycopg.Connection, name: str) -> None:
    cluster.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _template(cluster: psycopg.Connection) -> str:
    return f"test_{cluster.info.dbname}_migrated"


def _migrated_once(cluster: psycopg.Connection, *, reuse: bool) -> str:
    """Return the name of the migrated database, to be copied and never used. Its comment names the run that has completed it."""
    name = _template(cluster)
    cluster.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until the connection is closed
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    (completed_by,) = cluster.execute(query, [name]).fetchone() or (None,)
    if completed_by == RUN:
        return name
    if completed_by is None or not reuse:
        _drop(cluster, name)
        cluster.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with _using(name):
        call_command("migrate", interactive=False, verbosity=0)
    cluster.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), RUN))
    return name


@contextmanager
def _using(name: str) -> Iterator[None]:
    """Let Django's connections of this process go to another database of the cluster."""
    ours = connection.settings_dict["NAME"]
    _connect_to(name)
    try:
        yield
    finally:
        _connect_to(ours)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name  # of all threads


@contextmanager
def _quick_flush() -> Iterator[None]:
    """Empty tables after a test that commits as Django does, but only those that have rows.

    What `migrate` puts into tables stays there; after a test that has changed it, Django's own flush makes it again.
    """
    flush = TransactionTestCase._fixture_teardown
    made = _empty()

    def quick_flush(case: TransactionTestCase) -> None:
        nonlocal made
        if _empty() != made:
            flush(case)
            made = _empty()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", quick_flush)
        yield


def _empty() -> tuple[str, ...]:
    """Empty the tables, and return what tells whether that which `migrate` puts into them is unchanged."""
    with connection.cursor() as cursor:
        cursor.execute(f"{EMPTY}; {PERMISSIONS}")
        cursor.nextset()
        return cursor.fetchone()
