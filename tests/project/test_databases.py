"""What tests leave behind: nothing, neither in tables that Django knows nor in others, and what `migrate` made as it made it."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase

from communities.models import Membership
from tests.databases import LARGE, MADE_BY_MIGRATE
from tests.factories.accounts import make_user
from tests.factories.chat import make_room, post
from tests.factories.communities import make_community

pytestmark = pytest.mark.django_db(transaction=True)


def end_of_test() -> None:
    TransactionTestCase()._fixture_teardown()


def tables_with_rows() -> set[str]:
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        queries = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in sorted(tables)]
        cursor.execute(" UNION ALL ".join(queries))
        return {table for (table,) in cursor.fetchall()}


def made_by_migrate() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    return list(ContentType.objects.order_by("id").values()), list(Permission.objects.order_by("id").values())


def some_of_everything() -> None:
    owner = make_user()
    community = make_community(owner=owner)
    post(Membership.objects.get(user=owner), make_room(community, owner, private=True))


def test_every_table_is_emptied_and_what_migrate_made_stays():
    before = made_by_migrate()
    some_of_everything()
    assert len(tables_with_rows()) > len(MADE_BY_MIGRATE)
    end_of_test()
    assert tables_with_rows() == set(MADE_BY_MIGRATE)
    assert made_by_migrate() == before


def test_numbers_of_sequences_are_not_given_out_again():
    first = Permission.objects.latest("id").id
    for _ in range(2):
        made = Permission.objects.create(codename="extra", name="Extra", content_type=ContentType.objects.first())
        assert made.id > first
        first = made.id
        end_of_test()


def test_changed_permissions_are_made_anew():
    def names() -> list[tuple[str, str, str]]:
        keys = ("content_type__app_label", "content_type__model", "codename")
        return list(Permission.objects.order_by(*keys).values_list(*keys))

    before = names()
    Permission.objects.filter(codename__startswith="add_").delete()
    ContentType.objects.filter(app_label="chat").delete()
    end_of_test()
    assert names() == before
    assert tables_with_rows() == set(MADE_BY_MIGRATE)


def test_a_large_table_is_emptied_too():
    some_of_everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_event (topic, seq, type, data, created_at)"
            " SELECT 'user:large', seq, 'large', repeat('.', 1000), now() FROM generate_series(1, %s) AS seq",
            [LARGE // 1000],
        )
        cursor.execute("SELECT max(pg_relation_size(inhrelid)) FROM pg_inherits")
        assert cursor.fetchone()[0] > LARGE
    end_of_test()
    assert tables_with_rows() == set(MADE_BY_MIGRATE)


def test_who_still_writes_is_waited_for():
    written, stop = threading.Event(), threading.Event()

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = ANY (%s))", [ends])
            return cursor.fetchone()[0]

    def write() -> None:
        with transaction.atomic():
            make_user()
            written.set()
            while not stop.wait(0.02) and not somebody_waits():
                pass
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ends = list(cursor.fetchone())
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(60)
        end_of_test()
    finally:
        stop.set()
        writer.join()
    assert tables_with_rows() == set(MADE_BY_MIGRATE)
