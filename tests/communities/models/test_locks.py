"""What waits for what, with real transactions in real threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from communities.actions.membership_roles import take_role, transfer_ownership
from communities.actions.memberships import leave_community, remove_member
from communities.constants import MembershipStatus
from communities.models import Membership
from communities.models.locks import hold_community, lock_community, lock_memberships
from kernel.decision import AccessRefused
from kernel.errors import DomainError, NotFound
from kernel.ids import CommunityId, RoleId, UserId, uuid7
from tests.concurrency import at_once
from tests.factories.communities import Rank, acting, make_community, make_member, role_of

pytestmark = pytest.mark.django_db(transaction=True)


def waits(lock) -> bool:
    """Return whether another connection has to wait for this lock."""

    def attempt() -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                lock()
        except OperationalError:
            return True
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result()


def test_an_owner_who_hands_over_and_leaves_at_once_leaves_one_owner():
    community = make_community()
    owner, other = make_member(community, rank=Rank.OWNER), make_member(community)
    community_id = CommunityId(community.pk)

    at_once(
        lambda: transfer_ownership(acting(owner), community_id=community_id, user_id=UserId(other.user_id)),
        lambda: leave_community(acting(owner), community_id=community_id),
        lambda: leave_community(acting(other), community_id=community_id),
    )

    assert Membership.objects.filter(community=community, is_owner=True, status=MembershipStatus.ACTIVE).count() == 1


def test_of_two_hand_overs_at_once_one_comes_second_and_is_refused():
    community = make_community()
    owner, first, second = make_member(community, rank=Rank.OWNER), make_member(community), make_member(community)

    outcomes = at_once(
        *(
            lambda other=other: transfer_ownership(
                acting(owner), community_id=CommunityId(community.pk), user_id=UserId(other.user_id)
            )
            for other in (first, second)
        )
    )

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, DomainError)] == [AccessRefused]
    assert Membership.objects.filter(community=community, is_owner=True).count() == 1


def test_a_moderator_who_is_demoted_meanwhile_removes_nobody_after_it():
    community = make_community()
    owner, moderator, member = (make_member(community, rank=rank) for rank in (Rank.OWNER, Rank.MODERATOR, Rank.MEMBER))
    community_id = CommunityId(community.pk)
    removal: list[object] = []

    def remove() -> None:
        removal.extend(
            at_once(lambda: remove_member(acting(moderator), community_id=community_id, user_id=UserId(member.user_id)))
        )

    with transaction.atomic():
        moderator_id = UserId(moderator.user_id)
        role_id = RoleId(role_of(community, Rank.MODERATOR).pk)
        take_role(acting(owner), community_id=community_id, user_id=moderator_id, role_id=role_id)
        waiting = threading.Thread(target=remove)
        waiting.start()
        waiting.join(0.2)
        assert removal == []
    waiting.join(60)

    assert [type(outcome) for outcome in removal] == [AccessRefused]
    assert Membership.objects.get(pk=member.pk).status == MembershipStatus.ACTIVE


def test_changes_of_one_community_wait_for_each_other_and_not_for_another():
    here, elsewhere = CommunityId(make_community().pk), CommunityId(make_community().pk)

    with transaction.atomic():
        lock_community(here)
        assert waits(lambda: lock_community(here))
        assert not waits(lambda: lock_community(elsewhere))


def test_a_removal_waits_for_who_opens_a_topic_and_openers_do_not_wait_for_each_other():
    community_id = CommunityId(make_community().pk)

    with transaction.atomic():
        hold_community(community_id)
        assert waits(lambda: lock_community(community_id))
        assert not waits(lambda: hold_community(community_id))


def test_rows_that_refer_to_a_community_do_not_wait_for_its_lock():
    community = make_community()

    with transaction.atomic():
        lock_community(CommunityId(community.pk))
        assert not waits(lambda: make_member(community))


def test_locking_what_is_not_there_is_not_found():
    with transaction.atomic():
        for lock in (lock_community, hold_community):
            with pytest.raises(NotFound):
                lock(CommunityId(uuid7()))


def test_memberships_are_locked_by_user_and_absent_ones_left_out():
    community = make_community()
    one, other, _ = (make_member(community) for _ in range(3))
    make_member(make_community(), one.user)
    stranger = UserId(uuid7())

    with transaction.atomic():
        locked = lock_memberships(CommunityId(community.pk), {UserId(one.user_id), UserId(other.user_id), stranger})

    assert locked == {one.user_id: one, other.user_id: other}
