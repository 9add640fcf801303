"""What became of the roles of before: everybody may what they could, and each community has one owner."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from communities.constants import MembershipStatus
from communities.models import Membership, MembershipRole, Role
from kernel.clock import now
from tests.factories.accounts import make_user
from tests.factories.communities import make_community, make_member

pytestmark = pytest.mark.django_db

migration = import_module("communities.migrations.0008_starting_roles")


def old(community, role: str, *, active: bool = True, status: MembershipStatus = MembershipStatus.ACTIVE, age: int = 0):
    """A member as the release before left them."""
    member = make_member(community, make_user(is_active=active), status=status)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE communities_membership SET role = %s, joined_at = %s WHERE id = %s",
            [role, now() - timedelta(days=age), member.pk],
        )
    return member


def migrate() -> None:
    with connection.schema_editor() as editor:
        migration.make_roles(apps, editor)


def roles_of(member: Membership) -> list[str]:
    return [held.role.name for held in MembershipRole.objects.filter(membership=member)]


@pytest.fixture
def community():
    community = make_community()
    Role.objects.filter(community=community).delete()
    return community


def test_members_moderators_and_owners_become_what_does_the_same(community):
    closed_account = old(community, "owner", active=False, age=3)
    gone = old(community, "member", status=MembershipStatus.REMOVED)
    second, first = old(community, "owner", age=1), old(community, "owner", age=2)
    moderator, member = old(community, "moderator"), old(community, "member")

    migrate()

    assert Membership.objects.get(community=community, is_owner=True) == first
    assert [roles_of(each) for each in (first, second, closed_account)] == [[], ["Administrator"], ["Administrator"]]
    assert [roles_of(each) for each in (moderator, member, gone)] == [["Moderator"], [], []]
    assert list(Role.objects.filter(community=community).order_by("position").values_list("name", "is_default")) == [
        ("Member", True),
        ("Moderator", False),
        ("Administrator", False),
    ]


def test_once_more_changes_nothing(community):
    old(community, "owner", age=1)
    old(community, "owner")
    old(community, "moderator")
    migrate()
    before = [list(model.objects.order_by("pk").values()) for model in (Role, MembershipRole, Membership)]

    migrate()

    assert [list(model.objects.order_by("pk").values()) for model in (Role, MembershipRole, Membership)] == before


def test_what_is_given_is_what_new_communities_begin_with(community):
    old(community, "owner")
    new = make_community()

    migrate()

    def given(of):
        return {role.name: set(role.permissions) for role in Role.objects.filter(community=of)}

    assert given(community) == given(new)
