"""What the tables themselves refuse, whoever writes to them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from communities.constants import MembershipStatus
from communities.models import Community, Invite, Membership, Role
from tests.factories.communities import Rank, hold, make_community, make_invite, make_member, make_role

pytestmark = pytest.mark.django_db


def test_a_user_has_one_membership_in_a_community():
    member = make_member(make_community())

    with pytest.raises(IntegrityError, match="once_per_user"), transaction.atomic():
        make_member(member.community, member.user)


def test_a_slug_names_one_community():
    make_community(slug="harbour")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_community(slug="harbour")


def test_a_time_out_has_an_end():
    with pytest.raises(IntegrityError, match="time_out_has_an_end"), transaction.atomic():
        make_member(make_community(), status=MembershipStatus.TIMED_OUT)


def test_an_unknown_status_is_refused():
    member = make_member(make_community())

    with pytest.raises(IntegrityError, match="status_known"), transaction.atomic():
        Membership.objects.filter(pk=member.pk).update(status="king")


def test_a_community_has_one_owner():
    owner = make_member(make_community(), rank=Rank.OWNER)

    with pytest.raises(IntegrityError, match="one_owner"), transaction.atomic():
        make_member(owner.community, rank=Rank.OWNER)


@pytest.mark.parametrize("change", [{"status": MembershipStatus.REMOVED}, {"is_guest": True}])
def test_an_owner_is_a_full_member(change):
    owner = make_member(make_community(), rank=Rank.OWNER)

    with pytest.raises(IntegrityError, match="owner_is_a_full_member"), transaction.atomic():
        Membership.objects.filter(pk=owner.pk).update(**change)


@pytest.mark.parametrize(
    ("default", "position", "name"),
    [(True, 7, "one_default"), (True, 0, "one_default"), (False, 0, "default_is_lowest")],
)
def test_a_community_has_one_default_role_and_it_is_the_lowest(default, position, name):
    community = make_community()

    with pytest.raises(IntegrityError, match=f"{name}|default_is_lowest"), transaction.atomic():
        Role.objects.create(community=community, name="Cooks", position=position, is_default=default)


def test_two_roles_do_not_stand_in_one_place():
    community = make_community()

    with pytest.raises(IntegrityError, match="one_per_position"), transaction.atomic():
        make_role(community, position=1)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_member_has_a_role_once():
    member = make_member(make_community())
    role = make_role(member.community)
    hold(member, role)

    with pytest.raises(IntegrityError, match="membershiprole_once"), transaction.atomic():
        hold(member, role)


def test_an_unknown_visibility_is_refused():
    community = make_community()

    with pytest.raises(IntegrityError, match="visibility_known"), transaction.atomic():
        Community.objects.filter(pk=community.pk).update(visibility="everywhere")


def test_an_invite_cannot_be_used_more_often_than_it_says():
    invite, _ = make_invite(make_community(), max_uses=1, uses=1)

    with pytest.raises(IntegrityError, match="not_overused"), transaction.atomic():
        Invite.objects.filter(pk=invite.pk).update(uses=2)


def test_an_unknown_join_policy_is_refused():
    community = make_community()

    with pytest.raises(IntegrityError, match="join_policy_known"), transaction.atomic():
        Community.objects.filter(pk=community.pk).update(join_policy="never")


@pytest.mark.parametrize("slug", ["abc", "a-b", "harbour-7", "0190"])
def test_a_slug_is_letters_and_digits_with_single_hyphens(slug):
    Community(name="Harbour", slug=slug).clean_fields()


@pytest.mark.parametrize("slug", ["", "ab", "Abc", "a--b", "-abc", "abc-", "a_b", "abc\n", "äbc", "a" * 41])
def test_any_other_slug_is_refused(slug):
    with pytest.raises(ValidationError):
        Community(name="Harbour", slug=slug).clean_fields()
