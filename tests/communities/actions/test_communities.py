"""Founding and changing communities."""

from __future__ import annotations

import pytest

from communities.actions.communities import create_community, update_community
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus
from communities.errors import SlugTaken
from communities.events import MembershipChanged
from communities.models import Community, Membership
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM, user_actor
from kernel.decision import AccessRefused
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import CommunityId, UserId, uuid7
from tests.event_log import events_of, types_of
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


def test_who_founds_a_community_owns_it_and_is_told():
    user = make_user()

    made = create_community(user_actor(UserId(user.pk)), name="Harbour", slug="harbour", description="Boats.")

    assert (made.name, made.slug, made.description, made.join_policy) == (
        "Harbour",
        "harbour",
        "Boats.",
        JoinPolicy.CLOSED,
    )
    assert (made.is_owner, made.my_roles, made.member_count) == (True, (), 1)
    assert types_of(topic_for("community", made.id)) == ["member.joined"]
    assert [event for _, _, event in events_of(topic_for("user", user.pk))] == [
        MembershipChanged(
            community=made.id,
            status=MembershipStatus.ACTIVE,
            roles=(),
            is_owner=True,
            is_guest=False,
            timed_out_until=None,
        )
    ]


@pytest.mark.parametrize(
    ("told", "visibility"),
    [
        ({}, CommunityVisibility.SECRET),
        ({"join_policy": JoinPolicy.OPEN}, CommunityVisibility.LISTED),
        ({"visibility": CommunityVisibility.UNLISTED}, CommunityVisibility.UNLISTED),
        ({"join_policy": JoinPolicy.OPEN, "visibility": CommunityVisibility.SECRET}, CommunityVisibility.SECRET),
    ],
)
def test_a_closed_community_is_secret_and_an_open_one_listed_unless_told(told, visibility):
    actor = user_actor(UserId(make_user().pk))

    assert create_community(actor, name="Harbour", slug="harbour", **told).visibility == visibility


def test_a_taken_slug_founds_nothing(untouched):
    make_community(slug="harbour")
    actor = user_actor(UserId(make_user().pk))

    with untouched(), pytest.raises(SlugTaken) as refused:
        create_community(actor, name="Other", slug="harbour")

    assert (refused.value.code, refused.value.data) == ("community.slug_taken", {"field": "slug"})


def test_nobody_founds_nothing(untouched):
    with untouched(), pytest.raises(Unauthenticated):
        create_community(ANONYMOUS, name="Harbour", slug="harbour")


def test_an_owner_changes_what_is_given_and_the_members_are_told(replayed):
    community = make_community(name="Harbour", description="Boats.")
    owner = make_member(community, rank=Rank.OWNER)

    with replayed(community):
        changed = update_community(
            acting(owner),
            community_id=CommunityId(community.pk),
            name="Port",
            slug="port",
            join_policy=JoinPolicy.OPEN,
            visibility=CommunityVisibility.UNLISTED,
        )

    assert (changed.name, changed.slug, changed.description, changed.join_policy) == (
        "Port",
        "port",
        "Boats.",
        JoinPolicy.OPEN,
    )
    assert types_of(topic_for("community", community.pk)) == ["community.updated"]
    assert Community.objects.get().name == "Port"


def test_a_change_that_changes_nothing_is_not_told(untouched):
    community = make_community(name="Harbour", description="Boats.")
    owner = make_member(community, rank=Rank.OWNER)

    with untouched():
        update_community(acting(owner), community_id=CommunityId(community.pk), name="Harbour", description="Boats.")


def test_a_description_can_be_emptied(replayed):
    community = make_community(description="Boats.")
    owner = make_member(community, rank=Rank.OWNER)

    with replayed(community):
        update_community(acting(owner), community_id=CommunityId(community.pk), description="")

    assert Community.objects.get().description == ""


def test_a_change_to_a_taken_slug_changes_nothing(untouched):
    make_community(slug="harbour")
    owner = make_member(make_community(slug="port"), rank=Rank.OWNER)

    with untouched(), pytest.raises(SlugTaken):
        update_community(acting(owner), community_id=CommunityId(owner.community_id), name="New", slug="harbour")


@pytest.mark.parametrize("rank", [Rank.MEMBER, Rank.MODERATOR])
def test_only_owners_and_administrators_change_a_community(untouched, rank):
    member = make_member(make_community(), rank=rank)

    with untouched(), pytest.raises(AccessRefused) as refused:
        update_community(acting(member), community_id=CommunityId(member.community_id), name="Mine")

    assert refused.value.code == "permission.denied"


def test_a_stranger_cannot_tell_a_community_from_none(untouched):
    stranger = user_actor(UserId(make_user().pk))
    community = make_community(join_policy=JoinPolicy.OPEN)

    with untouched():
        for community_id in (community.pk, uuid7()):
            with pytest.raises(NotFound):
                update_community(stranger, community_id=CommunityId(community_id), name="Mine")


def test_the_system_changes_a_community_without_being_in_it(replayed):
    community = make_community()

    with replayed(community):
        changed = update_community(SYSTEM, community_id=CommunityId(community.pk), name="Port")

    assert (changed.name, changed.is_member, changed.member_count) == ("Port", False, 0)
    assert not Membership.objects.exists()
