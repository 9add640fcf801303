"""Finding users."""

from __future__ import annotations

import pytest

from accounts.queries.users import find_by_login, find_by_usernames, get_user, get_users
from kernel.errors import NotFound
from kernel.ids import UserId, uuid7
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def test_one_user_is_found_by_id_or_absent():
    user = make_user()
    assert get_user(UserId(user.id)) == user
    with pytest.raises(NotFound):
        get_user(UserId(uuid7()))


def test_many_are_found_in_one_statement(django_assert_num_queries):
    ada, bob = make_user("Ada"), make_user("bob")
    with django_assert_num_queries(1):
        assert get_users([UserId(ada.id), UserId(bob.id), UserId(uuid7())]) == {ada.id: ada, bob.id: bob}
    with django_assert_num_queries(1):
        assert find_by_usernames(["ADA", "bob", "BOB", "carol", "", "\0", "\u0430da"]) == {"ada": ada, "bob": bob}


def test_a_username_is_looked_up_in_its_index(django_assert_num_queries):
    from django.db import connection

    make_user("ada")
    with django_assert_num_queries(2) as queries:
        find_by_login("ada")
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "user_username_unique" in plan


@pytest.mark.parametrize("login", ["ada@example.org", "ADA@example.ORG", "ada", "Ada"])
def test_a_login_is_an_address_or_a_username(login):
    ada = make_user("Ada")
    assert find_by_login(login) == ada


@pytest.mark.parametrize("login", ["", "ad", "\0", "\ud800", "@", "%", "a_a", "\u212a"])
def test_a_login_that_nobody_has_finds_nobody(login):
    make_user("ada")
    make_user("kkk")
    assert find_by_login(login) is None
