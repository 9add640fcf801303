"""What waits for what, with real transactions in real threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from communities.actions.memberships import change_role, leave_community, remove_member
from communities.constants import MembershipStatus, Role
from communities.errors import LastOwner
from communities.models import Membership
from communities.models.locks import hold_community, lock_community, lock_memberships
from kernel.decision import AccessRefused
from kernel.errors import DomainError, NotFound
from kernel.ids import CommunityId, UserId, uuid7
from tests.concurrency import at_once
from tests.factories.communities import acting, make_community, make_member

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


def test_of_two_owners_who_leave_at_once_one_stays():
    community = make_community()
    owners = [make_member(community, role=Role.OWNER) for _ in range(2)]
    community_id = CommunityId(community.pk)

    outcomes = at_once(
        *(lambda owner=owner: leave_community(acting(owner), community_id=community_id) for owner in owners)
    )

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, DomainError)] == [LastOwner]
    left = Membership.objects.filter(community=community, role=Role.OWNER, status=MembershipStatus.ACTIVE)
    assert left.count() == 1


def test_of_two_owners_who_step_down_at_once_one_stays():
    community = make_community()
    owners = [make_member(community, role=Role.OWNER) for _ in range(2)]

    outcomes = at_once(
        *(
            lambda owner=owner: change_role(
                acting(owner),
                community_id=CommunityId(community.pk),
                user_id=UserId(owner.user_id),
                role=Role.MEMBER,
            )
            for owner in owners
        )
    )

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, DomainError)] == [LastOwner]
    assert Membership.objects.filter(community=community, role=Role.OWNER).count() == 1


def test_a_moderator_who_is_demoted_meanwhile_removes_nobody_after_it():
    community = make_community()
    owner, moderator, member = (make_member(community, role=role) for role in Role)
    community_id = CommunityId(community.pk)
    removal: list[object] = []

    def remove() -> None:
        removal.extend(
            at_once(lambda: remove_member(acting(moderator), community_id=community_id, user_id=UserId(member.user_id)))
        )

    with transaction.atomic():
        moderator_id = UserId(moderator.user_id)
        change_role(acting(owner), community_id=community_id, user_id=moderator_id, role=Role.MEMBER)
        waiting = threading.Thread(target=remove)
        waiting.start()
        waiting.join(0.2)
        assert removal == []
    waiting.join(10)

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
