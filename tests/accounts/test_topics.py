"""The topic of a user is their own."""

from __future__ import annotations

import pytest

from eventlog.topics import authorise_follow, topic_for
from kernel.actor import ANONYMOUS, SYSTEM, user_actor
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import UserId, uuid7


def test_users_follow_themselves_and_nobody_else():
    user_id = UserId(uuid7())
    authorise_follow(user_actor(user_id), topic_for("user", user_id))
    with pytest.raises(NotFound):
        authorise_follow(user_actor(UserId(uuid7())), topic_for("user", user_id))


def test_who_is_no_user_follows_no_user():
    for actor in (ANONYMOUS, SYSTEM):
        with pytest.raises(Unauthenticated):
            authorise_follow(actor, topic_for("user", uuid7()))
