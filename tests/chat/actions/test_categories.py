"""Headings for rooms, and which rooms are under them."""

from __future__ import annotations

import pytest

from chat.actions.categories import create_category, delete_category, place_room, update_category
from chat.constants import ROOM_CATEGORIES_MAX
from chat.errors import TooManyCategories
from chat.events import CategoryCreated, CategoryDeleted, CategoryUpdated, RoomUpdated
from chat.models import Room, RoomCategory
from eventlog.topics import topic_for
from kernel.decision import AccessRefused
from kernel.errors import DomainError, InvalidInput, NotFound
from kernel.ids import CategoryId, CommunityId, RoomId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.chat import make_category, make_room, room_topic
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


def told(topic) -> list:
    return [event for _, _, event in events_of(topic)]


def of(category: RoomCategory) -> dict:
    return {"community_id": CommunityId(category.community_id), "category_id": CategoryId(category.pk)}


def place(actor, room: Room, category: RoomCategory | None, position: int = 0):
    category_id = CategoryId(category.pk) if category is not None else None
    return place_room(actor, room_id=RoomId(room.pk), category_id=category_id, position=position)


def test_a_category_is_made_changed_and_deleted_and_the_members_are_told(community, moderator):
    actor, topic = acting(moderator), topic_for("community", community.pk)

    made = create_category(actor, community_id=CommunityId(community.pk), name=" Deck ", position=3)
    row = RoomCategory.objects.get()
    assert (made.id, made.name, made.position) == (row.pk, "Deck", 3)

    changed = [update_category(actor, **of(row), name="Upper deck", position=3) for _ in range(2)]
    assert changed[0] == changed[1]
    delete_category(actor, **of(row))

    assert told(topic) == [
        CategoryCreated(category=made),
        CategoryUpdated(category=changed[0]),
        CategoryDeleted(id=made.id),
    ]
    assert not RoomCategory.objects.exists()


def test_a_room_is_put_under_a_heading_and_the_room_is_told(replayed, community, moderator):
    room, category = make_room(community), make_category(community)

    with replayed(room):
        placed = [place(acting(moderator), room, category, 7) for _ in range(2)]

    assert (placed[0].category, placed[0].position) == (category.pk, 7)
    assert told(room_topic(room))[-1] == RoomUpdated(room=placed[0])
    assert place(acting(moderator), room, None).category is None


def test_where_a_room_is_listed_is_told_to_nobody_but_who_reads_it(community, moderator):
    room = make_room(community, moderator.user, private=True)

    placed = place(acting(moderator), room, make_category(community))

    assert told(topic_for("community", community.pk)) == []
    assert told(room_topic(room))[-1] == RoomUpdated(room=placed)


def test_the_rooms_of_a_deleted_category_are_under_none(community, moderator):
    room, category = make_room(community), make_category(community)
    place(acting(moderator), room, category, 7)

    delete_category(acting(moderator), **of(category))

    room.refresh_from_db()
    assert (room.category_id, room.position) == (None, 7)


def test_only_who_manages_rooms_touches_categories(untouched, community, member):
    category, room = make_category(community), make_room(community)
    stranger = actor_for(make_user())
    with untouched():
        for actor, error in ((acting(member), AccessRefused), (stranger, NotFound)):
            for act in (
                lambda actor=actor: create_category(actor, community_id=CommunityId(community.pk), name="Deck"),
                lambda actor=actor: update_category(actor, **of(category), name="Deck"),
                lambda actor=actor: delete_category(actor, **of(category)),
                lambda actor=actor: place(actor, room, category),
            ):
                with pytest.raises(error):
                    act()


def test_what_is_of_another_community_is_not_there(untouched, community, moderator):
    room, elsewhere = make_room(community), make_category(make_community())
    with untouched():
        with pytest.raises(NotFound):
            update_category(
                acting(moderator),
                community_id=CommunityId(community.pk),
                category_id=CategoryId(elsewhere.pk),
                name="Mine",
            )
        with pytest.raises(NotFound):
            delete_category(acting(moderator), community_id=CommunityId(community.pk), category_id=CategoryId(uuid7()))
        with pytest.raises(InvalidInput) as refused:
            place(acting(moderator), room, elsewhere)
    assert refused.value.data == {"field": "category"}


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"position": -1}, "position"),
        ({"position": 10_000}, "position"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_made(untouched, community, moderator, details, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        create_category(acting(moderator), community_id=CommunityId(community.pk), **{"name": "Deck", **details})
    assert refused.value.data == {"field": field}


def test_a_community_has_so_many_categories(untouched, community, moderator):
    RoomCategory.objects.bulk_create(
        RoomCategory(community=community, name=str(number)) for number in range(ROOM_CATEGORIES_MAX)
    )
    with untouched(), pytest.raises(TooManyCategories):
        create_category(acting(moderator), community_id=CommunityId(community.pk), name="One more")


@pytest.mark.django_db(transaction=True)
def test_a_room_that_is_placed_while_its_heading_goes_is_under_none():
    community = make_community()
    moderators = [make_member(community, rank=Rank.MODERATOR) for _ in range(2)]
    room, category = make_room(community), make_category(community)

    placed, _ = at_once(
        lambda: place(acting(moderators[0]), room, category),
        lambda: delete_category(acting(moderators[1]), **of(category)),
    )

    assert not isinstance(placed, DomainError) or isinstance(placed, InvalidInput)
    room.refresh_from_db()
    assert room.category_id is None
