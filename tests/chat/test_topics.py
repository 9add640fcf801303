"""Who may follow `room:<id>`."""

from __future__ import annotations

import pytest

from eventlog.topics import authorise_follow
from kernel.actor import ANONYMOUS
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import uuid7
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import acting, make_community, make_member

pytestmark = pytest.mark.django_db


def test_a_room_is_followed_by_who_can_read_it(community, member):
    room, private = make_room(community), make_room(community, private=True)
    stranger = make_member(make_community())

    authorise_follow(acting(member), room_topic(room))
    for actor, topic in [
        (acting(member), room_topic(private)),
        (acting(stranger), room_topic(room)),
        (acting(member), f"room:{uuid7()}"),
    ]:
        with pytest.raises(NotFound):
            authorise_follow(actor, topic)
    with pytest.raises(Unauthenticated):
        authorise_follow(ANONYMOUS, room_topic(room))
