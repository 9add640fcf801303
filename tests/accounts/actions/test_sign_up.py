"""Signing up: who gets an account, who does not, and what is kept of them."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password

from accounts.authentication import actor_of_access_token
from accounts.errors import AccountTaken
from accounts.models import Session, User
from kernel.errors import InvalidInput, RateLimited
from tests.concurrency import at_once
from tests.factories.accounts import CLIENT, PASSWORD, make_user, sign_up

pytestmark = pytest.mark.django_db


def sign_up_ada(**changes):
    ada = {"email": "ada@example.org", "username": "Ada", "password": PASSWORD, "client": CLIENT}
    return sign_up(**ada | changes)


def test_a_new_user_is_signed_in_at_once():
    signed_in = sign_up_ada(email=" Ada@Example.ORG ", display_name=" Ada L. ")
    user = User.objects.get()
    assert (user.email, user.username, user.display_name) == ("ada@example.org", "Ada", "Ada L.")
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)
    assert signed_in.user.id == user.id
    assert signed_in.user.email == "ada@example.org"
    assert actor_of_access_token(signed_in.access).actor.user_id == user.id


def test_without_a_display_name_the_username_is_shown():
    assert sign_up_ada(display_name="  ").user.display_name == "Ada"


def test_the_password_is_kept_as_a_hash_alone():
    sign_up_ada()
    stored = User.objects.get().password
    assert PASSWORD not in stored
    assert check_password(PASSWORD, stored)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "ADA@example.org", "username": "other"}, "email"),
        ({"email": "other@example.org", "username": "aDA"}, "username"),
    ],
)
def test_names_are_taken_in_every_case_of_letters(changes, field):
    make_user("ada")
    with pytest.raises(AccountTaken) as caught:
        sign_up_ada(**changes)
    assert caught.value.code == "account.taken"
    assert caught.value.data == {"field": field}
    assert User.objects.count() == 1
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"email": "nobody"}, ["email"]),
        ({"email": "a\0da@example.org"}, ["email"]),
        ({"email": "ada\ud800@example.org"}, ["email"]),
        ({"email": "\u212aada@example.org"}, ["email"]),
        ({"email": "ada@" + "e" * 250 + ".org"}, ["email"]),
        ({"username": "ad"}, ["username"]),
        ({"username": "a" * 33}, ["username"]),
        ({"username": "ada lovelace"}, ["username"]),
        ({"username": "ada\n"}, ["username"]),
        ({"username": "ad\u0430"}, ["username"]),
        ({"display_name": "a" * 65}, ["display_name"]),
        ({"display_name": "nul\0"}, ["display_name"]),
        ({"display_name": "\u202eadA"}, ["display_name"]),
        ({"password": "short"}, ["password"]),
        ({"password": "password1"}, ["password"]),
        ({"password": "lovelace-ada", "username": "ada-lovelace"}, ["password"]),
        ({"password": "x" * 257}, ["password"]),
        ({"email": "", "username": "", "password": ""}, ["email", "username", "password"]),
    ],
)
def test_a_broken_rule_names_its_field_and_makes_nobody(changes, fields):
    with pytest.raises(InvalidInput) as caught:
        sign_up_ada(**changes)
    assert list(caught.value.data["errors"]) == fields
    assert caught.value.data["field"] == fields[0]
    assert not User.objects.exists()
    assert not Session.objects.exists()


def test_the_21st_sign_up_from_one_network_waits():
    for number in range(20):
        sign_up_ada(email=f"{number}@example.org", username=f"user{number}")
    with pytest.raises(RateLimited) as caught:
        sign_up_ada()
    assert caught.value.data == {"limit": "sign_up.address"}
    assert User.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_of_two_sign_ups_at_once_with_one_address_one_wins():
    outcomes = at_once(lambda: sign_up_ada(username="first"), lambda: sign_up_ada(username="second"))
    assert {getattr(outcome, "code", "ok") for outcome in outcomes} == {"account.taken", "ok"}
    assert User.objects.count() == 1
    assert Session.objects.count() == 1
