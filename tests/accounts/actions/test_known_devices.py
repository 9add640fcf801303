"""The token of a known device: who it speaks for, for how long, and that nobody else can make one."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.core import signing

from accounts.actions.known_devices import device_of, devices_made_known, extended_token, make_device_known
from kernel.clock import now
from kernel.ids import UserId, uuid7


def user_ids(number: int) -> list[UserId]:
    return [UserId(uuid7()) for _ in range(number)]


def test_a_device_is_known_for_180_days():
    (user,) = user_ids(1)
    token = extended_token("", [user])
    assert device_of(token, user) is not None
    with time_machine.travel(now() + timedelta(days=179), tick=False):
        assert device_of(token, user) is not None
    with time_machine.travel(now() + timedelta(days=181), tick=False):
        assert device_of(token, user) is None


def test_a_user_who_signs_in_again_keeps_the_id_of_the_device():
    (user,) = user_ids(1)
    token = extended_token("", [user])
    assert device_of(extended_token(token, [user]), user) == device_of(token, user)


def test_two_users_of_a_device_cannot_be_told_to_share_it():
    ada, bob = user_ids(2)
    token = extended_token(extended_token("", [ada]), [bob])
    ids = {device_of(token, ada), device_of(token, bob)}
    assert len(ids) == 2
    assert None not in ids


def test_the_newest_five_users_of_a_device_are_known():
    users = user_ids(6)
    token = extended_token("", users[:5])
    token = extended_token(token, [users[0], users[5]])
    assert [device_of(token, user) is not None for user in users] == [True, False, True, True, True, True]
    assert len(token) <= 1024


def test_a_token_that_was_changed_or_signed_for_something_else_is_nothing():
    (user,) = user_ids(1)
    token = extended_token("", [user])
    other = signing.dumps({user.hex: "1"}, salt="something else")
    assert [device_of(text, user) for text in (token[:-1], f"x{token}", other, "", "\0", "é", ":" * 9)] == [None] * 7


def test_who_signs_in_is_collected_only_while_somebody_asks():
    ada, bob = user_ids(2)
    make_device_known(ada)
    with devices_made_known() as users:
        make_device_known(bob)
        make_device_known(bob)
    make_device_known(ada)
    assert users == [bob]
